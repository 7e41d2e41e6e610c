package order

import (
	"slices"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// leavesFor names the port for which another one can come to a bridge without
// a frame being lost; "" is none. The bridge must be able to keep the two apart
// (IFLA_BRPORT_ISOLATED, Linux 4.18), and with STP it is that which decides.
func (p *Planner) leavesFor(coming string, w *rtnl.Link) string {
	bridge, target := p.cur.Link(w.Name), p.want.Link(coming)
	leaving := p.leaving(w)
	if len(p.cur.VLANs(coming)) > 0 { // they would go down with it
		return ""
	}
	if len(leaving) != 1 || !bridge.Up || bridge.Bridge["stp_state"] != 0 || !target.Up || !p.parentUp(target) {
		return ""
	}
	if _, known := p.cur.Link(leaving[0]).Port["isolated"]; !known {
		return ""
	}
	return leaving[0]
}

// exchange gives a bridge one port for another that leads to the same network.
// For a while it has both. Nothing goes from the one to the other, as both are
// isolated, so that no frame runs in a circle; and it learns behind neither of
// them, as what it sends by the one may come back by the other. Then all that
// leaves it leaves by the new one, as it forgets what it knew behind the old one
// and floods there no more; but what the switch still sends to the old one
// arrives. When the switch has been told, the old one goes.
func (p *Planner) exchange(old, coming string, w *rtnl.Link) {
	set := func(port string, settings map[string]int) {
		p.do(step.Step{Do: step.Set, Link: port, New: &rtnl.Link{Port: settings}})
	}
	p.nameWithRefuge(w.Name, coming)
	p.pin(w.Name)
	left, entries := *p.cur.Link(old), slices.Clone(p.cur.Entries(old))
	if p.cur.Link(coming).Up { // else it would forward before it is isolated
		p.do(step.Step{Do: step.Down, Link: coming})
	}
	set(old, map[string]int{"isolated": 1, "learning": 0})
	p.do(step.Step{Do: step.Master, Link: coming, Master: w.Name})
	set(coming, map[string]int{"isolated": 1, "learning": 0, "flood": 0, "mcast_flood": 0, "bcast_flood": 0})
	p.do(step.Step{Do: step.Up, Link: coming})
	if p.cur.Reachable(coming) && (p.fresh || p.cur.Link(coming).Kind != "vlan") { // else no carrier comes before the end
		p.await(coming)
	}
	set(coming, map[string]int{"flood": 1, "mcast_flood": 1, "bcast_flood": 1})
	set(old, map[string]int{"flood": 0, "mcast_flood": 0, "bcast_flood": 0, "flush": 1})
	p.tell([]string{w.Name})
	p.letPortListen(old, w.Name)
	p.do(step.Step{Do: step.Master, Link: old})
	last := map[string]int{"isolated": 0, "learning": 1}
	for name, value := range p.want.Link(coming).Port {
		last[name] = value
	}
	set(coming, last)
	p.carryPort(&left, entries, coming)
	p.tell([]string{w.Name})
	for _, below := range p.cur.Below(old) {
		p.silence(below, w.Name)
	}
}
