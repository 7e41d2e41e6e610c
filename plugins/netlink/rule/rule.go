// Package rule lists what can be wrong with a definition for the running
// kernel.
package rule

import "linkspan/core/diag"

// The rules about what the kernel cannot do, or would do to what is there.
var (
	NoWay = diag.Rule{Code: "LS6001", Severity: diag.Error, Summary: "the kernel alone cannot do this",
		Explain: "The netlink backend sets what the kernel keeps. A DHCP client and a resolver are none of it. Use a backend that writes files as well, or leave the attribute out.",
		Wrong:   "ethernet \"eth0\" {\n  dhcp4 = true\n}\nbackend \"netlink\" {}", Right: "ethernet \"eth0\" {\n  addresses = [\"192.0.2.2/24\"]\n}\nbackend \"netlink\" {}"}
	Later = diag.Rule{Code: "LS6002", Severity: diag.Warning, Summary: "this takes effect only when the network is restarted",
		Explain: "Another backend writes the attribute into its files; the kernel alone cannot be told of it, so that nothing changes now.",
		Wrong:   "bridge \"xenbr0\" {\n  dns { servers = [\"192.0.2.1\"] }\n}", Right: "bridge \"xenbr0\" {\n  addresses = [\"192.0.2.2/24\"]\n}"}
	Option = diag.Rule{Code: "LS6003", Severity: diag.Error, Summary: "the bonding driver's netlink interface has no such option",
		Explain: "The name in options is none that the kernel takes through netlink (Linux 6.1, drivers/net/bonding/bond_netlink.c), or its value has not the form of that option.",
		Wrong:   "bond \"bond0\" {\n  options = { mimon = \"100\" }\n}", Right: "bond \"bond0\" {\n  options = { lp_interval = \"1\" }\n}"}
	Kind = diag.Rule{Code: "LS6004", Severity: diag.Error, Summary: "an interface of that name is of another kind",
		Explain: "The kernel has an interface of that name that is something else. It would have to be deleted first, which linkspan does only when the definition says so. xend's own bridging, a bridge that is called as the card was and the card with a p before its name, is led back by itself.",
		Wrong:   "bridge \"eth0\" { ports = [\"peth0\"] } # eth0 is a card", Right: "bridge \"xenbr0\" { ports = [\"eth0\"] }"}
	NoCard = diag.Rule{Code: "LS6005", Severity: diag.Error, Summary: "there is no such network card",
		Explain: "A card cannot be made. The definition names one that the kernel does not have: look at `ip link`, and at cables, drivers and udev's names.",
		Wrong:   "bond \"bond0\" { ports = [\"eth0\", \"eth9\"] }", Right: "bond \"bond0\" { ports = [\"eth0\", \"eth1\"] }"}
	Guests = diag.Rule{Code: "LS6006", Severity: diag.Error, Summary: "a bridge with foreign ports would be deleted",
		Explain: "Ports that the definition does not name (guests', containers') would lose their bridge and never come back by themselves. Move the guests first.",
		Wrong:   "bridge \"xenbr0\" { state = \"absent\" } # vif1.0 is on it", Right: "bridge \"xenbr0\" { ports = [\"bond0.2\"] }"}
	Stolen = diag.Rule{Code: "LS6007", Severity: diag.Error, Summary: "a VLAN on a port would take the frames of the bond or bridge",
		Explain: "A VLAN on a card takes the frames of its tag before the card's bond or bridge sees them. The kernel accepts it and says nothing. Say that the VLAN is to be absent, or put it on the bond.",
		Wrong:   "bond \"bond0\" { ports = [\"eth0\"] } # eth0.2 exists", Right: "vlan \"eth0.2\" {\n  parent = \"eth0\"\n  id = 2\n  state = \"absent\"\n}"}
	Route = diag.Rule{Code: "LS6009", Severity: diag.Error, Summary: "another route is in the way",
		Explain: "The kernel keeps one route of a destination, table and metric. Either the definition has two, or the one that is there was made by a routing daemon, a DHCP client or a container runtime, and the declared one would push it aside. Give the declared one another metric, or stop the program.",
		Wrong:   "bridge \"xenbr0\" {\n  route {\n    to  = \"10.8.0.0/16\" # BIRD has it\n    via = \"192.0.2.1\"\n  }\n}", Right: "bridge \"xenbr0\" {\n  route {\n    to     = \"10.8.0.0/16\"\n    via    = \"192.0.2.1\"\n    metric = 50\n  }\n}"}
	Card = diag.Rule{Code: "LS6010", Severity: diag.Error, Summary: "the card cannot do this",
		Explain: "The driver of the card has no such offload or does not let it be changed, or the card cannot wake the machine. `ethtool -k NAME` lists the offloads, those that cannot be changed as [fixed]; the names of both its options and its lists are taken.",
		Wrong:   "ethernet \"eth0\" {\n  offload = { gor = false }\n}", Right: "ethernet \"eth0\" {\n  offload = { gro = false }\n}"}
	Follows = diag.Rule{Code: "LS6011", Severity: diag.Error, Summary: "the bond's MAC follows its active port",
		Explain: "With fail_over_mac = \"active\" the driver gives the bond the MAC of whichever port is active, so that none can be set. Leave out mac, or choose another fail_over_mac.",
		Wrong:   "bond \"bond0\" {\n  mode          = \"active-backup\"\n  fail_over_mac = \"active\"\n  mac           = \"52:54:00:12:34:56\"\n}", Right: "bond \"bond0\" {\n  mode = \"active-backup\"\n  mac  = \"52:54:00:12:34:56\"\n}"}
	Asleep = diag.Rule{Code: "LS6012", Severity: diag.Warning, Summary: "the kernel keeps no routes and no IPv6 addresses of a link that is down",
		Explain: "They go when the link goes down, and cannot be made before it is up. They are made when the definition says that it is up.",
		Wrong:   "ethernet \"eth1\" {\n  state     = \"down\"\n  addresses = [\"2001:db8::2/64\"]\n}", Right: "ethernet \"eth1\" {\n  addresses = [\"2001:db8::2/64\"]\n}"}
	Parent = diag.Rule{Code: "LS6013", Severity: diag.Error, Summary: "a VLAN cannot be up while its parent is down",
		Explain: "The kernel refuses to set a VLAN up on a parent that is down (ENETDOWN), unless it has loose_binding. Say that the VLAN is down as well, or that the parent is up.",
		Wrong:   "ethernet \"eth1\" { state = \"down\" }\nvlan \"eth1.2\" {\n  parent = \"eth1\"\n  id     = 2\n}", Right: "vlan \"eth1.2\" {\n  parent = \"eth1\"\n  id     = 2\n}"}
	Match = diag.Rule{Code: "LS6014", Severity: diag.Error, Summary: "the card of that name is another one",
		Explain: "The definition says by match which card is meant, and the kernel's card of that name has another permanent MAC, driver or place. Look at `ip link` and at udev's names; linkspan renames no card.",
		Wrong:   "ethernet \"eth0\" {\n  match { mac = \"52:54:00:12:34:56\" } # eth1 has it\n}", Right: "ethernet \"eth1\" {\n  match { mac = \"52:54:00:12:34:56\" }\n}"}
	CardStays = diag.Rule{Code: "LS6015", Severity: diag.Warning, Summary: "a card cannot be removed",
		Explain: "The kernel has no way to delete a network card. It is left as it is, with its addresses; declare it without any to take them away, or with state = \"down\".",
		Wrong:   "ethernet \"eth1\" { state = \"absent\" }", Right: "ethernet \"eth1\" { state = \"down\" }"}
	SameVLAN = diag.Rule{Code: "LS6016", Severity: diag.Error, Summary: "an interface of another name is that VLAN already",
		Explain: "The kernel has one interface for each VLAN of a parent, and one that the definition does not name is there already (scripts with another VLAN_NAME_TYPE, or somebody's hand, made it). Give the definition that name, or say that the other one is to be absent.",
		Wrong:   "vlan \"eth0.2\" { # vlan2 is VLAN 2 on eth0\n  parent = \"eth0\"\n  id     = 2\n}", Right: "vlan \"vlan2\" {\n  parent = \"eth0\"\n  id     = 2\n}"}
	Twice = diag.Rule{Code: "LS6008", Severity: diag.Error, Summary: "the address is on another interface that the definition does not name",
		Explain: "The same address on two interfaces makes answers leave by the wrong one. Name the other interface in the definition: without addresses, or with state = \"absent\".",
		Wrong:   "bridge \"xenbr0\" { addresses = [\"192.0.2.2/24\"] } # br0 has it", Right: "bridge \"br0\" { state = \"absent\" }"}
)

// All lists the rules, for `linkspan explain`.
func All() []diag.Rule {
	return []diag.Rule{NoWay, Later, Option, Kind, NoCard, Guests, Stolen, Twice, Route, Card, Follows, Asleep, Parent, Match, CardStays, SameVLAN}
}
