package fleet

import "linkspan/core/diag"

// The rules across hosts. A code never changes its meaning.
var (
	ruleAddressTwice = diag.Rule{Code: "LS3001", Severity: diag.Error, Summary: "an address on two hosts",
		Explain: "Two hosts of the directory are given one address, so each would answer for the other. Often a host was copied and its number forgotten. An address on a bridge without ports stays inside its host and may be repeated."}
	ruleMACTwice = diag.Rule{Code: "LS3002", Severity: diag.Error, Summary: "a MAC address on two hosts",
		Explain: "Two hosts of the directory are given one MAC address, or a card of each is looked for by one. On a common network switches would send to one of them only, and two cards never have the same permanent address."}
	ruleNameTwice = diag.Rule{Code: "LS3003", Severity: diag.Error, Summary: "two hosts that answer to one name",
		Explain: "A machine finds its definition by its host name, short or full, and host names do not tell capital letters from small ones (RFC 4343). Two definitions that differ only in that, or of which one is the short name of the other, cannot be told apart."}
	rulePrefix = diag.Rule{Code: "LS3004", Severity: diag.Warning, Summary: "one network with two prefixes",
		Explain: "Interfaces of one name on one VLAN id are taken for one network, and hosts have addresses of different prefixes on it, so they do not see each other as neighbours. What most hosts have is taken for meant. Where VLAN ids mean different networks at different places, keep the places in directories of their own, or name the bridges differently."}
	ruleGateway = diag.Rule{Code: "LS3005", Severity: diag.Warning, Summary: "one network with two gateways",
		Explain: "Hosts with addresses of one prefix leave it by different gateways. What most hosts have is taken for meant. Two routers can be right; more often one is a slip of the finger."}
	ruleMTU = diag.Rule{Code: "LS3006", Severity: diag.Warning, Summary: "one VLAN with two MTUs",
		Explain: "Hosts have different MTUs on one VLAN id. A frame that the one sends is too large for the other, which drops it without a word: small packets pass, large ones do not. What most hosts have is taken for meant; an interface without mtu has what is below it, a card 1500."}
	ruleSelect = diag.Rule{Code: "LS3007", Severity: diag.Error, Summary: "no such host",
		Explain: "No host of the directory has the name or tag that was asked for, or, without one, the name of this machine (short or full). Choose one with -host."}
)

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	rules := []diag.Rule{ruleAddressTwice, ruleMACTwice, ruleNameTwice, rulePrefix, ruleGateway, ruleMTU, ruleSelect}
	all := examples()
	for i := range rules {
		rules[i].Wrong, rules[i].Right = all[rules[i].Code].wrong, all[rules[i].Code].right
	}
	return rules
}
