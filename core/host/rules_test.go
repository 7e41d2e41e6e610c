package host

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"linkspan/core/diag"
)

// The parts of which the tests build hosts.

func card(name string) Interface {
	return Interface{Kind: KindEthernet, Name: name, Ethernet: &Ethernet{}}
}

// bond makes an active-backup bond; options are name, value, name, value.
func bond(name, ports string, options ...string) Interface {
	b := &Bond{Ports: strings.Fields(ports), Mode: "active-backup", Options: map[string]string{"miimon": "100"}}
	for n := 0; n < len(options); n += 2 {
		switch {
		case options[n] == "mode":
			b.Mode = options[n+1]
		case options[n+1] == "":
			delete(b.Options, options[n])
		default:
			b.Options[options[n]] = options[n+1]
		}
	}
	return Interface{Kind: KindBond, Name: name, Bond: b}
}

func vlan(name, parent string, id int) Interface {
	return Interface{Kind: KindVLAN, Name: name, VLAN: &VLAN{Parent: parent, ID: id}}
}

func bridge(name, ports string) Interface {
	b := &Bridge{}
	for _, p := range strings.Fields(ports) {
		b.Ports = append(b.Ports, BridgePort{Name: p})
	}
	return Interface{Kind: KindBridge, Name: name, Bridge: b}
}

// having returns the interface after change has been made to it.
func having(i Interface, change func(*Interface)) Interface {
	change(&i)
	return i
}

func addressed(i Interface, addresses ...string) Interface {
	for _, a := range addresses {
		i.Addresses = append(i.Addresses, netip.MustParsePrefix(a))
	}
	return i
}

func gateway(i Interface, address string) Interface {
	if a := netip.MustParseAddr(address); a.Is4() {
		i.Gateway = a
	} else {
		i.Gateway6 = a
	}
	return i
}

func routed(i Interface, routes ...Route) Interface {
	i.Routes = append(i.Routes, routes...)
	return i
}

func route(to, via string) Route {
	r := Route{To: netip.MustParsePrefix(to)}
	if via != "" {
		r.Via = netip.MustParseAddr(via)
	}
	return r
}

func mtu(i Interface, bytes int) Interface {
	i.MTU = &bytes
	return i
}

func mac(i Interface, address string) Interface {
	i.MAC = address
	return i
}

func absent(i Interface) Interface {
	i.State = Absent
	return i
}

// hostWith makes a host of interfaces, in the model's order, with a backend.
func hostWith(interfaces ...Interface) Host {
	slices.SortStableFunc(interfaces, func(a, b Interface) int { return strings.Compare(a.Name, b.Name) })
	return Host{Name: "test", Interfaces: interfaces, Backends: []Backend{{Name: "ifcfg"}}}
}

// shown spells diagnostics as the tables do: "CODE path < related path".
func shown(l diag.List) []string {
	var out []string
	for _, d := range l.Sorted() {
		text := d.Code + " " + d.Path
		for _, r := range d.Related {
			text += " < " + r.Path
		}
		out = append(out, text)
	}
	return out
}

// Codes are unique and in order, every rule is explained by one paragraph, and
// has both examples.
func TestRules(t *testing.T) {
	last := "LS2000"
	for _, r := range Rules() {
		if r.Code <= last || !strings.HasPrefix(r.Code, "LS2") {
			t.Errorf("%s after %s", r.Code, last)
		}
		last = r.Code
		if len(r.Explain) < 40 || strings.Contains(r.Explain, "\n") || !strings.HasSuffix(r.Explain, ".") {
			t.Errorf("%s: an explanation is one paragraph, not %q", r.Code, r.Explain)
		}
		if r.Wrong == "" || r.Right == "" || r.Wrong == r.Right {
			t.Errorf("%s: examples are missing", r.Code)
		}
	}
	if len(explanations) != len(Rules()) {
		t.Errorf("%d explanations of %d rules", len(explanations), len(Rules()))
	}
}
