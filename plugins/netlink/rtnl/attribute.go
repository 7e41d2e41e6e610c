package rtnl

import (
	"golang.org/x/sys/unix"
)

// Width is how the kernel spells an option's value.
type Width int

// The widths.
const (
	Width8 Width = iota + 1
	Width16
	Width32
	Width64
	WidthIndex    // ifindex, kept as a name
	WidthTargets  // nested IPv4 addresses, kept joined by commas
	WidthTargets6 // nested IPv6 addresses, kept joined by commas
	WidthMAC
	WidthNone // a flag: that it is said is all that it says
)

// Option is one option of a driver: its name in a graph, which is that of the
// sysfs file where there is one, and its netlink attribute.
type Option struct {
	Name string
	Attr uint16
	As   Width
}

// BondAttributes are the options of drivers/net/bonding/bond_netlink.c (Linux
// 6.1). Their order is the order in which a message lists them.
var BondAttributes = []Option{
	{"mode", unix.IFLA_BOND_MODE, Width8},
	{"miimon", unix.IFLA_BOND_MIIMON, Width32},
	{"updelay", unix.IFLA_BOND_UPDELAY, Width32},
	{"downdelay", unix.IFLA_BOND_DOWNDELAY, Width32},
	{"use_carrier", unix.IFLA_BOND_USE_CARRIER, Width8},
	{"arp_interval", unix.IFLA_BOND_ARP_INTERVAL, Width32},
	{"arp_ip_target", unix.IFLA_BOND_ARP_IP_TARGET, WidthTargets},
	{"ns_ip6_target", unix.IFLA_BOND_NS_IP6_TARGET, WidthTargets6},
	{"arp_validate", unix.IFLA_BOND_ARP_VALIDATE, Width32},
	{"arp_all_targets", unix.IFLA_BOND_ARP_ALL_TARGETS, Width32},
	{"primary", unix.IFLA_BOND_PRIMARY, WidthIndex},
	{"primary_reselect", unix.IFLA_BOND_PRIMARY_RESELECT, Width8},
	{"fail_over_mac", unix.IFLA_BOND_FAIL_OVER_MAC, Width8},
	{"xmit_hash_policy", unix.IFLA_BOND_XMIT_HASH_POLICY, Width8},
	{"resend_igmp", unix.IFLA_BOND_RESEND_IGMP, Width32},
	{"num_grat_arp", unix.IFLA_BOND_NUM_PEER_NOTIF, Width8},
	{"all_slaves_active", unix.IFLA_BOND_ALL_SLAVES_ACTIVE, Width8},
	{"min_links", unix.IFLA_BOND_MIN_LINKS, Width32},
	{"lp_interval", unix.IFLA_BOND_LP_INTERVAL, Width32},
	{"packets_per_slave", unix.IFLA_BOND_PACKETS_PER_SLAVE, Width32},
	{"lacp_rate", unix.IFLA_BOND_AD_LACP_RATE, Width8},
	{"ad_select", unix.IFLA_BOND_AD_SELECT, Width8},
	{"ad_actor_sys_prio", unix.IFLA_BOND_AD_ACTOR_SYS_PRIO, Width16},
	{"ad_user_port_key", unix.IFLA_BOND_AD_USER_PORT_KEY, Width16},
	{"ad_actor_system", unix.IFLA_BOND_AD_ACTOR_SYSTEM, WidthMAC},
	{"tlb_dynamic_lb", unix.IFLA_BOND_TLB_DYNAMIC_LB, Width8},
	{"peer_notif_delay", unix.IFLA_BOND_PEER_NOTIF_DELAY, Width32},
	{"lacp_active", unix.IFLA_BOND_AD_LACP_ACTIVE, Width8},
	{"arp_missed_max", unix.IFLA_BOND_MISSED_MAX, Width8},
	{"active_slave", unix.IFLA_BOND_ACTIVE_SLAVE, WidthIndex},
}

// BondPortAttributes are the settings of a bond's port (bond_netlink.c,
// bond_slave_policy) that somebody may have set.
var BondPortAttributes = []Option{
	{"queue_id", unix.IFLA_BOND_SLAVE_QUEUE_ID, Width16},
	{"prio", unix.IFLA_BOND_SLAVE_PRIO, Width32},
}

// AgeingTime is the setting of a bridge that is not told while the topology
// changes.
const AgeingTime = "ageing_time"

