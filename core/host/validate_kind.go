package host

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/diag"
)

// mtu checks an MTU and that it is not above one below it.
func (v *validation) mtu(i *Interface) {
	if i.MTU == nil {
		return
	}
	mtu := *i.MTU
	switch {
	case mtu < 68 || mtu > 65535: // 68: RFC 791; 65535: the kernel's ETH_MAX_MTU
		v.add(ruleRange.At(i.Path("mtu"), "mtu is a number of bytes from 68 to 65535, not %d", mtu))
		return
	case mtu < 1280 && slices.ContainsFunc(i.Addresses, func(a netip.Prefix) bool { return a.Addr().Is6() }):
		v.add(ruleMTU.At(i.Path("mtu"), "IPv6 needs an MTU of at least 1280 (RFC 8200); with %d the kernel removes it from %q", mtu, i.Name))
	}
	for _, name := range i.Lowers() {
		lower, ok := v.byName[name]
		if !ok || lower == i || i.Bond != nil { // a bond hands its MTU down to its ports
			continue
		}
		low, from := v.mtus.Of(lower)
		if mtu > low {
			v.add(ruleMTU.At(i.Path("mtu"), "%q has %d bytes, but %q below it has %d; an upper interface's MTU is at most its lower one's", i.Name, mtu, name, low).
				With("the lower MTU", from.Path("mtu")))
		}
	}
	if i.Bond == nil {
		return
	}
	for _, name := range i.Bond.Ports {
		if p, ok := v.byName[name]; ok && p.MTU != nil && *p.MTU != mtu {
			v.add(ruleMTU.At(p.Path("mtu"), "%q is a port of bond %q, which hands its MTU of %d down; %d would not last", name, i.Name, mtu, *p.MTU).With("the bond's MTU", i.Path("mtu")))
		}
	}
}

func (v *validation) vlan(i *Interface) {
	l := i.VLAN
	if l.ID < 1 || l.ID > 4094 {
		v.add(ruleVLANRange.At(i.Path("id"), "a VLAN id is a number from 1 to 4094, not %d", l.ID))
	}
	if l.Protocol != "" && !slices.Contains(VLANProtocols(), l.Protocol) {
		v.add(ruleWord.At(i.Path("protocol"), "protocol is one of %q, not %q%s", VLANProtocols(), l.Protocol, diag.DidYouMean(l.Protocol, VLANProtocols())))
	}
	if l.Parent == "" {
		v.add(ruleUnknown.At(i.Path(), "a VLAN needs its parent: the card or bond that carries it"))
	}
	v.vlanTwice(i)
}

// vlanKey is what the kernel keeps apart on one parent (net/8021q/vlan.c,
// vlan_check_real_dev).
type vlanKey struct {
	parent, protocol string
	id               int
}

func (v *validation) vlanTwice(i *Interface) {
	k := vlanKey{i.VLAN.Parent, cmp.Or(i.VLAN.Protocol, VLANProtocols()[0]), i.VLAN.ID}
	first, twice := v.vlans[k]
	if !twice {
		v.vlans[k] = i
		return
	}
	v.add(ruleVLANTwice.At(i.Path("id"), "VLAN %d is on %q already, as %q", k.id, k.parent, first.Name).With("first given here", first.Path("id")))
}

func (v *validation) bridge(i *Interface) {
	b := i.Bridge
	if b.Priority != nil {
		v.bounded(i.Path("priority"), "priority", b.Priority, between{0, 65535})
	}
	for at, p := range b.Ports {
		if !p.HasSettings() {
			continue
		}
		v.bounded(i.Path(Index("ports", at)), "cost", p.Cost, between{1, 65535})
		v.bounded(i.Path(Index("ports", at)), "priority", p.Priority, between{0, 63})
	}
	stp := b.STP != nil && *b.STP
	if d := b.ForwardDelay; d != nil && stp && (*d < 200 || *d > 3000) {
		v.add(ruleBridgeTimer.At(i.Path("forward_delay"), "with stp, forward_delay is 2 to 30 seconds, not %s", d.Seconds()))
	}
	if t := b.HelloTime; t != nil && (*t < 100 || *t > 1000) {
		v.add(ruleBridgeTimer.At(i.Path("hello_time"), "hello_time is 1 to 10 seconds, not %s", t.Seconds()))
	}
	if t := b.MaxAge; t != nil && (*t < 600 || *t > 4000) {
		v.add(ruleBridgeTimer.At(i.Path("max_age"), "max_age is 6 to 40 seconds, not %s", t.Seconds()))
	}
	if stp && b.ForwardDelay != nil && b.MaxAge != nil && 2*(*b.ForwardDelay-100) < *b.MaxAge { // IEEE 802.1D-2004, 17.14
		v.add(ruleBridgeTimer.At(i.Path("max_age"), "max_age is at most twice (forward_delay - 1), which is %s seconds", (2 * (*b.ForwardDelay - 100)).Seconds()))
	}
}

