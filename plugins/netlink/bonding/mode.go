// Package bonding knows what the kernel's bonding driver takes and when, and
// what it does with options by itself.
package bonding

import (
	"maps"
	"strconv"

	"linkspan/plugins/netlink/rtnl"
)

// The driver's numbers of modes (if_bonding.h).
const (
	activeBackup = "1"
	Mode8023AD   = "4" // the only one in which a bond needs a LACP partner
	balanceTLB   = "5"
	balanceALB   = "6"
)

// FollowsPort reports whether a bond has the MAC of its active port: the driver
// then takes another one and ignores it (bond_main.c, bond_set_mac_address).
func FollowsPort(l *rtnl.Link) bool {
	follows := l.Bond["fail_over_mac"] == "1" || l.Bond["fail_over_mac"] == "2"
	return l.Kind == "bond" && l.Bond["mode"] == activeBackup && follows
}

// SwapsMACs reports whether the active port of a bond has the bond's MAC and the
// others keep their own: when another one is active, the two change MACs
// (bond_alb.c, bond_alb_handle_active_change).
func SwapsMACs(l *rtnl.Link) bool {
	return l.Kind == "bond" && (l.Bond["mode"] == balanceTLB || l.Bond["mode"] == balanceALB)
}

// AfterMode is what the driver makes of the options when it gets another mode:
// balance-alb begins with tlb_dynamic_lb, and no mode inherits arp_validate
// (bond_options.c, bond_option_mode_set).
func AfterMode(have map[string]string, mode string) map[string]string {
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

// MinLinks is how many ports a bond needs for its carrier; the option counts in
// mode 802.3ad alone (drivers/net/bonding/bond_3ad.c, bond_3ad_set_carrier).
func MinLinks(bond *rtnl.Link) int {
	n, err := strconv.Atoi(bond.Bond["min_links"])
	if err != nil || bond.Bond["mode"] != Mode8023AD {
		return 1
	}
	return n
}

// IsMonitored reports whether a bond looks at the links of its ports. Without
// that each of them counts as having one (bond_main.c, bond_enslave).
func IsMonitored(bond *rtnl.Link) bool {
	set := func(option string) bool { v := bond.Bond[option]; return v != "" && v != "0" }
	return set("miimon") || set("arp_interval")
}
