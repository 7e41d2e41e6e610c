package host

import (
	"slices"
	"strings"
	"testing"
)

// faults has hosts and what is said of them, at least one for each rule; a
// host of which nothing is said shows where a rule ends.
var faults = []struct {
	name string
	host Host
	want []string
}{
	{"the usual host", hostWith(card("eth0"), card("eth1"), bond("bond0", "eth0 eth1"), vlan("bond0.2", "bond0", 2), addressed(bridge("xenbr0", "bond0.2"), "192.168.0.2/24")), nil},

	{"a name of 16 bytes", hostWith(bridge("a234567890123456", "")), []string{`LS2001 bridge["a234567890123456"].name`}},
	{"a name of 15 bytes", hostWith(bridge("a23456789012345", "")), nil},
	{"a command as a name", hostWith(bridge("$(id)", "")), []string{`LS2001 bridge["$(id)"].name`}},
	{"a reserved name", hostWith(bridge("lo", "")), []string{`LS2001 bridge["lo"].name`}},
	{"a name whose file is skipped", hostWith(bridge("br.rpmsave", "")), []string{`LS2001 bridge["br.rpmsave"].name`}},
	{"a bad name of what is to be absent", hostWith(absent(bridge("a b", ""))), []string{`LS2001 bridge["a b"].name`}},
	{"two of one name", hostWith(card("x0"), bridge("x0", "")), []string{`LS2002 bridge["x0"] < ethernet["x0"]`}},
	{"an unknown port", hostWith(card("eth0"), bridge("br0", "eth0 eth7")), []string{`LS2003 bridge["br0"].ports[1]`}},
	{"an unknown parent", hostWith(vlan("v", "eth0", 2)), []string{`LS2003 vlan["v"].parent`}},
	{"no parent", hostWith(vlan("v", "", 2)), []string{`LS2003 vlan["v"]`}},
	{"a circle", hostWith(bridge("br0", "v"), vlan("v", "br0", 2)), []string{`LS2004 bridge["br0"]`}},
	{"its own port", hostWith(bridge("br0", "br0")), []string{`LS2004 bridge["br0"]`, `LS2031 bridge["br0"].ports[0]`}},
	{"two masters", hostWith(card("eth0"), bridge("br0", "eth0"), bridge("br1", "eth0")), []string{`LS2005 bridge["br1"].ports[0] < bridge["br0"].ports[0]`}},
	{"two masters, one to be absent", hostWith(card("eth0"), absent(bridge("br0", "eth0")), bridge("br1", "eth0")), nil},
	{"a bond's port twice", hostWith(card("eth0"), bond("bond0", "eth0 eth0")), []string{`LS2006 bond["bond0"].ports[1]`}},
	{"a bridge's port twice", hostWith(card("eth0"), bridge("br0", "eth0 eth0")), []string{`LS2006 bridge["br0"].ports[1]`}},

	{"an address on a port", hostWith(addressed(card("eth0"), "10.0.0.2/24"), bridge("br0", "eth0")), []string{`LS2007 ethernet["eth0"].addresses < bridge["br0"].ports`}},
	{"all on a port", hostWith(having(routed(gateway(gateway(addressed(card("eth0"), "10.0.0.2/24", "2001:db8::2/64"), "10.0.0.1"), "2001:db8::1"), route("10.8.0.0/16", "10.0.0.1")),
		func(i *Interface) { i.DHCP4, i.DHCP6 = new(true), new(true) }), bond("bond0", "eth0")), []string{
		`LS2007 ethernet["eth0"].addresses < bond["bond0"].ports`, `LS2007 ethernet["eth0"].dhcp4 < bond["bond0"].ports`, `LS2007 ethernet["eth0"].dhcp6 < bond["bond0"].ports`,
		`LS2007 ethernet["eth0"].gateway < bond["bond0"].ports`, `LS2007 ethernet["eth0"].gateway6 < bond["bond0"].ports`, `LS2007 ethernet["eth0"].route < bond["bond0"].ports`}},
	{"no dhcp on a port", hostWith(having(card("eth0"), func(i *Interface) { i.DHCP4 = new(false) }), bridge("br0", "eth0")), nil},

	{"VLAN 0", hostWith(card("eth0"), vlan("v", "eth0", 0)), []string{`LS2008 vlan["v"].id`}},
	{"VLAN 4095", hostWith(card("eth0"), vlan("v", "eth0", 4095)), []string{`LS2008 vlan["v"].id`}},
	{"VLANs 1 and 4094", hostWith(card("eth0"), vlan("v", "eth0", 1), vlan("w", "eth0", 4094)), nil},
	{"a VLAN twice", hostWith(card("eth0"), vlan("v", "eth0", 2), vlan("w", "eth0", 2)), []string{`LS2009 vlan["w"].id < vlan["v"].id`}},
	{"a VLAN thrice", hostWith(card("eth0"), vlan("v", "eth0", 2), vlan("w", "eth0", 2), vlan("x", "eth0", 2)), []string{`LS2009 vlan["w"].id < vlan["v"].id`, `LS2009 vlan["x"].id < vlan["v"].id`}},
	{"a VLAN on two parents", hostWith(card("eth0"), card("eth1"), vlan("v", "eth0", 2), vlan("w", "eth1", 2)), nil},
	{"a VLAN of two protocols", hostWith(card("eth0"), vlan("v", "eth0", 2), having(vlan("w", "eth0", 2), func(i *Interface) { i.VLAN.Protocol = "802.1ad" })), nil},
	{"a VLAN of one protocol, said and not said", hostWith(card("eth0"), vlan("v", "eth0", 2), having(vlan("w", "eth0", 2), func(i *Interface) { i.VLAN.Protocol = "802.1q" })), []string{`LS2009 vlan["w"].id < vlan["v"].id`}},
	{"a VLAN twice, one to be absent", hostWith(card("eth0"), absent(vlan("v", "eth0", 2)), vlan("w", "eth0", 2)), nil},
	{"a VLAN on a bond's port", hostWith(card("eth0"), bond("bond0", "eth0"), vlan("v", "eth0", 2)), []string{`LS2010 vlan["v"].parent < bond["bond0"].ports`}},
	{"a VLAN on a bridge's port", hostWith(card("eth0"), bridge("br0", "eth0"), vlan("v", "eth0", 2)), []string{`LS2010 vlan["v"].parent < bridge["br0"].ports`}},

	{"a VLAN above its card", hostWith(card("eth0"), mtu(vlan("v", "eth0", 2), 1501)), []string{`LS2011 vlan["v"].mtu < ethernet["eth0"].mtu`}},
	{"a VLAN below its card", hostWith(mtu(card("eth0"), 9000), mtu(vlan("v", "eth0", 2), 1500)), nil},
	{"a bridge above the card under its VLAN", hostWith(mtu(card("eth0"), 1400), vlan("v", "eth0", 2), mtu(bridge("br0", "v"), 1500)), []string{`LS2011 bridge["br0"].mtu < ethernet["eth0"].mtu`}},
	{"a bond's MTU and a port's", hostWith(mtu(card("eth0"), 1500), mtu(bond("bond0", "eth0"), 9000)), []string{`LS2011 ethernet["eth0"].mtu < bond["bond0"].mtu`}},
	{"a bond hands its MTU down", hostWith(card("eth0"), mtu(bond("bond0", "eth0"), 9000), mtu(vlan("v", "bond0", 2), 9000)), nil},
	{"IPv6 over too small an MTU", hostWith(mtu(addressed(card("eth0"), "2001:db8::2/64"), 1279)), []string{`LS2011 ethernet["eth0"].mtu`}},
	{"an MTU of 67", hostWith(mtu(card("eth0"), 67)), []string{`LS2028 ethernet["eth0"].mtu`}},
	{"an MTU of 65536", hostWith(mtu(card("eth0"), 65536)), []string{`LS2028 ethernet["eth0"].mtu`}},

	{"an option of another mode", hostWith(card("eth0"), bond("bond0", "eth0", "lacp_rate", "fast")), []string{`LS2012 bond["bond0"].lacp_rate`}},
	{"an option that the default mode does not take", hostWith(card("eth0"), bond("bond0", "eth0", "mode", "", "primary", "eth0")), []string{`LS2012 bond["bond0"].primary`}},
	{"an option of its mode", hostWith(card("eth0"), bond("bond0", "eth0", "mode", "802.3ad", "lacp_rate", "fast")), nil},
	{"an unknown mode", hostWith(card("eth0"), bond("bond0", "eth0", "mode", "active-backp")), []string{`LS2029 bond["bond0"].mode`}},
	{"a number out of an option's range", hostWith(card("eth0"), bond("bond0", "eth0", "num_grat_arp", "256")), []string{`LS2013 bond["bond0"].num_grat_arp`}},
	{"no number", hostWith(card("eth0"), bond("bond0", "eth0", "num_grat_arp", "many")), []string{`LS2013 bond["bond0"].num_grat_arp`}},
	{"no truth value", hostWith(card("eth0"), bond("bond0", "eth0", "use_carrier", "1")), []string{`LS2013 bond["bond0"].use_carrier`}},
	{"no word of an option", hostWith(card("eth0"), bond("bond0", "eth0", "fail_over_mac", "folow")), []string{`LS2029 bond["bond0"].fail_over_mac`}},
	{"a free option for a shell to run", hostWith(card("eth0"), bond("bond0", "eth0", "x", "$(id)")), []string{`LS2013 bond["bond0"].options`}},
	{"a free option", hostWith(card("eth0"), bond("bond0", "eth0", "lp_interval", "2")), nil},
	{"a primary that is no port", hostWith(card("eth0"), bond("bond0", "eth0", "primary", "eth1")), []string{`LS2014 bond["bond0"].primary`}},
	{"two monitors", hostWith(card("eth0"), bond("bond0", "eth0", "arp_interval", "1000", "arp_ip_targets", "10.0.0.1")), []string{`LS2015 bond["bond0"].arp_interval < bond["bond0"].miimon`}},
	{"no monitor", hostWith(card("eth0"), bond("bond0", "eth0", "miimon", "")), []string{`LS2016 bond["bond0"]`}},
	{"a monitor that is off", hostWith(card("eth0"), bond("bond0", "eth0", "miimon", "0")), []string{`LS2016 bond["bond0"]`}},
	{"nobody to ask", hostWith(card("eth0"), bond("bond0", "eth0", "miimon", "", "arp_interval", "1000")), []string{`LS2013 bond["bond0"].arp_interval`}},
	{"17 to ask", hostWith(card("eth0"), bond("bond0", "eth0", "miimon", "", "arp_interval", "1000", "arp_ip_targets", strings.Repeat("10.0.0.1,", 16)+"10.0.0.1")), []string{`LS2013 bond["bond0"].arp_ip_targets`}},
	{"IPv6 to ask", hostWith(card("eth0"), bond("bond0", "eth0", "miimon", "", "arp_interval", "1000", "arp_ip_targets", "2001:db8::1")), []string{`LS2013 bond["bond0"].arp_ip_targets`}},
	{"a delay that is no multiple", hostWith(card("eth0"), bond("bond0", "eth0", "updelay", "250")), []string{`LS2017 bond["bond0"].updelay`}},
	{"a delay without miimon", hostWith(card("eth0"), bond("bond0", "eth0", "miimon", "", "arp_interval", "1000", "arp_ip_targets", "10.0.0.1", "downdelay", "200")), []string{`LS2017 bond["bond0"].downdelay`}},
	{"no ports", hostWith(bond("bond0", "")), []string{`LS2018 bond["bond0"]`}},

	{"a gateway elsewhere", hostWith(gateway(addressed(card("eth0"), "10.0.0.2/24"), "10.0.1.1")), []string{`LS2019 ethernet["eth0"].gateway`}},
	{"a gateway without an address", hostWith(gateway(card("eth0"), "10.0.1.1")), []string{`LS2019 ethernet["eth0"].gateway`}},
	{"its own gateway", hostWith(gateway(addressed(card("eth0"), "10.0.0.2/24"), "10.0.0.2")), []string{`LS2019 ethernet["eth0"].gateway`}},
	{"a gateway beside dhcp", hostWith(having(gateway(card("eth0"), "10.0.1.1"), func(i *Interface) { i.DHCP4 = new(true) })), nil},
	{"a link-local gateway", hostWith(gateway(card("eth0"), "fe80::1")), nil},
	{"a route's gateway elsewhere", hostWith(routed(addressed(card("eth0"), "10.0.0.2/24"), route("10.8.0.0/16", "10.1.0.1"))), []string{`LS2019 ethernet["eth0"].route[0]`}},
	{"an onlink gateway elsewhere", hostWith(routed(addressed(card("eth0"), "10.0.0.2/24"), Route{To: route("10.8.0.0/16", "").To, Via: route("0.0.0.0/0", "10.1.0.1").Via, OnLink: true})), nil},

	{"a network's address", hostWith(addressed(card("eth0"), "10.0.0.0/24")), []string{`LS2020 ethernet["eth0"].addresses[0]`}},
	{"a broadcast address", hostWith(addressed(card("eth0"), "10.0.0.2/24", "10.0.1.255/23")), []string{`LS2020 ethernet["eth0"].addresses[1]`}},
	{"a multicast address", hostWith(addressed(card("eth0"), "224.0.0.1/24")), []string{`LS2020 ethernet["eth0"].addresses[0]`}},
	{"a loopback address", hostWith(addressed(card("eth0"), "127.0.0.2/8")), []string{`LS2020 ethernet["eth0"].addresses[0]`}},
	{"no address", hostWith(addressed(card("eth0"), "::/64")), []string{`LS2020 ethernet["eth0"].addresses[0]`}},
	{"the whole internet", hostWith(addressed(card("eth0"), "10.0.0.2/0")), []string{`LS2020 ethernet["eth0"].addresses[0]`}},
	{"two of a /31 (RFC 3021)", hostWith(addressed(card("eth0"), "10.0.0.0/31"), addressed(card("eth1"), "10.0.1.1/31")), nil},
	{"a name server that is none", hostWith(having(card("eth0"), func(i *Interface) { i.DNS.Servers = append(i.DNS.Servers, route("0.0.0.0/0", "0.0.0.0").Via) })), []string{`LS2020 ethernet["eth0"].dns.servers[0]`}},
	{"an address on two", hostWith(addressed(card("eth0"), "10.0.0.2/24"), addressed(card("eth1"), "10.0.0.2/32")), []string{`LS2021 ethernet["eth1"].addresses[0] < ethernet["eth0"].addresses[0]`}},
	{"an address twice on one", hostWith(addressed(card("eth0"), "10.0.0.2/24", "10.0.0.2/32")), []string{`LS2021 ethernet["eth0"].addresses[1] < ethernet["eth0"].addresses[0]`}},
	{"an address on two, one to be absent", hostWith(absent(addressed(card("eth0"), "10.0.0.2/24")), addressed(card("eth1"), "10.0.0.2/24")), nil},

	{"a MAC of five bytes", hostWith(mac(card("eth0"), "52:54:00:12:34")), []string{`LS2022 ethernet["eth0"].mac`}},
	{"a group MAC", hostWith(mac(card("eth0"), "01:00:5e:00:00:01")), []string{`LS2022 ethernet["eth0"].mac`}},
	{"a MAC of zeros", hostWith(mac(card("eth0"), "00:00:00:00:00:00")), []string{`LS2022 ethernet["eth0"].mac`}},
	{"a MAC with hyphens", hostWith(having(card("eth0"), func(i *Interface) { i.Ethernet.Match.MAC = "52-54-00-12-34-56" })), []string{`LS2022 ethernet["eth0"].match.mac`}},
	{"a MAC on two", hostWith(mac(card("eth0"), "52:54:00:12:34:56"), mac(card("eth1"), "52:54:00:12:34:56")), []string{`LS2023 ethernet["eth1"].mac < ethernet["eth0"].mac`}},

	{"overlapping networks", hostWith(addressed(card("eth0"), "10.0.0.2/16"), addressed(card("eth1"), "10.0.1.2/24")), []string{`LS2024 ethernet["eth1"].addresses[0] < ethernet["eth0"].addresses[0]`}},
	{"overlapping on one", hostWith(addressed(card("eth0"), "10.0.0.2/16", "10.0.1.2/24")), nil},
	{"a single address within a network", hostWith(addressed(card("eth0"), "10.0.0.2/16"), addressed(card("eth1"), "10.0.1.2/32")), nil},

	{"two gateways", hostWith(gateway(addressed(card("eth0"), "10.0.0.2/24"), "10.0.0.1"), gateway(addressed(card("eth1"), "10.0.1.2/24"), "10.0.1.1")), []string{`LS2025 ethernet["eth1"].gateway < ethernet["eth0"].gateway`}},
	{"a gateway and a route", hostWith(gateway(addressed(card("eth0"), "10.0.0.2/24"), "10.0.0.1"), routed(addressed(card("eth1"), "10.0.1.2/24"), Route{To: route("0.0.0.0/0", "").To, Table: 254})), []string{`LS2025 ethernet["eth1"].route[0] < ethernet["eth0"].gateway`}},
	{"two gateways of one family each", hostWith(gateway(gateway(addressed(card("eth0"), "10.0.0.2/24", "2001:db8::2/64"), "10.0.0.1"), "2001:db8::1")), nil},
	{"default routes of two metrics", hostWith(gateway(addressed(card("eth0"), "10.0.0.2/24"), "10.0.0.1"), routed(addressed(card("eth1"), "10.0.1.2/24"), Route{To: route("0.0.0.0/0", "").To, Metric: 5})), nil},
	{"default routes of two tables", hostWith(gateway(addressed(card("eth0"), "10.0.0.2/24"), "10.0.0.1"), routed(addressed(card("eth1"), "10.0.1.2/24"), Route{To: route("0.0.0.0/0", "").To, Table: 7})), nil},
	{"a gateway of the other family", hostWith(having(addressed(card("eth0"), "2001:db8::2/64"), func(i *Interface) { i.Gateway = route("::/0", "2001:db8::1").Via })), []string{`LS2026 ethernet["eth0"].gateway`}},
	{"a gateway6 of the other family", hostWith(having(addressed(card("eth0"), "10.0.0.2/24"), func(i *Interface) { i.Gateway6 = route("0.0.0.0/0", "10.0.0.1").Via })), []string{`LS2026 ethernet["eth0"].gateway6`}},
	{"a route over the other family", hostWith(routed(addressed(card("eth0"), "10.0.0.2/24"), Route{To: route("2001:db8::/32", "").To, Via: route("0.0.0.0/0", "10.0.0.1").Via})), []string{`LS2026 ethernet["eth0"].route[0]`}},
	{"a route with bits beyond its prefix", hostWith(routed(addressed(card("eth0"), "10.0.0.2/24"), route("10.8.0.1/16", "10.0.0.1"))), []string{`LS2027 ethernet["eth0"].route[0]`}},
	{"a route to nowhere", hostWith(routed(card("eth0"), Route{})), []string{`LS2027 ethernet["eth0"].route[0]`}},
	{"a negative metric", hostWith(routed(card("eth0"), Route{To: route("10.8.0.0/16", "").To, Metric: -1})), []string{`LS2028 ethernet["eth0"].route[0]`}},
	{"a bridge's priority", hostWith(having(bridge("br0", ""), func(i *Interface) { i.Bridge.Priority = new(65536) })), []string{`LS2028 bridge["br0"].priority`}},
	{"a port's cost and priority", hostWith(card("eth0"), having(bridge("br0", "eth0"), func(i *Interface) { i.Bridge.Ports[0].Cost, i.Bridge.Ports[0].Priority = new(0), new(64) })), []string{`LS2028 bridge["br0"].ports[0]`, `LS2028 bridge["br0"].ports[0]`}},

	{"an unknown state", hostWith(having(card("eth0"), func(i *Interface) { i.State = "on" })), []string{`LS2029 ethernet["eth0"].state`}},
	{"an unknown protocol", hostWith(card("eth0"), having(vlan("v", "eth0", 2), func(i *Interface) { i.VLAN.Protocol = "802.1x" })), []string{`LS2029 vlan["v"].protocol`}},
	{"a description of two lines", hostWith(having(card("eth0"), func(i *Interface) { i.Description = "a\nb" })), []string{`LS2030 ethernet["eth0"].description`}},
	{"a description of 256 bytes", hostWith(having(card("eth0"), func(i *Interface) { i.Description = strings.Repeat("a", 256) })), []string{`LS2030 ethernet["eth0"].description`}},
	{"a bridge in a bridge", hostWith(bridge("br0", ""), bridge("br1", "br0")), []string{`LS2031 bridge["br1"].ports[0]`}},
	{"a VLAN in a bond", hostWith(card("eth0"), vlan("v", "eth0", 2), bond("bond0", "v")), []string{`LS2031 bond["bond0"].ports[0]`}},
	{"a port that is to be absent", hostWith(absent(card("eth0")), bridge("br0", "eth0")), []string{`LS2032 bridge["br0"].ports[0] < ethernet["eth0"].state`}},
	{"timers out of range", hostWith(having(bridge("br0", ""), func(i *Interface) {
		i.Bridge.STP = new(true)
		i.Bridge.ForwardDelay, i.Bridge.HelloTime, i.Bridge.MaxAge = new(Centiseconds(199)), new(Centiseconds(1001)), new(Centiseconds(4001))
	})), []string{`LS2033 bridge["br0"].forward_delay`, `LS2033 bridge["br0"].hello_time`, `LS2033 bridge["br0"].max_age`, `LS2033 bridge["br0"].max_age`}},
	{"timers that do not go together", hostWith(having(bridge("br0", ""), func(i *Interface) {
		i.Bridge.STP, i.Bridge.ForwardDelay, i.Bridge.MaxAge = new(true), new(Centiseconds(400)), new(Centiseconds(2000))
	})), []string{`LS2033 bridge["br0"].max_age`}},
	{"no delay without stp", hostWith(having(bridge("br0", ""), func(i *Interface) { i.Bridge.ForwardDelay = new(Centiseconds(0)) })), nil},
	{"no backend", Host{Name: "test"}, []string{"LS2034 "}},
	{"an empty hook", hostHaving(func(h *Host) { h.Hooks = []Hook{{Name: "a"}} }), []string{`LS2035 hook["a"]`, `LS2035 hook["a"]`}},
	{"a hook of unknown words", hostHaving(func(h *Host) {
		h.Hooks = []Hook{{Name: "a", On: []string{"pre_start"}, Script: "a.go", OnFailure: "stop", After: []string{"b"}, Timeout: "1 minute"}}
	}), []string{`LS2003 hook["a"].after[0]`, `LS2029 hook["a"].on[0]`, `LS2029 hook["a"].on_failure`, `LS2037 hook["a"].timeout`}},
	{"a check of nothing", hostHaving(func(h *Host) { h.Checks = []Check{{Name: "a"}} }), []string{`LS2036 check["a"]`}},
	{"a check of two things", hostHaving(func(h *Host) { h.Checks = []Check{{Name: "a", Ping: "10.0.0.1", TCP: "10.0.0.1:22"}} }), []string{`LS2036 check["a"]`}},
	{"times that are none", hostHaving(func(h *Host) {
		h.Checks, h.Apply.Confirm = []Check{{Name: "a", Ping: "10.0.0.1", Timeout: "0s"}}, "2"
	}), []string{`LS2037 apply.confirm`, `LS2037 check["a"].timeout`}},
	{"checks that cannot be made", hostHaving(func(h *Host) {
		h.Checks = []Check{{Name: "a", Ping: "host"}, {Name: "b", TCP: "10.0.0.1"}, {Name: "c", TCP: "10.0.0.1:0"}, {Name: "d", ARP: "x"}, {Name: "e", HTTP: "ftp://x/"}, {Name: "f", Command: []string{"true"}}}
	}), []string{`LS2038 check["a"].ping`, `LS2038 check["b"].tcp`, `LS2038 check["c"].tcp`, `LS2038 check["d"].arp`, `LS2038 check["e"].http`, `LS2038 check["f"].command`}},
	{"checks that can be made", hostHaving(func(h *Host) {
		h.Checks = []Check{{Name: "a", Ping: "2001:db8::1"}, {Name: "b", TCP: "[2001:db8::1]:22"}, {Name: "c", TCP: "git:22"}, {Name: "e", HTTP: "https://x/y"}, {Name: "f", Command: []string{"/bin/true"}}}
	}), nil},
}

// hostHaving makes a host without interfaces after change has been made to it.
func hostHaving(change func(*Host)) Host {
	h := hostWith()
	change(&h)
	return h
}

// Every rule, by code, path and second place.
func TestValidate(t *testing.T) {
	met := make(map[string]bool)
	for _, c := range faults {
		got := shown(Validate(&c.host))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
		for _, w := range c.want {
			met[w[:6]] = true
		}
	}
	for _, r := range Rules() {
		if !met[r.Code] {
			t.Errorf("no host breaks %s", r.Code)
		}
	}
}
