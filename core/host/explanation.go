package host

import (
	"strings"

	"linkspan/core/diag"
)

// explanation is what `linkspan explain` says of a rule. The examples are the
// lines of a host's body; the tests of package hostfile load each.
type explanation struct {
	code, text   string
	wrong, right []string
}

// explained joins rules with their explanations, for which hardly anybody asks:
// joined at every start they would cost every start.
func explained(rules []diag.Rule) []diag.Rule {
	for i := range rules {
		for _, e := range explanations {
			if e.code == rules[i].Code {
				rules[i].Explain, rules[i].Wrong, rules[i].Right = e.text, inHost(e.wrong), inHost(e.right)
			}
		}
	}
	return rules
}

// explanations are one of each rule.
var explanations = []explanation{
	{"LS2001", "An interface's name has 1 to 15 bytes, begins with a letter and goes on with letters, digits, \"_\", \".\" and \"-\". The kernel would take more, but the name becomes part of file names, of files that a shell reads and of command lines. Names that the network scripts skip (they end in .bak, .orig, .rpmnew and the like) are refused as well, and so are lo, all and default.",
		[]string{`bridge "xenbr-production" {}`}, []string{`bridge "xenbr-prod" {}`}},
	{"LS2002", "The kernel has one interface of a name, whatever its kind. In a definition this is found earlier, as LS1009 or LS1025; here it is said of a host that was made by other means.",
		[]string{`ethernet "uplink" {}`, `bridge "uplink" {}`}, []string{`bridge "uplink" {}`}},
	{"LS2003", "Something is named that the host does not have: a port or parent, or a hook that another is to run after. Declare it, or correct the name.",
		[]string{`hook "drain" {`, `  on     = ["pre_restart"]`, `  script = "drain.go"`, `  after  = ["announce"]`, `}`},
		[]string{`hook "announce" {`, `  on     = ["pre_restart"]`, `  script = "announce.go"`, `}`, `hook "drain" {`, `  on     = ["pre_restart"]`, `  script = "drain.go"`, `  after  = ["announce"]`, `}`}},
	{"LS2004", "Following ports and parents downwards leads back to the interface where one began, so no order exists in which they could be made. Cut the circle at the reference that is wrong.",
		[]string{`vlan "guests" {`, `  parent = "xenbr0"`, `  id     = 2`, `}`, `bridge "xenbr0" { ports = ["guests"] }`},
		[]string{`vlan "guests" {`, `  parent = "eth0"`, `  id     = 2`, `}`, `bridge "xenbr0" { ports = ["guests"] }`}},
	{"LS2005", "An interface is a port of one bond or of one bridge; the kernel refuses a second master. To have two bridges on one card, put a VLAN on the card for each.",
		[]string{`bridge "xenbr0" { ports = ["eth0"] }`, `bridge "xenbr1" { ports = ["eth0"] }`}, []string{`bridge "xenbr0" { ports = ["eth0"] }`, `bridge "xenbr1" { ports = ["eth1"] }`}},
	{"LS2006", "One list of ports has the same name twice. Remove one, or write the name that was meant.",
		[]string{`bond "bond0" {`, `  ports  = ["eth0", "eth0"]`, `  miimon = 100`, `}`}, []string{`bond "bond0" {`, `  ports  = ["eth0", "eth1"]`, `  miimon = 100`, `}`}},
	{"LS2007", "Frames for a port of a bond or bridge are handed to the master before the port's own addresses are looked at, so an address, gateway, route or DHCP on a port does not work. It belongs on the master.",
		[]string{`ethernet "eth0" { addresses = ["192.168.0.2/24"] }`, `bridge "xenbr0" { ports = ["eth0"] }`},
		[]string{`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.2/24"]`, `}`}},
	{"LS2008", "IEEE 802.1Q has 12 bits for the id; 0 means \"no VLAN\" and 4095 is reserved.",
		[]string{`vlan "eth0.4095" {`, `  parent = "eth0"`, `  id     = 4095`, `}`}, []string{`vlan "eth0.4094" {`, `  parent = "eth0"`, `  id     = 4094`, `}`}},
	{"LS2009", "A parent carries each VLAN id of a protocol once; the kernel refuses the second, also under another name.",
		[]string{`vlan "guests" {`, `  parent = "eth0"`, `  id     = 2`, `}`, `vlan "storage" {`, `  parent = "eth0"`, `  id     = 2`, `}`},
		[]string{`vlan "guests" {`, `  parent = "eth0"`, `  id     = 2`, `}`, `vlan "storage" {`, `  parent = "eth0"`, `  id     = 3`, `}`}},
	{"LS2010", "A VLAN on a port of a bond gets only what that one port receives, and a VLAN on a port of a bridge takes its frames away from the bridge. Put the VLAN on the bond or bridge itself.",
		[]string{`bond "bond0" {`, `  ports  = ["eth0"]`, `  miimon = 100`, `}`, `vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `}`},
		[]string{`bond "bond0" {`, `  ports  = ["eth0"]`, `  miimon = 100`, `}`, `vlan "bond0.2" {`, `  parent = "bond0"`, `  id     = 2`, `}`}},
	{"LS2011", "An upper interface cannot send larger frames than the one below it: the kernel refuses such a VLAN and lowers such a bridge. A card without mtu counts as 1500, a bond hands its own MTU down to its ports, and IPv6 needs 1280 bytes (RFC 8200).",
		[]string{`vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `  mtu    = 9000`, `}`},
		[]string{`ethernet "eth0" { mtu = 9000 }`, `vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `  mtu    = 9000`, `}`}},
	{"LS2012", "The bonding driver takes some options only in some modes; the message lists them. Without mode, a bond is balance-rr.",
		[]string{`bond "bond0" {`, `  ports     = ["eth0"]`, `  mode      = "active-backup"`, `  miimon    = 100`, `  lacp_rate = "fast"`, `}`},
		[]string{`bond "bond0" {`, `  ports     = ["eth0"]`, `  mode      = "802.3ad"`, `  miimon    = 100`, `  lacp_rate = "fast"`, `}`}},
	{"LS2013", "The value is out of the range that the bonding driver takes, is no IPv4 address where one is asked for, or has a character that would not survive the files that a shell reads. arp_interval also needs arp_ip_targets.",
		[]string{`bond "bond0" {`, `  ports        = ["eth0"]`, `  mode         = "active-backup"`, `  miimon       = 100`, `  num_grat_arp = 300`, `}`},
		[]string{`bond "bond0" {`, `  ports        = ["eth0"]`, `  mode         = "active-backup"`, `  miimon       = 100`, `  num_grat_arp = 3`, `}`}},
	{"LS2014", "primary names one of the bond's own ports.",
		[]string{`bond "bond0" {`, `  ports   = ["eth0", "eth1"]`, `  mode    = "active-backup"`, `  miimon  = 100`, `  primary = "eth2"`, `}`},
		[]string{`bond "bond0" {`, `  ports   = ["eth0", "eth1"]`, `  mode    = "active-backup"`, `  miimon  = 100`, `  primary = "eth0"`, `}`}},
	{"LS2015", "The driver watches its ports either by their carrier (miimon) or by ARP (arp_interval), and turns the one off when the other is set. Keep one.",
		[]string{`bond "bond0" {`, `  ports          = ["eth0"]`, `  mode           = "active-backup"`, `  miimon         = 100`, `  arp_interval   = 1000`, `  arp_ip_targets = ["192.168.0.1"]`, `}`},
		[]string{`bond "bond0" {`, `  ports          = ["eth0"]`, `  mode           = "active-backup"`, `  arp_interval   = 1000`, `  arp_ip_targets = ["192.168.0.1"]`, `}`}},
	{"LS2016", "The driver's default is to watch nothing, so the bond keeps sending into a port whose cable is out. miimon = 100 looks at the carrier ten times a second.",
		[]string{`bond "bond0" { ports = ["eth0", "eth1"] }`}, []string{`bond "bond0" {`, `  ports  = ["eth0", "eth1"]`, `  miimon = 100`, `}`}},
	{"LS2017", "updelay and downdelay are counted in looks at the carrier: they need miimon, and the driver rounds them down to a multiple of it.",
		[]string{`bond "bond0" {`, `  ports   = ["eth0"]`, `  miimon  = 100`, `  updelay = 250`, `}`}, []string{`bond "bond0" {`, `  ports   = ["eth0"]`, `  miimon  = 100`, `  updelay = 200`, `}`}},
	{"LS2018", "A bond without ports has no carrier, and nothing can pass it. That is right only if the ports are still to come.",
		[]string{`bond "bond0" { miimon = 100 }`}, []string{`bond "bond0" {`, `  ports  = ["eth0"]`, `  miimon = 100`, `}`}},
	{"LS2019", "A gateway is a neighbour: it lies in the network of one of the interface's addresses and is not the interface itself. The kernel refuses another, and the network scripts drop it without a word. A gateway that is a neighbour by other means is a route with onlink = true.",
		[]string{`bridge "xenbr0" {`, `  addresses = ["192.168.0.2/24"]`, `  gateway   = "192.168.1.1"`, `}`}, []string{`bridge "xenbr0" {`, `  addresses = ["192.168.0.2/24"]`, `  gateway   = "192.168.0.1"`, `}`}},
	{"LS2020", "The address is that of a network, a broadcast, multicast, loopback or unspecified one, and no host can have it on a network.",
		[]string{`bridge "xenbr0" { addresses = ["192.168.0.0/24"] }`}, []string{`bridge "xenbr0" { addresses = ["192.168.0.2/24"] }`}},
	{"LS2021", "One address is on two interfaces, or twice on one. Remove it where it does not belong; an address moves to the bridge when an interface becomes a port.",
		[]string{`bridge "xenbr0" { addresses = ["192.168.0.2/24"] }`, `bridge "xenbr1" { addresses = ["192.168.0.2/32"] }`},
		[]string{`bridge "xenbr0" { addresses = ["192.168.0.2/24"] }`, `bridge "xenbr1" { addresses = ["192.168.1.2/24"] }`}},
	{"LS2022", "A MAC address has six bytes in hexadecimal, joined by colons; it is not all zeros, and the lowest bit of its first byte is not set, which would make it a group address (IEEE 802).",
		[]string{`bridge "xenbr0" { mac = "01:00:5e:00:00:01" }`}, []string{`bridge "xenbr0" { mac = "52:54:00:12:34:56" }`}},
	{"LS2023", "Two interfaces are given one MAC address. What shares a MAC by itself (a VLAN and its parent) needs no mac.",
		[]string{`bridge "xenbr0" { mac = "52:54:00:12:34:56" }`, `bridge "xenbr1" { mac = "52:54:00:12:34:56" }`},
		[]string{`bridge "xenbr0" { mac = "52:54:00:12:34:56" }`, `bridge "xenbr1" { mac = "52:54:00:12:34:57" }`}},
	{"LS2024", "Two interfaces have addresses of one network. The kernel sends to all of it by one of them, and answers may leave by the other than the question came in on.",
		[]string{`bridge "xenbr0" { addresses = ["192.168.0.2/24"] }`, `bridge "xenbr1" { addresses = ["192.168.0.3/24"] }`},
		[]string{`bridge "xenbr0" { addresses = ["192.168.0.2/24"] }`, `bridge "xenbr1" { addresses = ["192.168.1.3/24"] }`}},
	{"LS2025", "The kernel keeps one default route of a family, table and metric; which of two it is depends on the order of start. Remove one, or write it as a route with another metric.",
		[]string{`bridge "xenbr0" {`, `  addresses = ["192.168.0.2/24"]`, `  gateway   = "192.168.0.1"`, `}`, `bridge "xenbr1" {`, `  addresses = ["192.168.1.2/24"]`, `  gateway   = "192.168.1.1"`, `}`},
		[]string{`bridge "xenbr0" {`, `  addresses = ["192.168.0.2/24"]`, `  gateway   = "192.168.0.1"`, `}`, `bridge "xenbr1" {`, `  addresses = ["192.168.1.2/24"]`, `  route {`, `    to     = "default"`, `    via    = "192.168.1.1"`, `    metric = 100`, `  }`, `}`}},
	{"LS2026", "gateway takes IPv4 and gateway6 takes IPv6, and a route's via and source are of the family of its destination.",
		[]string{`bridge "xenbr0" {`, `  addresses = ["2001:db8::2/64"]`, `  gateway   = "2001:db8::1"`, `}`}, []string{`bridge "xenbr0" {`, `  addresses = ["2001:db8::2/64"]`, `  gateway6  = "2001:db8::1"`, `}`}},
	{"LS2027", "A route goes to \"default\" or to a network; a network's address has no bits beyond its prefix.",
		[]string{`bridge "xenbr0" {`, `  addresses = ["192.168.0.2/24"]`, `  route {`, `    to  = "10.8.0.1/16"`, `    via = "192.168.0.1"`, `  }`, `}`},
		[]string{`bridge "xenbr0" {`, `  addresses = ["192.168.0.2/24"]`, `  route {`, `    to  = "10.8.0.0/16"`, `    via = "192.168.0.1"`, `  }`, `}`}},
	{"LS2028", "The kernel takes this number only within the range that the message names.",
		[]string{`ethernet "eth0" { mtu = 60 }`}, []string{`ethernet "eth0" { mtu = 1500 }`}},
	{"LS2029", "The attribute takes one of a few words, spelt as the kernel spells them; the message lists them. In a definition this is found earlier, as LS1012; here it is said of a host that was made by other means.",
		[]string{`ethernet "eth0" { state = "on" }`}, []string{`ethernet "eth0" { state = "up" }`}},
	{"LS2030", "A description is kept as the kernel's ifalias and as a comment in files, so it is one line of at most 255 bytes without control characters.",
		[]string{`ethernet "eth0" { description = "to the switch\nport 7" }`}, []string{`ethernet "eth0" { description = "to the switch, port 7" }`}},
	{"LS2031", "The kernel takes no bridge as a port of a bridge, and a bond joins network cards. Two bridges are joined by giving one's ports to the other.",
		[]string{`bridge "xenbr0" { ports = ["eth0"] }`, `bridge "xenbr1" { ports = ["xenbr0"] }`}, []string{`bridge "xenbr0" { ports = ["eth0"] }`, `bridge "xenbr1" { ports = ["eth1"] }`}},
	{"LS2032", "An interface with state = \"absent\" is removed, so nothing can have it as a port or parent. Remove the reference, or keep the interface.",
		[]string{`bond "bond0" { state = "absent" }`, `bridge "xenbr0" { ports = ["bond0"] }`}, []string{`bond "bond0" { state = "absent" }`, `bridge "xenbr0" { ports = ["eth0"] }`}},
	{"LS2033", "Spanning tree has bounds for its timers (IEEE 802.1D-2004, 17.14), and the kernel refuses a value beyond them: forward_delay 2 to 30 seconds while stp is on, hello_time 1 to 10, max_age 6 to 40 and at most 2 × (forward_delay - 1).",
		[]string{`bridge "xenbr0" {`, `  ports      = ["eth0"]`, `  hello_time = 20`, `}`}, []string{`bridge "xenbr0" {`, `  ports      = ["eth0"]`, `  hello_time = 2`, `}`}},
	{"LS2034", "A backend is what writes a host's files or changes its kernel. Without one there is nothing to plan.",
		[]string{"host \"dom0\" {\n  bridge \"xenbr0\" { ports = [\"eth0\"] }\n}\n"}, []string{`bridge "xenbr0" { ports = ["eth0"] }`}},
	{"LS2035", "A hook says when it runs (on) and what (script).",
		[]string{`hook "drain" {`, `  on     = []`, `  script = "drain.go"`, `}`}, []string{`hook "drain" {`, `  on     = ["pre_restart"]`, `  script = "drain.go"`, `}`}},
	{"LS2036", "A check asks one question: it has exactly one of ping, tcp, arp, http and command. Write a block for each question.",
		[]string{`check "gateway" {`, `  ping = "192.168.0.1"`, `  tcp  = "192.168.0.1:22"`, `}`}, []string{`check "gateway" { ping = "192.168.0.1" }`, `check "ssh" { tcp = "192.168.0.1:22" }`}},
	{"LS2037", "A length of time is a positive number with its unit: ms, s, m or h, also joined as in \"1m30s\".",
		[]string{`check "gateway" {`, `  ping    = "192.168.0.1"`, `  timeout = "20"`, `}`}, []string{`check "gateway" {`, `  ping    = "192.168.0.1"`, `  timeout = "20s"`, `}`}},
	{"LS2038", "ping and arp ask an IP address, because names may not resolve right after a change; tcp is ADDRESS:PORT (an IPv6 address in brackets), http a URL that begins with http:// or https://, and a command begins with an absolute path.",
		[]string{`check "ssh" { tcp = "192.168.0.1" }`}, []string{`check "ssh" { tcp = "192.168.0.1:22" }`}},
}

// inHost makes a definition of the lines of a host's body; a whole one is one
// already.
func inHost(lines []string) string {
	if len(lines) == 1 && strings.HasPrefix(lines[0], "host ") {
		return lines[0]
	}
	return "host \"dom0\" {\n  " + strings.Join(lines, "\n  ") + "\n\n  backend \"ifcfg\" {}\n}\n"
}
