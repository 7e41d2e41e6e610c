package rehearse

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
	"linkspan/core/plan"
)

// HostOf turns the interfaces that a backend has read back into a host: the
// other way round than backend.InterfaceObjects. Objects of other classes are
// left out.
func HostOf(name string, objects []plan.Object) (host.Host, error) {
	h := host.Host{Name: name}
	for n := range objects {
		o := &objects[n]
		if o.Class != plan.ClassInterface || o.Absent {
			continue
		}
		i, err := interfaceOf(o)
		if err != nil {
			return h, fmt.Errorf("%s: %w", o.Ref, err)
		}
		h.Interfaces = append(h.Interfaces, i)
	}
	sortByName(h.Interfaces)
	return h, nil
}

// object reads settings, and keeps the first error.
type object struct {
	*plan.Object
	err error
}

func interfaceOf(from *plan.Object) (host.Interface, error) {
	o := object{Object: from}
	i := host.Interface{Kind: host.Kind(o.Get("type").Text), Name: o.Name, State: host.State(o.Get("state").Text), Description: o.Get("description").Text,
		MTU: o.number("mtu"), MAC: o.Get("mac").Text, DHCP4: o.flag("dhcp4"), DHCP6: o.flag("dhcp6"), AcceptRA: o.flag("accept_ra"),
		Gateway: o.address("gateway"), Gateway6: o.address("gateway6")}
	for _, a := range o.Get("addresses").List {
		p, err := netip.ParsePrefix(a)
		o.fail(err)
		i.Addresses = append(i.Addresses, p)
	}
	for _, text := range o.Get("routes").List {
		i.Routes = append(i.Routes, o.route(text))
	}
	ports := o.Get("ports").List
	switch i.Kind {
	case host.KindEthernet:
		i.Ethernet = &host.Ethernet{}
	case host.KindBond:
		i.Bond = &host.Bond{Ports: ports, Mode: o.Get("mode").Text, Options: o.bondOptions()}
	case host.KindVLAN:
		i.VLAN = &host.VLAN{Parent: o.Get("parent").Text, Protocol: o.Get("protocol").Text, ReorderHeader: o.flag("reorder_header"),
			GVRP: o.flag("gvrp"), MVRP: o.flag("mvrp"), LooseBinding: o.flag("loose_binding")}
		if id := o.number("id"); id != nil {
			i.VLAN.ID = *id
		}
	case host.KindBridge:
		i.Bridge = o.bridge(ports)
	default:
		o.fail(fmt.Errorf("type %q is none of %v", i.Kind, host.Kinds()))
	}
	return i, o.err
}

func (o *object) fail(err error) {
	if o.err == nil && err != nil {
		o.err = err
	}
}

func (o *object) number(key string) *int {
	v := o.Get(key)
	if v.IsAbsent() {
		return nil
	}
	n, err := strconv.Atoi(v.Text)
	if err != nil {
		o.fail(fmt.Errorf("%s: %w", key, err))
	}
	return &n
}

func (o *object) flag(key string) *bool {
	v := o.Get(key)
	if v.IsAbsent() {
		return nil
	}
	on := v.Text == "true"
	return &on
}

func (o *object) seconds(key string) *host.Centiseconds {
	v := o.Get(key)
	if v.IsAbsent() {
		return nil
	}
	f, err := strconv.ParseFloat(v.Text, 64)
	if err != nil {
		o.fail(fmt.Errorf("%s: %w", key, err))
	}
	c := host.Centiseconds(f*100 + 0.5)
	return &c
}

func (o *object) address(key string) netip.Addr {
	v := o.Get(key)
	if v.IsAbsent() {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(v.Text)
	o.fail(err)
	return a
}

// route reads what host.Route.String writes.
func (o *object) route(text string) host.Route {
	words := strings.Fields(text)
	var r host.Route
	if len(words) == 0 {
		o.fail(fmt.Errorf("an empty route"))
		return r
	}
	var err error
	if words[0] == "default" {
		r.To = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	} else if r.To, err = netip.ParsePrefix(words[0]); err != nil {
		o.fail(fmt.Errorf("route %q: %w", text, err))
	}
	for n := 1; n < len(words); n++ {
		if words[n] == "onlink" {
			r.OnLink = true
			continue
		}
		if n+1 == len(words) {
			o.fail(fmt.Errorf("route %q: %q has no value", text, words[n]))
			return r
		}
		if err := routeWord(&r, words[n], words[n+1]); err != nil {
			o.fail(fmt.Errorf("route %q: %w", text, err))
		}
		n++
	}
	return r
}

func routeWord(r *host.Route, word, value string) (err error) {
	switch word {
	case "via":
		r.Via, err = netip.ParseAddr(value)
	case "src":
		r.Source, err = netip.ParseAddr(value)
	case "metric":
		r.Metric, err = strconv.Atoi(value)
	case "table":
		r.Table, err = strconv.Atoi(value)
	default:
		err = fmt.Errorf("%q is no word of a route", word)
	}
	return err
}

// bondOptions are the settings that are options of the bonding driver.
func (o *object) bondOptions() map[string]string {
	out := make(map[string]string)
	for _, s := range o.Settings {
		option, known := host.BondOptionNamed(s.Key)
		if !known || s.Value.IsAbsent() {
			continue
		}
		out[s.Key] = s.Value.Text
		if option.Type == host.OptionAddresses {
			out[s.Key] = strings.Join(s.Value.List, ",")
		}
	}
	return out
}

func (o *object) bridge(ports []string) *host.Bridge {
	b := &host.Bridge{STP: o.flag("stp"), Priority: o.number("priority"), ForwardDelay: o.seconds("forward_delay"), HelloTime: o.seconds("hello_time"),
		MaxAge: o.seconds("max_age"), AgeingTime: o.seconds("ageing_time"), MulticastSnooping: o.flag("multicast_snooping"), VLANFiltering: o.flag("vlan_filtering")}
	for _, name := range slices.Sorted(slices.Values(ports)) {
		at := "port." + name + "."
		b.Ports = append(b.Ports, host.BridgePort{Name: name, Cost: o.number(at + "cost"), Priority: o.number(at + "priority"), Hairpin: o.flag(at + "hairpin"),
			Isolated: o.flag(at + "isolated"), Learning: o.flag(at + "learning"), Flood: o.flag(at + "flood"), Guard: o.flag(at + "bpdu_guard")})
	}
	return b
}
