package writer

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
)

// refusePort names what counts for nothing in the file of a port.
func (w *Writer) refusePort(i *host.Interface) {
	m := w.masterOf(i)
	if m == nil {
		return
	}
	bond := m.Bond != nil
	lost := func(set bool, attribute string) {
		if set {
			w.cannot(i, attribute, "ifup leaves the file of a port of %q before it looks at addresses", m.Name)
		}
	}
	lost(len(i.Addresses) > 0, "addresses")
	lost(i.Gateway.IsValid(), "gateway")
	lost(i.Gateway6.IsValid(), "gateway6")
	lost(len(i.Routes) > 0, "route")
	lost(is(i.DHCP4), "dhcp4")
	lost(is(i.DHCP6), "dhcp6")
	lost(i.AcceptRA != nil, "accept_ra")
	if i.MTU != nil && bond && !w.Reader.PortMTU && (m.MTU == nil || *m.MTU != *i.MTU) {
		w.cannot(i, "mtu", "%s MTU in the file of a bond's port; write it on %q, which hands it down", w.reader(), m.Name)
	}
	if !bond && w.Reader.BridgeFirst {
		for attribute, set := range map[string]bool{"mtu": i.MTU != nil, "mac": i.MAC != "", "wake_on_lan": i.Ethernet != nil && i.Ethernet.WakeOnLAN != nil} {
			if set {
				w.cannot(i, attribute, "the scripts of %s leave the file of a bridge's port before they look at it", w.Reader.Name)
			}
		}
		if i.Bond != nil {
			w.cannot(m, "ports", "the scripts of %s leave the file of a bridge's port before they make a bond of it: %q would be empty, in balance-rr; put a VLAN between", w.Reader.Name, i.Name)
		}
	}
	if i.Wanted() == host.Down && bond && !w.Reader.NM {
		w.cannot(i, "state", "a bond takes its ports also with ONBOOT=no; leave it out of the ports of %q", m.Name)
	}
}

var featureForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]*$`) })

func (w *Writer) refuseEthernet(i *host.Interface) {
	m := i.Ethernet.Match
	if m.Driver != "" {
		w.cannot(i, "match.driver", "a file names a card by DEVICE and HWADDR only; use match { mac = … }")
	}
	if m.Path != "" {
		w.cannot(i, "match.path", "a file names a card by DEVICE and HWADDR only; use match { mac = … }")
	}
	if m.MAC != "" && !reader.MacForm().MatchString(m.MAC) {
		w.unsafe(i, "match.mac", "%q is no MAC address", m.MAC)
	}
	if len(i.Ethernet.Offload) > 0 && !w.Reader.EthtoolList {
		w.cannot(i, "offload", "%s more than the arguments of ethtool -s in ETHTOOL_OPTS", w.reader())
	}
	for _, f := range slices.Sorted(maps.Keys(i.Ethernet.Offload)) {
		if !featureForm().MatchString(f) {
			w.unsafe(i, "offload", "%q is no feature of ethtool", f)
		}
	}
	if m.MAC != "" && i.MAC != "" && !w.Reader.PortMTU { // 9.x accepts FOUND = MACADDR
		w.cannot(i, "mac", "HWADDR and MACADDR together make a restart fail with %q", "different MAC address than expected")
	}
}

// bondOptionKernel is since when the driver has an option, as in reader.kernel
// (git log of drivers/net/bonding); older ones are in every release. Red Hat
// brings some back to older kernels, so that it is a warning only.
var bondOptionKernel = map[string]int{
	"fail_over_mac": 2061, "num_grat_arp": 2062, "primary_reselect": 2063, "ad_select": 2062, "resend_igmp": 2063, "all_ports_active": 2063,
	"min_links": 3010, "packets_per_port": 3130, "tlb_dynamic_lb": 3160,
}

var bondWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.,:+-]+$`) })

