package ifcfg

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
)

// refusals names everything of the definition that the release's scripts
// cannot express, so that nothing is dropped.
func (w *writer) refusals() diag.List {
	for i := range w.declared.Interfaces {
		one := &w.declared.Interfaces[i]
		if one.Wanted() == host.Absent {
			continue
		}
		w.refuseCommon(one)
		switch one.Kind {
		case host.KindEthernet:
			w.refuseEthernet(one)
		case host.KindVLAN:
			w.refuseVLAN(one)
		case host.KindBridge:
			w.refuseBridge(one)
		}
	}
	return w.diags
}

// cannot refuses one attribute. Where the release is not known the remedy is
// to say it.
func (w *writer) cannot(i *host.Interface, attribute, why string, args ...any) {
	detail := fmt.Sprintf(why, args...)
	if w.rel.name == anyRelease {
		detail += `; some releases can: say which one with release in the backend "ifcfg" block`
	}
	w.diags = append(w.diags, ruleCannotExpress.At(i.Path(attribute), "%s", detail))
}

func (w *writer) reader() string {
	if w.rel.name == anyRelease {
		return "not every release"
	}
	return "not " + w.rel.name
}

func (w *writer) refuseCommon(i *host.Interface) {
	if !w.rel.dashed && strings.Contains(i.Name, "-") {
		w.cannot(i, "name", "the scripts take a hyphen in a file's name for the child of another file; %s reads ifcfg-%s as it is", w.reader(), i.Name)
	}
	four := 0
	for _, a := range i.Addresses {
		if a.Addr().Is4() {
			four++
		}
	}
	if four > 1 && !w.rel.manyAddresses {
		w.cannot(i, host.Index("addresses", 1), "%s reads more than one IPv4 address from a file", w.reader())
	}
	if i.DHCP6 != nil && *i.DHCP6 && !w.rel.dhcp6 {
		w.cannot(i, "dhcp6", "%s reads DHCPV6C", w.reader())
	}
	if i.Description != "" {
		w.cannot(i, "description", "the scripts do not keep a description")
	}
	if len(i.DNS.Servers) > 2 {
		w.cannot(i, "dns", "the scripts read DNS1 and DNS2 only; %d servers are given", len(i.DNS.Servers))
	}
	if i.DNS.IsZero() == false && w.masters[i.Name] != "" {
		w.cannot(i, "dns", "ifup does not look at DNS in the file of a port")
	}
	for at, r := range i.Routes {
		w.refuseRoute(i, at, r)
	}
	w.refuseOptions(i)
}

func (w *writer) refuseRoute(i *host.Interface, at int, r host.Route) {
	if r.To.Addr().Is6() && w.rel.name == anyRelease {
		return // route6- files are read by every release from rhel5 on
	}
	if r.IsDefault() && !r.Via.IsValid() {
		w.cannot(i, host.Index("route", at), "a default route needs via here: a route file's default without a gateway is read differently by the releases")
	}
}

// evaluatedTwice are keys that ifup-aliases evaluates a second time, so that
// quotes do not protect them (measured).
var evaluatedTwice = []string{"NETMASK", "BROADCAST", "GATEWAY", "NO_ALIASROUTING", "ARPCHECK", "ARPUPDATE", "PREFIX", "GATEWAYDEV"}

var keyForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// ownKeys are written from attributes; a raw option may not contradict them.
var ownKeys = []string{"DEVICE", "TYPE", "ONBOOT", "MASTER", "SLAVE", "BRIDGE", "VLAN", "PHYSDEV", "VID", "VLAN_ID", "BONDING_OPTS",
	"IPADDR", "NETMASK", "PREFIX", "GATEWAY", "BOOTPROTO", "MTU", "MACADDR", "IPV6ADDR", "IPV6INIT", "IPV6_DEFAULTGW"}

