package writer

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/shell"
)

func is(b *bool) bool { return b != nil && *b }

// usesIPv6 reports whether IPv6 must be on for the interface. A false
// accept_ra needs it, too: only then do the scripts turn the kernel's off.
func usesIPv6(i *host.Interface) bool {
	return is(i.DHCP6) || i.AcceptRA != nil || i.Gateway6.IsValid() || slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() }) ||
		slices.ContainsFunc(i.Routes, func(r host.Route) bool { return r.To.Addr().Is6() })
}

// inFile and inAliases divide the IPv4 addresses: older scripts read one
// address a file, and all scripts read none beside BOOTPROTO=dhcp; the others
// stand in alias files, ifcfg-NAME:N.
func (w *Writer) divide(i *host.Interface) (inFile, inAliases []netip.Prefix) {
	all := reader.OfFamily(i, false)
	n := len(all)
	switch {
	case w.Reader.NM:
	case is(i.DHCP4):
		n = 0
	case !w.Reader.ManyAddresses():
		n = min(n, 1)
	}
	return all[:n], all[n:]
}

func (w *Writer) ipv4(e *shell.Editor, i *host.Interface) {
	e.Choose("BOOTPROTO", "none", is(i.DHCP4), "dhcp")
	inFile, _ := w.divide(i)
	for n, a := range inFile {
		suffix := ""
		if n > 0 {
			suffix = strconv.Itoa(n)
		}
		e.Set("IPADDR"+suffix, a.Addr().String())
		e.Set("NETMASK"+suffix, reader.Masks()[a.Bits()]) // rhel5 derives the broadcast from it even beside PREFIX
		e.Set("PREFIX"+suffix, strconv.Itoa(a.Bits()))
	}
	e.UnsetFrom(len(inFile), "IPADDR", "NETMASK", "PREFIX")
	e.Unset("BROADCAST", "NETWORK", "BOOTP")
	e.UnsetAbove("BROADCAST", 1)
	if i.Gateway.IsValid() {
		e.Set("GATEWAY", i.Gateway.String())
		e.Unset("DEFROUTE", "GATEWAYDEV")
	} else {
		e.Unset("GATEWAY")
	}
}

// AliasFiles are the files of the addresses that have no place in the main one.
func (w *Writer) AliasFiles(i *host.Interface) []TextFile {
	_, rest := w.divide(i)
	var out []TextFile
	for n, a := range rest {
		label := aliasLabel(i.Name, n, len(rest))
		var e shell.Editor
		e.Set("DEVICE", label)
		e.Set("ONPARENT", "yes")
		e.Set("IPADDR", a.Addr().String())
		e.Set("NETMASK", reader.Masks()[a.Bits()])
		e.Set("PREFIX", strconv.Itoa(a.Bits())) // else the parent's counts (ifup-aliases)
		e.Set("NO_ALIASROUTING", "yes")         // the routes are the parent's
		out = append(out, TextFile{Path: reader.Dir + "/ifcfg-" + label, Edits: e.Edits})
	}
	return out
}

// aliasLabel names an alias so that names sort as the addresses do: the scripts
// go by the file names.
func aliasLabel(device string, n, of int) string {
	return fmt.Sprintf("%s:%0*d", device, len(strconv.Itoa(of-1)), n)
}

func (w *Writer) ipv6(e *shell.Editor, i *host.Interface) {
	if !usesIPv6(i) {
		e.Set("IPV6INIT", "no")
		e.Unset("IPV6ADDR", "IPV6ADDR_SECONDARIES", "IPV6_DEFAULTGW", "DHCPV6C", "IPV6_AUTOCONF")
		return
	}
	var all []string
	for _, a := range reader.OfFamily(i, true) {
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
	e.Set("IPV6INIT", "yes")
	e.Choose("IPV6_AUTOCONF", "no", is(i.AcceptRA), "yes")
	e.Given("IPV6ADDR", first)
	e.Given("IPV6ADDR_SECONDARIES", rest)
	e.Given("IPV6_DEFAULTGW", gateway)
	e.Given("DHCPV6C", map[bool]string{true: "yes"}[is(i.DHCP6)])
}

func (w *Writer) resolver(e *shell.Editor, i *host.Interface) {
	if i.DNS.IsZero() {
		return
	}
	for n, s := range i.DNS.Servers {
		e.Set("DNS"+strconv.Itoa(n+1), s.String())
	}
	e.UnsetAbove("DNS", len(i.DNS.Servers)+1)
	e.Given("DOMAIN", strings.Join(i.DNS.Search, " "))
	e.Change("PEERDNS", func(have string) string {
		if reader.IsFalse(have) {
			return "yes"
		}
		return have
	})
}
