package goal

import (
	"net/netip"
	"slices"
	"strconv"

	"linkspan/core/host"
	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/world"
)

// target gathers the goal of a definition.
type target struct {
	graph  rtnl.Graph
	have   *world.World
	wanted map[string]*host.Interface // declared, and not to be absent
	on     map[netip.Addr]string      // the link that a declared address is on
	goal   *Goal
}

// Of says in the kernel's words what the definition wants, given what
// there is.
func Of(h *host.Host, was *rtnl.Graph, have *world.World) *Goal {
	t := &target{have: have, wanted: make(map[string]*host.Interface), on: make(map[netip.Addr]string), goal: &Goal{Managed: make(map[string]bool)}}
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if i.Kind == host.KindEthernet && i.Wanted() == host.Absent {
			continue // a card stays, and is nobody's then
		}
		t.goal.Managed[i.Name] = true
		if i.Wanted() != host.Absent {
			t.wanted[i.Name] = i
			for _, p := range i.Addresses {
				t.on[p.Addr()] = i.Name
			}
		}
	}
	t.links(h, was)
	for _, a := range was.Addresses {
		if t.keepsAddress(a) {
			t.graph.Addresses = append(t.graph.Addresses, a)
		}
	}
	for n := range h.Interfaces {
		t.addAddresses(&h.Interfaces[n])
	}
	t.routes(h, was)
	t.graph.Neighbours = was.Neighbours
	t.goal.World = world.Of(&t.graph)
	return t.goal
}

// isGone reports whether the definition wants the link absent.
func (t *target) isGone(name string) bool { return t.goal.Managed[name] && t.wanted[name] == nil }

func (t *target) links(h *host.Host, was *rtnl.Graph) {
	masters := h.Masters()
	ports := make(map[string]host.BridgePort)
	for n := range h.Interfaces {
		if b := h.Interfaces[n].Bridge; b != nil && h.Interfaces[n].Wanted() != host.Absent {
			for _, p := range b.Ports {
				ports[p.Name] = p
			}
		}
	}
	add := func(l rtnl.Link) {
		if i := t.wanted[l.Name]; i != nil {
			foreign := l.Master // a foreign master is none of the definition's
			l = t.wantedLink(i)
			if l.Master = masters[i.Name]; l.Master == "" && foreign != "" && !t.goal.Managed[foreign] {
				l.Master = foreign
			}
			l.Port = portNumbers(ports[i.Name])
		}
		if t.isGone(l.Master) {
			l.Master = ""
		}
		t.graph.Links = append(t.graph.Links, l)
	}
	for _, l := range was.Links {
		if !t.isGone(l.Name) {
			add(l)
		}
	}
	for n := range h.Interfaces {
		if name := h.Interfaces[n].Name; t.wanted[name] != nil && t.have.Link(name) == nil {
			add(rtnl.Link{Name: name})
		}
	}
	for _, i := range t.wanted {
		t.orderPorts(i)
	}
}

// orderPorts notes the order in which a bond's ports are declared.
func (t *target) orderPorts(i *host.Interface) {
	if i.Bond == nil {
		return
	}
	for n := range t.graph.Links {
		if at := slices.Index(i.Bond.Ports, t.graph.Links[n].Name); at >= 0 {
			t.graph.Links[n].Place = at + 1
		}
	}
}

// wantedLink says what the definition says of a link itself.
func (t *target) wantedLink(i *host.Interface) rtnl.Link {
	l := rtnl.Link{Name: i.Name, Ether: true, Up: i.Wanted() == host.Up, Alias: i.Description, MAC: i.MAC}
	if i.MTU != nil {
		l.MTU = *i.MTU
	}
	if i.AcceptRA != nil {
		n := 0
		if *i.AcceptRA {
			n = 1
		}
		l.AcceptRA = &n
	}
	switch {
	case i.Ethernet != nil:
		if was := t.have.Link(i.Name); was != nil {
			l.Features, l.Wake = card.WantedFeatures(i.Ethernet.Offload, was.Features), card.WantedWake(i.Ethernet.WakeOnLAN, was.Wake)
		}
	case i.Bond != nil:
		l.Kind, l.Bond = "bond", make(map[string]string)
		if n := host.BondModeNumber(i.Bond.Mode); n >= 0 {
			l.Bond["mode"] = strconv.Itoa(n)
		}
		for name, value := range i.Bond.Options {
			if o, ok := spell.DriverOption(name, value); ok {
				l.Bond[o.Name] = o.Value
			}
		}
	case i.VLAN != nil:
		wantedVLAN(&l, i.VLAN)
	case i.Bridge != nil:
		l.Kind, l.Bridge = "bridge", bridgeNumbers(i.Bridge)
	}
	return l
}

func wantedVLAN(l *rtnl.Link, v *host.VLAN) {
	l.Kind, l.Parent, l.VLANID, l.VLANProto = "vlan", v.Parent, v.ID, "802.1q"
	if v.Protocol != "" {
		l.VLANProto = v.Protocol
	}
	flags := []struct {
		said *bool
		bit  uint32
	}{{v.ReorderHeader, rtnl.FlagReorder}, {v.GVRP, rtnl.FlagGVRP}, {v.LooseBinding, rtnl.FlagLoose}, {v.MVRP, rtnl.FlagMVRP}}
	for _, f := range flags {
		if f.said == nil {
			continue
		}
		l.FlagMask |= f.bit
		if *f.said {
			l.VLANFlags |= f.bit
		}
	}
}

