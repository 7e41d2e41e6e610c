package writer

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
	"linkspan/plugins/ifcfg/shell"
)

// refusal collects what of the definition the reader cannot be told.
type refusal struct{ diags diag.List }

// Refusals names everything of the definition that the reader's files cannot
// express, so that nothing is dropped, and every value that is not safe in
// them. It relies on no other check: what it passes is written.
func (w *Writer) Refusals() diag.List {
	w.refused.diags = nil
	w.bringUp = w.order()
	for i := range w.Declared.Interfaces {
		one := &w.Declared.Interfaces[i]
		if err := host.CheckName(one.Name); err != nil {
			w.unsafe(one, "name", "%v", err)
			continue
		}
		if one.Wanted() == host.Absent {
			continue
		}
		w.refuseName(one)
		w.refuseCommon(one)
		w.refuseAddresses(one)
		w.refusePort(one)
		w.refuseOptions(one)
		switch one.Kind {
		case host.KindEthernet:
			w.refuseEthernet(one)
		case host.KindBond:
			w.refuseBond(one)
		case host.KindVLAN:
			w.refuseVLAN(one)
		case host.KindBridge:
			w.refuseBridge(one)
		}
	}
	w.refuseBonds()
	return w.refused.diags
}

// cannot refuses one attribute. Where the release is not known the remedy is
// to say it.
func (w *Writer) cannot(i *host.Interface, attribute, why string, args ...any) {
	detail := fmt.Sprintf(why, args...)
	if w.Reader.Unknown() {
		detail += `; some releases can: say which one with release in the backend "ifcfg" block`
	}
	w.refused.diags = append(w.refused.diags, rule.CannotExpress.At(i.Path(attribute), "%s", detail))
}

func (w *Writer) unsafe(i *host.Interface, attribute, why string, args ...any) {
	w.refused.diags = append(w.refused.diags, rule.Unsafe.At(i.Path(attribute), why, args...))
}

// needs refuses an attribute that is set and whose key the reader does not read.
func (w *Writer) needs(i *host.Interface, attribute string, set bool, key string) {
	if set && !w.Reader.Takes(key) {
		w.cannot(i, attribute, "%s %s", w.reader(), key)
	}
}

// reader begins a sentence about what is not read.
func (w *Writer) reader() string {
	if w.Reader.Unknown() {
		return "not every release reads"
	}
	return w.Reader.Name + " does not read"
}

// otherScripts are the device types for which the scripts run another script
// than ifup-eth, found by the name without its digits (source_config; the
// files ifup-* of all releases).
var otherScripts = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:aliases|bnep|ctc|cipcb|ib|ippp|iucv|ipsec|ipv6|ipx|isdn|ovs|plip|plusb|post|ppp|routes|sit|sl|tunnel|wireless|Team|TeamPort)[0-9]*$`)
})

func (w *Writer) refuseName(i *host.Interface) {
	if !w.Reader.Dashed && strings.Contains(i.Name, "-") {
		w.cannot(i, "name", "the scripts take a hyphen in a file's name for the child of another file; %s ifcfg-%s as it is", w.reader(), i.Name)
	}
	if !w.Reader.NM && i.Kind != host.KindEthernet && otherScripts().MatchString(i.Name) {
		w.cannot(i, "name", "for a device called %q the scripts run another script than the one that makes a %s", i.Name, i.Kind)
	}
	if !w.Reader.NM && i.Kind == host.KindBond && (strings.Contains(i.Name, ".") || strings.HasPrefix(i.Name, "vlan")) {
		w.cannot(i, "name", "the scripts take %q for a VLAN and bring it up after the VLANs that may stand on it", i.Name)
	}
}

// evaluatedComment is what the init script evaluates wherever it stands, also
// in a comment: KEY= (rc.d/init.d/network, eval $(fgrep …)).
var evaluatedComment = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Z_]=`) })

func (w *Writer) refuseCommon(i *host.Interface) {
	switch d := i.Description; {
	case strings.ContainsFunc(d, func(r rune) bool { return r < ' ' || r == 0x7f }):
		w.unsafe(i, "description", "%q has a control character, and the files have a line for it", d)
	case evaluatedComment().MatchString(d):
		w.unsafe(i, "description", "%q has capital letters and =, and the scripts evaluate comments in which a key stands", d)
	case d != strings.TrimSpace(d):
		w.cannot(i, "description", "%q begins or ends with a blank, which a comment does not keep", d)
	}
	if i.MAC != "" && !reader.MacForm().MatchString(i.MAC) {
		w.unsafe(i, "mac", "%q is no MAC address", i.MAC)
	}
	if m := w.masterOf(i); m != nil && !i.DNS.IsZero() {
		w.cannot(i, "dns", "ifup does not look at DNS in the file of a port")
		return
	}
	if n := len(i.DNS.Servers); n > w.Reader.Resolvers {
		w.cannot(i, "dns.servers", "%s more than %d servers of an interface; %d are given", w.reader(), w.Reader.Resolvers, n)
	}
	if len(i.DNS.Search) > 0 && len(i.DNS.Servers) == 0 && w.Reader.SearchNeedsServer {
		w.cannot(i, "dns.search", "%s a search list without a server beside it", w.reader())
	}
	for _, s := range i.DNS.Search {
		if !reader.WordForm().MatchString(s) || strings.ContainsAny(s, "/%@,+:") {
			w.unsafe(i, "dns.search", "%q is no domain", s)
		}
	}
	for _, s := range i.DNS.Servers {
		if s.Zone() != "" {
			w.unsafe(i, "dns.servers", "%q has a zone; a server is a plain address", s)
		}
	}
}

