package writer

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/shell"
)

// kind writes what only an interface of its kind has, and removes what would
// make it one of another kind.
func (w *Writer) kind(e *shell.Editor, i *host.Interface) {
	switch i.Kind {
	case host.KindEthernet:
		e.Set("TYPE", "Ethernet")
		w.ethernet(e, i)
		e.Unset("VLAN", "BONDING_OPTS", "BONDING_MASTER")
	case host.KindBond:
		w.bond(e, i)
		e.Unset("VLAN", "HWADDR")
	case host.KindVLAN:
		w.vlan(e, i)
		e.Unset("BONDING_OPTS", "BONDING_MASTER", "HWADDR")
	case host.KindBridge:
		w.bridge(e, i.Bridge)
		e.Unset("VLAN", "BONDING_OPTS", "BONDING_MASTER", "HWADDR")
	}
}

func (w *Writer) ethernet(e *shell.Editor, i *host.Interface) {
	if m := i.Ethernet.Match.MAC; m != "" {
		e.Set("HWADDR", strings.ToUpper(m))
	}
	if i.Ethernet.WakeOnLAN != nil || len(i.Ethernet.Offload) > 0 {
		e.Change("ETHTOOL_OPTS", func(have string) string {
			return writeEthtool(have, i, &w.Reader)
		})
	}
}

func (w *Writer) bond(e *shell.Editor, i *host.Interface) {
	e.Set("TYPE", "Bond")
	e.Set("BONDING_MASTER", "yes")
	if opts := bondingOpts(i.Bond); len(opts) > 0 {
		merge(e, "BONDING_OPTS", opts)
	} else {
		e.Fallback("BONDING_OPTS", "mode=balance-rr") // the driver's default; without any option there is no bond
	}
	e.Fallback("NOZEROCONF", "yes")
}

func (w *Writer) vlan(e *shell.Editor, i *host.Interface) {
	e.Set("TYPE", "Vlan") // with VLAN=yes; Ethernet would be a plain card to NetworkManager
	e.Set("VLAN", "yes")
	e.Set("PHYSDEV", i.VLAN.Parent)
	e.Set("VLAN_ID", strconv.Itoa(i.VLAN.ID))
	if w.Reader.Takes("VID") {
		e.Set("VID", strconv.Itoa(i.VLAN.ID))
	}
	if w.Reader.Takes("VLAN_NAME_TYPE") && strings.HasPrefix(i.Name, "vlan") {
		e.Set("VLAN_NAME_TYPE", "VLAN_PLUS_VID_NO_PAD")
	}
	v := i.VLAN
	if v.ReorderHeader != nil {
		e.Choose("REORDER_HDR", "no", *v.ReorderHeader, "yes")
	}
	if v.GVRP != nil {
		e.Choose("GVRP", "no", *v.GVRP, "yes")
	}
	if v.MVRP != nil {
		e.Choose("MVRP", "no", *v.MVRP, "yes")
	}
	if v.ReorderHeader != nil || v.LooseBinding != nil {
		e.Change("VLAN_FLAGS", func(have string) string { return vlanFlags(have, v) })
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

func (w *Writer) bridge(e *shell.Editor, b *host.Bridge) {
	e.Set("TYPE", "Bridge")
	if b.STP != nil {
		e.Choose("STP", "off", *b.STP, "on")
	} else {
		e.Fallback("STP", "off") // the scripts' own default, said for NetworkManager's keyfiles and for readers
	}
	e.Fallback("NOZEROCONF", "yes")
	if b.ForwardDelay != nil {
		e.Set("DELAY", w.Reader.SpellDelay(*b.ForwardDelay))
	}
	var opts []string
	add := func(key string, n int, given bool) {
		if given {
			opts = append(opts, fmt.Sprintf("%s=%d", key, n))
		}
	}
	if w.Reader.Takes("PRIO") {
		if b.AgeingTime != nil {
			e.Set("AGEING", w.Reader.SpellDelay(*b.AgeingTime))
		}
		if b.Priority != nil {
			e.Set("PRIO", strconv.Itoa(*b.Priority))
		}
	} else {
		add("priority", deref(b.Priority), b.Priority != nil)
		add("ageing_time", w.time(b.AgeingTime), b.AgeingTime != nil)
	}
	add("hello_time", w.time(b.HelloTime), b.HelloTime != nil)
	add("max_age", w.time(b.MaxAge), b.MaxAge != nil)
	add("multicast_snooping", truth(b.MulticastSnooping), b.MulticastSnooping != nil)
	add("vlan_filtering", truth(b.VLANFiltering), b.VLANFiltering != nil)
	merge(e, "BRIDGING_OPTS", opts)
}

// time is a time in the unit of BRIDGING_OPTS.
func (w *Writer) time(c *host.Centiseconds) int {
	switch {
	case c == nil:
		return 0
	case w.Reader.NM:
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
func (w *Writer) master(e *shell.Editor, i *host.Interface, m *host.Interface) {
	switch {
	case m == nil:
		e.Unset("MASTER", "SLAVE", "BRIDGE", "MASTER_UUID", "BRIDGE_UUID")
	case m.Kind == host.KindBond:
		e.Set("MASTER", m.Name)
		e.Set("SLAVE", "yes")
		e.Unset("BRIDGE", "MASTER_UUID", "BRIDGE_UUID")
	default:
		e.Set("BRIDGE", m.Name)
		e.Unset("MASTER", "SLAVE", "MASTER_UUID", "BRIDGE_UUID")
	}
	if m == nil || m.Bridge == nil {
		return
	}
	for _, p := range m.Bridge.Ports {
		if p.Name == i.Name {
			merge(e, "BRIDGING_OPTS", w.portOpts(p))
		}
	}
}

func (w *Writer) portOpts(p host.BridgePort) []string {
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
	if p.Hairpin != nil && !*p.Hairpin && w.Reader.NM {
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

// merge sets options inside a list of KEY=VALUE words, and keeps the words of
// the file that are not named; no options leave the list as it is.
func merge(e *shell.Editor, key string, options []string) {
	if len(options) > 0 {
		e.Change(key, func(have string) string { return mergeOptions(have, options) })
	}
}

// mergeOptions lays wanted words over present ones by their keys. What is no
// ASCII word was never an option, but half a typographic quote.
func mergeOptions(have string, want []string) string {
	out := slices.Clone(want)
	named := make(map[string]bool)
	for _, w := range out {
		key, _, _ := strings.Cut(w, "=")
		named[key] = true
	}
	for w := range strings.FieldsSeq(have) {
		key, _, ok := strings.Cut(w, "=")
		if o, known := host.BondOptionNamed(key); known && named[o.Driver] {
			continue
		}
		if ok && !named[key] && reader.PairForm().MatchString(w) {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}
