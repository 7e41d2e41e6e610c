package fleet

import "linkspan/core/diag"

// The rules across hosts. A code never changes its meaning.
var (
	ruleAddressTwice = diag.Rule{Code: "LS3001", Severity: diag.Error, Summary: "an address on two hosts",
		Explain: "Two hosts of the directory are given one address, so each would answer for the other. Often a host was copied and its number forgotten. An address on a bridge without ports stays inside its host and may be repeated.",
		Wrong:   twoHosts(`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.2/24"]`, `}`)(`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.2/24"]`, `}`),
		Right:   twoHosts(`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.2/24"]`, `}`)(`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.3/24"]`, `}`)}
	ruleMACTwice = diag.Rule{Code: "LS3002", Severity: diag.Error, Summary: "a MAC address on two hosts",
		Explain: "Two hosts of the directory are given one MAC address, or a card of each is looked for by one. On a common network switches would send to one of them only, and two cards never have the same permanent address.",
		Wrong:   twoHosts(`ethernet "eth0" { mac = "52:54:00:12:34:56" }`)(`ethernet "eth0" { mac = "52:54:00:12:34:56" }`),
		Right:   twoHosts(`ethernet "eth0" { mac = "52:54:00:12:34:56" }`)(`ethernet "eth0" { mac = "52:54:00:12:34:57" }`)}
	ruleNameTwice = diag.Rule{Code: "LS3003", Severity: diag.Error, Summary: "two hosts that answer to one name",
		Explain: "A machine finds its definition by its host name, short or full, and host names do not tell capital letters from small ones (RFC 4343). Two definitions that differ only in that, or of which one is the short name of the other, cannot be told apart.",
		Wrong:   "host \"dom0-01\" {\n  backend \"ifcfg\" {}\n}\n\nhost \"dom0-01.example.com\" {\n  backend \"ifcfg\" {}\n}\n",
		Right:   "host \"dom0-01.example.com\" {\n  backend \"ifcfg\" {}\n}\n\nhost \"dom0-02.example.com\" {\n  backend \"ifcfg\" {}\n}\n"}
	rulePrefix = diag.Rule{Code: "LS3004", Severity: diag.Warning, Summary: "one network with two prefixes",
		Explain: "Interfaces of one name on one VLAN id are taken for one network, and hosts have addresses of different prefixes on it, so they do not see each other as neighbours. What most hosts have is taken for meant. Where VLAN ids mean different networks at different places, keep the places in directories of their own, or name the bridges differently.",
		Wrong:   twoHosts(onVLAN(2, "192.168.0.2/24")...)(onVLAN(2, "192.168.9.3/24")...),
		Right:   twoHosts(onVLAN(2, "192.168.0.2/24")...)(onVLAN(2, "192.168.0.3/24")...)}
	ruleGateway = diag.Rule{Code: "LS3005", Severity: diag.Warning, Summary: "one network with two gateways",
		Explain: "Hosts with addresses of one prefix leave it by different gateways. What most hosts have is taken for meant. Two routers can be right; more often one is a slip of the finger.",
		Wrong:   twoHosts(onVLAN(2, "192.168.0.2/24", "192.168.0.1")...)(onVLAN(2, "192.168.0.3/24", "192.168.0.11")...),
		Right:   twoHosts(onVLAN(2, "192.168.0.2/24", "192.168.0.1")...)(onVLAN(2, "192.168.0.3/24", "192.168.0.1")...)}
	ruleMTU = diag.Rule{Code: "LS3006", Severity: diag.Warning, Summary: "one VLAN with two MTUs",
		Explain: "Hosts have different MTUs on one VLAN id. A frame that the one sends is too large for the other, which drops it without a word: small packets pass, large ones do not. What most hosts have is taken for meant; an interface without mtu has what is below it, a card 1500.",
		Wrong:   twoHosts(`vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `}`)(`ethernet "eth0" { mtu = 9000 }`, `vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `  mtu    = 9000`, `}`),
		Right:   twoHosts(`vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `}`)(`ethernet "eth0" { mtu = 9000 }`, `vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `  mtu    = 1500`, `}`)}
	ruleSelect = diag.Rule{Code: "LS3007", Severity: diag.Error, Summary: "no such host",
		Explain: "No host of the directory has the name or tag that was asked for, or, without one, the name of this machine (short or full). Choose one with -host."}
)

// Rules lists the rules of this package, by code.
func Rules() []diag.Rule {
	return []diag.Rule{ruleAddressTwice, ruleMACTwice, ruleNameTwice, rulePrefix, ruleGateway, ruleMTU, ruleSelect}
}
