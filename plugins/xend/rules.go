package xend

import "linkspan/core/diag"

// The rules of the xend backend. A code never changes its meaning.
var (
	ruleSyntax = diag.Rule{Code: "LS5001", Severity: diag.Error, Summary: "xend itself would not start with this file",
		Explain: "The file is not what xend's parser reads alike in all its releases. linkspan edits only what it understands to the byte; mend the place first.",
		Wrong:   "(network-script network-bridge", Right: "(network-script network-bridge)"}
	ruleUnreadable = diag.Rule{Code: "LS5002", Severity: diag.Error, Summary: "xend's configuration cannot be read",
		Explain: "The file is there but cannot be read, is not a regular file, or is far larger than any configuration of xend."}
	ruleTwo = diag.Rule{Code: "LS5003", Severity: diag.Warning, Summary: "more than one network-script",
		Explain: "xend uses the first one only. Remarking just that one would bring the next to life; linkspan remarks them all.",
		Wrong:   "(network-script 'network-bridge netdev=eth1')\n(network-script network-dummy)", Right: "(network-script network-dummy)"}
	ruleExtra = diag.Rule{Code: "LS5004", Severity: diag.Warning, Summary: "arguments that xend ignores",
		Explain: "xend takes the first value after network-script; further ones are dropped without a word. Arguments belong into one quoted string.",
		Wrong:   "(network-script network-bridge netdev=eth1)", Right: "(network-script 'network-bridge netdev=eth1')"}
	ruleVifScript = diag.Rule{Code: "LS5005", Severity: diag.Warning, Summary: "guests are not connected to bridges",
		Explain: "vif-nat and vif-route connect guests without a bridge: the bridges of the definition would have no guests.",
		Wrong:   "(vif-script vif-nat)", Right: "(vif-script vif-bridge)"}
	ruleRelocation = diag.Rule{Code: "LS5006", Severity: diag.Warning, Summary: "the relocation address names a card without an address",
		Explain: "xend resolves an interface name in xend-relocation-address to its address. Once the card is a port, it has none.",
		Wrong:   "(xend-relocation-address eth0)", Right: "(xend-relocation-address xenbr0)"}
	ruleXAPI = diag.Rule{Code: "LS5007", Severity: diag.Error, Summary: "the host is managed by XAPI",
		Explain: "On XenServer and XCP-ng the toolstack owns the host's network and writes it anew; linkspan would fight it. Use xe."}
	ruleState = diag.Rule{Code: "LS5008", Severity: diag.Warning, Summary: "xend keeps networks of its own",
		Explain: "From 3.1 on xend makes the managed networks of /var/lib/xend/state/network.xml, and the VLANs of pif.xml, at every start, whatever network-script says."}
)

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return []diag.Rule{ruleSyntax, ruleUnreadable, ruleTwo, ruleExtra, ruleVifScript, ruleRelocation, ruleXAPI, ruleState}
}
