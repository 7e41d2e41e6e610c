package netlink

import (
	"cmp"
	"hash/fnv"
	"maps"
	"net"
	"net/netip"
	"slices"

	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// order finds the steps from what there is to the goal. It is pure: the steps
// are done to a copy of the world as the kernel would do them, so that what
// goes with a step is seen and put back. The time it takes grows with the
// number of links and not with its square: each step looks only at the links
// that stand on what it touches.
//
// First all that nobody uses is made ready: spare cards carry the new links.
// Then the addresses move, each being on both links for a moment. Then what
// was in use before joins, and last what is left over goes.
//
// Where a bond has to be empty meanwhile, a detour comes before; and links of
// which the names change are renamed when they are free for it.
func order(have *world, want *goal, names naming) *planner {
	p := &planner{cur: have, want: want, open: make(map[netip.Addr]int), ahead: make(map[string][]rtnl.Address), names: names}
	p.names.at = make(map[string]int)
	have.leadsOut = want.managed
	p.takeDetour()
	p.lead()
	if p.nameAll(); len(names.aliases) > 0 {
		p.moveAddresses()
	}
	p.putBack()
	p.announceLate()
	return p
}

// lead finds the steps to the goal.
func (p *planner) lead() {
	p.findLive()
	p.deleteGone(p.isEarly)
	p.structure(p.isEarly)
	p.settle()
	p.joinInPlace()
	p.moveAddresses()
	p.deleteGone(func(string) bool { return true })
	p.structure(func(string) bool { return true })
	p.moveAddresses()
	p.depart(true)
}

type planner struct {
	cur     *world // changed by each step
	want    *goal
	steps   []planned
	live    map[string]bool           // in use now
	kept    map[string]bool           // ports that keep a live bond alive until the move
	due     []string                  // bridges whose card has changed: the switch must hear of it
	later   map[string][]rtnl.Address // moved to links that find a card only at the end
	asleep  []string                  // bridges that have just got their first port
	loose   []rtnl.Link               // links with a looser rp_filter than before, as they were
	ahead   map[string][]rtnl.Address // added before their bridge had a port
	lingers []lingering               // moved addresses that are still on the link that they left
	freed   bool                      // the neighbours know which cards are in use
	fresh   bool                      // a card was given to a bond or bridge in this plan
	gaps    []gap
	open    map[netip.Addr]int // addresses that are not reachable now, and their gap
	names   naming
}

// planned is a step with what goes with it.
type planned struct {
	step
	effects []plan.Effect
}

func (p *planner) do(s step) {
	watched := p.watched(s)
	var effects []plan.Effect
	p.cur.tell = func(e plan.Effect) { effects = append(effects, e) }
	simulate(p.cur, s)
	p.cur.tell = nil
	p.steps = append(p.steps, planned{s, append(effects, p.guests(s)...)})
	p.mind(s, watched)
	p.nameWhatIsDown()
}

// findLive marks what carries an address or a foreign port, and all below.
func (p *planner) findLive() {
	p.live, p.kept = make(map[string]bool), make(map[string]bool)
	needed := make(map[string]bool)
	for _, name := range p.cur.all() {
		if slices.ContainsFunc(p.cur.addresses[name], isOwn) {
			p.markLive(name)
		}
		if m := p.cur.link(p.cur.link(name).Master); m != nil && m.Kind == "bridge" && !p.want.managed[name] {
			p.markLive(m.Name)
		}
	}
	for _, name := range p.want.all() {
		if slices.ContainsFunc(p.want.addresses[name], isOwn) { // a snapshot has link-local ones on every card
			p.markNeeded(name, needed)
		}
	}
	for _, name := range p.cur.all() {
		p.keepOnePort(p.cur.link(name), needed)
	}
}

// isOwn reports whether somebody gave the address to its link.
func isOwn(a rtnl.Address) bool { return !a.IsLocal() }

func (p *planner) markLive(name string) {
	if name == "" || p.live[name] {
		return
	}
	p.live[name] = true
	for _, lower := range p.cur.lowers(name) {
		p.markLive(lower)
	}
}

func (p *planner) markNeeded(name string, needed map[string]bool) {
	if needed[name] {
		return
	}
	needed[name] = true
	for _, lower := range p.want.lowers(name) {
		p.markNeeded(lower, needed)
	}
}

// keepOnePort chooses the port of a live bond that leaves last; the others are
// spare cards.
func (p *planner) keepOnePort(bond *rtnl.Link, needed map[string]bool) {
	ports := p.cur.ports(bond.Name)
	if bond.Kind != "bond" || !p.live[bond.Name] || len(ports) < 2 {
		return
	}
	keep := ""
	for _, port := range ports {
		w := p.want.link(port)
		stays := w != nil && w.Master == bond.Name
		switch {
		case stays:
			keep = port
		case keep == "" || needed[keep] && !needed[port]:
			keep = port
		}
		if stays {
			break
		}
	}
	for _, port := range ports {
		if port != keep && len(p.cur.vlans(port)) == 0 {
			delete(p.live, port)
		}
	}
	p.kept[keep] = true
}

// isEarly reports whether a link may be changed before the addresses move:
// nobody uses it, or what changes does not touch its frames.
func (p *planner) isEarly(name string) bool {
	return !p.live[name] && (p.cur.link(name) != nil || p.lowersReady(name))
}

// lowersReady reports whether what a new link stands on is there and free.
func (p *planner) lowersReady(name string) bool {
	w := p.want.link(name)
	if w == nil {
		return true
	}
	if w.Kind == "vlan" {
		return p.cur.link(w.Parent) != nil
	}
	return true
}

// bottomUp lists the managed links that are wanted, lowers first.
func (p *planner) bottomUp() []string {
	var out []string
	seen := make(map[string]bool)
	var visit func(name string)
	visit = func(name string) {
		if seen[name] || p.want.link(name) == nil {
			return
		}
		seen[name] = true
		for _, lower := range p.want.lowers(name) {
			visit(lower)
		}
		if p.want.managed[name] {
			out = append(out, name)
		}
	}
	for _, name := range p.want.all() {
		visit(name)
	}
	return out
}

// deleteGone deletes managed links that are not wanted, or that must be made
// again, uppers first.
func (p *planner) deleteGone(may func(string) bool) {
	var gone []string
	seen := make(map[string]bool)
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, lower := range p.cur.lowers(name) {
			visit(lower)
		}
		if p.mustGo(name) && may(name) {
			gone = append(gone, name)
		}
	}
	for _, name := range p.cur.all() {
		visit(name)
	}
	slices.Reverse(gone)
	for _, name := range gone {
		if p.cur.link(name) == nil {
			continue // went with its parent
		}
		if m := p.cur.link(p.cur.link(name).Master); m != nil && m.Kind == "bridge" && p.want.link(m.Name) != nil && !p.mustGo(m.Name) {
			p.pin(m.Name)
		}
		p.do(step{Do: doDelete, Link: name})
	}
}