// sayings gathers the settings of a bridge or of its port that are said.
type sayings map[string]int

func (n sayings) flag(name string, v *bool) {
	if v != nil {
		n[name] = map[bool]int{true: 1}[*v]
	}
}

func (n sayings) clock(name string, v *host.Centiseconds) {
	if v != nil {
		n[name] = int(*v)
	}
}

func (n sayings) number(name string, v *int) {
	if v != nil {
		n[name] = *v
	}
}

func bridgeNumbers(b *host.Bridge) map[string]int {
	out := sayings{}
	out.flag("stp_state", b.STP)
	out.flag("multicast_snooping", b.MulticastSnooping)
	out.flag("vlan_filtering", b.VLANFiltering)
	out.clock("forward_delay", b.ForwardDelay)
	out.clock("hello_time", b.HelloTime)
	out.clock("max_age", b.MaxAge)
	out.clock("ageing_time", b.AgeingTime)
	out.number("priority", b.Priority)
	return out
}

func portNumbers(p host.BridgePort) map[string]int {
	if !p.HasSettings() {
		return nil
	}
	out := sayings{}
	out.flag("hairpin", p.Hairpin)
	out.flag("isolated", p.Isolated)
	out.flag("learning", p.Learning)
	out.flag("flood", p.Flood)
	out.flag("bpdu_guard", p.Guard)
	out.number("cost", p.Cost)
	out.number("priority", p.Priority)
	return out
}

// keepsAddress reports whether an address that is there stays as it is: the
// kernel or something else keeps it, or nobody declares its link.
func (t *target) keepsAddress(a rtnl.Address) bool {
	i := t.wanted[a.Link]
	if i == nil {
		return !t.goal.Managed[a.Link]
	}
	if slices.Contains(i.Addresses, a.Prefix) {
		return false // said anew
	}
	return a.IsLocal() || world.IsLeft(i, a.Prefix) || a.IsDynamic() && t.on[a.Prefix.Addr()] == ""
}

func (t *target) addAddresses(i *host.Interface) {
	if i.Wanted() == host.Absent {
		return
	}
	for _, p := range i.Addresses {
		if i.Wanted() == host.Down && p.Addr().Is6() {
			continue // the kernel keeps none
		}
		a := rtnl.Address{Link: i.Name, Prefix: p, Valid: rtnl.NeverExpires, Preferred: rtnl.NeverExpires}
		if p.Addr().Is4() && p.Bits() < 31 {
			a.Broadcast = lastOf(p)
		}
		t.graph.Addresses = append(t.graph.Addresses, a)
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(b)
}

// routes are the declared ones and those that something else keeps; of the
// latter, one whose gateway moves with its address to another link follows.
func (t *target) routes(h *host.Host, was *rtnl.Graph) {
	t.nextHops(was)
	for _, r := range was.Routes {
		if r.Object != 0 && !slices.ContainsFunc(t.graph.NextHops, func(h rtnl.NextHop) bool { return h.ID == r.Object }) {
			continue
		}
		to := t.heir(r.Link, r.Via)
		if slices.ContainsFunc(r.Links(), t.isGone) && to == "" {
			continue
		}
		i := t.wanted[r.Link]
		if t.goal.Managed[r.Link] && world.IsOurs(t.have, r) && !(i != nil && world.IsLeft(i, r.To)) {
			continue
		}
		if to != "" {
			r.Link = to
		}
		t.graph.Routes = append(t.graph.Routes, r)
	}
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if i.Wanted() != host.Up {
			continue
		}
		for _, r := range spell.DeclaredRoutes(i) {
			t.graph.Routes = append(t.graph.Routes, spell.KernelRoute(r, i.Name))
		}
	}
}

// nextHops are the objects that stay: all but those of links that are to go. One
// whose gateway moves with its address to another link follows.
func (t *target) nextHops(was *rtnl.Graph) {
	gone := make(map[uint32]bool)
	for _, h := range was.NextHops {
		to := t.heir(h.Link, h.Via)
		switch {
		case len(h.Members) > 0:
			continue
		case to != "":
			h.Link = to
		case t.isGone(h.Link):
			gone[h.ID] = true
			continue
		}
		t.graph.NextHops = append(t.graph.NextHops, h)
	}
	for _, h := range was.NextHops {
		members := slices.DeleteFunc(slices.Clone(h.Members), func(m rtnl.Member) bool { return gone[m.ID] })
		if len(members) > 0 {
			h.Members = members
			t.graph.NextHops = append(t.graph.NextHops, h)
		}
	}
}

// heir is the link that gets the address by which a gateway is reached on a
// link now; "" is none, or the link keeps one in the gateway's network. A
// link-local gateway goes with the first address that leaves a link with none.
func (t *target) heir(link string, via netip.Addr) string {
	if !via.IsValid() || !t.goal.Managed[link] {
		return ""
	}
	var stay []netip.Prefix
	if i := t.wanted[link]; i != nil {
		stay = i.Addresses
	}
	near := func(p netip.Prefix) bool { return p.Masked().Contains(via) || via.IsLinkLocalUnicast() }
	if slices.ContainsFunc(stay, near) {
		return ""
	}
	for _, a := range t.have.Addresses(link) {
		if to := t.on[a.Prefix.Addr()]; to != "" && to != link && near(a.Prefix) {
			return to
		}
	}
	return ""
}
