package backend

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"linkspan/core/host"
	"linkspan/core/plan"
)

// InterfaceObjects spells a host's interfaces as objects, the same way for
// every backend and for what is declared, persisted and live. A backend calls
// it in Render with the declared host and in Read with the host that it found.
//
// Listed always, so that what has moved away is removed: type, state,
// addresses, dhcp4, dhcp6, gateways, routes, master, ports, a VLAN's parent,
// id and protocol. Listed when said: everything else. backendName chooses
// the raw options that are listed, as "backend_options.KEY".
func InterfaceObjects(h *host.Host, backendName string) []plan.Object {
	masters := h.Masters()
	out := make([]plan.Object, 0, len(h.Interfaces))
	var s settings // its room serves all interfaces
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		o := plan.Object{Ref: Ref(i.Name), Type: string(i.Kind), Path: i.Path()}
		if i.Wanted() == host.Absent {
			o.Absent, o.Reason = true, `the definition says state = "absent"`
			out = append(out, o)
			continue
		}
		s = s[:0]
		s.common(i, masters[i.Name])
		s.kind(i)
		for k, v := range i.Options[backendName] {
			s.set("backend_options."+k, plan.Text(v))
		}
		o.Settings = s.sorted()
		for _, l := range i.Lowers() {
			o.DependsOn = append(o.DependsOn, Ref(l))
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b plan.Object) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// Ref names a network interface as an object.
func Ref(name string) plan.Ref { return plan.Ref{Class: plan.ClassInterface, Name: name} }

// settings are those of one object while they are collected.
type settings []plan.Setting

func (s *settings) set(key string, v plan.Value) { *s = append(*s, plan.Setting{Key: key, Value: v}) }

// sorted returns the settings by their keys; of two of one key the later counts.
func (s *settings) sorted() []plan.Setting {
	slices.SortStableFunc(*s, func(a, b plan.Setting) int { return cmp.Compare(a.Key, b.Key) })
	out := make([]plan.Setting, 0, len(*s))
	for n, one := range *s {
		if n+1 == len(*s) || (*s)[n+1].Key != one.Key {
			out = append(out, one)
		}
	}
	return out
}

func (s *settings) common(i *host.Interface, master string) {
	s.set("type", plan.Text(string(i.Kind)))
	s.set("state", plan.Text(string(i.Wanted())))
	s.text("description", i.Description)
	s.number("mtu", i.MTU)
	s.text("mac", i.MAC)
	s.set("addresses", list(familyOrder(i.Addresses)))
	s.set("dhcp4", plan.Bool(i.DHCP4 != nil && *i.DHCP4))
	s.set("dhcp6", plan.Bool(i.DHCP6 != nil && *i.DHCP6))
	s.boolean("accept_ra", i.AcceptRA)
	s.always("gateway", i.Gateway.IsValid(), i.Gateway.String())
	s.always("gateway6", i.Gateway6.IsValid(), i.Gateway6.String())
	s.always("master", master != "", master)
	routes := list(i.Routes)
	slices.Sort(routes.List)
	s.set("routes", routes)
	if !i.DNS.IsZero() {
		s.set("dns.servers", list(i.DNS.Servers))
		s.set("dns.search", plan.List(i.DNS.Search...))
	}
}

func (s *settings) kind(i *host.Interface) {
	switch {
	case i.Ethernet != nil:
		s.boolean("wake_on_lan", i.Ethernet.WakeOnLAN)
		for k, v := range i.Ethernet.Offload {
			s.set("offload."+k, plan.Bool(v))
		}
	case i.Bond != nil:
		s.set("ports", plan.List(i.Bond.Ports...))
		s.text("mode", i.Bond.Mode)
		for k, v := range i.Bond.Options {
			s.set(k, bondValue(k, v))
		}
	case i.VLAN != nil:
		s.set("parent", plan.Text(i.VLAN.Parent))
		s.set("id", plan.Number(i.VLAN.ID))
		s.set("protocol", plan.Text(cmp.Or(i.VLAN.Protocol, "802.1q")))
		s.boolean("reorder_header", i.VLAN.ReorderHeader)
		s.boolean("gvrp", i.VLAN.GVRP)
		s.boolean("mvrp", i.VLAN.MVRP)
		s.boolean("loose_binding", i.VLAN.LooseBinding)
	case i.Bridge != nil:
		s.bridge(i.Bridge)
	}
}

func (s *settings) bridge(b *host.Bridge) {
	s.set("ports", plan.List(slices.Sorted(slices.Values(b.PortNames()))...))
	s.boolean("stp", b.STP)
	s.number("priority", b.Priority)
	s.seconds("forward_delay", b.ForwardDelay)
	s.seconds("hello_time", b.HelloTime)
	s.seconds("max_age", b.MaxAge)
	s.seconds("ageing_time", b.AgeingTime)
	s.boolean("multicast_snooping", b.MulticastSnooping)
	s.boolean("vlan_filtering", b.VLANFiltering)
	for _, p := range b.Ports {
		at := "port." + p.Name + "."
		s.number(at+"cost", p.Cost)
		s.number(at+"priority", p.Priority)
		s.boolean(at+"hairpin", p.Hairpin)
		s.boolean(at+"isolated", p.Isolated)
		s.boolean(at+"learning", p.Learning)
		s.boolean(at+"flood", p.Flood)
		s.boolean(at+"bpdu_guard", p.Guard)
	}
}

// always lists a text, as absent when it is not there.
func (s *settings) always(key string, there bool, v string) {
	if !there {
		s.set(key, plan.Value{})
		return
	}
	s.set(key, plan.Text(v))
}

func (s *settings) text(key, v string) {
	if v != "" {
		s.set(key, plan.Text(v))
	}
}

func (s *settings) number(key string, v *int) {
	if v != nil {
		s.set(key, plan.Number(*v))
	}
}

func (s *settings) boolean(key string, v *bool) {
	if v != nil {
		s.set(key, plan.Bool(*v))
	}
}

func (s *settings) seconds(key string, v *host.Centiseconds) {
	if v != nil {
		s.set(key, plan.Value{Form: plan.FormNumber, Text: v.Seconds()})
	}
}

// familyOrder puts IPv4 before IPv6 and keeps the order within each: there it
// says which address is the primary; between them no place keeps it (an ifcfg
// file has keys for each family, the kernel a list for each).
func familyOrder(addresses []netip.Prefix) []netip.Prefix {
	if len(addresses) < 2 {
		return addresses
	}
	out := slices.Clone(addresses)
	slices.SortStableFunc(out, func(a, b netip.Prefix) int { return cmp.Compare(a.Addr().BitLen(), b.Addr().BitLen()) })
	return out
}

func list[T fmt.Stringer](items []T) plan.Value {
	out := make([]string, len(items))
	for i, v := range items {
		out[i] = v.String()
	}
	return plan.List(out...)
}

// bondValue gives a bond option the form that its attribute has.
func bondValue(name, v string) plan.Value {
	o, ok := host.BondOptionNamed(name)
	if !ok {
		return plan.Text(v)
	}
	switch o.Type {
	case host.OptionNumber:
		return plan.Value{Form: plan.FormNumber, Text: v}
	case host.OptionBool:
		return plan.Value{Form: plan.FormBool, Text: v}
	case host.OptionAddresses:
		return plan.List(strings.Split(v, ",")...)
	}
	return plan.Text(v)
}
