package order

import (
	"slices"
	"strconv"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

func (p *Planner) release(l *rtnl.Link) {
	if w := p.want.Link(l.Master); w != nil && w.Kind == "bridge" && p.cur.Link(l.Master) != nil {
		p.pin(l.Master)
	}
	if m := p.cur.Link(l.Master); m != nil && m.Kind == "bond" {
		p.fresh = true // it has to find its link again
		delete(p.joined, l.Name)
		p.relay(l, m)
		p.handOver(l, m)
		defer p.tellOfRelease(m)
	}
	p.do(step.Step{Do: step.Master, Link: l.Name})
}

// relay waits, before a port leaves a bond in use, until one that has joined in
// this plan can carry what it carried: it has to find its link, and the driver
// has to see that.
func (p *Planner) relay(leaving, bond *rtnl.Link) {
	var next string
	for _, port := range p.cur.Ports(bond.Name) {
		switch {
		case port == leaving.Name || !p.cur.Link(port).Up: // a port may be declared down
		case !p.joined[port]:
			return // it carries already
		default:
			next = port
		}
	}
	if next == "" || !leaving.Carrier || !p.live[bond.Name] || p.mustGo(bond.Name) {
		return
	}
	s := step.Step{Do: step.Ready, Link: next, Milliseconds: holdCarrier + p.notices(bond), Limit: int(p.want.Carrier.Milliseconds())}
	if p.want.Exact {
		s.Anyway, s.Limit = true, backLimit
	}
	p.do(s)
}

// notices is how long the driver takes until it uses a port that has found its
// link, in milliseconds (bonding.rst, miimon and updelay).
func (p *Planner) notices(bond *rtnl.Link) int {
	sum := 0
	for _, option := range []string{"miimon", "updelay"} {
		if n, err := strconv.Atoi(bond.Bond[option]); err == nil {
			sum += n
		}
	}
	return sum
}

// pin fixes the MAC of a bridge that would otherwise follow its ports.
func (p *Planner) pin(bridge string) {
	b := p.cur.Link(bridge)
	if b.MACSet || b.MAC == "" || p.want.Link(bridge).MAC != "" && !p.want.Exact {
		return
	}
	p.do(step.Step{Do: step.Set, Link: bridge, New: &rtnl.Link{Kind: "bridge", MAC: b.MAC}})
}

// joinPorts gives a bond or bridge the ports that it wants and that are free.
func (p *Planner) joinPorts(w *rtnl.Link, may func(string) bool) {
	for _, name := range p.want.Ports(w.Name) {
		l := p.cur.Link(name)
		if l == nil || !may(name) || !p.want.Managed[name] || p.cur.Link(w.Name) == nil {
			continue
		}
		if l.Master != w.Name {
			p.join(l, w)
		}
		p.portSettings(name)
		p.upWithItsBridge(name, w.Name)
		if w.Kind == "bond" && !p.want.Link(name).Up && p.cur.Link(name).Up { // the bond has brought it up
			p.do(step.Step{Do: step.Down, Link: name})
		}
	}
}

func (p *Planner) join(l *rtnl.Link, w *rtnl.Link) {
	if l.Master != "" {
		p.release(l)
		l = p.cur.Link(l.Name)
	}
	name := l.Name
	if w.Kind == "bridge" {
		if old := p.leavesFor(name, w); old != "" {
			p.exchange(old, name, w)
			return
		}
		left, entries := p.swap(name, w)
		p.sleeps(p.cur.Link(w.Name))
		p.do(step.Step{Do: step.Master, Link: name, Master: w.Name})
		if left != nil {
			p.carryPort(left, entries, name)
		}
		p.tellSwitch()
		return
	}
	for _, a := range slices.Clone(p.cur.Addresses(name)) {
		if world.IsOwn(a) {
			p.do(step.Step{Do: step.NoAddress, Link: name, Address: &a})
		}
	}
	if l.Up {
		p.freeSpare(name)
		p.do(step.Step{Do: step.Down, Link: name})
	}
	if mac := p.want.Link(name).MAC; mac != "" && mac != p.cur.Link(name).MAC { // not while it is up: the bond may have that MAC
		p.do(step.Step{Do: step.Set, Link: name, New: &rtnl.Link{MAC: mac}})
	}
	after := p.calmFor(name, w.Name)
	p.do(step.Step{Do: step.Master, Link: name, Master: w.Name})
	p.fresh = true
	p.joined[name] = true
	after()
}

// swap lets the ports that are to leave a bridge go before a new one comes:
// both may lead to the same network, and a bridge without STP would loop. The
// new one has its link first, and both steps go to the kernel together. A
// single port that left is returned, with its forwarding entries.
func (p *Planner) swap(coming string, w *rtnl.Link) (*rtnl.Link, []rtnl.Entry) {
	leaving := p.leaving(w)
	if p.cur.Link(w.Name).Up {
		p.pin(w.Name)
	}
	if len(leaving) == 0 {
		return nil, nil
	}
	if target := p.want.Link(coming); target.Up && !p.cur.Link(coming).Up && p.parentUp(target) {
		p.do(step.Step{Do: step.Up, Link: coming})
	}
	if p.fresh && p.cur.Reachable(coming) {
		p.await(coming)
	}
	left, entries := *p.cur.Link(leaving[0]), p.cur.Entries(leaving[0])
	for _, name := range leaving {
		p.letPortListen(name, w.Name)
		p.do(step.Step{Do: step.Master, Link: name})
	}
	p.due = append(p.due, w.Name)
	if len(leaving) > 1 {
		return nil, nil
	}
	return &left, entries
}

// leaving are the ports that are to leave a bridge.
func (p *Planner) leaving(w *rtnl.Link) []string {
	return slices.DeleteFunc(p.cur.Ports(w.Name), func(name string) bool {
		target := p.want.Link(name)
		return !p.want.Managed[name] || target != nil && target.Master == w.Name
	})
}

// joinInPlace makes a link in use a port of the new bridge that takes over its
// address. The frames then reach the address through the bridge, while those
// that leave still may by the old way, so that nothing is lost in between.
func (p *Planner) joinInPlace() {
	for _, name := range p.bottomUp() {
		l, w := p.cur.Link(name), p.want.Link(name)
		if l == nil || l.Master != "" || !p.live[name] || !p.want.Managed[name] {
			continue
		}
		bridge := p.want.Link(w.Master)
		if bridge == nil || bridge.Kind != "bridge" || p.cur.Link(w.Master) == nil || p.live[w.Master] {
			continue
		}
		p.welcome(w.Master, name)
		p.join(l, bridge)
	}
}
