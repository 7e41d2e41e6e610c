package fleet

import (
	"fmt"
	"strings"
)

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
