package netlink

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"linkspan/core/host"
	"linkspan/core/plan"
)

// goal is what a plan leads to: a graph, and which of its links count. Of a
// link in managed, what is said is wanted; a managed link that the graph does
// not have is to go. Everything else stays as it is.
type goal struct {
	graph
	managed map[string]bool
	exact   bool // everything is said: the goal is a snapshot
}

// goalOf says in the kernel's words what the definition wants, given what
// there is.
func goalOf(h *host.Host, desired []plan.Object, have *graph) *goal {
	g := &goal{graph: *have.clone(), managed: make(map[string]bool)}
	for _, o := range desired {
		if o.Class == plan.ClassInterface && o.Absent {
			g.managed[o.Name] = true
			g.drop(o.Name)
		}
	}
	masters := h.Masters()
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if i.Wanted() == host.Absent {
			continue
		}
		g.managed[i.Name] = true
		l := wantedLink(i)
		l.Master = masters[i.Name]
		g.put(l, have.link(i.Name))
		g.wantAddresses(i, have)
		g.wantRoutes(i, have)
	}
	for i := range g.Links { // a foreign master is none of the definition's
		l := &g.Links[i]
		was := have.link(l.Name)
		if g.managed[l.Name] && l.Master == "" && was != nil && was.Master != "" && !g.managed[was.Master] {
			l.Master = was.Master
		}
	}
	for _, b := range h.Interfaces {
		if b.Bridge != nil && b.Wanted() != host.Absent {
			g.wantPorts(b.Bridge)
		}
	}
	return g
}

func (g *goal) drop(name string) {
	g.Links = slices.DeleteFunc(g.Links, func(l link) bool { return l.Name == name })
	g.Addresses = slices.DeleteFunc(g.Addresses, func(a address) bool { return a.Link == name })
	g.Routes = slices.DeleteFunc(g.Routes, func(r route) bool { return r.Link == name })
	for i := range g.Links {
		if g.Links[i].Master == name {
			g.Links[i].Master = ""
		}
	}
}

func (g *goal) put(l link, was *link) {
	if was != nil {
		*g.link(l.Name) = l
		return
	}
	g.Links = append(g.Links, l)
}

// wantedLink says what the definition says of a link itself.
func wantedLink(i *host.Interface) link {
	l := link{Name: i.Name, Ether: true, Up: i.Wanted() == host.Up, Alias: i.Description, MAC: i.MAC}
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
	case i.Bond != nil:
		l.Kind, l.Bond = "bond", make(map[string]string)
		if n := host.BondModeNumber(i.Bond.Mode); n >= 0 {
			l.Bond["mode"] = strconv.Itoa(n)
		}
		for name, value := range i.Bond.Options {
			if o, ok := driverOption(name, value); ok {
				l.Bond[o.name] = o.value
			}
		}
	case i.VLAN != nil:
		l.vlan(i.VLAN)
	case i.Bridge != nil:
		l.Kind, l.Bridge = "bridge", bridgeNumbers(i.Bridge)
	}
	return l
}

func (l *link) vlan(v *host.VLAN) {
	l.Kind, l.Parent, l.VLANID, l.VLANProto = "vlan", v.Parent, v.ID, "802.1q"
	if v.Protocol != "" {
		l.VLANProto = v.Protocol
	}
	flags := []struct {
		said *bool
		bit  uint32
	}{{v.ReorderHeader, flagReorder}, {v.GVRP, flagGVRP}, {v.LooseBinding, flagLoose}, {v.MVRP, flagMVRP}}
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

func bridgeNumbers(b *host.Bridge) map[string]int {
	out := make(map[string]int)
	flag := func(name string, v *bool) {
		if v != nil {
			out[name] = map[bool]int{true: 1}[*v]
		}
	}
	clock := func(name string, v *host.Centiseconds) {
		if v != nil {
			out[name] = int(*v)
		}
	}
	flag("stp_state", b.STP)
	flag("multicast_snooping", b.MulticastSnooping)
	flag("vlan_filtering", b.VLANFiltering)
	clock("forward_delay", b.ForwardDelay)
	clock("hello_time", b.HelloTime)
	clock("max_age", b.MaxAge)
	clock("ageing_time", b.AgeingTime)
	if b.Priority != nil {
		out["priority"] = *b.Priority
	}
	return out
}

func (g *goal) wantPorts(b *host.Bridge) {
	for _, p := range b.Ports {
		l := g.link(p.Name)
		if l == nil || !p.HasSettings() {
			continue
		}
		l.Port = make(map[string]int)
		flag := func(name string, v *bool) {
			if v != nil {
				l.Port[name] = map[bool]int{true: 1}[*v]
			}
		}
		flag("hairpin", p.Hairpin)
		flag("isolated", p.Isolated)
		flag("learning", p.Learning)
		flag("flood", p.Flood)
		flag("bpdu_guard", p.Guard)
		if p.Cost != nil {
			l.Port["cost"] = *p.Cost
		}
		if p.Priority != nil {
			l.Port["priority"] = *p.Priority
		}
	}
}

// wantAddresses lists the addresses of a link: the declared ones, and those
// that something else keeps there.
func (g *goal) wantAddresses(i *host.Interface, have *graph) {
	g.Addresses = slices.DeleteFunc(g.Addresses, func(a address) bool {
		return a.Link == i.Name && (slices.Contains(i.Addresses, a.Prefix) || !a.isLocal() && !a.isDynamic())
	})
	for _, p := range i.Addresses {
		a := address{Link: i.Name, Prefix: p, Valid: neverExpires, Preferred: neverExpires}
		if p.Addr().Is4() && p.Bits() < 31 {
			a.Broadcast = lastOf(p)
		}
		g.Addresses = append(g.Addresses, a)
	}
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(b)
}

func (g *goal) wantRoutes(i *host.Interface, have *graph) {
	g.Routes = slices.DeleteFunc(g.Routes, func(r route) bool { return r.Link == i.Name && isOurs(r) })
	said := slices.Clone(i.Routes)
	if i.Gateway.IsValid() {
		said = append(said, host.Route{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: i.Gateway})
	}
	if i.Gateway6.IsValid() {
		said = append(said, host.Route{To: netip.PrefixFrom(netip.IPv6Unspecified(), 0), Via: i.Gateway6})
	}
	for _, h := range said {
		g.Routes = append(g.Routes, kernelRoute(h, i.Name))
	}
}

func kernelRoute(h host.Route, on string) route {
	r := route{Link: on, To: h.To.Masked(), Via: h.Via, Source: h.Source, Metric: uint32(h.Metric), Table: uint32(h.Table), OnLink: h.OnLink,
		Protocol: unix.RTPROT_STATIC, Type: unix.RTN_UNICAST}
	if r.Table == 0 {
		r.Table = unix.RT_TABLE_MAIN
	}
	if r.To.Addr().Is6() && r.Metric == 0 {
		r.Metric = 1024
	}
	if r.To.Addr().Is4() && !r.Via.IsValid() {
		r.Scope = unix.RT_SCOPE_LINK
	}
	return r
}

// goalOfSnapshot wants back what was, of the named links.
func goalOfSnapshot(was *graph, touched []string) *goal {
	g := &goal{graph: *was.clone(), managed: make(map[string]bool), exact: true}
	for _, name := range touched {
		g.managed[name] = true
	}
	for i := range g.Links {
		l := &g.Links[i]
		l.Bond = maps.Clone(l.Bond)
		if l.Kind == "vlan" {
			l.FlagMask = flagReorder | flagGVRP | flagLoose | flagMVRP
		}
	}
	return g
}