// between is a range of numbers, both ends in it.
type between struct{ low, high int }

func (v *validation) bounded(path, name string, n *int, in between) {
	if n != nil && (*n < in.low || *n > in.high) {
		v.add(ruleRange.At(path, "%s is a number from %d to %d, not %d", name, in.low, in.high, *n))
	}
}

func (v *validation) bond(i *Interface) {
	b := i.Bond
	mode, known := BondMode(b.Mode)
	if b.Mode != "" && !known {
		v.add(ruleWord.At(i.Path("mode"), "mode is one of %q or its number 0 to 6, not %q%s", BondModes(), b.Mode, diag.DidYouMean(b.Mode, BondModes())))
		return
	}
	if mode == "" {
		mode = "balance-rr" // the driver's default
	}
	if len(b.Ports) == 0 {
		v.add(ruleBondEmpty.At(i.Path(), "bond %q has no ports, so nothing can pass it", i.Name))
	}
	for _, name := range slices.Sorted(maps.Keys(b.Options)) {
		v.bondOption(i, mode, name, b.Options[name])
	}
	v.bondMonitoring(i, mode)
}

func (v *validation) bondOption(i *Interface, mode, name, value string) {
	path := i.Path(name)
	o, ok := BondOptionNamed(name)
	if !ok { // free options go to the driver as they are, but a shell sources them
		if !isWord(name) || !isWord(value) {
			v.add(ruleBondValue.At(i.Path("options"), "option %q = %q: names and values have letters, digits and _ . , : + - only", name, value))
		}
		return
	}
	if !o.TakenBy(mode) {
		v.add(ruleBondMode.At(path, "mode %q does not take %s; it is for %s", mode, name, strings.Join(o.Modes, ", ")))
	}
	switch o.Type {
	case OptionNumber:
		if n, err := strconv.Atoi(value); err != nil || n < o.Min || n > o.Max {
			v.add(ruleBondValue.At(path, "%s is a number from %d to %d, not %q", name, o.Min, o.Max, value))
		}
	case OptionBool:
		if value != "true" && value != "false" {
			v.add(ruleBondValue.At(path, "%s is true or false, not %q", name, value))
		}
	case OptionWord:
		if !slices.Contains(o.Words, value) {
			v.add(ruleWord.At(path, "%s is one of %q, not %q%s", name, o.Words, value, diag.DidYouMean(value, o.Words)))
		}
	case OptionInterface:
		if !slices.Contains(i.Bond.Ports, value) {
			v.add(ruleBondPrimary.At(path, "%q is not one of the bond's ports (%s)", value, strings.Join(i.Bond.Ports, ", ")))
		}
	case OptionAddresses:
		v.arpTargets(path, value)
	}
}

func (v *validation) arpTargets(path, value string) {
	targets := strings.Split(value, ",")
	if len(targets) > 16 { // BOND_MAX_ARP_TARGETS, include/net/bonding.h
		v.add(ruleBondValue.At(path, "%d targets; the driver takes at most 16", len(targets)))
	}
	for _, t := range targets {
		if a, err := netip.ParseAddr(t); err != nil || !a.Is4() || a.IsUnspecified() {
			v.add(ruleBondValue.At(path, "%q is no IPv4 address", t))
		}
	}
}

// bondMonitoring: without link monitoring a bond never leaves a dead port.
func (v *validation) bondMonitoring(i *Interface, mode string) {
	number := func(name string) int {
		n, err := strconv.Atoi(i.Bond.Options[name])
		if err != nil {
			return 0 // wrong values are reported by bondOption
		}
		return n
	}
	miimon, arp := number("miimon"), number("arp_interval")
	switch {
	case miimon > 0 && arp > 0:
		v.add(ruleTwoMonitors.At(i.Path("arp_interval"), "miimon and arp_interval exclude each other: the driver turns the one off when the other is set").With("miimon is given here", i.Path("miimon")))
	case miimon == 0 && arp == 0:
		v.add(ruleNoMonitor.At(i.Path(), "bond %q has neither miimon nor arp_interval, so it keeps sending into a dead port; miimon = 100 is usual", i.Name))
	case arp > 0 && i.Bond.Options["arp_ip_targets"] == "":
		v.add(ruleBondValue.At(i.Path("arp_interval"), "arp_interval needs arp_ip_targets: the addresses to ask"))
	}
	for _, name := range []string{"updelay", "downdelay"} {
		d := number(name)
		switch {
		case d > 0 && miimon == 0:
			v.add(ruleBondDelay.At(i.Path(name), "%s counts only with miimon", name))
		case d > 0 && d%miimon != 0:
			v.add(ruleBondDelay.At(i.Path(name), "%s = %d is no multiple of miimon = %d; the driver would round it down to %d", name, d, miimon, d-d%miimon))
		}
	}
}

// isWord reports whether s can stand on a command line and in a file that a
// shell sources, unquoted.
func isWord(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.,:+-", r)) {
			return false
		}
	}
	return s != ""
}
