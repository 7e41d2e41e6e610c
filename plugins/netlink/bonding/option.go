package bonding

import (
	"maps"
	"slices"
	"strconv"

	"linkspan/core/host"
)

// NeedsDown are the bond options that the driver takes only while the bond is
// down; those of NeedsEmpty it wants without ports too (bond_options.c,
// BOND_OPTFLAG_IFDOWN and BOND_OPTFLAG_NOSLAVES; measured on 6.1 and 6.12).
var (
	NeedsDown  = []string{"mode", "ad_select", "lacp_rate", "lacp_active", "ad_user_port_key", "tlb_dynamic_lb"}
	NeedsEmpty = []string{"mode", "fail_over_mac"}
)

// Creatable are the options that a new bond is given in its first message:
// those that its mode takes. `primary` must wait for its port.
func Creatable(said map[string]string) map[string]string {
	if said == nil {
		return nil
	}
	out := maps.Clone(said)
	maps.DeleteFunc(out, func(name, value string) bool { return !Takes(said, name, value) })
	return out
}

// Takes reports whether the driver accepts an option beside the others.
func Takes(all map[string]string, name, value string) bool {
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

// Clearables are the options that the kernel does not mention when they are not
// set (bond_netlink.c, bond_fill_info), and that an empty value takes away:
// interface number 0, an empty list.
var Clearables = []string{"primary", "arp_ip_target", "ns_ip6_target"}

// IsClearable reports whether an option is one of Clearables.
func IsClearable(name string) bool { return slices.Contains(Clearables, name) }

// IsDelay reports whether an option counts in intervals of miimon.
func IsDelay(name string) bool {
	return name == "updelay" || name == "downdelay" || name == "peer_notif_delay"
}

// HasOne reports whether one of the names is among the options.
func HasOne(options map[string]string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { _, ok := options[n]; return ok })
}
