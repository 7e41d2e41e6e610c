package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"linkspan/core/backend/fileformat"
	"linkspan/core/diag"
	"linkspan/core/host"
)

// ifupdown is the format of interfaces(5), with the options of bonding.conf(5)
// of ifenslave, vlan-interfaces(5) and bridge-utils-interfaces(5).
type ifupdown struct{}

// file is the one file that is written. Its name has no dot: source-directory
// passes over files that have one (interfaces(5)).
const file = "/etc/network/interfaces.d/linkspan"

// Render writes a stanza for each interface and each address, lower layers
// first: ifup -a goes by the order of the file.
func (ifupdown) Render(d fileformat.Definition) ([]fileformat.File, diag.List) {
	interfaces := slices.Clone(d.Host.Interfaces)
	slices.SortStableFunc(interfaces, func(a, b host.Interface) int {
		return slices.Index(host.Kinds(), a.Kind) - slices.Index(host.Kinds(), b.Kind)
	})
	start := "auto"
	if d.Config["hotplug"] == true {
		start = "allow-hotplug"
	}
	var out strings.Builder
	for n := range interfaces {
		if n > 0 {
			out.WriteString("\n")
		}
		i := &interfaces[n]
		if i.Wanted() == host.Up {
			fmt.Fprintf(&out, "%s %s\n", startOf(i, start), i.Name)
		}
		out.WriteString(stanzas(i))
	}
	if len(interfaces) == 0 {
		return nil, nil
	}
	return []fileformat.File{{Path: file, Text: out.String()}}, nil
}

func startOf(i *host.Interface, cards string) string {
	if i.Kind == host.KindEthernet {
		return cards
	}
	return "auto"
}

// stanzas are an interface's: one for each address or other way to get one, or
// a single manual one. The first carries the link's options.
func stanzas(i *host.Interface) string {
	var heads []string
	options := map[string][]string{}
	add := func(family, method string, lines ...string) {
		head := fmt.Sprintf("iface %s %s %s", i.Name, family, method)
		key := fmt.Sprintf("%d %s", len(heads), head)
		heads, options[key] = append(heads, key), lines
	}
	if i.DHCP4 != nil && *i.DHCP4 {
		add("inet", "dhcp")
	}
	if i.DHCP6 != nil && *i.DHCP6 {
		add("inet6", "dhcp")
	}
	gateway, gateway6 := i.Gateway, i.Gateway6
	for _, a := range i.Addresses {
		family, via := "inet", &gateway
		if a.Addr().Is6() {
			family, via = "inet6", &gateway6
		}
		lines := []string{"address " + a.String()}
		if via.IsValid() {
			lines, *via = append(lines, "gateway "+via.String()), netip.Addr{}
		}
		add(family, "static", lines...)
	}
	if len(heads) == 0 {
		add("inet", "manual")
	}
	options[heads[0]] = append(link(i), options[heads[0]]...)
	var out strings.Builder
	for _, key := range heads {
		_, head, _ := strings.Cut(key, " ")
		out.WriteString(head + "\n")
		for _, o := range options[key] {
			out.WriteString("    " + o + "\n")
		}
	}
	return out.String()
}

// lines collects the options that are said.
type lines []string

func (l *lines) text(key, value string) {
	if value != "" {
		*l = append(*l, key+" "+value)
	}
}

func (l *lines) number(key string, value *int) {
	if value != nil {
		l.text(key, fmt.Sprint(*value))
	}
}

func (l *lines) seconds(key string, value *host.Centiseconds) {
	if value != nil {
		l.text(key, value.Seconds())
	}
}

// link are the options of an interface beside its addresses.
func link(i *host.Interface) []string {
	var l lines
	l.text("description", i.Description)
	l.number("mtu", i.MTU)
	l.text("hwaddress", i.MAC)
	var servers []string
	for _, s := range i.DNS.Servers {
		servers = append(servers, s.String())
	}
	l.text("dns-nameservers", strings.Join(servers, " "))
	l.text("dns-search", strings.Join(i.DNS.Search, " "))
	switch {
	case i.Bond != nil:
		l.bond(i.Bond)
	case i.VLAN != nil:
		l.text("vlan-raw-device", i.VLAN.Parent)
	case i.Bridge != nil:
		l.bridge(i.Bridge)
	}
	return l
}

func (l *lines) bond(b *host.Bond) {
	l.text("bond-slaves", orNone(b.Ports))
	l.text("bond-mode", b.Mode)
	for _, o := range host.BondOptions() {
		if v, ok := b.Options[o.Name]; ok {
			l.text("bond-"+strings.ReplaceAll(o.Driver, "_", "-"), driverSpelling(o, v))
		}
	}
}

// driverSpelling spells a bond option as the driver takes it.
func driverSpelling(o host.BondOption, v string) string {
	switch {
	case o.Type == host.OptionBool && v == "true":
		return "1"
	case o.Type == host.OptionBool:
		return "0"
	}
	return strings.ReplaceAll(v, ",", " ")
}

func (l *lines) bridge(b *host.Bridge) {
	l.text("bridge_ports", orNone(b.PortNames()))
	if b.STP != nil {
		l.text("bridge_stp", map[bool]string{true: "on", false: "off"}[*b.STP])
	}
	l.number("bridge_bridgeprio", b.Priority)
	l.seconds("bridge_fd", b.ForwardDelay)
	l.seconds("bridge_hello", b.HelloTime)
	l.seconds("bridge_maxage", b.MaxAge)
	l.seconds("bridge_ageing", b.AgeingTime)
	for _, p := range b.Ports {
		l.number("bridge_pathcost "+p.Name, p.Cost)
		l.number("bridge_portprio "+p.Name, p.Priority)
	}
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " ")
}
