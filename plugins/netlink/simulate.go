package netlink

import (
	"maps"
	"slices"
)

// simulate does a step to a graph as the kernel would, with what the kernel
// does beside it (measured on Linux 6.1; see README.md), and returns nothing:
// what is lost is no longer in the graph, and the planner puts it back.
func simulate(g *graph, s step) {
	l := g.link(s.Link)
	switch s.Do {
	case doCreate:
		made := *s.New
		made.Name, made.Up, made.Ether, made.MACSet = s.Link, false, true, made.MAC != ""
		made.Bond, made.Bridge = maps.Clone(made.Bond), maps.Clone(made.Bridge)
		g.Links = append(g.Links, made)
	case doDelete:
		simulateDelete(g, s.Link)
	case doSet:
		simulateSet(l, s.New)
	case doAcceptRA:
		l.AcceptRA = s.New.AcceptRA
	case doUp:
		simulateUp(g, s.Link)
	case doDown:
		simulateDown(g, s.Link)
	case doMaster:
		simulateMaster(g, l, s.Master)
	case doAddress:
		g.Addresses = append(g.Addresses, *s.Address)
	case doNoAddr:
		simulateNoAddress(g, *s.Address)
	case doRoute:
		g.Routes = slices.DeleteFunc(g.Routes, func(r route) bool { return r.slot() == s.Route.slot() })
		g.Routes = append(g.Routes, *s.Route)
	case doNoRoute:
		g.Routes = slices.DeleteFunc(g.Routes, func(r route) bool { return r.same(*s.Route) })
	}
}

func simulateSet(l *link, said *link) {
	if said.MAC != "" {
		l.MAC = said.MAC
	}
	if said.MTU != 0 {
		l.MTU = said.MTU
	}
	if said.Alias != "" {
		l.Alias = said.Alias
	}
	l.VLANFlags = l.VLANFlags&^said.FlagMask | said.VLANFlags&said.FlagMask
	merge(&l.Bond, said.Bond)
	merge(&l.Bridge, said.Bridge)
	merge(&l.Port, said.Port)
}

func merge[V any](into *map[string]V, said map[string]V) {
	if len(said) == 0 {
		return
	}
	out := maps.Clone(*into)
	if out == nil {
		out = make(map[string]V)
	}
	maps.Copy(out, said)
	*into = out
}

func simulateDelete(g *graph, name string) {
	for _, v := range g.vlans(name) {
		simulateDelete(g, v)
	}
	bond := g.link(name) != nil && g.link(name).Kind == "bond"
	for _, port := range g.ports(name) {
		g.link(port).Master, g.link(port).Port = "", nil
		if bond { // bond_release closes the port
			simulateDown(g, port)
		}
	}
	g.Links = slices.DeleteFunc(g.Links, func(l link) bool { return l.Name == name })
	g.Addresses = slices.DeleteFunc(g.Addresses, func(a address) bool { return a.Link == name })
	g.Routes = slices.DeleteFunc(g.Routes, func(r route) bool { return r.Link == name })
}

// simulateUp: VLANs without loose binding follow their parent.
func simulateUp(g *graph, name string) {
	l := g.link(name)
	l.Up = true
	for _, v := range g.vlans(name) {
		if g.link(v).VLANFlags&flagLoose == 0 && !g.link(v).Up {
			simulateUp(g, v)
		}
	}
}

// simulateDown: IPv4 addresses stay, all routes and IPv6 addresses go.
func simulateDown(g *graph, name string) {
	l := g.link(name)
	if l == nil || !l.Up {
		return
	}
	l.Up = false
	g.Addresses = slices.DeleteFunc(g.Addresses, func(a address) bool { return a.Link == name && a.Prefix.Addr().Is6() })
	g.Routes = slices.DeleteFunc(g.Routes, func(r route) bool { return r.Link == name })
	for _, v := range g.vlans(name) {
		if g.link(v).VLANFlags&flagLoose == 0 {
			simulateDown(g, v)
		}
	}
}

// simulateMaster: a bond brings a new port up and lets a leaving one fall.
func simulateMaster(g *graph, l *link, master string) {
	was := g.link(l.Master)
	l.Master, l.Port = master, nil
	to := g.link(master)
	switch {
	case to != nil && to.Kind == "bond":
		simulateUp(g, l.Name)
		if to.MAC == "" {
			to.MAC = l.MAC
		}
		g.Addresses = slices.DeleteFunc(g.Addresses, func(a address) bool { return a.Link == l.Name && a.Prefix.Addr().Is6() })
	case was != nil && was.Kind == "bond":
		simulateDown(g, l.Name)
	}
}

// simulateNoAddress: with the primary of an IPv4 subnet its secondaries go
// (promote_secondaries=0), and with the last IPv4 address all IPv4 routes.
func simulateNoAddress(g *graph, gone address) {
	p := gone.Prefix
	first := true
	for _, a := range g.addressesOf(gone.Link) {
		if a.Prefix == p {
			break
		}
		first = first && a.Prefix.Masked() != p.Masked()
	}
	g.Addresses = slices.DeleteFunc(g.Addresses, func(a address) bool {
		return a.same(gone) || first && p.Addr().Is4() && a.Link == gone.Link && a.Prefix.Masked() == p.Masked()
	})
	left := slices.ContainsFunc(g.addressesOf(gone.Link), func(a address) bool { return a.Prefix.Addr().Is4() })
	g.Routes = slices.DeleteFunc(g.Routes, func(r route) bool {
		return r.Source == p.Addr() || r.Link == gone.Link && r.To.Addr().Is4() && p.Addr().Is4() && !left ||
			r.Link == gone.Link && r.Via.IsValid() && p.Masked().Contains(r.Via)
	})
}
