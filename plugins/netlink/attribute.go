package netlink

import (
	"golang.org/x/sys/unix"
)

// width is how the kernel spells an option's value.
type width int

const (
	width8 width = iota + 1
	width16
	width32
	width64
	widthIndex   // ifindex, kept as a name
	widthTargets // nested IPv4 addresses, kept joined by commas
	widthMAC
)

// option is one option of a driver: its name in a graph, which is that of the
// sysfs file where there is one, and its netlink attribute.
type option struct {
	name string
	attr uint16
	as   width
}

// bondAttributes are the options of drivers/net/bonding/bond_netlink.c (Linux
// 6.1). Their order is the order in which a message lists them.
var bondAttributes = []option{
	{"mode", unix.IFLA_BOND_MODE, width8},
	{"miimon", unix.IFLA_BOND_MIIMON, width32},
	{"updelay", unix.IFLA_BOND_UPDELAY, width32},
	{"downdelay", unix.IFLA_BOND_DOWNDELAY, width32},
	{"use_carrier", unix.IFLA_BOND_USE_CARRIER, width8},
	{"arp_interval", unix.IFLA_BOND_ARP_INTERVAL, width32},
	{"arp_ip_target", unix.IFLA_BOND_ARP_IP_TARGET, widthTargets},
	{"arp_validate", unix.IFLA_BOND_ARP_VALIDATE, width32},
	{"arp_all_targets", unix.IFLA_BOND_ARP_ALL_TARGETS, width32},
	{"primary", unix.IFLA_BOND_PRIMARY, widthIndex},
	{"primary_reselect", unix.IFLA_BOND_PRIMARY_RESELECT, width8},
	{"fail_over_mac", unix.IFLA_BOND_FAIL_OVER_MAC, width8},
	{"xmit_hash_policy", unix.IFLA_BOND_XMIT_HASH_POLICY, width8},
	{"resend_igmp", unix.IFLA_BOND_RESEND_IGMP, width32},
	{"num_grat_arp", unix.IFLA_BOND_NUM_PEER_NOTIF, width8},
	{"all_slaves_active", unix.IFLA_BOND_ALL_SLAVES_ACTIVE, width8},
	{"min_links", unix.IFLA_BOND_MIN_LINKS, width32},
	{"lp_interval", unix.IFLA_BOND_LP_INTERVAL, width32},
	{"packets_per_slave", unix.IFLA_BOND_PACKETS_PER_SLAVE, width32},
	{"lacp_rate", unix.IFLA_BOND_AD_LACP_RATE, width8},
	{"ad_select", unix.IFLA_BOND_AD_SELECT, width8},
	{"ad_actor_sys_prio", unix.IFLA_BOND_AD_ACTOR_SYS_PRIO, width16},
	{"ad_user_port_key", unix.IFLA_BOND_AD_USER_PORT_KEY, width16},
	{"ad_actor_system", unix.IFLA_BOND_AD_ACTOR_SYSTEM, widthMAC},
	{"tlb_dynamic_lb", unix.IFLA_BOND_TLB_DYNAMIC_LB, width8},
	{"peer_notif_delay", unix.IFLA_BOND_PEER_NOTIF_DELAY, width32},
	{"lacp_active", unix.IFLA_BOND_AD_LACP_ACTIVE, width8},
	{"arp_missed_max", unix.IFLA_BOND_MISSED_MAX, width8},
	{"active_slave", unix.IFLA_BOND_ACTIVE_SLAVE, widthIndex},
}

// bridgeAttributes are the options of net/bridge/br_netlink.c that linkspan
// sets or restores.
var bridgeAttributes = []option{
	{"forward_delay", unix.IFLA_BR_FORWARD_DELAY, width32},
	{"hello_time", unix.IFLA_BR_HELLO_TIME, width32},
	{"max_age", unix.IFLA_BR_MAX_AGE, width32},
	{"ageing_time", unix.IFLA_BR_AGEING_TIME, width32},
	{"stp_state", unix.IFLA_BR_STP_STATE, width32},
	{"priority", unix.IFLA_BR_PRIORITY, width16},
	{"vlan_filtering", unix.IFLA_BR_VLAN_FILTERING, width8},
	{"group_fwd_mask", unix.IFLA_BR_GROUP_FWD_MASK, width16},
	{"multicast_snooping", unix.IFLA_BR_MCAST_SNOOPING, width8},
	{"multicast_querier", unix.IFLA_BR_MCAST_QUERIER, width8},
	{"nf_call_iptables", unix.IFLA_BR_NF_CALL_IPTABLES, width8},
	{"nf_call_ip6tables", unix.IFLA_BR_NF_CALL_IP6TABLES, width8},
	{"nf_call_arptables", unix.IFLA_BR_NF_CALL_ARPTABLES, width8},
	{"default_pvid", unix.IFLA_BR_VLAN_DEFAULT_PVID, width16},
}

// portAttributes are the settings of a bridge port (net/bridge/br_netlink.c).
var portAttributes = []option{
	{"priority", unix.IFLA_BRPORT_PRIORITY, width16},
	{"cost", unix.IFLA_BRPORT_COST, width32},
	{"hairpin", unix.IFLA_BRPORT_MODE, width8},
	{"bpdu_guard", unix.IFLA_BRPORT_GUARD, width8},
	{"root_block", unix.IFLA_BRPORT_PROTECT, width8},
	{"fast_leave", unix.IFLA_BRPORT_FAST_LEAVE, width8},
	{"learning", unix.IFLA_BRPORT_LEARNING, width8},
	{"flood", unix.IFLA_BRPORT_UNICAST_FLOOD, width8},
	{"mcast_flood", unix.IFLA_BRPORT_MCAST_FLOOD, width8},
	{"bcast_flood", unix.IFLA_BRPORT_BCAST_FLOOD, width8},
	{"neigh_suppress", unix.IFLA_BRPORT_NEIGH_SUPPRESS, width8},
	{"isolated", unix.IFLA_BRPORT_ISOLATED, width8},
}

func optionNamed(table []option, name string) (option, bool) {
	for _, o := range table {
		if o.name == name {
			return o, true
		}
	}
	return option{}, false
}
