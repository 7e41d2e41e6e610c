package netlink

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// hostOf spells what there is as a host, in the words of the definition: where the
// order of a list means nothing to the kernel, it is the definition's.
func hostOf(w *world, declared *host.Host) *host.Host {
	out := &host.Host{Name: declared.Name}
	v := hostView{world: w, declared: declared}
	for _, name := range w.all() {
		l := w.link(name)
		want, said := declared.Interface(l.Name)
		if l.Loop || !l.Ether || (!said && isForeign(l)) {
			continue
		}
		if !said {
			want = &host.Interface{}
		}
		out.Interfaces = append(out.Interfaces, v.iface(l, want))
	}
	return out
}

// isForeign reports whether a link is of a kind that linkspan never makes.
func isForeign(l *rtnl.Link) bool {
	return !slices.Contains([]string{"", "bond", "vlan", "bridge", "veth", "dummy"}, l.Kind)
}

type hostView struct {
	*world
	declared *host.Host
}

func kindOf(l *rtnl.Link) host.Kind {
	switch l.Kind {
	case "bond":
		return host.KindBond
	case "vlan":
		return host.KindVLAN
	case "bridge":
		return host.KindBridge
	}
	return host.KindEthernet
}

func (v hostView) iface(l *rtnl.Link, want *host.Interface) host.Interface {
	mtu := l.MTU
	i := host.Interface{Kind: kindOf(l), Name: l.Name, State: host.Down, Description: l.Alias, MTU: &mtu, MAC: l.MAC}
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
		i.Ethernet = ethernetOf(l, want.Ethernet)
	case host.KindBond:
		i.Bond = &host.Bond{Ports: v.declaredPorts(l.Name, want.Ports()), Options: bondOptions(l)}
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
	for _, a := range v.addressesOf(name) {
		said := slices.Contains(want, a.Prefix)
		if !said && (a.IsLocal() || a.IsDynamic() || isLeft(i, a.Prefix)) {
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

// isOurs reports whether a route is one that a person or a script made; those
// of daemons and DHCP clients have protocols of their own. A client that does
// not say so is known by its address: its gateway is in no other's network.
func isOurs(w *world, r rtnl.Route) bool {
	if r.Protocol != unix.RTPROT_BOOT && r.Protocol != unix.RTPROT_STATIC || r.Type != unix.RTN_UNICAST || len(r.Rest)+len(r.Hops) > 0 || r.TOS != 0 {
		return false
	}
	dynamic := false
	for _, a := range w.addresses[r.Link] {
		if !r.Via.IsValid() || !a.Prefix.Masked().Contains(r.Via) {
			continue
		}
		if !a.IsDynamic() {
			return true
		}
		dynamic = true
	}
	return !dynamic
}

// hostRoute spells a kernel route in the definition's words. The kernel gives
// an IPv6 route without a metric 1024 (include/net/ip6_route.h).
func hostRoute(r rtnl.Route) host.Route {
	h := host.Route{To: r.To, Via: r.Via, Metric: int(r.Metric), Table: int(r.Table), Source: r.Source, OnLink: r.OnLink}
	if r.Table == unix.RT_TABLE_MAIN {
		h.Table = 0
	}
	if r.To.Addr().Is6() && r.Metric == 1024 {
		h.Metric = 0
	}
	return h
}

func (v hostView) staticRoutes(i *host.Interface, want *host.Interface) {
	declared := make(map[string]host.Route)
	for _, r := range want.Routes {
		declared[r.String()] = r
	}
	for _, r := range v.routesOf(i.Name) {
		h := hostRoute(r)
		as, said := declared[h.String()]
		if !isOurs(v.world, r) || isLeft(want, r.To) && !said {
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
	for _, p := range v.ports(master) {
		_, said := v.declared.Interface(p)
		if said || len(v.declared.Interfaces) == 0 && !isForeign(v.link(p)) {
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

func bondOptions(l *rtnl.Link) map[string]string {
	out := make(map[string]string)
	for name, value := range l.Bond {
		if name == "mode" || name == "active_slave" {
			continue
		}
		o, known := host.BondOptionNamed(name)
		if !known {
			out[name] = value
			continue
		}
		n, err := strconv.Atoi(value)
		switch {
		case o.Type == host.OptionBool:
			out[o.Name] = strconv.FormatBool(value != "0")
		case o.Type == host.OptionWord && err == nil && n < len(o.Words):
			out[o.Name] = o.Words[n]
		case value != "":
			out[o.Name] = value
		}
	}
	return out
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
		p := v.link(name).Port
		pnum := func(key string) *int { n := p[key]; return &n }
		pflag := func(key string) *bool { on := p[key] != 0; return &on }
		b.Ports = append(b.Ports, host.BridgePort{Name: name, Cost: pnum("cost"), Priority: pnum("priority"), Hairpin: pflag("hairpin"),
			Isolated: pflag("isolated"), Learning: pflag("learning"), Flood: pflag("flood"), Guard: pflag("bpdu_guard")})
	}
	slices.SortFunc(b.Ports, func(a, b host.BridgePort) int { return cmp.Compare(a.Name, b.Name) })
	return b
}
