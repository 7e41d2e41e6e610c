package world

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/step"
)

func (w *World) say(kind plan.EffectKind, link, text string, args ...any) {
	if w.tell != nil {
		w.tell(plan.Effect{Kind: kind, Text: fmt.Sprintf(text, args...), Objects: []plan.Ref{backend.Ref(link)}})
	}
}

// Do does a step as the kernel would, with what the kernel does beside it
// (measured on Linux 6.1; see README.md), of which tell hears if it is not nil.
// What is lost is no longer in the world, and the planner puts it back.
func (w *World) Do(s step.Step, tell func(plan.Effect)) {
	w.tell = tell
	carrying := w.carrying()
	w.do(s)
	w.loseNextHops(carrying)
	w.tell = nil
}

func (w *World) do(s step.Step) {
	l := w.Link(s.Link)
	switch s.Do {
	case step.Create:
		w.create(s)
	case step.Delete:
		w.delete(s.Link)
	case step.Set:
		w.set(l, s.New)
	case step.AcceptRA:
		l.AcceptRA = s.New.AcceptRA
	case step.Sysctl:
		if n, err := strconv.Atoi(s.New.Sysctls[rtnl.ReverseSysctl]); err == nil {
			l.ReversePath = n
		}
	case step.Features:
		for name, f := range s.New.Features {
			merge(&l.Features, map[string]rtnl.Feature{name: f})
		}
	case step.Wake:
		l.Wake = s.New.Wake
	case step.Up:
		w.up(s.Link, true)
	case step.Down:
		w.down(s.Link, true)
	case step.Master:
		w.join(l, s.Master)
	case step.VLANs:
		w.setVLANs(l, s)
	case step.Neighbours:
		w.known[s.Link] = append(w.known[s.Link], s.Neighbours...)
	case step.NoNeighbours:
		w.known[s.Link] = slices.DeleteFunc(w.known[s.Link], func(n rtnl.Neighbour) bool { return slices.Contains(s.Neighbours, n) })
	case step.Entry:
		w.entries[s.Link] = append(w.entries[s.Link], *s.Entry)
	case step.Address:
		w.addAddress(*s.Address)
	case step.NoAddress:
		w.noAddress(*s.Address)
	case step.Route:
		for _, r := range w.routes[s.Route.Slot()] {
			w.dropRoute(r)
		}
		w.addRoute(*s.Route)
	case step.NoRoute:
		w.dropRoute(*s.Route)
	case step.NextHop:
		w.nextHops[s.NextHop.ID] = *s.NextHop
	}
}

func (w *World) create(s step.Step) {
	made := *s.New
	made.Name, made.Up, made.Ether, made.MACSet = s.Link, false, true, made.MAC != ""
	made.Bond, made.Bridge = maps.Clone(made.Bond), maps.Clone(made.Bridge)
	made.ReversePath = w.reverse.New
	if parent := w.Link(made.Parent); parent != nil {
		if made.MAC == "" {
			made.MAC = parent.MAC
		}
		if made.MTU == 0 {
			made.MTU = parent.MTU
		}
	}
	if made.MTU == 0 {
		made.MTU = ethernetMTU
	}
	if _, said := made.Bridge["vlan_filtering"]; made.Kind == "bridge" && !said {
		merge(&made.Bridge, map[string]int{"vlan_filtering": 0})
	}
	made.VLANs = firstVLANs(&made)
	w.addLink(made)
}

// ethernetMTU is what a new bond or bridge has (ETH_DATA_LEN).
const ethernetMTU = 1500

