package order

import (
	"maps"
	"slices"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// settings brings a link's own settings to what is said.
func (p *Planner) settings(w *rtnl.Link) {
	l := p.cur.Link(w.Name)
	n := rtnl.Link{Kind: w.Kind}
	changed := false
	if w.MTU != 0 && w.MTU != l.MTU && p.fits(w) && !p.leavesBond(l, w) {
		n.MTU, changed = w.MTU, true
	}
	if w.MAC != "" && w.MAC != l.MAC && !p.isBondPort(l.Master, w.Master) && !bonding.FollowsPort(l) {
		n.MAC, changed = w.MAC, true
	}
	if w.Alias != "" && w.Alias != l.Alias {
		n.Alias, changed = w.Alias, true
	}
	if diff := (w.VLANFlags ^ l.VLANFlags) & w.FlagMask; w.Kind == "vlan" && diff != 0 {
		n.FlagMask, n.VLANFlags, changed = diff, w.VLANFlags&diff, true
	}
	if p.want.Exact {
		changed = p.exactSettings(&n, w, l) || changed
	}
	n.Bridge = differing(w.Bridge, l.Bridge)
	keepAgeing(n.Bridge, w, l)
	if changed || n.Bridge != nil {
		if w.Kind == "vlan" && n.FlagMask == 0 && n.QoSIn == nil && n.QoSOut == nil || w.Kind == "bond" {
			n.Kind = ""
		}
		p.do(step.Step{Do: step.Set, Link: w.Name, New: &n})
	}
	if w.Kind == "bond" {
		followed := bonding.FollowsPort(l)
		p.bondSettings(w)
		if l = p.cur.Link(w.Name); followed && w.MAC != "" && w.MAC != l.MAC && !bonding.FollowsPort(l) {
			p.do(step.Step{Do: step.Set, Link: w.Name, New: &rtnl.Link{MAC: w.MAC}})
		}
	}
	if w.AcceptRA != nil && (l.AcceptRA == nil || *l.AcceptRA != *w.AcceptRA) {
		p.do(step.Step{Do: step.AcceptRA, Link: w.Name, New: &rtnl.Link{AcceptRA: w.AcceptRA}})
	}
	p.cardSettings(w)
}

// isBondPort reports whether a link is a port of a bond, whose MAC it has then,
// or is to be one: it gets its own when it joins.
func (p *Planner) isBondPort(now, then string) bool {
	m, w := p.cur.Link(now), p.want.Link(then)
	return m != nil && m.Kind == "bond" || w != nil && w.Kind == "bond"
}

// keepAgeing says the ageing time of a bridge again that loses its STP: while its
// topology changes it has a shorter one, which would stay (net/bridge/br_stp.c,
// __br_set_topology_change acts with STP alone).
func keepAgeing(diff map[string]int, w, l *rtnl.Link) {
	on, changes := diff["stp_state"]
	if !changes || on != 0 || l.Bridge["stp_state"] == 0 {
		return
	}
	for _, known := range []*rtnl.Link{l, w} {
		if t, told := known.Bridge[rtnl.AgeingTime]; told {
			diff[rtnl.AgeingTime] = t
		}
	}
}

// fits reports whether a link may have the MTU that is wanted: that of a VLAN is
// at most its parent's (net/8021q/vlan_dev.c, vlan_dev_change_mtu), which may
// only grow later.
func (p *Planner) fits(w *rtnl.Link) bool {
	parent := p.cur.Link(w.Parent)
	return w.Kind != "vlan" || parent == nil || parent.MTU == 0 || w.MTU <= parent.MTU
}

// exactSettings adds to n what a definition has no words for and a snapshot
// has.
func (p *Planner) exactSettings(n, w, l *rtnl.Link) bool {
	changed := w.Alias == "" && l.Alias != ""
	n.NoAlias = changed
	for _, v := range []struct{ to, want, have *int }{{&n.Queue, &w.Queue, &l.Queue}, {&n.Group, &w.Group, &l.Group}} {
		if *v.want != 0 && *v.want != *v.have {
			*v.to, changed = *v.want, true
		}
	}
	if w.Promisc && !l.Promisc || w.AllMulti && !l.AllMulti {
		n.Promisc, n.AllMulti, changed = w.Promisc && !l.Promisc, w.AllMulti && !l.AllMulti, true
	}
	if !slices.Equal(w.QoSIn, l.QoSIn) && w.QoSIn != nil {
		n.QoSIn, changed = w.QoSIn, true
	}
	if !slices.Equal(w.QoSOut, l.QoSOut) && w.QoSOut != nil {
		n.QoSOut, changed = w.QoSOut, true
	}
	return changed
}

// cardSettings sets what goes through ethtool.
func (p *Planner) cardSettings(w *rtnl.Link) {
	l := p.cur.Link(w.Name)
	diff := make(map[string]rtnl.Feature)
	for name, f := range w.Features {
		if have, ok := l.Features[name]; ok && !have.Fixed && have.On != f.On {
			diff[name] = rtnl.Feature{On: f.On}
		}
	}
	if len(diff) > 0 {
		p.do(step.Step{Do: step.Features, Link: w.Name, New: &rtnl.Link{Features: diff}})
	}
	if w.Wake != nil && (l.Wake == nil || l.Wake.On != w.Wake.On) {
		p.do(step.Step{Do: step.Wake, Link: w.Name, New: &rtnl.Link{Wake: w.Wake}})
	}
}

func differing(want, have map[string]int) map[string]int {
	var out map[string]int
	for _, k := range slices.Sorted(maps.Keys(want)) {
		if v, ok := have[k]; !ok || v != want[k] {
			if out == nil {
				out = make(map[string]int)
			}
			out[k] = want[k]
		}
	}
	return out
}

// bondSettings changes options live where the driver lets it, and takes the
// bond down or its ports off where it does not.
func (p *Planner) bondSettings(w *rtnl.Link) {
	diff, before := p.bondDiff(w)
	if len(before) > 0 {
		p.changeBond(w, before, bonding.HasOne(before, bonding.NeedsDown), bonding.HasOne(before, bonding.NeedsEmpty))
	}
	if len(diff) > 0 {
		p.changeBond(w, diff, bonding.HasOne(diff, bonding.NeedsDown), bonding.HasOne(diff, bonding.NeedsEmpty))
	}
}

// bondDiff are the options that differ from what is said, and those of them
// that must be set before the mode.
func (p *Planner) bondDiff(w *rtnl.Link) (diff, before map[string]string) {
	l := p.cur.Link(w.Name)
	diff, before = make(map[string]string), make(map[string]string)
	have := bonding.AfterMode(l.Bond, w.Bond["mode"])
	for name, value := range w.Bond {
		switch {
		case have[name] == value || name == "active_slave" || bonding.IsClearable(name) && value == "":
		case bonding.Takes(w.Bond, name, value) || bonding.IsDelay(name) && value == "0" && w.Bond["miimon"] != "0":
			diff[name] = value
		case p.want.Exact && bonding.Takes(l.Bond, name, value):
			before[name] = value // the mode that it has now takes it, and the one that it gets does not
		}
	}
	for _, name := range bonding.Clearables {
		v, said := w.Bond[name]
		switch {
		case !said || v != "" || l.Bond[name] == "" || !bonding.Takes(l.Bond, name, l.Bond[name]):
		case l.Bond["mode"] == w.Bond["mode"]:
			diff[name] = ""
		default: // the next mode need not take it
			before[name] = ""
		}
	}
	if v, said := diff["primary"]; said && v != "" && (p.cur.Link(v) == nil || p.cur.Link(v).Index == 0 && p.cur.Link(v).Kind == "") {
		delete(diff, "primary")
	}
	return diff, before
}

// changeBond sets options, with the bond down and without its ports where the
// driver asks for that. A bond that loses its last port loses its MAC with it.
func (p *Planner) changeBond(w *rtnl.Link, diff map[string]string, down, empty bool) {
	l := p.cur.Link(w.Name)
	var off []string
	if empty {
		off = p.cur.Ports(w.Name)
	}
	mac := l.MAC
	down = l.Up && (down || len(off) > 0)
	if down {
		p.tellBeforeDown(w.Name)
		p.do(step.Step{Do: step.Down, Link: w.Name})
	}
	for _, port := range off {
		p.do(step.Step{Do: step.Master, Link: port})
	}
	giveMAC := func() {
		if now := p.cur.Link(w.Name); len(off) > 0 && mac != "" && now.MAC != mac && !bonding.FollowsPort(now) {
			p.do(step.Step{Do: step.Set, Link: w.Name, New: &rtnl.Link{MAC: mac}})
		}
	}
	giveMAC()               // with the next mode it may follow its port
	if diff["mode"] != "" { // alone: the other options are judged by the new one
		p.do(step.Step{Do: step.Set, Link: w.Name, New: &rtnl.Link{Kind: "bond", Bond: map[string]string{"mode": diff["mode"]}}})
		delete(diff, "mode")
	}
	giveMAC()
	if len(diff) > 0 {
		p.do(step.Step{Do: step.Set, Link: w.Name, New: &rtnl.Link{Kind: "bond", Bond: diff}})
	}
	for _, port := range off {
		if t := p.want.Link(port); p.want.Managed[port] && (t == nil || t.Master != w.Name) {
			continue
		}
		if p.cur.Link(port).Up {
			p.do(step.Step{Do: step.Down, Link: port})
		}
		p.do(step.Step{Do: step.Master, Link: port, Master: w.Name})
	}
	if down && w.Up {
		p.do(step.Step{Do: step.Up, Link: w.Name})
	}
}

func (p *Planner) portSettings(name string) {
	w, l := p.want.Link(name), p.cur.Link(name)
	if m := p.cur.Link(l.Master); m == nil || m.Kind != "bridge" {
		return
	}
	if diff := differing(w.Port, l.Port); diff != nil {
		p.do(step.Step{Do: step.Set, Link: name, New: &rtnl.Link{Port: diff}})
	}
}
