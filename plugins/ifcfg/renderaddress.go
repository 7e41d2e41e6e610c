package ifcfg

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
)

func is(b *bool) bool { return b != nil && *b }

// usesIPv6 reports whether IPv6 must be on for the interface. A false
// accept_ra needs it, too: only then do the scripts turn the kernel's off.
func usesIPv6(i *host.Interface) bool {
	return is(i.DHCP6) || i.AcceptRA != nil || i.Gateway6.IsValid() || slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() }) ||
		slices.ContainsFunc(i.Routes, func(r host.Route) bool { return r.To.Addr().Is6() })
}

// ofFamily are the addresses of one family, in order.
func ofFamily(i *host.Interface, v6 bool) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range i.Addresses {
		if a.Addr().Is6() == v6 {
			out = append(out, a)
		}
	}
	return out
}

// inFile and inAliases divide the IPv4 addresses: older scripts read one
// address a file, and all scripts read none beside BOOTPROTO=dhcp; the others
// stand in alias files, ifcfg-NAME:N.
func (w *writer) divide(i *host.Interface) (inFile, inAliases []netip.Prefix) {
	all := ofFamily(i, false)
	n := len(all)
	switch {
	case w.rel.nm:
	case is(i.DHCP4):
		n = 0
	case !w.rel.manyAddresses():
		n = min(n, 1)
	}
	return all[:n], all[n:]
}

func (w *writer) ipv4(e *editor, i *host.Interface) {
	e.choose("BOOTPROTO", "none", is(i.DHCP4), "dhcp")
	inFile, _ := w.divide(i)
	for n, a := range inFile {
		suffix := ""
		if n > 0 {
			suffix = strconv.Itoa(n)
		}
		e.set("IPADDR"+suffix, a.Addr().String())
		e.set("NETMASK"+suffix, masks[a.Bits()]) // rhel5 derives the broadcast from it even beside PREFIX
		e.set("PREFIX"+suffix, strconv.Itoa(a.Bits()))
	}
	e.unsetFrom(len(inFile), "IPADDR", "NETMASK", "PREFIX")
	e.unset("BROADCAST", "NETWORK", "BOOTP")
	e.edits = append(e.edits, edit{key: "BROADCAST", unset: true, above: 1})
	if i.Gateway.IsValid() {
		e.set("GATEWAY", i.Gateway.String())
		e.unset("DEFROUTE", "GATEWAYDEV")
	} else {
		e.unset("GATEWAY")
	}
}

// aliasFiles are the files of the addresses that have no place in the main one.
func (w *writer) aliasFiles(i *host.Interface) []textFile {
	_, rest := w.divide(i)
	var out []textFile
	for n, a := range rest {
		label := aliasLabel(i.Name, n, len(rest))
		var e editor
		e.set("DEVICE", label)
		e.set("ONPARENT", "yes")
		e.set("IPADDR", a.Addr().String())
		e.set("NETMASK", masks[a.Bits()])
		e.set("PREFIX", strconv.Itoa(a.Bits())) // else the parent's counts (ifup-aliases)
		e.set("NO_ALIASROUTING", "yes")         // the routes are the parent's
		out = append(out, textFile{path: scripts + "/ifcfg-" + label, edits: e.edits})
	}
	return out
}

// aliasLabel names an alias so that names sort as the addresses do: the scripts
// go by the file names.
func aliasLabel(device string, n, of int) string {
	return fmt.Sprintf("%s:%0*d", device, len(strconv.Itoa(of-1)), n)
}

func (w *writer) ipv6(e *editor, i *host.Interface) {
	if !usesIPv6(i) {
		e.set("IPV6INIT", "no")
		e.unset("IPV6ADDR", "IPV6ADDR_SECONDARIES", "IPV6_DEFAULTGW", "DHCPV6C", "IPV6_AUTOCONF")
		return
	}
	var all []string
	for _, a := range ofFamily(i, true) {
		all = append(all, a.String())
	}
	first, rest := "", ""
	if len(all) > 0 {
		first, rest = all[0], strings.Join(all[1:], " ")
	}
	gateway := ""
	if i.Gateway6.IsValid() {
		gateway = i.Gateway6.String()
		if i.Gateway6.IsLinkLocalUnicast() {
			gateway += "%" + i.Name
		}
	}
	e.set("IPV6INIT", "yes")
	e.choose("IPV6_AUTOCONF", "no", is(i.AcceptRA), "yes")
	e.given("IPV6ADDR", first)
	e.given("IPV6ADDR_SECONDARIES", rest)
	e.given("IPV6_DEFAULTGW", gateway)
	e.given("DHCPV6C", map[bool]string{true: "yes"}[is(i.DHCP6)])
}

func (w *writer) resolver(e *editor, i *host.Interface) {
	if i.DNS.IsZero() {
		return
	}
	for n, s := range i.DNS.Servers {
		e.set("DNS"+strconv.Itoa(n+1), s.String())
	}
	e.edits = append(e.edits, edit{key: "DNS", unset: true, above: len(i.DNS.Servers) + 1})
	e.given("DOMAIN", strings.Join(i.DNS.Search, " "))
	e.change("PEERDNS", func(have string) string {
		if isFalse(have) {
			return "yes"
		}
		return have
	})
}
