package fileformat

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// sections is a format for the tests: a line "[kind name]" and lines "key
// value" below it, in one file or in one for each interface. It has no word for
// a description.
type sections struct{ each bool }

const dir = "/etc/sections/"

func (s sections) Render(d Definition) ([]File, diag.List) {
	var out []File
	one := File{Path: dir + "all"}
	for n := range d.Host.Interfaces {
		i := &d.Host.Interfaces[n]
		text := sectionOf(i)
		if s.each {
			out = append(out, File{Path: dir + i.Name, Text: text})
			continue
		}
		if n > 0 {
			one.Text += "\n"
		}
		one.Text += text
	}
	if !s.each && one.Text != "" {
		out = append(out, one)
	}
	return out, nil
}

func sectionOf(i *host.Interface) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s %s]\n", i.Kind, i.Name)
	line := func(key string, v any) { fmt.Fprintf(&b, "%s %v\n", key, v) }
	if i.State != "" {
		line("state", i.State)
	}
	if i.MTU != nil {
		line("mtu", *i.MTU)
	}
	for _, a := range i.Addresses {
		line("address", a)
	}
	if i.Gateway.IsValid() {
		line("gateway", i.Gateway)
	}
	switch {
	case i.Bond != nil:
		line("ports", strings.Join(i.Bond.Ports, " "))
		line("mode", i.Bond.Mode)
		if v, ok := i.Bond.Options["miimon"]; ok {
			line("miimon", v)
		}
	case i.VLAN != nil:
		line("parent", i.VLAN.Parent)
		line("id", i.VLAN.ID)
	case i.Bridge != nil:
		line("ports", strings.Join(i.Bridge.PortNames(), " "))
		if i.Bridge.Priority != nil {
			line("priority", *i.Bridge.Priority)
		}
	}
	return b.String()
}

func (sections) Parse(files []File) (Found, diag.List) {
	var out Found
	for _, f := range files {
		at := -1
		for l := range strings.Lines(f.Text) {
			key, value, _ := strings.Cut(strings.TrimSpace(l), " ")
			if kind, isHead := strings.CutPrefix(key, "["); isHead {
				out.Interfaces = append(out.Interfaces, newInterface(host.Kind(kind), strings.TrimSuffix(value, "]")))
				at = len(out.Interfaces) - 1
			} else if at >= 0 {
				set(&out.Interfaces[at], key, value)
			}
		}
	}
	return out, nil
}

func newInterface(kind host.Kind, name string) host.Interface {
	i := host.Interface{Kind: kind, Name: name}
	switch kind {
	case host.KindBond:
		i.Bond = &host.Bond{}
	case host.KindVLAN:
		i.VLAN = &host.VLAN{}
	case host.KindBridge:
		i.Bridge = &host.Bridge{}
	default:
		i.Ethernet = &host.Ethernet{}
	}
	return i
}

func set(i *host.Interface, key, value string) {
	number, _ := strconv.Atoi(value)
	switch key {
	case "state":
		i.State = host.State(value)
	case "mtu":
		i.MTU = &number
	case "address":
		if a, err := netip.ParsePrefix(value); err == nil {
			i.Addresses = append(i.Addresses, a)
		}
	case "gateway":
		i.Gateway, _ = netip.ParseAddr(value)
	case "ports":
		for _, p := range strings.Fields(value) {
			if i.Bond != nil {
				i.Bond.Ports = append(i.Bond.Ports, p)
			} else {
				i.Bridge.Ports = append(i.Bridge.Ports, host.BridgePort{Name: p})
			}
		}
	case "mode":
		i.Bond.Mode = value
	case "miimon":
		i.Bond.Options = map[string]string{"miimon": value}
	case "parent":
		i.VLAN.Parent = value
	case "id":
		i.VLAN.ID = number
	case "priority":
		i.Bridge.Priority = &number
	}
}

func about() About {
	return About{Name: "sections", Version: "1.0.0", Doc: "A format for tests.", Paths: []string{dir}, Comment: "#",
		Restarts: []plan.Restart{{Service: "sectiond", Why: "it reads its files when it starts", Order: 20}}}
}

// card is a network card with addresses.
func card(name string, addresses ...string) host.Interface {
	i := newInterface(host.KindEthernet, name)
	for _, a := range addresses {
		i.Addresses = append(i.Addresses, netip.MustParsePrefix(a))
	}
	return i
}

func hostOf(list ...host.Interface) host.Host {
	slices.SortFunc(list, func(x, y host.Interface) int { return strings.Compare(x.Name, y.Name) })
	return host.Host{Name: "dom0-01", Interfaces: list, Backends: []host.Backend{{Name: "sections"}}}
}
