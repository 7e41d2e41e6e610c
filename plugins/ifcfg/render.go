package ifcfg

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// scripts is where the network scripts keep their files.
const scripts = "/etc/sysconfig/network-scripts"

// networkFile holds what concerns the whole host.
const networkFile = "/etc/sysconfig/network"

// header begins a file that linkspan makes. The scripts evaluate every line
// that holds one of their keys and "=", comments too: it holds none.
const header = "# Made by linkspan from the host's definition. Unknown keys and comments are kept.\n"

// Render says what the definition means to the network scripts.
func (b *ifcfg) Render(_ context.Context, q backend.RenderRequest) (backend.RenderResponse, error) {
	rel, diags := releaseOf(q.Config, q.Facts)
	w := newWriter(&q.Host, rel)
	diags = append(diags, w.refusals()...)
	out := backend.RenderResponse{Objects: backend.InterfaceObjects(&q.Host, name), Diagnostics: diags}
	if diags.HasErrors() {
		return out, nil
	}
	for i := range q.Host.Interfaces {
		one := &q.Host.Interfaces[i]
		if one.Wanted() == host.Absent {
			continue
		}
		out.Files = append(out.Files, file(filePath(one.Name), []byte(header+string(parse(nil).apply(against(w.edits(one), nil))))))
		for _, r := range w.routeFiles(one) {
			if len(r.lines) > 0 {
				out.Files = append(out.Files, file(r.path, []byte(header+r.text())))
			}
		}
	}
	if rel.ipv6Global && w.hasIPv6() {
		out.Files = append(out.Files, file(networkFile, []byte("NETWORKING=yes\nNETWORKING_IPV6=yes\n")))
	}
	slices.SortFunc(out.Files, func(a, b backend.File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

func file(path string, content []byte) backend.File {
	return backend.File{Path: path, FileState: plan.FileState{Exists: true, Mode: 0o644, Content: content}}
}

func filePath(device string) string { return scripts + "/ifcfg-" + device }

// writer spells a host for one release.
type writer struct {
	declared *host.Host
	masters  map[string]string
	byName   map[string]*host.Interface
	rel      release
	diags    diag.List
}

func newWriter(h *host.Host, rel release) *writer {
	w := &writer{declared: h, masters: h.Masters(), byName: make(map[string]*host.Interface, len(h.Interfaces)), rel: rel}
	for i := range h.Interfaces {
		w.byName[h.Interfaces[i].Name] = &h.Interfaces[i]
	}
	return w
}

func (w *writer) hasIPv6() bool {
	for i := range w.declared.Interfaces {
		one := &w.declared.Interfaces[i]
		if usesIPv6(one) {
			return true
		}
	}
	return false
}

func usesIPv6(i *host.Interface) bool {
	on := func(b *bool) bool { return b != nil && *b }
	return on(i.DHCP6) || on(i.AcceptRA) || i.Gateway6.IsValid() || slices.ContainsFunc(i.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() })
}

// edits are the keys of an interface's file in the order of a new file: the
// form that was measured to give the same kernel state on every release, and
// that NetworkManager reads the same.
func (w *writer) edits(i *host.Interface) []edit {
	e := &editor{}
	e.set("DEVICE", i.Name)
	w.kind(e, i)
	master := w.masters[i.Name]
	e.choose("ONBOOT", "yes", i.Wanted() == host.Down, "no")
	e.set("USERCTL", "no")
	e.set("NM_CONTROLLED", "no")
	if i.MTU != nil {
		e.set("MTU", strconv.Itoa(*i.MTU))
	}
	if i.MAC != "" {
		e.set("MACADDR", i.MAC)
		if i.Kind == host.KindBridge {
			e.set("BRIDGE_MACADDR", i.MAC)
		}
	}
	w.master(e, master)
	if master == "" {
		w.ipv4(e, i)
		w.ipv6(e, i)
		w.resolver(e, i)
	} else {
		e.set("BOOTPROTO", "none")
		e.set("IPV6INIT", "no")
		e.unset("IPADDR", "NETMASK", "PREFIX", "GATEWAY", "BROADCAST", "NETWORK", "IPV6ADDR", "IPV6ADDR_SECONDARIES", "IPV6_DEFAULTGW")
	}
	for _, k := range slices.Sorted(maps.Keys(i.Options[name])) {
		e.set(k, i.Options[name][k])
	}
	return e.edits
}

func (w *writer) kind(e *editor, i *host.Interface) {
	switch i.Kind {
	case host.KindEthernet:
		e.set("TYPE", "Ethernet")
		if i.Ethernet.Match.MAC != "" {
			e.set("HWADDR", strings.ToUpper(i.Ethernet.Match.MAC))
		}
		if i.Ethernet.WakeOnLAN != nil {
			e.choose("ETHTOOL_OPTS", "wol d", *i.Ethernet.WakeOnLAN, "wol g")
		}
		e.unset("VLAN", "BONDING_OPTS", "BONDING_MASTER")
	case host.KindBond:
		e.set("TYPE", "Bond")
		e.set("BONDING_MASTER", "yes")
		if opts := bondingOpts(i.Bond); len(opts) > 0 {
			e.merge("BONDING_OPTS", opts)
		} else {
			e.fallback("BONDING_OPTS", "mode=balance-rr") // the driver's default; without any option there is no bond
		}
		e.set("NOZEROCONF", "yes")
	case host.KindVLAN:
		e.set("TYPE", "Vlan") // with VLAN=yes; Ethernet would be a plain card to NetworkManager
		e.set("VLAN", "yes")
		e.set("PHYSDEV", i.VLAN.Parent)
		e.set("VLAN_ID", strconv.Itoa(i.VLAN.ID))
		if w.rel.vid {
			e.set("VID", strconv.Itoa(i.VLAN.ID))
		}
		if i.VLAN.ReorderHeader != nil {
			e.choose("REORDER_HDR", "no", *i.VLAN.ReorderHeader, "yes")
			e.choose("VLAN_FLAGS", "NO_REORDER_HDR", *i.VLAN.ReorderHeader, "REORDER_HDR")
		}
		if i.VLAN.GVRP != nil {
			e.choose("GVRP", "no", *i.VLAN.GVRP, "yes")
		}
	case host.KindBridge:
		w.bridge(e, i.Bridge)
	}
}

func (w *writer) bridge(e *editor, b *host.Bridge) {
	e.set("TYPE", "Bridge")
	if b.STP != nil {
		e.choose("STP", "off", *b.STP, "on")
	} else {
		e.fallback("STP", "off") // the scripts' own default, said for NetworkManager's keyfiles and for readers
	}
	e.set("NOZEROCONF", "yes")
	e.unset("VLAN", "BRIDGE", "BONDING_OPTS", "BONDING_MASTER")
	e.seconds("DELAY", b.ForwardDelay, w.rel)
	e.seconds("AGEING", b.AgeingTime, w.rel)
	if b.Priority != nil {
		e.set("PRIO", strconv.Itoa(*b.Priority))
	}
	var opts []string
	add := func(key string, n int, given bool) {
		if given {
			opts = append(opts, fmt.Sprintf("%s=%d", key, n))
		}
	}
	add("hello_time", centi(b.HelloTime), b.HelloTime != nil)
	add("max_age", centi(b.MaxAge), b.MaxAge != nil)
	add("multicast_snooping", truth(b.MulticastSnooping), b.MulticastSnooping != nil)
	add("vlan_filtering", truth(b.VLANFiltering), b.VLANFiltering != nil)
	e.merge("BRIDGING_OPTS", opts)
}

func centi(c *host.Centiseconds) int {
	if c == nil {
		return 0
	}
	return int(*c)
}

func truth(b *bool) int {
	if b != nil && *b {
		return 1
	}
	return 0
}

// master makes the interface a port, or no port.
func (w *writer) master(e *editor, master string) {
	m := w.byName[master]
	switch {
	case m == nil:
		e.unset("MASTER", "SLAVE", "BRIDGE")
	case m.Kind == host.KindBond:
		e.set("MASTER", master)
		e.set("SLAVE", "yes")
		e.unset("BRIDGE")
	default:
		e.set("BRIDGE", master)
		e.unset("MASTER", "SLAVE")
	}
	if m == nil || m.Bridge == nil {
		return
	}
	for _, p := range m.Bridge.Ports {
		if p.Name == e.device() {
			e.merge("BRIDGING_OPTS", portOpts(p))
		}
	}
}

func portOpts(p host.BridgePort) []string {
	var out []string
	number := func(key string, n *int) {
		if n != nil {
			out = append(out, fmt.Sprintf("%s=%d", key, *n))
		}
	}
	flag := func(key string, b *bool) {
		if b != nil {
			out = append(out, fmt.Sprintf("%s=%d", key, truth(b)))
		}
	}
	number("path_cost", p.Cost)
	number("priority", p.Priority)
	flag("hairpin_mode", p.Hairpin)
	flag("isolated", p.Isolated)
	flag("learning", p.Learning)
	flag("unicast_flood", p.Flood)
	flag("bpdu_guard", p.Guard)
	return out
}

func (w *writer) ipv4(e *editor, i *host.Interface) {
	e.choose("BOOTPROTO", "none", i.DHCP4 != nil && *i.DHCP4, "dhcp")
	n := 0
	for _, a := range i.Addresses {
		if !a.Addr().Is4() {
			continue
		}
		suffix := ""
		if n > 0 {
			suffix = strconv.Itoa(n)
		}
		e.set("IPADDR"+suffix, a.Addr().String())
		e.set("NETMASK"+suffix, maskOf(a.Bits())) // rhel5 derives the broadcast from it even beside PREFIX
		e.set("PREFIX"+suffix, strconv.Itoa(a.Bits()))
		n++
	}
	e.unsetFrom(n, "IPADDR", "NETMASK", "PREFIX")
	e.unset("BROADCAST", "NETWORK")
	if i.Gateway.IsValid() {
		e.set("GATEWAY", i.Gateway.String())
	} else {
		e.unset("GATEWAY")
	}
}

func (w *writer) ipv6(e *editor, i *host.Interface) {
	if !usesIPv6(i) {
		e.set("IPV6INIT", "no")
		e.unset("IPV6ADDR", "IPV6ADDR_SECONDARIES", "IPV6_DEFAULTGW", "DHCPV6C", "IPV6_AUTOCONF")
		return
	}
	var all []string
	for _, a := range i.Addresses {
		if a.Addr().Is6() {
			all = append(all, a.String())
		}
	}
	e.set("IPV6INIT", "yes")
	e.choose("IPV6_AUTOCONF", "no", i.AcceptRA != nil && *i.AcceptRA, "yes")
	e.given("IPV6ADDR", len(all) > 0, func() string { return all[0] })
	e.given("IPV6ADDR_SECONDARIES", len(all) > 1, func() string { return strings.Join(all[1:], " ") })
	e.given("IPV6_DEFAULTGW", i.Gateway6.IsValid(), i.Gateway6.String)
	e.given("DHCPV6C", i.DHCP6 != nil && *i.DHCP6, func() string { return "yes" })
}

func (w *writer) resolver(e *editor, i *host.Interface) {
	if i.DNS.IsZero() {
		return
	}
	for n, s := range i.DNS.Servers {
		e.set("DNS"+strconv.Itoa(n+1), s.String())
	}
	e.given("DOMAIN", len(i.DNS.Search) > 0, func() string { return strings.Join(i.DNS.Search, " ") })
}

// bondingOpts spells a bond's options as the scripts hand them to the driver:
// mode first, since others depend on it.
func bondingOpts(b *host.Bond) []string {
	var out []string
	if b.Mode != "" {
		out = append(out, "mode="+b.Mode)
	}
	seen := make(map[string]bool)
	for _, o := range host.BondOptions() {
		v, ok := b.Options[o.Name]
		if !ok {
			continue
		}
		seen[o.Name] = true
		if o.Type == host.OptionBool {
			v = map[string]string{"true": "1", "false": "0"}[v]
		}
		out = append(out, o.Driver+"="+v)
	}
	for _, k := range slices.Sorted(maps.Keys(b.Options)) {
		if !seen[k] {
			out = append(out, k+"="+b.Options[k])
		}
	}
	return out
}
