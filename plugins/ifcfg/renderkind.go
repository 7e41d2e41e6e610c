package ifcfg

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
)

// kind writes what only an interface of its kind has, and removes what would
// make it one of another kind.
func (w *writer) kind(e *editor, i *host.Interface) {
	switch i.Kind {
	case host.KindEthernet:
		e.set("TYPE", "Ethernet")
		w.ethernet(e, i)
		e.unset("VLAN", "BONDING_OPTS", "BONDING_MASTER")
	case host.KindBond:
		w.bond(e, i)
		e.unset("VLAN", "HWADDR")
	case host.KindVLAN:
		w.vlan(e, i)
		e.unset("BONDING_OPTS", "BONDING_MASTER", "HWADDR")
	case host.KindBridge:
		w.bridge(e, i.Bridge)
		e.unset("VLAN", "BONDING_OPTS", "BONDING_MASTER", "HWADDR")
	}
}

func (w *writer) ethernet(e *editor, i *host.Interface) {
	if m := i.Ethernet.Match.MAC; m != "" {
		e.set("HWADDR", strings.ToUpper(m))
	}
	if i.Ethernet.WakeOnLAN != nil || len(i.Ethernet.Offload) > 0 {
		e.change("ETHTOOL_OPTS", func(have string) string {
			return writeEthtool(have, i, &w.rel)
		})
	}
}

func (w *writer) bond(e *editor, i *host.Interface) {
	e.set("TYPE", "Bond")
	e.set("BONDING_MASTER", "yes")
	if opts := bondingOpts(i.Bond); len(opts) > 0 {
		e.merge("BONDING_OPTS", opts)
	} else {
		e.fallback("BONDING_OPTS", "mode=balance-rr") // the driver's default; without any option there is no bond
	}
	e.fallback("NOZEROCONF", "yes")
}

func (w *writer) vlan(e *editor, i *host.Interface) {
	e.set("TYPE", "Vlan") // with VLAN=yes; Ethernet would be a plain card to NetworkManager
	e.set("VLAN", "yes")
	e.set("PHYSDEV", i.VLAN.Parent)
	e.set("VLAN_ID", strconv.Itoa(i.VLAN.ID))
	if w.rel.takes("VID") {
		e.set("VID", strconv.Itoa(i.VLAN.ID))
	}
	if w.rel.takes("VLAN_NAME_TYPE") && strings.HasPrefix(i.Name, "vlan") {
		e.set("VLAN_NAME_TYPE", "VLAN_PLUS_VID_NO_PAD")
	}
	v := i.VLAN
	if v.ReorderHeader != nil {
		e.choose("REORDER_HDR", "no", *v.ReorderHeader, "yes")
	}
	if v.GVRP != nil {
		e.choose("GVRP", "no", *v.GVRP, "yes")
	}
	if v.MVRP != nil {
		e.choose("MVRP", "no", *v.MVRP, "yes")
	}
	if v.ReorderHeader != nil || v.LooseBinding != nil {
		e.change("VLAN_FLAGS", func(have string) string { return vlanFlags(have, v) })
	}
}

// vlanFlags spells the flags for NetworkManager. REORDER_HDR is no word of its
// own; it stands for "none but the default", since an empty value is no value.
func vlanFlags(have string, v *host.VLAN) string {
	flags := strings.FieldsFunc(have, func(c rune) bool { return c == ' ' || c == ',' })
	want := func(name string, on *bool) {
		if on == nil {
			return
		}
		flags = slices.DeleteFunc(flags, func(f string) bool { return f == name })
		if *on {
			flags = append(flags, name)
		}
	}
	if v.ReorderHeader != nil {
		want("NO_REORDER_HDR", new(!*v.ReorderHeader))
		want("REORDER_HDR", v.ReorderHeader)
	}
	want("LOOSE_BINDING", v.LooseBinding)
	return cmp.Or(strings.Join(flags, ","), "REORDER_HDR")
}

