// Package rule lists what can be wrong with ifcfg files, or with a definition
// for them: the texts of `linkspan explain`.
package rule

import "linkspan/core/diag"

// The rules of the ifcfg backend. A code never changes its meaning.
var (
	CannotExpress = diag.Rule{Code: "LS4001", Severity: diag.Error, Summary: "not expressible in ifcfg files",
		Explain: "The network scripts of the host's release have no key for the attribute, or ignore the one there is. linkspan refuses instead of writing a file that means less than the definition.",
		Wrong:   "host \"a\" {\n  bridge \"br0\" {\n    addresses = [\"10.0.0.1/24\", \"10.0.1.1/24\"]\n  }\n  backend \"ifcfg\" { release = \"rhel5\" }\n}",
		Right:   "host \"a\" {\n  bridge \"br0\" {\n    addresses = [\"10.0.0.1/24\"]\n  }\n  backend \"ifcfg\" { release = \"rhel5\" }\n}"}
	Unsafe = diag.Rule{Code: "LS4002", Severity: diag.Error, Summary: "a value that is not safe in a file that a shell sources",
		Explain: "The files are sourced by root's shell, some keys are evaluated twice, so that quotes do not help, and comments are evaluated that hold one of the scripts' keys. Each value must have the form of its key: printable ASCII without quotes, $, ` and backslash.",
		Wrong:   "backend_options \"ifcfg\" {\n  ARPCHECK = \"$(id)\"\n}", Right: "backend_options \"ifcfg\" {\n  ARPCHECK = \"no\"\n}"}
	RunsCommand = diag.Rule{Code: "LS4003", Severity: diag.Warning, Summary: "a line that the shell does not take as a value",
		Explain: "The network scripts source the file with a shell as root. On this line the shell would run a command, evaluate something, or wait for a closing quote; the key counts as not set. A file that is a program (conditions, loops, functions, here-documents, other files that it sources) is read, but not followed: a key that such a part may change counts as not known, and linkspan writes it once more at the end, where it holds.",
		Wrong:   "NAME=My Uplink", Right: "NAME='My Uplink'"}
	Curly = diag.Rule{Code: "LS4004", Severity: diag.Warning, Summary: "typographic quotes",
		Explain: "To the shell a typographic quote is a letter like any other: BONDING_OPTS then ends at the first blank, the bonding driver refuses \"”mode\", and the bond runs in balance-rr without link monitoring while ifup prints OK.",
		Wrong:   "BONDING_OPTS=”mode=1 miimon=100″", Right: "BONDING_OPTS=\"mode=1 miimon=100\""}
	TypeCase = diag.Rule{Code: "LS4005", Severity: diag.Warning, Summary: "a TYPE that the network scripts do not know",
		Explain: "The scripts compare TYPE with \"Bridge\" letter by letter. TYPE=bridge is brought up as a plain card, before the VLANs that would create the bridge: it fails at boot and works the second time.",
		Wrong:   "TYPE=bridge", Right: "TYPE=Bridge"}
	Word = diag.Rule{Code: "LS4006", Severity: diag.Warning, Summary: "a word that the network scripts do not know",
		Explain: "SLAVE, VLAN and ONBOOT are compared with \"yes\" letter by letter: SLAVE=Yes is not a port of a bond, VLAN=Yes is a plain card.",
		Wrong:   "VLAN=Yes", Right: "VLAN=yes"}
	AddressOnPort = diag.Rule{Code: "LS4007", Severity: diag.Warning, Summary: "an address in the file of a port",
		Explain: "ifup leaves the file of a bridge port or bond port before it looks at addresses, so the address is never set.",
		Wrong:   "DEVICE=bond0.2\nVLAN=yes\nBRIDGE=xenbr0\nIPADDR=192.168.0.2", Right: "DEVICE=bond0.2\nVLAN=yes\nBRIDGE=xenbr0"}
	Device = diag.Rule{Code: "LS4008", Severity: diag.Warning, Summary: "a file whose DEVICE is not its name",
		Explain: "The scripts sort and print by the file's name and act on DEVICE. linkspan edits the file where it is; rename it to ifcfg-DEVICE, so that people and `ifup DEVICE` find it.",
		Wrong:   "# ifcfg-uplink\nDEVICE=eth1", Right: "# ifcfg-eth1\nDEVICE=eth1"}
	Unreadable = diag.Rule{Code: "LS4009", Severity: diag.Error, Summary: "a file that cannot be read",
		Explain: "Nothing is planned from files that cannot be read: what they hold might be lost. A directory, a named pipe, a file with a NUL byte or with an endless line is no configuration; move it away.",
		Wrong:   "mkdir ifcfg-eth0", Right: "rmdir ifcfg-eth0"}
	ForeignPort = diag.Rule{Code: "LS4010", Severity: diag.Warning, Summary: "a port that the definition does not name",
		Explain: "A file makes the interface a port of one that the definition declares, but the definition does not name it. It stays as it is; name it among the ports, or remove BRIDGE or MASTER from its file.",
		Wrong:   "# ifcfg-eth7, which no definition names\nBRIDGE=xenbr0", Right: "bridge \"xenbr0\" {\n  ports = [\"eth7\"]\n}"}
	Release = diag.Rule{Code: "LS4011", Severity: diag.Warning, Summary: "the release is not known",
		Explain: "Neither the backend's release nor the host's files tell which network scripts will read the files. linkspan then writes only what every release from rhel5 to rhel8 reads alike.",
		Wrong:   "backend \"ifcfg\" {}", Right: "backend \"ifcfg\" { release = \"rhel7\" }"}
	GatewayDev = diag.Rule{Code: "LS4012", Severity: diag.Warning, Summary: "a GATEWAYDEV that takes the default route away",
		Explain: "GATEWAYDEV in /etc/sysconfig/network makes the scripts ignore the GATEWAY of every other interface without a word.",
		Wrong:   "GATEWAYDEV=eth0\n# and in ifcfg-xenbr0\nGATEWAY=192.168.0.1", Right: "# no GATEWAYDEV, and in ifcfg-xenbr0\nGATEWAY=192.168.0.1"}
	LineEnds = diag.Rule{Code: "LS4013", Severity: diag.Warning, Summary: "lines that end in CR LF",
		Explain: "The shell takes the CR for the last letter of each value: DEVICE becomes \"eth0\\r\", and yes is no longer yes. Convert the file with dos2unix.",
		Wrong:   "ONBOOT=yes\\r\\n", Right: "ONBOOT=yes\\n"}
	NotWritten = diag.Rule{Code: "LS4014", Severity: diag.Error, Summary: "a file that would not mean what is wanted",
		Explain: "linkspan reads what it is about to write as the network scripts would. The result was not the definition; usually a line that linkspan does not own, e.g. a shell command or a range file, says otherwise. Mend it by hand.",
		Wrong:   "if true; then\n  MTU=9000\nfi", Right: "MTU=9000"}
)

// All lists the rules of the backend, by code.
func All() []diag.Rule {
	return []diag.Rule{CannotExpress, Unsafe, RunsCommand, Curly, TypeCase, Word, AddressOnPort, Device,
		Unreadable, ForeignPort, Release, GatewayDev, LineEnds, NotWritten,
		BridgeOnBond, VLANName, NeverRead, Form, Comment, Twin, Alias, GatewayLost, PrefixOnly,
		Hardware, Hole, NoBond, Rules, RouteForm, Late, NewOption, Left, UnknownKey, Dash, NotManaged,
		Range, NetworkingOff, OddName, LeftOut, HardLink}
}
