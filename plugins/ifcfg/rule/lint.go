package rule

import "linkspan/core/diag"

// The rules about existing files, and about what a reader makes of them.
var (
	BridgeOnBond = diag.Rule{Code: "LS4015", Severity: diag.Warning, Summary: "a bond that is a bridge's port, in the scripts of 2008",
		Explain: "Until initscripts 8.45.25 (RHEL 5.3) ifup-eth looks at BRIDGE first and leaves: no port joins the bond, no option is set, and every line says OK. Put a VLAN between the bond and the bridge, or update initscripts.",
		Wrong:   "DEVICE=bond0\nBONDING_OPTS=\"mode=1 miimon=100\"\nBRIDGE=xenbr0", Right: "DEVICE=bond0.2\nVLAN=yes\nBRIDGE=xenbr0"}
	VLANName = diag.Rule{Code: "LS4016", Severity: diag.Warning, Summary: "a VLAN name that the reader does not match",
		Explain: "The scripts take the VLAN's id from its name: PARENT.ID, or vlanID with PHYSDEV. RHEL 4 to 5.6 know only eth and bond as parents; from RHEL 6 on VID and PHYSDEV allow any name. ID has no leading zero. A name that does not match makes no VLAN, and ifup says OK.",
		Wrong:   "DEVICE=storage\nVLAN=yes", Right: "DEVICE=eth0.8\nVLAN=yes"}
	NeverRead = diag.Rule{Code: "LS4017", Severity: diag.Warning, Summary: "a key that this reader never reads",
		Explain: "Another release, or NetworkManager, reads the key; the reader of this host does not, so that its value means nothing. `linkspan explain` cannot know which one was meant: see the table of readers in the documentation of the ifcfg backend.",
		Wrong:   "# RHEL 5\nIPADDR=10.0.0.1\nIPADDR1=10.0.0.2", Right: "# RHEL 5, in ifcfg-eth0:0\nDEVICE=eth0:0\nIPADDR=10.0.0.2"}
	Form = diag.Rule{Code: "LS4018", Severity: diag.Warning, Summary: "a value that the reader does not understand",
		Explain: "The value does not have the form of its key. The scripts check nothing: they hand it to a command, which fails, and often say OK all the same.",
		Wrong:   "IPADDR=192.168.0.2/24", Right: "IPADDR=192.168.0.2\nPREFIX=24\nNETMASK=255.255.255.0"}
	Comment = diag.Rule{Code: "LS4019", Severity: diag.Warning, Summary: "a comment that the init script evaluates",
		Explain: "The init script collects every line that contains DEVICE=, TYPE= or SLAVE=, comments too, and evaluates them as one line. A comment before the real line makes a comment of all of them, and the interface is brought up in the wrong order.",
		Wrong:   "# was TYPE=Ethernet before\nTYPE=Bridge", Right: "# was an Ethernet card before\nTYPE=Bridge"}
	Twin = diag.Rule{Code: "LS4020", Severity: diag.Error, Summary: "two files for one device",
		Explain: "The scripts bring both up; the device has the settings of both. A copy must not begin with ifcfg-: only the endings ~ .bak .orig .rpmnew .rpmorig .rpmsave (from RHEL 7 .old) are skipped, and NetworkManager reads .rpmsave and .old. linkspan does not guess which one counts; for a device that the definition does not name it is a warning.",
		Wrong:   "ifcfg-eth0 and ifcfg-eth0.20240131, both with DEVICE=eth0", Right: "ifcfg-eth0, and the copy in another directory"}
	Alias = diag.Rule{Code: "LS4021", Severity: diag.Warning, Summary: "an alias that is never set",
		Explain: "Alias files (ifcfg-eth0:0) are read when their parent is up and is no port of a bond or bridge, and need an IPADDR.",
		Wrong:   "# ifcfg-eth0:0 while ifcfg-eth0 says BRIDGE=br0\nIPADDR=10.0.0.2", Right: "# ifcfg-br0:0\nIPADDR=10.0.0.2"}
	GatewayLost = diag.Rule{Code: "LS4022", Severity: diag.Warning, Summary: "a gateway that is dropped without a word",
		Explain: "ifup-eth sets the default route only if GATEWAY is in the network of the interface's first address, if GATEWAYDEV is not another interface, and if the address is static.",
		Wrong:   "IPADDR=10.0.0.2\nNETMASK=255.255.255.0\nGATEWAY=10.0.1.1", Right: "IPADDR=10.0.0.2\nNETMASK=255.255.255.0\nGATEWAY=10.0.0.1"}
	PrefixOnly = diag.Rule{Code: "LS4023", Severity: diag.Warning, Summary: "a PREFIX without NETMASK in old scripts",
		Explain: "Up to RHEL 5 the prefix is used for the address, but the broadcast address and the test of the gateway go by NETMASK, which is by class when it is missing: 10.0.0.1 with PREFIX=24 has the broadcast address 10.255.255.255.",
		Wrong:   "IPADDR=10.0.0.1\nPREFIX=24", Right: "IPADDR=10.0.0.1\nPREFIX=24\nNETMASK=255.255.255.0"}
	Hardware = diag.Rule{Code: "LS4024", Severity: diag.Warning, Summary: "an HWADDR that does harm",
		Explain: "HWADDR says which card is meant. In the file of a bond, VLAN or bridge the scripts find that file when they look for the card; beside MACADDR, up to RHEL 5, the card no longer has the address at the next start, and ifup refuses it.",
		Wrong:   "DEVICE=bond0\nHWADDR=52:54:00:12:34:56", Right: "DEVICE=eth0\nHWADDR=52:54:00:12:34:56"}
	Hole = diag.Rule{Code: "LS4025", Severity: diag.Warning, Summary: "an address after a hole in the numbers",
		Explain: "IPADDR, IPADDR0, IPADDR1, … are read until a number is missing (RHEL 6: above 2, later from 2 on). What comes after is not set.",
		Wrong:   "IPADDR=10.0.0.1\nIPADDR1=10.0.0.2\nIPADDR4=10.0.0.3", Right: "IPADDR=10.0.0.1\nIPADDR1=10.0.0.2\nIPADDR2=10.0.0.3"}
	NoBond = diag.Rule{Code: "LS4026", Severity: diag.Warning, Summary: "a port of something that is no bond",
		Explain: "The scripts make a bond of a device whose file has BONDING_OPTS; until RHEL 5.3 only of one with an alias in /etc/modprobe.conf. Without it its ports come up for nothing.",
		Wrong:   "# ifcfg-bond0\nDEVICE=bond0\nONBOOT=yes", Right: "# ifcfg-bond0\nDEVICE=bond0\nBONDING_OPTS=\"mode=active-backup miimon=100\"\nONBOOT=yes"}
	Rules = diag.Rule{Code: "LS4027", Severity: diag.Warning, Summary: "a rule file beside NetworkManager",
		Explain: "NetworkManager does not read rule- files, and when there is one it leaves out the routes of the interface, too, unless its dispatcher script for routing rules is installed.",
		Wrong:   "# rule-eth0\nfrom 10.0.0.2 table 7", Right: "# ifcfg-eth0\nROUTING_RULE_1=\"priority 100 from 10.0.0.2 table 7\""}
	RouteForm = diag.Rule{Code: "LS4028", Severity: diag.Warning, Summary: "a line of a route file that counts for nothing",
		Explain: "A route file has one of two forms: lines of words for `ip route add`, or ADDRESSn, NETMASKn and GATEWAYn numbered from 0 without a hole. One ADDRESSn line makes it the second, and a shell sources the whole file.",
		Wrong:   "10.8.0.0/16 via 10.0.0.1\nADDRESS0=10.9.0.0\nNETMASK0=255.255.0.0", Right: "10.8.0.0/16 via 10.0.0.1\n10.9.0.0/16 via 10.0.0.1"}
	Late = diag.Rule{Code: "LS4029", Severity: diag.Warning, Summary: "read only by the last update of the release",
		Explain: "The release got it in an update. Before that update the scripts pass it over without a word.",
		Wrong:   "# RHEL 5.8\nPRIO=4096", Right: "# RHEL 5.11\nPRIO=4096"}
	NewOption = diag.Rule{Code: "LS4030", Severity: diag.Warning, Summary: "a bond option newer than the release's kernel",
		Explain: "The scripts write each option into /sys; when the driver does not know it, ifup prints an error and goes on. Updates of the kernel brought some options back: check on a host of the release.",
		Wrong:   "bond \"bond0\" {\n  min_links = 1 # rhel5\n}", Right: "bond \"bond0\" {\n}"}
	Left = diag.Rule{Code: "LS4031", Severity: diag.Warning, Summary: "an interface that has left the definition",
		Explain: "linkspan made its file, and no definition names it any more. It stays until the definition says so: apply { prune = true } removes what linkspan has made, and nothing else.",
		Wrong:   "host \"a\" {\n  # bridge \"xenbr1\" was here\n}", Right: "host \"a\" {\n  apply {\n    prune = true\n  }\n}"}
	UnknownKey = diag.Rule{Code: "LS4032", Severity: diag.Warning, Summary: "a key that no reader knows",
		Explain: "The name is near to one that the readers know, and is probably a slip of the fingers.",
		Wrong:   "BONDING_OPT=\"mode=1\"", Right: "BONDING_OPTS=\"mode=1\""}
	Dash = diag.Rule{Code: "LS4033", Severity: diag.Warning, Summary: "a hyphen in a file's name, in old scripts",
		Explain: "Up to RHEL 5 the scripts take ifcfg-br-lan for a child of ifcfg-br, which must exist and is sourced first. Name the file ifcfg-br_lan; DEVICE may keep the hyphen.",
		Wrong:   "# ifcfg-br-lan\nDEVICE=br-lan", Right: "# ifcfg-br_lan\nDEVICE=br-lan"}
	NotManaged = diag.Rule{Code: "LS4034", Severity: diag.Warning, Summary: "an interface that NetworkManager leaves alone",
		Explain: "NM_CONTROLLED=no tells NetworkManager to leave the interface to the network scripts. Where these are not installed nobody brings it up.",
		Wrong:   "NM_CONTROLLED=no", Right: "NM_CONTROLLED=yes"}
	Range = diag.Rule{Code: "LS4035", Severity: diag.Warning, Summary: "a file with a range of addresses",
		Explain: "ifup-aliases sets every address from IPADDR_START to IPADDR_END. The language has no word for it, so linkspan neither reads nor changes the file.",
		Wrong:   "# ifcfg-eth0-range0\nIPADDR_START=10.0.0.10\nIPADDR_END=10.0.0.12", Right: "addresses = [\"10.0.0.10/24\", \"10.0.0.11/24\", \"10.0.0.12/24\"]"}
	NetworkingOff = diag.Rule{Code: "LS4036", Severity: diag.Warning, Summary: "networking that is turned off",
		Explain: "With NETWORKING=no in /etc/sysconfig/network the network service ends at once, and no interface comes up.",
		Wrong:   "NETWORKING=no", Right: "NETWORKING=yes"}
	OddName = diag.Rule{Code: "LS4037", Severity: diag.Warning, Summary: "a file's name that the scripts do not understand",
		Explain: "NetworkManager writes names such as ifcfg-Wired connection 1; the scripts divide them at the blanks and find no such files. Rename the file to ifcfg-DEVICE.",
		Wrong:   "ifcfg-Wired connection 1", Right: "ifcfg-eth0"}
	HardLink = diag.Rule{Code: "LS4039", Severity: diag.Warning, Summary: "a file with several names",
		Explain: "system-config-network of RHEL 4 and 5 keeps hard links of the files below /etc/sysconfig/networking. linkspan replaces a file in one step, so that no reader sees half of it, and the other name keeps the old text. When system-config-network is used again, it may copy that back: remove the links once linkspan keeps the files.",
		Wrong:   "ln /etc/sysconfig/networking/devices/ifcfg-eth0 ifcfg-eth0", Right: "rm /etc/sysconfig/networking/devices/ifcfg-eth0"}
	LeftOut = diag.Rule{Code: "LS4038", Severity: diag.Warning, Summary: "left out of the import",
		Explain: "The language has no word for it, or it cannot stand in a definition. Nothing is lost: linkspan leaves what no definition names as it is, and keeps the keys that it does not manage.",
		Wrong:   "TYPE=InfiniBand", Right: "TYPE=Ethernet"}
)