func (w *writer) refuseOptions(i *host.Interface) {
	for _, k := range slices.Sorted(maps.Keys(i.Options[name])) {
		v := i.Options[name][k]
		path := i.Path("backend_options", name, k)
		switch {
		case !keyForm.MatchString(k):
			w.diags = append(w.diags, ruleUnsafe.At(path, "%q is no key of an ifcfg file: capital letters, digits and _", k))
		case slices.Contains(ownKeys, k):
			w.diags = append(w.diags, ruleCannotExpress.At(path, "%s is written from the interface's own attributes", k))
		case slices.Contains(evaluatedTwice, k) && !isBare(v):
			w.diags = append(w.diags, ruleUnsafe.At(path, "%s is evaluated a second time by ifup-aliases, so it takes plain words only, not %q", k, v))
		default:
			if err := checkValue(v); err != nil {
				w.diags = append(w.diags, ruleUnsafe.At(path, "%v", err))
			}
		}
	}
}

func (w *writer) refuseEthernet(i *host.Interface) {
	if m := i.Ethernet.Match; m.Driver != "" || m.Path != "" {
		w.cannot(i, "match", "a file names a card by DEVICE and HWADDR only; use match { mac = … }")
	}
	if len(i.Ethernet.Offload) > 0 {
		w.cannot(i, "offload", "ETHTOOL_OPTS takes one ethtool command; offload features need another backend")
	}
	if i.Ethernet.Match.MAC != "" && i.MAC != "" && !w.rel.manyAddresses {
		w.cannot(i, "mac", "HWADDR and MACADDR together make a restart fail with %q", "different MAC address than expected")
	}
}

func (w *writer) refuseVLAN(i *host.Interface) {
	v := i.VLAN
	if v.Protocol == "802.1ad" {
		w.cannot(i, "protocol", "the scripts make 802.1q VLANs only")
	}
	for _, a := range []struct {
		name string
		set  *bool
		ok   bool
	}{{"gvrp", v.GVRP, w.rel.gvrp}, {"mvrp", v.MVRP, false}, {"loose_binding", v.LooseBinding, false}} {
		if a.set != nil && !a.ok {
			w.cannot(i, a.name, "%s reads a key for %s", w.reader(), a.name)
		}
	}
	k := keys{"DEVICE": i.Name, "VLAN": "yes", "PHYSDEV": v.Parent, "VLAN_ID": fmt.Sprint(v.ID)}
	if w.rel.vid {
		k["VID"] = fmt.Sprint(v.ID)
	}
	if got := vlanOf(k, w.rel); kindOf(k, w.rel) != host.KindVLAN || got.ID != v.ID {
		w.cannot(i, "name", "%s makes VLAN %d out of a file for %q; call it %q", w.reader(), v.ID, i.Name, fmt.Sprintf("%s.%d", v.Parent, v.ID))
	}
}

func (w *writer) refuseBridge(i *host.Interface) {
	b := i.Bridge
	unknown := w.rel.name == anyRelease
	for _, a := range []struct {
		name string
		set  bool
		ok   bool
	}{
		{"forward_delay", b.ForwardDelay != nil, !unknown}, // seconds, and hundredths of a second in rhel8
		{"ageing_time", b.AgeingTime != nil, !unknown && w.rel.prio},
		{"priority", b.Priority != nil, w.rel.prio},
		{"hello_time", b.HelloTime != nil, w.rel.bridgingOpts},
		{"max_age", b.MaxAge != nil, w.rel.bridgingOpts},
		{"multicast_snooping", b.MulticastSnooping != nil, w.rel.bridgingOpts},
		{"vlan_filtering", b.VLANFiltering != nil, w.rel.vlanFiltering},
	} {
		if a.set && !a.ok {
			w.cannot(i, a.name, "%s reads it the same", w.reader())
		}
	}
	for at, p := range b.Ports {
		if p.HasSettings() && !w.rel.bridgingOpts {
			w.cannot(i, host.Index("ports", at), "%s reads BRIDGING_OPTS in a port's file", w.reader())
		}
		if m := w.byName[p.Name]; p.HasSettings() && m != nil && m.Kind == host.KindBridge {
			w.cannot(i, host.Index("ports", at), "a bridge as a port has no port settings in files")
		}
	}
}
