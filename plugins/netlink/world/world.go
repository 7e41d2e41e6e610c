// Package world is a network namespace that is asked and changed by name, and
// what the kernel would do to it at each step.
package world

import (
	"net/netip"
	"slices"

	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// World is a graph that is asked and changed thousands of times: everything in
// it is found by name.
type World struct {
	links     map[string]*rtnl.Link
	order     []string            // names, by name, then in order of making; some may be gone
	byMaster  map[string][]string // ports, in order of joining
	byParent  map[string][]string // VLANs
	addresses map[string][]rtnl.Address
	holders   map[netip.Addr][]string // the links that have an address
	routes    map[rtnl.Slot][]rtnl.Route
	slots     []rtnl.Slot                // of routes, in order; some may be empty
	through   map[string][]rtnl.Slot     // of routes by link; some may be empty
	sources   map[netip.Addr][]rtnl.Slot // of routes by source; some may be empty
	byObject  map[uint32][]rtnl.Slot     // of routes by the next hop object; some may be empty
	nextHops  map[uint32]rtnl.NextHop
	known     map[string][]rtnl.Neighbour
	entries   map[string][]rtnl.Entry
	rules     []rtnl.Rule
	reverse   rtnl.ReversePath
	LeadsOut  map[string]bool   // ports of bridges that lead to cards; the others are guests'
	Doubts    bool              // a card that leaves its bond may have had any MTU before; else Ethernet's is taken to have been its own
	tell      func(plan.Effect) // hears of what goes with the step that is done; nil is nobody
}

// Of indexes a graph, which is not changed.
func Of(g *rtnl.Graph) *World {
	w := &World{links: make(map[string]*rtnl.Link, len(g.Links)), byMaster: make(map[string][]string), byParent: make(map[string][]string),
		addresses: make(map[string][]rtnl.Address), holders: make(map[netip.Addr][]string), routes: make(map[rtnl.Slot][]rtnl.Route),
		through: make(map[string][]rtnl.Slot), sources: make(map[netip.Addr][]rtnl.Slot), byObject: make(map[uint32][]rtnl.Slot), nextHops: make(map[uint32]rtnl.NextHop),
		known: make(map[string][]rtnl.Neighbour), entries: make(map[string][]rtnl.Entry), rules: g.Rules, reverse: g.ReversePath}
	for _, l := range g.Links {
		w.addLink(l)
	}
	for _, ports := range w.byMaster {
		slices.SortStableFunc(ports, func(a, b string) int { return w.links[a].Place - w.links[b].Place })
	}
	for name := range w.byMaster {
		w.guessMAC(name)
	}
	for _, a := range g.Addresses {
		w.addAddress(a)
	}
	for _, r := range g.Routes {
		w.addRoute(r)
	}
	for _, h := range g.NextHops {
		w.nextHops[h.ID] = h
	}
	for _, n := range g.Neighbours {
		w.known[n.Link] = append(w.known[n.Link], n)
	}
	for _, e := range g.Forwarding {
		w.entries[e.Port] = append(w.entries[e.Port], e)
	}
	return w
}

// guessMAC: a bridge whose MAC is not the lowest of its ports' was given it.
// Where it is, nothing tells whether it would follow them.
func (w *World) guessMAC(bridge string) {
	b := w.Link(bridge)
	if b == nil || b.Kind != "bridge" {
		return
	}
	lowest := ""
	for _, p := range w.byMaster[bridge] {
		if mac := w.Link(p).MAC; lowest == "" || mac < lowest {
			lowest = mac
		}
	}
	b.MACSet = b.MAC != lowest
}

// Link is the link of that name; nil is none.
func (w *World) Link(name string) *rtnl.Link { return w.links[name] }

// All lists the names of the links that are there, in order.
func (w *World) All() []string {
	w.order = slices.DeleteFunc(w.order, func(n string) bool { return w.links[n] == nil })
	return w.order
}

func (w *World) addLink(l rtnl.Link) {
	if w.links[l.Name] == nil {
		w.order = append(w.order, l.Name)
	}
	w.links[l.Name] = &l
	if l.Master != "" {
		w.byMaster[l.Master] = append(w.byMaster[l.Master], l.Name)
	}
	if l.Kind == "vlan" && l.Parent != "" {
		w.byParent[l.Parent] = append(w.byParent[l.Parent], l.Name)
	}
}

// removeLink takes a link away with all that is said of it alone.
func (w *World) removeLink(name string) {
	l := w.links[name]
	if l == nil {
		return
	}
	w.setMaster(l, "")
	w.byParent[l.Parent] = without(w.byParent[l.Parent], name)
	delete(w.links, name)
}

func without(list []string, name string) []string {
	return slices.DeleteFunc(list, func(n string) bool { return n == name })
}

func (w *World) setMaster(l *rtnl.Link, master string) {
	if l.Master != "" {
		w.byMaster[l.Master] = without(w.byMaster[l.Master], l.Name)
	}
	l.Master = master
	if master != "" {
		w.byMaster[master] = append(w.byMaster[master], l.Name)
	}
}

// Ports are the names of the links whose master is name.
func (w *World) Ports(name string) []string { return slices.Clone(w.byMaster[name]) }

// VLANs are the names of the VLANs on name.
func (w *World) VLANs(name string) []string { return slices.Clone(w.byParent[name]) }

// Addresses are those of a link, in the kernel's order. Who keeps them while the
// world changes, or changes them, has to clone them; so with all lists below.
func (w *World) Addresses(link string) []rtnl.Address { return w.addresses[link] }

// Holders are the links that have an address, with whatever prefix.
func (w *World) Holders(ip netip.Addr) []string { return w.holders[ip] }

// Slots are those of all routes, in order; some may be empty.
func (w *World) Slots() []rtnl.Slot { return w.slots }

// Routes are the routes in a slot: one, or several that differ in what the
// kernel tells them apart by beside it.
func (w *World) Routes(s rtnl.Slot) []rtnl.Route { return w.routes[s] }

// Known are the neighbours that are known on a link.
func (w *World) Known(link string) []rtnl.Neighbour { return w.known[link] }

// Entries are the static forwarding entries of a bridge's port.
func (w *World) Entries(port string) []rtnl.Entry { return w.entries[port] }

// Rules are those of policy routing.
func (w *World) Rules() []rtnl.Rule { return w.rules }

// ReversePath is the rp_filter of all links, and of new ones.
func (w *World) ReversePath() rtnl.ReversePath { return w.reverse }

// HasAddress reports whether the link has the address with that prefix.
func (w *World) HasAddress(a rtnl.Address) bool {
	return slices.ContainsFunc(w.addresses[a.Link], a.Same)
}

func (w *World) addAddress(a rtnl.Address) {
	if i := slices.IndexFunc(w.addresses[a.Link], a.Same); i >= 0 {
		w.addresses[a.Link][i] = a
		return
	}
	w.addresses[a.Link] = append(w.addresses[a.Link], a)
	ip := a.Prefix.Addr()
	if !slices.Contains(w.holders[ip], a.Link) {
		w.holders[ip] = append(w.holders[ip], a.Link)
	}
}

// dropAddresses takes those addresses of a link away and returns them.
func (w *World) dropAddresses(link string, gone func(rtnl.Address) bool) []rtnl.Address {
	var out []rtnl.Address
	w.addresses[link] = slices.DeleteFunc(w.addresses[link], func(a rtnl.Address) bool {
		if gone(a) {
			out = append(out, a)
			return true
		}
		return false
	})
	for _, a := range out {
		ip := a.Prefix.Addr()
		if !slices.ContainsFunc(w.addresses[link], func(o rtnl.Address) bool { return o.Prefix.Addr() == ip }) {
			w.holders[ip] = without(w.holders[ip], link)
		}
	}
	return out
}

func (w *World) addRoute(r rtnl.Route) {
	s := r.Slot()
	if _, known := w.routes[s]; !known {
		w.slots = append(w.slots, s)
	}
	w.routes[s] = append(w.routes[s], r)
	if r.Source.IsValid() && !slices.Contains(w.sources[r.Source], s) {
		w.sources[r.Source] = append(w.sources[r.Source], s)
	}
	if r.Object != 0 && !slices.Contains(w.byObject[r.Object], s) {
		w.byObject[r.Object] = append(w.byObject[r.Object], s)
	}
	for _, link := range r.Links() {
		if !slices.Contains(w.through[link], s) {
			w.through[link] = append(w.through[link], s)
		}
	}
}

// HasRoute reports whether there is a route that does the same.
func (w *World) HasRoute(r rtnl.Route) bool { return slices.ContainsFunc(w.routes[r.Slot()], r.Same) }

// RoutesOf are the routes through a link.
func (w *World) RoutesOf(link string) []rtnl.Route {
	var out []rtnl.Route
	w.through[link] = slices.DeleteFunc(w.through[link], func(s rtnl.Slot) bool {
		n := len(out)
		for _, r := range w.routes[s] {
			if slices.Contains(r.Links(), link) {
				out = append(out, r)
			}
		}
		return n == len(out)
	})
	return out
}

func (w *World) dropRoute(r rtnl.Route) {
	w.routes[r.Slot()] = slices.DeleteFunc(w.routes[r.Slot()], r.Same)
}

// Graph spells the world as a graph again.
func (w *World) Graph() *rtnl.Graph {
	out := &rtnl.Graph{NextHops: w.NextHops(), Rules: w.rules, ReversePath: w.reverse}
	for _, name := range w.All() {
		out.Links = append(out.Links, *w.links[name])
		out.Addresses = append(out.Addresses, w.addresses[name]...)
		out.Neighbours = append(out.Neighbours, w.known[name]...)
		out.Forwarding = append(out.Forwarding, w.entries[name]...)
	}
	for _, s := range w.slots {
		out.Routes = append(out.Routes, w.routes[s]...)
	}
	return out
}
