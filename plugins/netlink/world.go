package netlink

import (
	"net/netip"
	"slices"
	"strconv"

	"linkspan/plugins/netlink/rtnl"
)

// world is a graph that is asked and changed thousands of times: everything in
// it is found by name. What the kernel does beside a step is told to tell.
type world struct {
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
	known     map[string][]rtnl.Neighbour
	entries   map[string][]rtnl.Entry
	rules     []rtnl.Rule
	reverse   rtnl.ReversePath
	leadsOut  map[string]bool // ports of bridges that lead to cards; the others are guests'
	tell      teller          // nil tells nobody
}

// worldOf indexes a graph, which is not changed.
func worldOf(g *rtnl.Graph) *world {
	w := &world{links: make(map[string]*rtnl.Link, len(g.Links)), byMaster: make(map[string][]string), byParent: make(map[string][]string),
		addresses: make(map[string][]rtnl.Address), holders: make(map[netip.Addr][]string), routes: make(map[rtnl.Slot][]rtnl.Route),
		through: make(map[string][]rtnl.Slot), sources: make(map[netip.Addr][]rtnl.Slot), known: make(map[string][]rtnl.Neighbour), entries: make(map[string][]rtnl.Entry), rules: g.Rules, reverse: g.ReversePath}
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
func (w *world) guessMAC(bridge string) {
	b := w.link(bridge)
	if b == nil || b.Kind != "bridge" {
		return
	}
	lowest := ""
	for _, p := range w.byMaster[bridge] {
		if mac := w.link(p).MAC; lowest == "" || mac < lowest {
			lowest = mac
		}
	}
	b.MACSet = b.MAC != lowest
}

func (w *world) link(name string) *rtnl.Link { return w.links[name] }

// all lists the names of the links that are there, in order.
func (w *world) all() []string {
	w.order = slices.DeleteFunc(w.order, func(n string) bool { return w.links[n] == nil })
	return w.order
}

func (w *world) addLink(l rtnl.Link) {
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
func (w *world) removeLink(name string) {
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

func (w *world) setMaster(l *rtnl.Link, master string) {
	if l.Master != "" {
		w.byMaster[l.Master] = without(w.byMaster[l.Master], l.Name)
	}
	l.Master = master
	if master != "" {
		w.byMaster[master] = append(w.byMaster[master], l.Name)
	}
}

// ports are the names of the links whose master is name.
func (w *world) ports(name string) []string { return slices.Clone(w.byMaster[name]) }

// vlans are the names of the VLANs on name.
func (w *world) vlans(name string) []string { return slices.Clone(w.byParent[name]) }

func (w *world) addressesOf(name string) []rtnl.Address { return slices.Clone(w.addresses[name]) }

// hasAddress reports whether the link has the address with that prefix.
func (w *world) hasAddress(a rtnl.Address) bool {
	return slices.ContainsFunc(w.addresses[a.Link], a.Same)
}

func (w *world) addAddress(a rtnl.Address) {
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
func (w *world) dropAddresses(link string, gone func(rtnl.Address) bool) []rtnl.Address {
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

func (w *world) addRoute(r rtnl.Route) {
	s := r.Slot()
	if _, known := w.routes[s]; !known {
		w.slots = append(w.slots, s)
	}
	w.routes[s] = append(w.routes[s], r)
	if r.Source.IsValid() && !slices.Contains(w.sources[r.Source], s) {
		w.sources[r.Source] = append(w.sources[r.Source], s)
	}
	for _, link := range r.Links() {
		if !slices.Contains(w.through[link], s) {
			w.through[link] = append(w.through[link], s)
		}
	}
}

func (w *world) hasRoute(r rtnl.Route) bool { return slices.ContainsFunc(w.routes[r.Slot()], r.Same) }

// routesOf are the routes through a link.
func (w *world) routesOf(link string) []rtnl.Route {
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

func (w *world) dropRoute(r rtnl.Route) {
	w.routes[r.Slot()] = slices.DeleteFunc(w.routes[r.Slot()], r.Same)
}

// lowers are the links that name stands on.
func (w *world) lowers(name string) []string {
	l := w.link(name)
	if l == nil {
		return nil
	}
	if l.Kind == "vlan" && l.Parent != "" {
		return []string{l.Parent}
	}
	return w.byMaster[name]
}

// uppers are the links that stand on name: its master, and its VLANs.
func (w *world) uppers(name string) []string {
	out := w.vlans(name)
	if l := w.link(name); l != nil && l.Master != "" {
		out = append(out, l.Master)
	}
	return out
}

// above lists name and all that stands on it, lowers first.
func (w *world) above(name string) []string {
	out, seen := []string{name}, map[string]bool{name: true}
	for i := 0; i < len(out); i++ {
		for _, u := range w.uppers(out[i]) {
			if !seen[u] {
				seen[u] = true
				out = append(out, u)
			}
		}
	}
	return out
}

// reachable reports whether frames of a link find a card.
func (w *world) reachable(name string) bool {
	l := w.link(name)
	if l == nil || !l.Up {
		return false
	}
	switch l.Kind {
	case "vlan":
		parent := w.link(l.Parent)
		return parent != nil && (parent.Master == "" || parent.Kind != "") && w.reachable(l.Parent)
	case "bridge": // one that has cards is not reached through its guests
		ports := w.byMaster[name]
		if slices.ContainsFunc(ports, func(p string) bool { return w.leadsOut[p] }) {
			return slices.ContainsFunc(ports, func(p string) bool { return w.leadsOut[p] && w.reachable(p) })
		}
		return slices.ContainsFunc(ports, w.reachable)
	case "bond":
		ready := 0
		for _, p := range w.byMaster[name] {
			if w.reachable(p) {
				ready++
			}
		}
		return ready > 0 && ready >= minLinks(l)
	}
	return true
}

// minLinks is how many ports a bond needs for its carrier; the option counts in
// mode 802.3ad alone (drivers/net/bonding/bond_3ad.c, bond_3ad_set_carrier).
func minLinks(bond *rtnl.Link) int {
	n, err := strconv.Atoi(bond.Bond["min_links"])
	if err != nil || bond.Bond["mode"] != mode8023ad {
		return 1
	}
	return n
}

// carries reports whether an address is on a link that is reachable.
func (w *world) carries(ip netip.Addr) bool { return slices.ContainsFunc(w.holders[ip], w.reachable) }

// graph spells the world as a graph again.
func (w *world) graph() *rtnl.Graph {
	out := &rtnl.Graph{Rules: w.rules, ReversePath: w.reverse}
	for _, name := range w.all() {
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