func (w *Writer) refuseBond(i *host.Interface) {
	if m := i.Bond.Mode; m != "" && !slices.Contains(host.BondModes(), m) {
		w.unsafe(i, "mode", "%q is no mode of the bonding driver", m)
	}
	for _, k := range slices.Sorted(maps.Keys(i.Bond.Options)) {
		v := i.Bond.Options[k]
		o, known := host.BondOptionNamed(k)
		switch {
		case known && k != o.Name, k == "mode", !known && !reader.PairForm().MatchString(k+"="+v):
			w.unsafe(i, "options", "%q = %q is no option that can stand in BONDING_OPTS: small letters, digits and _, then letters, digits and _ . , : + -", k, v)
		case known && !bondWord().MatchString(v), known && o.Type == host.OptionBool && v != "true" && v != "false":
			w.unsafe(i, k, "%q is no value of %s", v, k)
		case bondOptionKernel[k] > w.Reader.Kernel:
			w.refused.diags = append(w.refused.diags, rule.NewOption.At(i.Path(k), "%s came to the bonding driver after %s; unless its kernel was updated, ifup prints an error for it and goes on", o.Driver, w.Reader.Title))
		}
	}
}

// refuseBonds looks at all bonds together.
func (w *Writer) refuseBonds() {
	var bonds []*host.Interface
	for i := range w.Declared.Interfaces {
		if one := &w.Declared.Interfaces[i]; one.Bond != nil && one.Wanted() != host.Absent {
			bonds = append(bonds, one)
		}
	}
	for n, b := range bonds {
		if n > 0 && !w.Reader.Takes("BONDING_OPTS") {
			w.cannot(b, "options", "%s BONDING_OPTS, and /etc/modprobe.conf loads the driver once: a second bond would have the options of %q", w.reader(), bonds[0].Name)
		}
		for _, other := range bonds {
			if other != b && w.Reader.PrefixMaster && strings.HasPrefix(other.Name, b.Name) {
				w.cannot(other, "name", "the scripts of %s give the ports of %q to %q, with whose name it begins", w.Reader.Name, other.Name, b.Name)
			}
		}
	}
}

func (w *Writer) refuseVLAN(i *host.Interface) {
	v := i.VLAN
	if p := v.Protocol; p != "" && p != "802.1q" {
		w.cannot(i, "protocol", "ifcfg files make 802.1q VLANs only")
	}
	w.needs(i, "gvrp", v.GVRP != nil, "GVRP")
	w.needs(i, "mvrp", v.MVRP != nil, "MVRP")
	w.needs(i, "loose_binding", v.LooseBinding != nil, "VLAN_FLAGS")
	if err := host.CheckName(v.Parent); err != nil || v.ID < 1 || v.ID > 4094 {
		w.unsafe(i, "parent", "VLAN %d on %q is no VLAN: %v", v.ID, v.Parent, err)
		return
	}
	k := reader.Keys{"DEVICE": i.Name, "VLAN": "yes", "TYPE": "Vlan", "PHYSDEV": v.Parent, "VLAN_ID": strconv.Itoa(v.ID)}
	if w.Reader.Takes("VID") {
		k["VID"] = strconv.Itoa(v.ID)
	}
	if got := reader.VlanOf(k, &w.Reader); reader.KindOf(k, &w.Reader, &reader.Surroundings{}) != host.KindVLAN || got.ID != v.ID || got.Parent != v.Parent || w.leadingZero(i.Name) {
		w.cannot(i, "name", "%s VLAN %d on %q from a file for %q; call it %q", w.reader(), v.ID, v.Parent, i.Name, fmt.Sprintf("%s.%d", v.Parent, v.ID))
	} else if w.Reader.OneVLANStyle && strings.HasPrefix(i.Name, "vlan") && w.dottedVLANs() {
		w.cannot(i, "name", "the scripts of %s choose one form of VLAN names for all; others are called PARENT.ID", w.Reader.Name)
	}
	w.refuseOrder(i)
}