// BridgeAttributes are the options of net/bridge/br_netlink.c (Linux 6.1).
var BridgeAttributes = []Option{
	{"forward_delay", unix.IFLA_BR_FORWARD_DELAY, Width32},
	{"hello_time", unix.IFLA_BR_HELLO_TIME, Width32},
	{"max_age", unix.IFLA_BR_MAX_AGE, Width32},
	{AgeingTime, unix.IFLA_BR_AGEING_TIME, Width32},
	{"stp_state", unix.IFLA_BR_STP_STATE, Width32},
	{"priority", unix.IFLA_BR_PRIORITY, Width16},
	{"vlan_filtering", unix.IFLA_BR_VLAN_FILTERING, Width8},
	{"vlan_protocol", unix.IFLA_BR_VLAN_PROTOCOL, Width16},
	{"group_fwd_mask", unix.IFLA_BR_GROUP_FWD_MASK, Width16},
	{"multicast_router", unix.IFLA_BR_MCAST_ROUTER, Width8},
	{"multicast_snooping", unix.IFLA_BR_MCAST_SNOOPING, Width8},
	{"multicast_query_use_ifaddr", unix.IFLA_BR_MCAST_QUERY_USE_IFADDR, Width8},
	{"multicast_querier", unix.IFLA_BR_MCAST_QUERIER, Width8},
	{"hash_max", unix.IFLA_BR_MCAST_HASH_MAX, Width32},
	{"multicast_last_member_count", unix.IFLA_BR_MCAST_LAST_MEMBER_CNT, Width32},
	{"multicast_startup_query_count", unix.IFLA_BR_MCAST_STARTUP_QUERY_CNT, Width32},
	{"multicast_last_member_interval", unix.IFLA_BR_MCAST_LAST_MEMBER_INTVL, Width64},
	{"multicast_membership_interval", unix.IFLA_BR_MCAST_MEMBERSHIP_INTVL, Width64},
	{"multicast_querier_interval", unix.IFLA_BR_MCAST_QUERIER_INTVL, Width64},
	{"multicast_query_interval", unix.IFLA_BR_MCAST_QUERY_INTVL, Width64},
	{"multicast_query_response_interval", unix.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, Width64},
	{"multicast_startup_query_interval", unix.IFLA_BR_MCAST_STARTUP_QUERY_INTVL, Width64},
	{"nf_call_iptables", unix.IFLA_BR_NF_CALL_IPTABLES, Width8},
	{"nf_call_ip6tables", unix.IFLA_BR_NF_CALL_IP6TABLES, Width8},
	{"nf_call_arptables", unix.IFLA_BR_NF_CALL_ARPTABLES, Width8},
	{"default_pvid", unix.IFLA_BR_VLAN_DEFAULT_PVID, Width16},
	{"vlan_stats_enabled", unix.IFLA_BR_VLAN_STATS_ENABLED, Width8},
	{"multicast_stats_enabled", unix.IFLA_BR_MCAST_STATS_ENABLED, Width8},
	{"multicast_igmp_version", unix.IFLA_BR_MCAST_IGMP_VERSION, Width8},
	{"multicast_mld_version", unix.IFLA_BR_MCAST_MLD_VERSION, Width8},
}

// PortAttributes are the settings of a bridge port (net/bridge/br_netlink.c).
var PortAttributes = []Option{
	{"priority", unix.IFLA_BRPORT_PRIORITY, Width16},
	{"cost", unix.IFLA_BRPORT_COST, Width32},
	{"hairpin", unix.IFLA_BRPORT_MODE, Width8},
	{"bpdu_guard", unix.IFLA_BRPORT_GUARD, Width8},
	{"root_block", unix.IFLA_BRPORT_PROTECT, Width8},
	{"fast_leave", unix.IFLA_BRPORT_FAST_LEAVE, Width8},
	{"learning", unix.IFLA_BRPORT_LEARNING, Width8},
	{"flood", unix.IFLA_BRPORT_UNICAST_FLOOD, Width8},
	{"proxy_arp", unix.IFLA_BRPORT_PROXYARP, Width8},
	{"proxy_arp_wifi", unix.IFLA_BRPORT_PROXYARP_WIFI, Width8},
	{"multicast_router", unix.IFLA_BRPORT_MULTICAST_ROUTER, Width8},
	{"mcast_flood", unix.IFLA_BRPORT_MCAST_FLOOD, Width8},
	{"mcast_to_unicast", unix.IFLA_BRPORT_MCAST_TO_UCAST, Width8},
	{"vlan_tunnel", unix.IFLA_BRPORT_VLAN_TUNNEL, Width8},
	{"bcast_flood", unix.IFLA_BRPORT_BCAST_FLOOD, Width8},
	{"group_fwd_mask", unix.IFLA_BRPORT_GROUP_FWD_MASK, Width16},
	{"neigh_suppress", unix.IFLA_BRPORT_NEIGH_SUPPRESS, Width8},
	{"isolated", unix.IFLA_BRPORT_ISOLATED, Width8},
	{"locked", unix.IFLA_BRPORT_LOCKED, Width8},
	{"flush", unix.IFLA_BRPORT_FLUSH, WidthNone}, // forgets what was learnt behind the port; never read
}

// OptionNamed finds an option of a table.
func OptionNamed(table []Option, name string) (Option, bool) {
	for _, o := range table {
		if o.Name == name {
			return o, true
		}
	}
	return Option{}, false
}