func (w *Writer) refuseAddresses(i *host.Interface) {
	for at, a := range i.Addresses {
		if !a.IsValid() || a.Addr().Zone() != "" || a.Addr().Is4In6() {
			w.unsafe(i, host.Index("addresses", at), "%q is no plain address with its prefix", a)
			return
		}
	}
	_, rest := w.divide(i)
	if n := len(rest); n > 0 {
		if label := aliasLabel(i.Name, n-1, n); len(label) > host.MaxName {
			w.cannot(i, host.Index("addresses", len(i.Addresses)-1), "the address needs an alias, and %q has more than %d bytes; a shorter name for %q would do", label, host.MaxName, i.Name)
		}
	}
	if i.Gateway.IsValid() {
		w.refuseGateway(i)
	}
	if g := i.Gateway6; g.IsValid() && (g.Zone() != "" || !g.Is6() || g.Is4In6()) {
		w.unsafe(i, "gateway6", "%q is no plain IPv6 address", g)
	}
	for at, r := range i.Routes {
		w.refuseRoute(i, at, r)
	}
}

// refuseGateway: see the reader's gateway4.
func (w *Writer) refuseGateway(i *host.Interface) {
	first := reader.OfFamily(i, false)
	switch {
	case !i.Gateway.Is4():
		w.unsafe(i, "gateway", "%q is no IPv4 address", i.Gateway)
	case w.Reader.NM:
	case is(i.DHCP4):
		w.cannot(i, "gateway", "the scripts do not look at GATEWAY beside BOOTPROTO=dhcp; a route block with to = \"default\" would do")
	case len(first) == 0 || !first[0].Contains(i.Gateway) || first[0].Addr() == i.Gateway:
		w.cannot(i, "gateway", "the scripts drop a gateway that is not in the network of the first address; put its address first, or write a route block with to = \"default\"")
	}
}

func (w *Writer) refuseRoute(i *host.Interface, at int, r host.Route) {
	path := host.Index("route", at)
	for _, a := range []netip.Addr{r.To.Addr(), r.Via, r.Source} {
		if a.Zone() != "" || a.Is4In6() {
			w.unsafe(i, path, "%q is no plain address", a)
			return
		}
	}
	switch {
	case !r.To.IsValid() || r.Metric < 0 || r.Table < 0 || r.Via.IsValid() && r.Via.Is4() != r.To.Addr().Is4() || r.Source.IsValid() && r.Source.Is4() != r.To.Addr().Is4():
		w.unsafe(i, path, "%q is no route", r)
	case r.IsDefault() && !r.Via.IsValid():
		w.cannot(i, path, "a default route needs via here: a route file's default without a gateway is read differently by the releases")
	case w.Reader.NM && is(i.DHCP4) && r.Source.IsValid():
		w.cannot(i, path, "NetworkManager refuses a source address that it does not know yet")
	}
}

func (w *Writer) refuseOptions(i *host.Interface) {
	for _, k := range slices.Sorted(maps.Keys(i.Options[reader.Backend])) {
		v := i.Options[reader.Backend][k]
		path := "backend_options." + reader.Backend + "." + k
		row, known := reader.KeyNamed(k)
		why := reader.WhyForbidden(k)
		switch {
		case !reader.RawKeyForm().MatchString(k):
			w.unsafe(i, path, "%q is no key of an ifcfg file: capital letters, digits and _", k)
		case why != "":
			w.unsafe(i, path, "%s is %s; a file that root's shell sources may not set it", k, why)
		case shell.CheckValue(v) != nil:
			w.unsafe(i, path, "%v", shell.CheckValue(v))
		case known && row.Own:
			w.cannot(i, path, "%s is written from the interface's own attributes", k)
		case known && row.Global:
			w.cannot(i, path, "%s belongs in %s, for the whole host", k, reader.NetworkFile)
		case known && !row.Form.Fits(v):
			w.unsafe(i, path, "%q is no %s, which %s must be", v, row.Form, k)
		case known && !w.Reader.Takes(k):
			w.refused.diags = append(w.refused.diags, rule.NeverRead.At(i.Path(path), "%s %s; it is written and means nothing", w.reader(), k))
		case !known && strings.ContainsAny(v, ";&|<>()*?[]{}~!#"):
			w.unsafe(i, path, "%q has a character that means something to a shell; linkspan does not know what the scripts do with %s", v, k)
		}
	}
}