func (p *planner) mustGo(name string) bool {
	l, w := p.cur.link(name), p.want.link(name)
	if !p.want.managed[name] || l == nil || l.Kind != "bond" && l.Kind != "vlan" && l.Kind != "bridge" {
		return false
	}
	return w == nil || !sameIdentity(l, w)
}

// sameIdentity reports whether one link can become the other: the kernel
// ignores a change of a VLAN's id, protocol or parent.
func sameIdentity(l, w *rtnl.Link) bool {
	if l.Kind != w.Kind {
		return l.Kind != "bond" && l.Kind != "vlan" && l.Kind != "bridge" && w.Kind == ""
	}
	return l.Kind != "vlan" || l.VLANID == w.VLANID && l.VLANProto == w.VLANProto && l.Parent == w.Parent
}

// structure makes links, settings and memberships as wanted, lowers first.
func (p *planner) structure(may func(string) bool) {
	names := p.bottomUp()
	for _, name := range slices.Backward(names) { // an upper's MTU falls first
		w, l := p.want.link(name), p.cur.link(name)
		if l != nil && may(name) && w.MTU != 0 && w.MTU < l.MTU {
			p.do(step{Do: doSet, Link: name, New: &rtnl.Link{MTU: w.MTU}})
		}
	}
	for _, name := range names {
		if !may(name) && p.cur.link(name) == nil {
			continue
		}
		p.one(name, may)
	}
}