// leadingZero: vconfig drops it from the name (rhel5), and iproute2 takes it
// for octal (9.x).
func (w *Writer) leadingZero(name string) bool {
	m := reader.DottedVLAN().FindStringSubmatch(name)
	return m != nil && strings.HasPrefix(m[1]+m[2], "0") && !w.Reader.Takes("VID")
}

func (w *Writer) dottedVLANs() bool {
	return slices.ContainsFunc(w.Declared.Interfaces, func(i host.Interface) bool {
		return i.VLAN != nil && i.Wanted() != host.Absent && !strings.HasPrefix(i.Name, "vlan")
	})
}

func (w *Writer) refuseBridge(i *host.Interface) {
	b := i.Bridge
	unknown := w.Reader.Unknown() // seconds to rhel7, hundredths of a second in rhel8
	for _, a := range []struct {
		name string
		set  bool
		ok   bool
	}{
		{"forward_delay", b.ForwardDelay != nil, !unknown},
		{"ageing_time", b.AgeingTime != nil, !unknown && (w.Reader.Takes("AGEING") || w.Reader.NM)},
		{"priority", b.Priority != nil, w.Reader.Takes("PRIO") || w.Reader.NM},
		{"hello_time", b.HelloTime != nil, w.Reader.Takes("BRIDGING_OPTS")},
		{"max_age", b.MaxAge != nil, w.Reader.Takes("BRIDGING_OPTS")},
		{"multicast_snooping", b.MulticastSnooping != nil, w.Reader.Takes("BRIDGING_OPTS")},
		{"vlan_filtering", b.VLANFiltering != nil, w.Reader.VlanFiltering},
	} {
		if a.set && !a.ok {
			w.cannot(i, a.name, "%s a key for it, or not in the same unit", w.reader())
		}
	}
	if w.Reader.NM {
		w.refuseNMBridge(i)
	}
	if w.Reader.Name == "rhel5" && (b.AgeingTime != nil || b.Priority != nil) {
		w.refused.diags = append(w.refused.diags, rule.Late.At(i.Path(), "the scripts read PRIO and AGEING from RHEL 5.11 on; before, priority and ageing_time stay the kernel's"))
	}
	for at, p := range b.Ports {
		if !p.HasSettings() {
			continue
		}
		path := host.Index("ports", at)
		if !w.Reader.Takes("BRIDGING_OPTS") {
			w.cannot(i, path, "%s BRIDGING_OPTS in a port's file", w.reader())
		}
		if w.Reader.NM && (p.Isolated != nil || p.Learning != nil || p.Flood != nil || p.Guard != nil) {
			w.cannot(i, path, "NetworkManager reads cost, priority and hairpin of a port only")
		}
		if m := w.ByName[p.Name]; m != nil && m.Kind == host.KindBridge {
			w.cannot(i, path, "a bridge as a port has no port settings in files")
		}
	}
}

// refuseNMBridge: some of a bridge's settings count only with STP, and times
// are whole seconds (handle_bridge_option).
func (w *Writer) refuseNMBridge(i *host.Interface) {
	b := i.Bridge
	for _, t := range []struct {
		name string
		time *host.Centiseconds
	}{{"forward_delay", b.ForwardDelay}, {"hello_time", b.HelloTime}, {"max_age", b.MaxAge}, {"ageing_time", b.AgeingTime}} {
		switch {
		case t.time == nil:
		case *t.time%100 != 0:
			w.cannot(i, t.name, "NetworkManager reads whole seconds, not %s", t.time.Seconds())
		case t.name != "ageing_time" && !is(b.STP):
			w.cannot(i, t.name, "NetworkManager reads it only with stp = true")
		}
	}
	if b.Priority != nil && !is(b.STP) {
		w.cannot(i, "priority", "NetworkManager reads it only with stp = true")
	}
}
