package order

import (
	"net/netip"
	"slices"
	"strconv"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// While an address moves from one link to another, packets for it come by the
// one to which its routes do not lead: by the new one before, by the old one
// until the neighbours have been told. With a strict rp_filter they are dropped;
// with a loose one too, where the link has no IPv4 address at all
// (net/ipv4/fib_frontend.c, __fib_validate_source). Red Hat's /etc/sysctl.conf
// asks for the strict one (RHEL 4 to 6), systemd for a strict one before
// version 240 and for a loose one since (sysctl.d/50-default.conf). So both
// links are loose while it lasts, the new one has the address before, and the
// old one keeps it until the neighbours know: alone, as a /32, which makes no
// route to its network.

// reverse is what counts for a link.
func (p *Planner) reverse(link string) int {
	return max(p.cur.ReversePath().All, p.cur.Link(link).ReversePath)
}

// loosen makes a strict link loose, until depart.
func (p *Planner) loosen(link string) {
	if p.reverse(link) == rtnl.StrictReverse {
		p.loose = append(p.loose, *p.cur.Link(link))
		p.setReverse(link, rtnl.LooseReverse)
	}
}

func (p *Planner) setReverse(link string, value int) {
	p.do(step.Step{Do: step.Sysctl, Link: link, New: &rtnl.Link{Sysctls: map[string]string{rtnl.ReverseSysctl: strconv.Itoa(value)}}})
}

// welcome lets a bridge take what comes for addresses of the link that is about
// to join it.
func (p *Planner) welcome(bridge, from string) {
	moving := slices.DeleteFunc(slices.Clone(p.want.Addresses(bridge)), func(a rtnl.Address) bool {
		return !a.Prefix.Addr().Is4() || !p.isMissing(a) || !slices.Contains(p.cur.Holders(a.Prefix.Addr()), from)
	})
	p.addAhead(bridge, moving)
}

func (p *Planner) addAhead(link string, moving []rtnl.Address) {
	if len(moving) == 0 || p.reverse(link) == rtnl.NoReverse {
		return
	}
	p.loosen(link)
	for _, a := range moving {
		p.addAddress(a)
	}
	p.ahead[link] = append(p.ahead[link], moving...)
}

// lingering is an address on the link that it has left for another one.
type lingering struct {
	rtnl.Address
	to string
}

// linger lets a link go on to take what comes for an address that moves to
// another one. What comes by a port, its bridge takes.
func (p *Planner) linger(link, to string, ip netip.Addr) {
	if l := p.cur.Link(link); ip.Is4() && p.reverse(link) != rtnl.NoReverse && l.Up && l.Master == "" {
		p.letStay(link, to, ip)
	}
}

func (p *Planner) letStay(link, to string, ip netip.Addr) {
	p.loosen(link)
	a := rtnl.Address{Link: link, Prefix: netip.PrefixFrom(ip, 32), Valid: rtnl.NeverExpires, Preferred: rtnl.NeverExpires}
	if !p.cur.HasAddress(a) {
		p.do(step.Step{Do: step.Address, Link: link, Address: &a})
		p.Steps[len(p.Steps)-1].note(link, "%s stays on %s until the neighbours know where it is", ip, link)
		p.lingers = append(p.lingers, lingering{a, to})
	}
}

// letPortListen lets a port that is about to leave its bridge go on to take what
// comes for the bridge, if both have the same MAC: with each report for its
// link-local address the port draws the frames for that MAC.
func (p *Planner) letPortListen(port, bridge string) {
	if p.cur.Link(port).MAC != p.cur.Link(bridge).MAC || p.reverse(port) == rtnl.NoReverse {
		return
	}
	for _, a := range slices.Clone(p.cur.Addresses(bridge)) {
		if ip := a.Prefix.Addr(); ip.Is4() {
			p.letStay(port, bridge, ip)
		}
	}
}

// tellBeforeDown tells the switch a last time where the frames are to go that
// may come to what stands on a bond, before that goes down.
func (p *Planner) tellBeforeDown(bond string) {
	above := p.cur.Above(bond)
	var told, to []string
	for _, s := range slices.Backward(p.Steps) {
		if s.Do != step.Announce {
			break
		}
		told = append(told, s.Link)
	}
	for _, l := range p.lingers {
		if slices.Contains(above, l.Link) && !slices.Contains(append(told, to...), l.to) {
			to = append(to, l.to)
		}
	}
	p.tell(to)
}

// lingersAs reports whether that is such an address.
func (p *Planner) lingersAs(a rtnl.Address) bool {
	return slices.ContainsFunc(p.lingers, func(l lingering) bool { return l.Same(a) })
}

// depart ends that for all links but bridges of which the new link is a port
// still; a link that is to go takes it with it. On a detour it goes on: the bond
// that is led around comes up again with the MAC of what stands in for it.
func (p *Planner) depart(atLast bool) {
	if p.around {
		return
	}
	p.lingers = slices.DeleteFunc(p.lingers, func(l lingering) bool {
		if !atLast && (p.mustGo(l.Link) || slices.Contains(p.cur.Below(l.Link), l.to)) {
			return false
		}
		if p.cur.HasAddress(l.Address) {
			p.do(step.Step{Do: step.NoAddress, Link: l.Link, Address: &l.Address})
		}
		return true
	})
	p.loose = slices.DeleteFunc(p.loose, func(l rtnl.Link) bool {
		if slices.ContainsFunc(p.lingers, func(a lingering) bool { return a.Link == l.Name }) {
			return false
		}
		if p.cur.Link(l.Name) != nil {
			p.setReverse(l.Name, l.ReversePath)
		}
		return true
	})
}
