package world

import (
	"linkspan/core/plan"
	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
)

// setMAC changes a MAC and what follows it: the ports of a bond, VLANs, a
// bridge whose MAC nobody has set.
func (w *World) setMAC(l *rtnl.Link, mac string, direct bool) {
	if direct { // NETDEV_CHANGEADDR comes with the MAC that the link has as well (net/core/dev.c, dev_set_mac_address)
		delete(w.known, l.Name)
	}
	if l.MAC == mac {
		return
	}
	old := l.MAC
	l.MAC = mac
	if l.Kind != "vlan" { // it flushes all, permanent ones too (net/core/neighbour.c, neigh_changeaddr)
		delete(w.known, l.Name)
	}
	if !direct {
		w.say(plan.EffectLink, l.Name, "the MAC of %s becomes %s", l.Name, orUnknown(mac))
	}
	for _, v := range w.VLANs(l.Name) {
		if w.Link(v).MAC == old && !w.Link(v).MACSet {
			w.setMAC(w.Link(v), mac, false)
		}
	}
	if l.Kind == "bond" && l.Bond["fail_over_mac"] != "1" {
		for _, p := range w.Ports(l.Name) {
			w.setMAC(w.Link(p), mac, false)
		}
	}
	w.followMAC(l.Master)
}

// swapMACs tells that the ports of a bond in a balancing mode may change MACs,
// since another one may be active from now on.
func (w *World) swapMACs(bond *rtnl.Link) {
	ports := w.Ports(bond.Name)
	if !bonding.SwapsMACs(bond) || len(ports) < 2 {
		return
	}
	for _, p := range ports {
		w.say(plan.EffectLink, p, "the MAC of %s becomes that of %s while it is its active port", p, bond.Name)
	}
}

func orUnknown(mac string) string {
	if mac == "" {
		return "one that the kernel makes up"
	}
	return mac
}

// followMAC gives a bridge the lowest MAC of its ports, if nobody has set it
// (net/bridge/br_stp_if.c, br_stp_recalculate_bridge_id).
func (w *World) followMAC(bridge string) {
	b := w.Link(bridge)
	if b == nil || b.Kind != "bridge" || b.MACSet {
		return
	}
	lowest := ""
	for _, p := range w.byMaster[bridge] {
		if mac := w.Link(p).MAC; mac != "" && (lowest == "" || mac < lowest) {
			lowest = mac
		}
	}
	if lowest == "" {
		lowest = "00:00:00:00:00:00"
	}
	w.setMAC(b, lowest, false)
}

// setMTU changes an MTU and what follows it: the ports of a bond, VLANs that
// would be larger, a bridge above.
func (w *World) setMTU(l *rtnl.Link, mtu int, direct bool) {
	if l.MTU == mtu || mtu == 0 {
		return
	}
	l.MTU = mtu
	if !direct {
		w.say(plan.EffectLink, l.Name, "the MTU of %s becomes %d", l.Name, mtu)
	}
	if mtu < 1280 { // RFC 8200; the kernel takes IPv6 off the link
		w.loseAddresses(l.Name, func(a rtnl.Address) bool { return a.Prefix.Addr().Is6() })
	}
	if l.Kind == "bond" {
		for _, p := range w.Ports(l.Name) {
			w.setMTU(w.Link(p), mtu, false)
		}
	}
	for _, v := range w.VLANs(l.Name) {
		if w.Link(v).MTU > mtu {
			w.setMTU(w.Link(v), mtu, false)
		}
	}
	w.followMTU(l.Master)
}

// followMTU gives a bridge the lowest MTU of its ports, if nobody has set it
// (net/bridge/br_if.c, br_mtu_auto_adjust). Whether somebody has is not told:
// where the present one is that of its ports, it may change.
func (w *World) followMTU(bridge string) {
	b := w.Link(bridge)
	if b == nil || b.Kind != "bridge" {
		return
	}
	lowest := 0
	for _, p := range w.byMaster[bridge] {
		if mtu := w.Link(p).MTU; lowest == 0 || mtu < lowest {
			lowest = mtu
		}
	}
	if lowest != 0 {
		w.setMTU(b, lowest, false)
	}
}

// monitor: of miimon and arp_interval, the driver turns off the one when the
// other is set (bond_options.c).
func (w *World) monitor(l *rtnl.Link, said map[string]string) {
	on := func(name string) bool { return said[name] != "" && said[name] != "0" }
	switch {
	case on("miimon") && l.Bond["arp_interval"] != "" && l.Bond["arp_interval"] != "0":
		l.Bond["arp_interval"], l.Bond["arp_validate"] = "0", "0"
	case on("arp_interval") && l.Bond["miimon"] != "" && l.Bond["miimon"] != "0":
		l.Bond["miimon"], l.Bond["updelay"], l.Bond["downdelay"] = "0", "0", "0"
	}
}

// firstVLANs are those that a bridge gives a new port (default_pvid).
func firstVLANs(bridge *rtnl.Link) []rtnl.VLAN {
	id, said := bridge.Bridge["default_pvid"]
	switch {
	case bridge.Kind != "bridge" || said && id == 0:
		return nil
	case !said:
		id = 1
	}
	return []rtnl.VLAN{{ID: id, PVID: true, Untagged: true}}
}