// one makes one link as wanted.
func (p *planner) one(name string, may func(string) bool) {
	w, l := p.want.link(name), p.cur.link(name)
	if l == nil {
		if w.Kind == "" || w.Kind == "vlan" && p.cur.link(w.Parent) == nil {
			return // a card cannot be made; a parent comes later
		}
		p.do(step{Do: doCreate, Link: name, New: p.newLink(w)})
		l = p.cur.link(name)
	} else if p.mustGo(name) {
		return // it goes before the one that is wanted is made
	}
	if may(name) && l.Master != "" && l.Master != w.Master {
		p.release(l)
	}
	if may(name) || len(p.cur.ports(name)) == 0 {
		p.settings(w)
	}
	p.joinPorts(w, may)
	l = p.cur.link(name)
	switch {
	case w.Up && !l.Up && may(name) && p.parentUp(w):
		p.do(step{Do: doUp, Link: name})
	case !w.Up && l.Up && may(name):
		p.do(step{Do: doDown, Link: name})
	}
}

func (p *planner) parentUp(w *rtnl.Link) bool {
	parent := p.cur.link(w.Parent)
	return w.Kind != "vlan" || parent != nil && parent.Up || w.VLANFlags&rtnl.FlagLoose != 0
}

func (p *planner) release(l *rtnl.Link) {
	if w := p.want.link(l.Master); w != nil && w.Kind == "bridge" && p.cur.link(l.Master) != nil {
		p.pin(l.Master)
	}
	if m := p.cur.link(l.Master); m != nil && m.Kind == "bond" {
		p.fresh = true // it has to find its link again
		defer p.tellOfRelease(m)
	}
	p.do(step{Do: doMaster, Link: l.Name})
}

// pin fixes the MAC of a bridge that would otherwise follow its ports.
func (p *planner) pin(bridge string) {
	b := p.cur.link(bridge)
	if b.MACSet || b.MAC == "" || p.want.link(bridge).MAC != "" && !p.want.exact {
		return
	}
	p.do(step{Do: doSet, Link: bridge, New: &rtnl.Link{Kind: "bridge", MAC: b.MAC}})
}

// newLink is what a create message says.
func (p *planner) newLink(w *rtnl.Link) *rtnl.Link {
	n := *w
	n.Index, n.Master, n.Place, n.Up, n.Carrier, n.AcceptRA, n.Sysctls, n.AltNames = 0, "", 0, false, false, nil, nil, nil
	n.Port, n.BondPort, n.VLANs, n.Promisc, n.AllMulti, n.OwnMAC, n.OwnMTU, n.Partner, n.Forwards = nil, nil, nil, false, false, "", 0, "", false
	n.Active, n.ReversePath = false, 0
	if !p.fits(w) {
		n.MTU = 0 // as its parent's, until that grows
	}
	n.Bridge = maps.Clone(w.Bridge)
	maps.DeleteFunc(n.Bridge, func(name string, v int) bool { return name == "vlan_filtering" && v == 0 }) // a kernel without it refuses the word
	n.Bond, n.Alias = creatable(w.Bond), ""                                                                // the kernel takes no ifalias with a new link (rtnl_create_link)
	if n.MAC == "" && (w.Kind == "bond" || w.Kind == "bridge") {
		n.MAC = p.macFor(w)
	}
	return &n
}

// macFor is the MAC that a new bond or bridge is given, so that it never
// changes with its ports: that of its first port that is there. Without any it
// is made from its name and the first card's MAC, the same each time.
func (p *planner) macFor(w *rtnl.Link) string {
	ports := p.want.ports(w.Name)
	free := slices.DeleteFunc(slices.Clone(ports), func(n string) bool { return p.cur.link(n) == nil || p.live[n] || p.kept[n] })
	for _, name := range append(free, ports...) {
		if l := p.cur.link(name); l != nil {
			if l.PermMAC != "" && l.Kind == "" {
				return l.PermMAC
			}
			if l.MAC != "" {
				return l.MAC
			}
			if parent := p.cur.link(l.Parent); parent != nil {
				return parent.MAC
			}
		}
	}
	return p.madeUp(w.Name)
}