func (w *writer) bridge(e *editor, b *host.Bridge) {
	e.set("TYPE", "Bridge")
	if b.STP != nil {
		e.choose("STP", "off", *b.STP, "on")
	} else {
		e.fallback("STP", "off") // the scripts' own default, said for NetworkManager's keyfiles and for readers
	}
	e.fallback("NOZEROCONF", "yes")
	if b.ForwardDelay != nil {
		e.set("DELAY", w.rel.spellDelay(*b.ForwardDelay))
	}
	var opts []string
	add := func(key string, n int, given bool) {
		if given {
			opts = append(opts, fmt.Sprintf("%s=%d", key, n))
		}
	}
	if w.rel.takes("PRIO") {
		if b.AgeingTime != nil {
			e.set("AGEING", w.rel.spellDelay(*b.AgeingTime))
		}
		if b.Priority != nil {
			e.set("PRIO", strconv.Itoa(*b.Priority))
		}
	} else {
		add("priority", deref(b.Priority), b.Priority != nil)
		add("ageing_time", w.time(b.AgeingTime), b.AgeingTime != nil)
	}
	add("hello_time", w.time(b.HelloTime), b.HelloTime != nil)
	add("max_age", w.time(b.MaxAge), b.MaxAge != nil)
	add("multicast_snooping", truth(b.MulticastSnooping), b.MulticastSnooping != nil)
	add("vlan_filtering", truth(b.VLANFiltering), b.VLANFiltering != nil)
	e.merge("BRIDGING_OPTS", opts)
}

// spellDelay writes a time in the unit of DELAY and AGEING.
func (r *reader) spellDelay(c host.Centiseconds) string {
	if r.rawDelay {
		return strconv.Itoa(int(c))
	}
	return c.Seconds()
}

// time is a time in the unit of BRIDGING_OPTS.
func (w *writer) time(c *host.Centiseconds) int {
	switch {
	case c == nil:
		return 0
	case w.rel.nm:
		return int(*c) / 100 // whole seconds only: see refuseBridge
	}
	return int(*c)
}

func deref(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func truth(b *bool) int {
	if b != nil && *b {
		return 1
	}
	return 0
}

// master makes the interface a port, or no port.
func (w *writer) master(e *editor, i *host.Interface, m *host.Interface) {
	switch {
	case m == nil:
		e.unset("MASTER", "SLAVE", "BRIDGE", "MASTER_UUID", "BRIDGE_UUID")
	case m.Kind == host.KindBond:
		e.set("MASTER", m.Name)
		e.set("SLAVE", "yes")
		e.unset("BRIDGE", "MASTER_UUID", "BRIDGE_UUID")
	default:
		e.set("BRIDGE", m.Name)
		e.unset("MASTER", "SLAVE", "MASTER_UUID", "BRIDGE_UUID")
	}
	if m == nil || m.Bridge == nil {
		return
	}
	for _, p := range m.Bridge.Ports {
		if p.Name == i.Name {
			e.merge("BRIDGING_OPTS", w.portOpts(p))
		}
	}
}

func (w *writer) portOpts(p host.BridgePort) []string {
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
	if p.Hairpin != nil && !*p.Hairpin && w.rel.nm {
		out = append(out, "hairpin_mode=no") // 0 is no boolean to handle_bridge_option
	} else {
		flag("hairpin_mode", p.Hairpin)
	}
	flag("isolated", p.Isolated)
	flag("learning", p.Learning)
	flag("unicast_flood", p.Flood)
	flag("bpdu_guard", p.Guard)
	return out
}

// bondingOpts spells a bond's options as the scripts hand them to the driver:
// mode first, since others depend on it.
func bondingOpts(b *host.Bond) []string {
	var out []string
	if b.Mode != "" {
		out = append(out, "mode="+b.Mode)
	}
	seen := make(map[string]bool)
	for _, o := range bondOptions {
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

var bondOptions = host.BondOptions()
