package order

import (
	"cmp"
	"hash/fnv"
	"maps"
	"net"
	"slices"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// bottomUp lists the links that are wanted, lowers first: the managed ones, and
// those that such a one is to be a port of.
func (p *Planner) bottomUp() []string {
	var out []string
	seen := make(map[string]bool)
	var visit func(name string)
	visit = func(name string) {
		if seen[name] || p.want.Link(name) == nil {
			return
		}
		seen[name] = true
		for _, lower := range p.want.Lowers(name) {
			visit(lower)
		}
		if p.want.Managed[name] || slices.ContainsFunc(p.want.Ports(name), func(port string) bool { return p.want.Managed[port] }) {
			out = append(out, name)
		}
	}
	for _, name := range p.want.All() {
		visit(name)
	}
	return out
}

// deleteGone deletes managed links that are not wanted, or that must be made
// again, uppers first.
func (p *Planner) deleteGone(may func(string) bool) {
	var gone []string
	seen := make(map[string]bool)
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, lower := range p.cur.Lowers(name) {
			visit(lower)
		}
		if p.mustGo(name) && may(name) {
			gone = append(gone, name)
		}
	}
	for _, name := range p.cur.All() {
		visit(name)
	}
	slices.Reverse(gone)
	for _, name := range gone {
		if p.cur.Link(name) == nil {
			continue // went with its parent
		}
		if m := p.cur.Link(p.cur.Link(name).Master); m != nil && m.Kind == "bridge" && p.want.Link(m.Name) != nil && !p.mustGo(m.Name) {
			p.pin(m.Name)
		}
		p.do(step.Step{Do: step.Delete, Link: name})
	}
}

func (p *Planner) mustGo(name string) bool {
	l, w := p.cur.Link(name), p.want.Link(name)
	if !p.want.Managed[name] || l == nil || l.Kind != "bond" && l.Kind != "vlan" && l.Kind != "bridge" {
		return false
	}
	return w == nil || !rtnl.SameIdentity(l, w)
}

// structure makes links, settings and memberships as wanted, lowers first.
func (p *Planner) structure(may func(string) bool) {
	names := p.bottomUp()
	for _, name := range slices.Backward(names) { // an upper's MTU falls first
		w, l := p.want.Link(name), p.cur.Link(name)
		if l != nil && p.want.Managed[name] && may(name) && w.MTU != 0 && w.MTU < l.MTU && !p.leavesBond(l, w) {
			p.do(step.Step{Do: step.Set, Link: name, New: &rtnl.Link{MTU: w.MTU}})
		}
	}
	for _, name := range names {
		switch managed := p.want.Managed[name]; {
		case managed && (may(name) || p.cur.Link(name) != nil):
			p.one(name, may)
		case !managed && p.cur.Link(name) != nil: // an undo leads a port back to it
			p.joinPorts(p.want.Link(name), may)
		}
	}
	for _, name := range p.quiet {
		if !p.cur.Link(name).Up {
			p.do(step.Step{Do: step.Up, Link: name})
		}
	}
	p.quiet = nil
}

// isForNewBridge reports whether a VLAN serves a bridge that is still to be made.
// It had better say nothing until that is there: it may draw frames that only the
// bridge takes.
func (p *Planner) isForNewBridge(w *rtnl.Link) bool {
	bridge := p.want.Link(w.Master)
	return w.Kind == "vlan" && len(p.want.VLANs(w.Name)) == 0 && bridge != nil && bridge.Kind == "bridge" && p.want.Managed[bridge.Name] && p.cur.Link(bridge.Name) == nil
}

// upWithItsBridge brings such a VLAN up as soon as it is a port, so that the
// bridge goes up with a port that is up. Where no address moves to the bridge, it
// stays down until all links are made: the kernel then has less to do (README,
// Measured).
func (p *Planner) upWithItsBridge(port, bridge string) {
	l, w := p.cur.Link(port), p.want.Link(port)
	if l.Kind != "vlan" || l.Up || !w.Up || !p.parentUp(w) {
		return
	}
	if p.want.Exact || p.around || slices.ContainsFunc(p.want.Above(bridge), p.isMovedTo) {
		p.do(step.Step{Do: step.Up, Link: port})
	}
}

// leavesBond reports whether a link is to leave its bond, which gives it the MTU
// back that it had before, whatever it has got meanwhile (bond_main.c,
// __bond_release_one).
func (p *Planner) leavesBond(l, w *rtnl.Link) bool {
	m := p.cur.Link(l.Master)
	return m != nil && m.Kind == "bond" && w.Master != l.Master
}