func (p *planner) madeUp(name string) string {
	h := fnv.New64a()
	h.Write([]byte(name))
	for _, n := range p.cur.all() {
		if l := p.cur.link(n); l.Kind == "" && l.Ether && !l.Loop {
			h.Write([]byte(cmp.Or(l.PermMAC, l.MAC)))
			break
		}
	}
	sum := h.Sum(nil)
	sum[0] = sum[0]&^0x01 | 0x02 // for one host, locally administered (IEEE 802)
	return net.HardwareAddr(sum[:6]).String()
}

// joinPorts gives a bond or bridge the ports that it wants and that are free.
func (p *planner) joinPorts(w *rtnl.Link, may func(string) bool) {
	for _, name := range p.want.ports(w.Name) {
		l := p.cur.link(name)
		if l == nil || !may(name) || !p.want.managed[name] || p.cur.link(w.Name) == nil {
			continue
		}
		if l.Master != w.Name {
			p.join(l, w)
		}
		p.portSettings(name)
		if w.Kind == "bond" && !p.want.link(name).Up && p.cur.link(name).Up { // the bond has brought it up
			p.do(step{Do: doDown, Link: name})
		}
	}
}

func (p *planner) join(l *rtnl.Link, w *rtnl.Link) {
	if l.Master != "" {
		p.release(l)
		l = p.cur.link(l.Name)
	}
	name := l.Name
	if w.Kind == "bridge" {
		if old := p.leavesFor(name, w); old != "" {
			p.exchange(old, name, w)
			return
		}
		left, entries := p.swap(name, w)
		p.sleeps(p.cur.link(w.Name))
		p.do(step{Do: doMaster, Link: name, Master: w.Name})
		if left != nil {
			p.carryPort(left, entries, name)
		}
		p.tellSwitch()
		return
	}
	for _, a := range p.cur.addressesOf(name) {
		if isOwn(a) {
			p.do(step{Do: doNoAddr, Link: name, Address: &a})
		}
	}
	if l.Up {
		p.freeSpare(name)
		p.do(step{Do: doDown, Link: name})
	}
	p.do(step{Do: doMaster, Link: name, Master: w.Name})
	p.fresh = true
}

// swap lets the ports that are to leave a bridge go before a new one comes:
// both may lead to the same network, and a bridge without STP would loop. The
// new one has its link first, and both steps go to the kernel together. A
// single port that left is returned, with its forwarding entries.
func (p *planner) swap(coming string, w *rtnl.Link) (*rtnl.Link, []rtnl.Entry) {
	leaving := p.leaving(w)
	if p.cur.link(w.Name).Up {
		p.pin(w.Name)
	}
	if len(leaving) == 0 {
		return nil, nil
	}
	if target := p.want.link(coming); target.Up && !p.cur.link(coming).Up && p.parentUp(target) {
		p.do(step{Do: doUp, Link: coming})
	}
	if p.fresh && p.cur.reachable(coming) {
		p.await(coming)
	}
	left, entries := *p.cur.link(leaving[0]), p.cur.entries[leaving[0]]
	for _, name := range leaving {
		p.do(step{Do: doMaster, Link: name})
	}
	p.due = append(p.due, w.Name)
	if len(leaving) > 1 {
		return nil, nil
	}
	return &left, entries
}

// leaving are the ports that are to leave a bridge.
func (p *planner) leaving(w *rtnl.Link) []string {
	return slices.DeleteFunc(p.cur.ports(w.Name), func(name string) bool {
		target := p.want.link(name)
		return !p.want.managed[name] || target != nil && target.Master == w.Name
	})
}

// joinInPlace makes a link in use a port of the new bridge that takes over its
// address. The frames then reach the address through the bridge, while those
// that leave still may by the old way, so that nothing is lost in between.
func (p *planner) joinInPlace() {
	for _, name := range p.bottomUp() {
		l, w := p.cur.link(name), p.want.link(name)
		if l == nil || l.Master != "" || !p.live[name] || !p.want.managed[name] {
			continue
		}
		bridge := p.want.link(w.Master)
		if bridge == nil || bridge.Kind != "bridge" || p.cur.link(w.Master) == nil || p.live[w.Master] {
			continue
		}
		p.welcome(w.Master, name)
		p.join(l, bridge)
	}
}
