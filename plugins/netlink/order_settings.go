package netlink

import (
	"maps"
	"slices"
	"strconv"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// needsDown are the bond options that the driver takes only while the bond is
// down; fail_over_mac and mode want it without ports too (bond_options.c,
// BOND_OPTFLAG_IFDOWN and BOND_OPTFLAG_NOSLAVES; measured on 6.1 and 6.12).
var (
	needsDown  = []string{"mode", "ad_select", "lacp_rate", "lacp_active", "ad_user_port_key", "tlb_dynamic_lb"}
	needsEmpty = []string{"mode", "fail_over_mac"}
)

// creatable are the options that a new bond is given in its first message:
// those that its mode takes. `primary` must wait for its port.
func creatable(said map[string]string) map[string]string {
	if said == nil {
		return nil
	}
	out := maps.Clone(said)
	maps.DeleteFunc(out, func(name, value string) bool { return !takes(said, name, value) })
	return out
}

// takes reports whether the driver accepts an option beside the others.
func takes(all map[string]string, name, value string) bool {
	mode := "balance-rr"
	if n, err := strconv.Atoi(all["mode"]); err == nil && n >= 0 && n < len(host.BondModes()) {
		mode = host.BondModes()[n]
	}
	o, known := host.BondOptionNamed(name)
	zero := value == "0" || value == ""
	switch {
	case known && !o.TakenBy(mode):
		return false
	case name == "active_slave" || name == "primary" && value == "":
		return false
	case name == "updelay" || name == "downdelay" || name == "peer_notif_delay":
		return !zero && all["miimon"] != "" && all["miimon"] != "0"
	case name == "arp_interval" || name == "arp_ip_target" || name == "arp_validate":
		return !zero
	case name == "miimon":
		return !(zero && all["arp_interval"] != "" && all["arp_interval"] != "0")
	case name == "arp_missed_max" || name == "ns_ip6_target":
		return !zero && slices.Contains(host.BondModes()[:4], mode)
	case name == "lp_interval" || name == "arp_all_targets":
		return !zero
	case slices.Contains([]string{"ad_actor_sys_prio", "ad_user_port_key", "ad_actor_system", "lacp_active"}, name):
		return mode == "802.3ad" && value != "00:00:00:00:00:00"
	}
	return true
}

// settings brings a link's own settings to what is said.
func (p *planner) settings(w *rtnl.Link) {
	l := p.cur.link(w.Name)
	n := rtnl.Link{Kind: w.Kind}
	changed := false
	if w.MTU != 0 && w.MTU != l.MTU && p.fits(w) {
		n.MTU, changed = w.MTU, true
	}
	port := p.cur.link(l.Master)
	if w.MAC != "" && w.MAC != l.MAC && (port == nil || port.Kind != "bond") && !followsPort(l) {
		n.MAC, changed = w.MAC, true
	}
	if w.Alias != "" && w.Alias != l.Alias {
		n.Alias, changed = w.Alias, true
	}
	if diff := (w.VLANFlags ^ l.VLANFlags) & w.FlagMask; w.Kind == "vlan" && diff != 0 {
		n.FlagMask, n.VLANFlags, changed = diff, w.VLANFlags&diff, true
	}
	if p.want.exact {
		changed = p.exactSettings(&n, w, l) || changed
	}
	n.Bridge = differing(w.Bridge, l.Bridge)
	if changed || n.Bridge != nil {
		if w.Kind == "vlan" && n.FlagMask == 0 && n.QoSIn == nil && n.QoSOut == nil || w.Kind == "bond" {
			n.Kind = ""
		}
		p.do(step{Do: doSet, Link: w.Name, New: &n})
	}
	if w.Kind == "bond" {
		followed := followsPort(l)
		p.bondSettings(w)
		if l = p.cur.link(w.Name); followed && w.MAC != "" && w.MAC != l.MAC && !followsPort(l) {
			p.do(step{Do: doSet, Link: w.Name, New: &rtnl.Link{MAC: w.MAC}})
		}
	}
	if w.AcceptRA != nil && (l.AcceptRA == nil || *l.AcceptRA != *w.AcceptRA) {
		p.do(step{Do: doAcceptRA, Link: w.Name, New: &rtnl.Link{AcceptRA: w.AcceptRA}})
	}
	p.cardSettings(w)
}

// fits reports whether a link may have the MTU that is wanted: that of a VLAN is
// at most its parent's (net/8021q/vlan_dev.c, vlan_dev_change_mtu), which may
// only grow later.
func (p *planner) fits(w *rtnl.Link) bool {
	parent := p.cur.link(w.Parent)
	return w.Kind != "vlan" || parent == nil || parent.MTU == 0 || w.MTU <= parent.MTU
}

// followsPort reports whether a bond has the MAC of its active port: the driver
// then takes another one and ignores it (bond_main.c, bond_set_mac_address).
func followsPort(l *rtnl.Link) bool {
	follows := l.Bond["fail_over_mac"] == "1" || l.Bond["fail_over_mac"] == "2"
	return l.Kind == "bond" && l.Bond["mode"] == activeBackup && follows
}

// exactSettings adds to n what a definition has no words for and a snapshot
// has.
func (p *planner) exactSettings(n, w, l *rtnl.Link) bool {
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
func (p *planner) cardSettings(w *rtnl.Link) {
	l := p.cur.link(w.Name)
	diff := make(map[string]rtnl.Feature)
	for name, f := range w.Features {
		if have, ok := l.Features[name]; ok && !have.Fixed && have.On != f.On {
			diff[name] = rtnl.Feature{On: f.On}
		}
	}
	if len(diff) > 0 {
		p.do(step{Do: doFeatures, Link: w.Name, New: &rtnl.Link{Features: diff}})
	}
	if w.Wake != nil && (l.Wake == nil || l.Wake.On != w.Wake.On) {
		p.do(step{Do: doWake, Link: w.Name, New: &rtnl.Link{Wake: w.Wake}})
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
func (p *planner) bondSettings(w *rtnl.Link) {
	diff, before := p.bondDiff(w)
	if len(before) > 0 {
		p.changeBond(w, before, hasOne(before, needsDown), hasOne(before, needsEmpty))
	}
	if len(diff) > 0 {
		p.changeBond(w, diff, hasOne(diff, needsDown), hasOne(diff, needsEmpty))
	}
}

// bondDiff are the options that differ from what is said, and those of them
// that must be set before the mode.
func (p *planner) bondDiff(w *rtnl.Link) (diff, before map[string]string) {
	l := p.cur.link(w.Name)
	diff, before = make(map[string]string), make(map[string]string)
	have := afterMode(l.Bond, w.Bond["mode"])
	for name, value := range w.Bond {
		switch {
		case have[name] == value || name == "active_slave" || clearable(name) && value == "":
		case takes(w.Bond, name, value) || isDelay(name) && value == "0" && w.Bond["miimon"] != "0":
			diff[name] = value
		case p.want.exact && takes(l.Bond, name, value):
			before[name] = value // the mode that it has now takes it, and the one that it gets does not
		}
	}
	for _, name := range clearables {
		v, said := w.Bond[name]
		switch {
		case !said || v != "" || l.Bond[name] == "" || !takes(l.Bond, name, l.Bond[name]):
		case l.Bond["mode"] == w.Bond["mode"]:
			diff[name] = ""
		default: // the next mode need not take it
			before[name] = ""
		}
	}
	if v, said := diff["primary"]; said && v != "" && (p.cur.link(v) == nil || p.cur.link(v).Index == 0 && p.cur.link(v).Kind == "") {
		delete(diff, "primary")
	}
	return diff, before
}

// clearables are the options that the kernel does not mention when they are not
// set (bond_netlink.c, bond_fill_info), and that an empty value takes away:
// interface number 0, an empty list.
var clearables = []string{"primary", "arp_ip_target", "ns_ip6_target"}

func clearable(name string) bool { return slices.Contains(clearables, name) }

// afterMode is what the driver makes of the options when it gets another mode:
// balance-alb begins with tlb_dynamic_lb, and no mode inherits arp_validate
// (bond_options.c, bond_option_mode_set).
func afterMode(have map[string]string, mode string) map[string]string {
	if mode == "" || mode == have["mode"] {
		return have
	}
	out := maps.Clone(have)
	if out == nil {
		out = make(map[string]string)
	}
	out["arp_validate"] = "0"
	if mode == balanceALB {
		out["tlb_dynamic_lb"] = "1"
	}
	return out
}

// The driver's numbers of modes (if_bonding.h).
const (
	activeBackup = "1"
	mode8023ad   = "4"
	balanceALB   = "6"
)

func isDelay(name string) bool {
	return name == "updelay" || name == "downdelay" || name == "peer_notif_delay"
}

func hasOne(options map[string]string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { _, ok := options[n]; return ok })
}

// changeBond sets options, with the bond down and without its ports where the
// driver asks for that. A bond that loses its last port loses its MAC with it.
func (p *planner) changeBond(w *rtnl.Link, diff map[string]string, down, empty bool) {
	l := p.cur.link(w.Name)
	var off []string
	if empty {
		off = p.cur.ports(w.Name)
	}
	mac := l.MAC
	down = l.Up && (down || len(off) > 0)
	if down {
		p.do(step{Do: doDown, Link: w.Name})
	}
	for _, port := range off {
		p.do(step{Do: doMaster, Link: port})
	}
	giveMAC := func() {
		if now := p.cur.link(w.Name); len(off) > 0 && mac != "" && now.MAC != mac && !followsPort(now) {
			p.do(step{Do: doSet, Link: w.Name, New: &rtnl.Link{MAC: mac}})
		}
	}
	giveMAC()               // with the next mode it may follow its port
	if diff["mode"] != "" { // alone: the other options are judged by the new one
		p.do(step{Do: doSet, Link: w.Name, New: &rtnl.Link{Kind: "bond", Bond: map[string]string{"mode": diff["mode"]}}})
		delete(diff, "mode")
	}
	giveMAC()
	if len(diff) > 0 {
		p.do(step{Do: doSet, Link: w.Name, New: &rtnl.Link{Kind: "bond", Bond: diff}})
	}
	for _, port := range off {
		if t := p.want.link(port); p.want.managed[port] && (t == nil || t.Master != w.Name) {
			continue
		}
		if p.cur.link(port).Up {
			p.do(step{Do: doDown, Link: port})
		}
		p.do(step{Do: doMaster, Link: port, Master: w.Name})
	}
	if down && w.Up {
		p.do(step{Do: doUp, Link: w.Name})
	}
}

func (p *planner) portSettings(name string) {
	w, l := p.want.link(name), p.cur.link(name)
	if m := p.cur.link(l.Master); m == nil || m.Kind != "bridge" {
		return
	}
	if diff := differing(w.Port, l.Port); diff != nil {
		p.do(step{Do: doSet, Link: name, New: &rtnl.Link{Port: diff}})
	}
}