// one makes one link as wanted.
func (p *Planner) one(name string, may func(string) bool) {
	w, l, quiet := p.want.Link(name), p.cur.Link(name), false
	if l == nil {
		if w.Kind == "" || w.Kind == "vlan" && p.cur.Link(w.Parent) == nil {
			return // a card cannot be made; a parent comes later
		}
		p.do(step.Step{Do: step.Create, Link: name, New: p.newLink(w)})
		l = p.cur.Link(name)
		quiet = w.Up && p.parentUp(w) && (p.isForNewBridge(w) || p.comesByExchange(w))
	} else if p.mustGo(name) {
		return // it goes before the one that is wanted is made
	}
	left := ""
	if may(name) && l.Master != "" && l.Master != w.Master {
		left = l.Master
		p.release(l)
	}
	if may(name) || len(p.cur.Ports(name)) == 0 {
		p.settings(w)
	}
	p.tellApart(w, left)
	if may(name) {
		p.welcomeTwin(name)
	}
	p.joinPorts(w, may)
	l = p.cur.Link(name)
	switch {
	case quiet:
		p.quiet = append(p.quiet, name)
	case w.Up && !l.Up && may(name) && p.parentUp(w):
		p.do(step.Step{Do: step.Up, Link: name})
	case !w.Up && l.Up && may(name):
		p.do(step.Step{Do: step.Down, Link: name})
	}
}

func (p *Planner) parentUp(w *rtnl.Link) bool {
	parent := p.cur.Link(w.Parent)
	return w.Kind != "vlan" || parent != nil && parent.Up || w.VLANFlags&rtnl.FlagLoose != 0
}

// comesByExchange reports whether a link will take another port's place in a
// bridge, which brings it up when it can: until then it had better say nothing.
func (p *Planner) comesByExchange(w *rtnl.Link) bool {
	bridge := p.want.Link(w.Master)
	return bridge != nil && bridge.Kind == "bridge" && p.cur.Link(bridge.Name) != nil && p.leavesFor(w.Name, bridge) != ""
}

// newLink is what a create message says.
func (p *Planner) newLink(w *rtnl.Link) *rtnl.Link {
	n := *w
	n.Index, n.Master, n.Place, n.Up, n.Carrier, n.AcceptRA, n.Sysctls, n.AltNames = 0, "", 0, false, false, nil, nil, nil
	n.Port, n.BondPort, n.VLANs, n.Promisc, n.AllMulti, n.OwnMAC, n.OwnMTU, n.Partner, n.Forwards = nil, nil, nil, false, false, "", 0, "", false
	n.Active, n.ReversePath = false, 0
	if !p.fits(w) {
		n.MTU = 0 // as its parent's, until that grows
	}
	n.Bridge = maps.Clone(w.Bridge)
	maps.DeleteFunc(n.Bridge, func(name string, v int) bool { return name == "vlan_filtering" && v == 0 }) // a kernel without it refuses the word
	n.Bond, n.Alias = bonding.Creatable(w.Bond), ""                                                        // the kernel takes no ifalias with a new link (rtnl_create_link)
	if n.MAC == "" && (w.Kind == "bond" || w.Kind == "bridge") {
		n.MAC = p.macFor(w)
	}
	return &n
}

// macFor is the MAC that a new bond or bridge is given, so that it never
// changes with its ports: that of its first port that is there. Without any it
// is made from its name and the first card's MAC, the same each time.
func (p *Planner) macFor(w *rtnl.Link) string {
	ports := p.want.Ports(w.Name)
	free := slices.DeleteFunc(slices.Clone(ports), func(n string) bool { return p.cur.Link(n) == nil || p.live[n] || p.kept[n] })
	for _, name := range append(free, ports...) {
		if l := p.cur.Link(name); l != nil {
			if l.PermMAC != "" && l.Kind == "" {
				return l.PermMAC
			}
			if l.MAC != "" {
				return l.MAC
			}
			if parent := p.cur.Link(l.Parent); parent != nil {
				return parent.MAC
			}
		}
	}
	return p.madeUp(w.Name)
}

func (p *Planner) madeUp(name string) string {
	h := fnv.New64a()
	h.Write([]byte(name))
	for _, n := range p.cur.All() {
		if l := p.cur.Link(n); l.Kind == "" && l.Ether && !l.Loop {
			h.Write([]byte(cmp.Or(l.PermMAC, l.MAC)))
			break
		}
	}
	sum := h.Sum(nil)
	sum[0] = sum[0]&^0x01 | 0x02 // for one host, locally administered (IEEE 802)
	return net.HardwareAddr(sum[:6]).String()
}