func (w *World) set(l *rtnl.Link, said *rtnl.Link) {
	if said.Alias != "" || said.NoAlias {
		l.Alias = said.Alias
	}
	if said.Queue != 0 {
		l.Queue = said.Queue
	}
	if said.Group != 0 {
		l.Group = said.Group
	}
	l.Promisc, l.AllMulti = l.Promisc || said.Promisc, l.AllMulti || said.AllMulti
	l.VLANFlags = l.VLANFlags&^said.FlagMask | said.VLANFlags&said.FlagMask
	if said.QoSIn != nil {
		l.QoSIn = said.QoSIn
	}
	if said.QoSOut != nil {
		l.QoSOut = said.QoSOut
	}
	if said.Bond["mode"] != "" {
		l.Bond = bonding.AfterMode(l.Bond, said.Bond["mode"])
	}
	merge(&l.Bond, said.Bond)
	merge(&l.Bridge, said.Bridge)
	merge(&l.Port, said.Port)
	merge(&l.BondPort, said.BondPort)
	w.monitor(l, said.Bond)
	if said.Bond["primary"] != "" {
		w.swapMACs(l)
	}
	if said.MAC != "" && !bonding.FollowsPort(l) {
		l.MACSet = true
		w.setMAC(l, said.MAC, true)
	}
	if said.MTU != 0 {
		w.setMTU(l, said.MTU, true)
	}
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

func (w *World) delete(name string) {
	for _, v := range w.VLANs(name) {
		w.say(plan.EffectLink, v, "%s is deleted with it", v)
		w.delete(v)
	}
	l := w.Link(name)
	for _, port := range w.Ports(name) {
		w.say(plan.EffectPort, port, "%s leaves %s", port, name)
		w.leave(w.Link(port))
	}
	w.loseAddresses(name, func(rtnl.Address) bool { return true })
	for _, r := range w.RoutesOf(name) { // multipath routes too, with all their links
		w.loseRoute(name, r)
	}
	master := ""
	if l != nil {
		master = l.Master
	}
	w.removeLink(name)
	delete(w.known, name)
	delete(w.entries, name)
	w.followMAC(master)
	w.followMTU(master)
}

// up: VLANs without loose binding follow their parent.
func (w *World) up(name string, direct bool) {
	l := w.Link(name)
	if l == nil || l.Up {
		return
	}
	l.Up, l.Carrier = true, true
	if !direct {
		w.say(plan.EffectLink, name, "%s goes up with it", name)
	}
	for _, v := range w.VLANs(name) {
		if w.Link(v).VLANFlags&rtnl.FlagLoose == 0 {
			w.up(v, false)
		}
	}
}

// down: IPv4 addresses stay, all routes and IPv6 addresses go.
func (w *World) down(name string, direct bool) {
	l := w.Link(name)
	if l == nil || !l.Up {
		return
	}
	l.Up = false
	if !direct {
		w.say(plan.EffectLink, name, "%s goes down with it", name)
	}
	w.loseAddresses(name, func(a rtnl.Address) bool { return a.Prefix.Addr().Is6() })
	w.loseRoutes(name, func(r rtnl.Route) bool { return true })
	delete(w.known, name)
	if bond := w.Link(l.Master); bond != nil {
		w.swapMACs(bond)
	}
	for _, v := range w.VLANs(name) {
		if w.Link(v).VLANFlags&rtnl.FlagLoose == 0 {
			w.down(v, false)
		}
	}
}

func (w *World) loseAddresses(link string, gone func(rtnl.Address) bool) {
	for _, a := range w.dropAddresses(link, gone) {
		w.say(plan.EffectAddress, link, "%s goes from %s", a.Prefix, link)
	}
}

// loseRoutes takes routes through a link away. A multipath route stays while
// another of its links is up.
func (w *World) loseRoutes(link string, gone func(rtnl.Route) bool) {
	for _, r := range w.RoutesOf(link) {
		stays := slices.ContainsFunc(r.Links(), func(n string) bool { return n != link && w.Link(n) != nil && w.Link(n).Up })
		if !stays && gone(r) {
			w.loseRoute(link, r)
		}
	}
}

func (w *World) loseRoute(link string, r rtnl.Route) {
	w.dropRoute(r)
	w.say(plan.EffectRoute, link, "the route %s goes", spell.Route(r))
}

// join makes a link a port, or releases it. A bond brings a new port up, with
// its own MAC and MTU, and lets a leaving one fall.
func (w *World) join(l *rtnl.Link, master string) {
	if l.Master != "" {
		w.leave(l)
	}
	to := w.Link(master)
	if to == nil {
		return
	}
	first := len(w.byMaster[master]) == 0
	w.setMaster(l, master)
	l.Port, l.BondPort, l.VLANs = nil, nil, firstVLANs(to)
	if to.Kind != "bond" {
		w.followMAC(master)
		w.followMTU(master)
		return
	}
	l.OwnMAC, l.OwnMTU, l.BondPort = l.MAC, l.MTU, map[string]int{"queue_id": 0, "prio": 0}
	if to.MAC == "" || first && !to.MACSet {
		w.setMAC(to, l.MAC, false)
	} else if to.Bond["fail_over_mac"] != "1" {
		w.setMAC(l, to.MAC, false)
	}
	w.setMTU(l, to.MTU, false)
	w.up(l.Name, false)
	w.loseAddresses(l.Name, func(a rtnl.Address) bool { return a.Prefix.Addr().Is6() })
}

func (w *World) leave(l *rtnl.Link) {
	was := w.Link(l.Master)
	name := l.Master
	w.setMaster(l, "")
	l.Port, l.BondPort, l.VLANs, l.Place = nil, nil, nil, 0
	delete(w.entries, l.Name)
	if was == nil {
		return
	}
	if was.Kind != "bond" {
		w.followMAC(name)
		w.followMTU(name)
		return
	}
	w.down(l.Name, false)
	if l.OwnMAC != "" {
		w.setMAC(l, l.OwnMAC, false)
	}
	if l.OwnMTU != 0 || l.MTU == ethernetMTU && !w.Doubts {
		w.setMTU(l, l.OwnMTU, false)
	} else { // it is not told what the card had before it joined
		w.say(plan.EffectLink, l.Name, "the MTU of %s becomes what it was before it joined %s", l.Name, name)
		l.MTU = 0
	}
	l.OwnMAC, l.OwnMTU = "", 0
	if len(w.byMaster[name]) == 0 { // bond_main.c: a new random MAC
		was.MACSet = false
		w.setMAC(was, "", false)
	}
}

func (w *World) setVLANs(l *rtnl.Link, s step.Step) {
	for _, v := range s.VLANs {
		l.VLANs = slices.DeleteFunc(slices.Clone(l.VLANs), func(o rtnl.VLAN) bool { return o.ID == v.ID })
		if !s.Away {
			l.VLANs = append(l.VLANs, v)
		}
	}
}

// noAddress: with the primary of an IPv4 subnet its secondaries go
// (promote_secondaries=0), and with the last IPv4 address all IPv4 routes.
func (w *World) noAddress(gone rtnl.Address) {
	p := gone.Prefix
	first := true
	for _, a := range w.addresses[gone.Link] {
		if a.Prefix == p {
			break
		}
		first = first && a.Prefix.Masked() != p.Masked()
	}
	w.dropAddresses(gone.Link, gone.Same)
	if first && p.Addr().Is4() {
		w.loseAddresses(gone.Link, func(a rtnl.Address) bool { return a.Prefix.Masked() == p.Masked() })
	}
	left := slices.ContainsFunc(w.addresses[gone.Link], func(a rtnl.Address) bool { return a.Prefix.Addr().Is4() })
	w.loseRoutes(gone.Link, func(r rtnl.Route) bool {
		return r.To.Addr().Is4() && p.Addr().Is4() && !left
	})
	for _, r := range w.sourced(p.Addr()) {
		if p.Addr().Is4() {
			w.loseRoute(gone.Link, r)
			continue
		}
		w.dropRoute(r) // in IPv6 only the source goes (net/ipv6/route.c, fib6_clean_prefsrc)
		r.Source = netip.Addr{}
		w.addRoute(r)
	}
}

// sourced are the routes that name the address as their source, which no link
// has any more. In IPv4 the kernel looks at those of the main table alone
// (net/ipv4/fib_semantics.c, fib_sync_down_addr).
func (w *World) sourced(ip netip.Addr) []rtnl.Route {
	if len(w.holders[ip]) > 0 {
		return nil
	}
	var out []rtnl.Route
	for _, s := range w.sources[ip] {
		for _, r := range w.routes[s] {
			if r.Source == ip && (ip.Is6() || r.Table == unix.RT_TABLE_MAIN) {
				out = append(out, r)
			}
		}
	}
	return out
}
