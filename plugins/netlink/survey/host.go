// Package survey says what there is in the words of the definition, and what of
// this system depends on it.
package survey

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"linkspan/core/host"
	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/world"
)

// SpeaksOf tells which cards the definition says more of than rtnetlink has.
func SpeaksOf(h *host.Host) func(string) bool {
	return func(name string) bool {
		i, ok := h.Interface(name)
		return ok && i.Ethernet != nil && (len(i.Ethernet.Offload) > 0 || i.Ethernet.WakeOnLAN != nil || i.Ethernet.Match != host.Match{})
	}
}

// Host spells what there is as a host, in the words of the definition: where the
// order of a list means nothing to the kernel, it is the definition's.
func Host(w *world.World, declared *host.Host) *host.Host {
	out := &host.Host{Name: declared.Name}
	v := hostView{World: w, declared: declared}
	for _, name := range w.All() {
		l := w.Link(name)
		want, said := declared.Interface(l.Name)
		if l.Loop || !l.Ether || (!said && spell.IsForeign(l)) {
			continue
		}
		if !said {
			want = &host.Interface{}
		}
		out.Interfaces = append(out.Interfaces, v.iface(l, want))
	}
	return out
}

type hostView struct {
	*world.World
	declared *host.Host
}

func (v hostView) iface(l *rtnl.Link, want *host.Interface) host.Interface {
	mtu := l.MTU
	i := host.Interface{Kind: spell.KindOf(l), Name: l.Name, State: host.Down, Description: l.Alias, MTU: &mtu, MAC: l.MAC}
	if l.Up {
		i.State = host.Up
	}
	if l.AcceptRA != nil {
		on := *l.AcceptRA != 0
		i.AcceptRA = &on
	}
	i.Addresses = v.staticAddresses(want, l.Name)
	v.staticRoutes(&i, want)
	switch i.Kind {
	case host.KindEthernet:
		i.Ethernet = card.Ethernet(l, want.Ethernet)
	case host.KindBond:
		i.Bond = &host.Bond{Ports: v.declaredPorts(l.Name, want.Ports()), Options: spell.BondOptions(l)}
		if n, err := strconv.Atoi(l.Bond["mode"]); err == nil && n < len(host.BondModes()) {
			i.Bond.Mode = host.BondModes()[n]
		}
	case host.KindVLAN:
		i.VLAN = vlanOf(l)
	case host.KindBridge:
		i.Bridge = v.bridge(l, want.Ports())
	}
	return i
}

// addresses are the static ones. The kernel's order counts only within one
// IPv4 subnet, where the first is the primary.
func (v hostView) staticAddresses(i *host.Interface, name string) []netip.Prefix {
	want := i.Addresses
	if i.Wanted() == host.Down { // the kernel keeps no others
		want = slices.DeleteFunc(slices.Clone(want), func(p netip.Prefix) bool { return p.Addr().Is6() })
	}
	var have []netip.Prefix
	secondary := make(map[netip.Prefix]bool)
	for _, a := range v.Addresses(name) {
		said := slices.Contains(want, a.Prefix)
		if !said && (a.IsLocal() || a.IsDynamic() || world.IsLeft(i, a.Prefix)) {
			continue
		}
		have = append(have, a.Prefix)
		secondary[a.Prefix] = a.Prefix.Addr().Is4() && a.Flags&unix.IFA_F_SECONDARY != 0
	}
	if len(have) != len(want) {
		return have
	}
	seen := make(map[netip.Prefix]bool)
	for _, p := range want {
		is, there := secondary[p]
		if !there || is != (p.Addr().Is4() && seen[p.Masked()]) {
			return have
		}
		seen[p.Masked()] = true
	}
	return want
}

func (v hostView) staticRoutes(i *host.Interface, want *host.Interface) {
	declared := make(map[string]host.Route)
	for _, r := range want.Routes {
		declared[r.String()] = r
	}
	for _, r := range v.RoutesOf(i.Name) {
		h := spell.HostRoute(r)
		as, said := declared[h.String()]
		if !world.IsOurs(v.World, r) || world.IsLeft(want, r.To) && !said {
			continue
		}
		plain := h.IsDefault() && h.Via.IsValid() && h.Metric == 0 && h.Table == 0 && !h.Source.IsValid() && !h.OnLink
		switch {
		case said:
			i.Routes = append(i.Routes, as)
		case plain && h.Via.Is4() && !i.Gateway.IsValid():
			i.Gateway = h.Via
		case plain && h.Via.Is6() && !i.Gateway6.IsValid():
			i.Gateway6 = h.Via
		default:
			i.Routes = append(i.Routes, h)
		}
	}
}

// ports are those that the definition knows, in its order; a port that it does
// not know (a guest's, a container's) is nobody's business here. A definition
// without interfaces knows all.
func (v hostView) declaredPorts(master string, want []string) []string {
	var have []string
	for _, p := range v.Ports(master) {
		_, said := v.declared.Interface(p)
		if said || len(v.declared.Interfaces) == 0 && !spell.IsForeign(v.Link(p)) {
			have = append(have, p)
		}
	}
	at := func(p string) int {
		if n := slices.Index(want, p); n >= 0 {
			return n
		}
		return len(want)
	}
	slices.SortStableFunc(have, func(a, b string) int { return cmp.Compare(at(a), at(b)) })
	return have
}

func vlanOf(l *rtnl.Link) *host.VLAN {
	flag := func(f uint32) *bool { on := l.VLANFlags&f != 0; return &on }
	v := &host.VLAN{Parent: l.Parent, ID: l.VLANID, Protocol: l.VLANProto}
	v.ReorderHeader, v.GVRP, v.LooseBinding, v.MVRP = flag(rtnl.FlagReorder), flag(rtnl.FlagGVRP), flag(rtnl.FlagLoose), flag(rtnl.FlagMVRP)
	return v
}

func (v hostView) bridge(l *rtnl.Link, want []string) *host.Bridge {
	num := func(name string) *int { n := l.Bridge[name]; return &n }
	flag := func(name string) *bool { on := l.Bridge[name] != 0; return &on }
	clock := func(name string) *host.Centiseconds { c := host.Centiseconds(l.Bridge[name]); return &c }
	b := &host.Bridge{
		STP: flag("stp_state"), Priority: num("priority"), ForwardDelay: clock("forward_delay"), HelloTime: clock("hello_time"),
		MaxAge: clock("max_age"), AgeingTime: clock("ageing_time"), MulticastSnooping: flag("multicast_snooping"), VLANFiltering: flag("vlan_filtering"),
	}
	if _, told := l.Bridge[rtnl.AgeingTime]; !told { // taken to be as it should be
		b.AgeingTime = nil
		if i, ok := v.declared.Interface(l.Name); ok && i.Bridge != nil {
			b.AgeingTime = i.Bridge.AgeingTime
		}
	}
	for _, name := range v.declaredPorts(l.Name, want) {
		p := v.Link(name).Port
		pnum := func(key string) *int { n := p[key]; return &n }
		pflag := func(key string) *bool { on := p[key] != 0; return &on }
		b.Ports = append(b.Ports, host.BridgePort{Name: name, Cost: pnum("cost"), Priority: pnum("priority"), Hairpin: pflag("hairpin"),
			Isolated: pflag("isolated"), Learning: pflag("learning"), Flood: pflag("flood"), Guard: pflag("bpdu_guard")})
	}
	slices.SortFunc(b.Ports, func(a, b host.BridgePort) int { return cmp.Compare(a.Name, b.Name) })
	return b
}
