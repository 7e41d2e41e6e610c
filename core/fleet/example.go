package fleet

import (
	"fmt"
	"strings"
)

// example is a definition that has a fault and the same without it.
type example struct{ wrong, right string }

// examples are keyed by the code of the rule, which they are joined with when
// somebody asks.
func examples() map[string]example {
	return map[string]example{
		ruleAddressTwice.Code: {
			wrong: twoHosts(`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.2/24"]`, `}`)(`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.2/24"]`, `}`),
			right: twoHosts(`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.2/24"]`, `}`)(`bridge "xenbr0" {`, `  ports     = ["eth0"]`, `  addresses = ["192.168.0.3/24"]`, `}`),
		},
		ruleMACTwice.Code: {
			wrong: twoHosts(`ethernet "eth0" { mac = "52:54:00:12:34:56" }`)(`ethernet "eth0" { mac = "52:54:00:12:34:56" }`),
			right: twoHosts(`ethernet "eth0" { mac = "52:54:00:12:34:56" }`)(`ethernet "eth0" { mac = "52:54:00:12:34:57" }`),
		},
		ruleNameTwice.Code: {
			wrong: "host \"dom0-01\" {\n  backend \"ifcfg\" {}\n}\n\nhost \"dom0-01.example.com\" {\n  backend \"ifcfg\" {}\n}\n",
			right: "host \"dom0-01.example.com\" {\n  backend \"ifcfg\" {}\n}\n\nhost \"dom0-02.example.com\" {\n  backend \"ifcfg\" {}\n}\n",
		},
		rulePrefix.Code: {
			wrong: twoHosts(onVLAN(2, "192.168.0.2/24")...)(onVLAN(2, "192.168.9.3/24")...),
			right: twoHosts(onVLAN(2, "192.168.0.2/24")...)(onVLAN(2, "192.168.0.3/24")...),
		},
		ruleGateway.Code: {
			wrong: twoHosts(onVLAN(2, "192.168.0.2/24", "192.168.0.1")...)(onVLAN(2, "192.168.0.3/24", "192.168.0.11")...),
			right: twoHosts(onVLAN(2, "192.168.0.2/24", "192.168.0.1")...)(onVLAN(2, "192.168.0.3/24", "192.168.0.1")...),
		},
		ruleMTU.Code: {
			wrong: twoHosts(`vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `}`)(`ethernet "eth0" { mtu = 9000 }`, `vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `  mtu    = 9000`, `}`),
			right: twoHosts(`vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `}`)(`ethernet "eth0" { mtu = 9000 }`, `vlan "eth0.2" {`, `  parent = "eth0"`, `  id     = 2`, `  mtu    = 1500`, `}`),
		},
	}
}

// twoHosts makes the definition of two hosts for an example: of the lines of
// the first one's body, then of the second's.
func twoHosts(first ...string) func(second ...string) string {
	one := func(name string, lines []string) string {
		body := strings.ReplaceAll(strings.Join(lines, "\n  "), "\n  \n", "\n\n")
		return fmt.Sprintf("host %q {\n  %s\n\n  backend \"ifcfg\" {}\n}\n", name, body)
	}
	return func(second ...string) string { return one("dom0-01", first) + "\n" + one("dom0-02", second) }
}

// onVLAN is a bridge on a VLAN with an address, and perhaps a gateway.
func onVLAN(id int, address string, gateway ...string) []string {
	out := []string{
		fmt.Sprintf("vlan \"eth0.%d\" {", id), `  parent = "eth0"`, fmt.Sprintf("  id     = %d", id), "}", "",
		`bridge "xenbr0" {`, fmt.Sprintf("  ports     = [\"eth0.%d\"]", id), fmt.Sprintf("  addresses = [%q]", address)}
	for _, g := range gateway {
		out = append(out, fmt.Sprintf("  gateway   = %q", g))
	}
	return append(out, "}")
}
