package host

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// common checks what every interface may have.
func (v *validation) common(i *Interface) {
	if i.MAC != "" {
		v.mac(i.Path("mac"), i.MAC)
	}
	if i.Ethernet != nil && i.Ethernet.Match.MAC != "" {
		v.mac(i.Path("match", "mac"), i.Ethernet.Match.MAC)
	}
	if strings.ContainsFunc(i.Description, func(r rune) bool { return r < ' ' || r == 0x7f }) || len(i.Description) > 255 {
		v.add(ruleDescription.At(i.Path("description"), "a description is one line of at most 255 bytes without control characters"))
	}
	for at, a := range i.Addresses {
		if fault := faultOf(a); fault != "" {
			v.add(ruleAddress.At(i.Path(Index("addresses", at)), "%s", fault))
		}
	}
	v.gateways(i)
	for at, r := range i.Routes {
		v.route(i, i.Path(Index("route", at)), r)
	}
	for at, s := range i.DNS.Servers {
		if s.IsMulticast() || s.IsUnspecified() {
			v.add(ruleAddress.At(i.Path("dns", Index("servers", at)), "%s is no address of a server", s))
		}
	}
}

// mac checks a hardware address: six bytes, not the group bit (IEEE 802).
func (v *validation) mac(path, s string) {
	m, err := net.ParseMAC(s)
	switch {
	case err != nil || len(m) != 6 || strings.ContainsAny(s, "-."):
		v.add(ruleMAC.At(path, `%q is no MAC address; it has six bytes in hexadecimal with colons, e.g. "52:54:00:12:34:56"`, s))
	case m[0]&1 != 0:
		v.add(ruleMAC.At(path, "%q is a group address (the lowest bit of the first byte is set); no interface can have it", s))
	case slices.Equal(m, make(net.HardwareAddr, 6)):
		v.add(ruleMAC.At(path, "%q is all zeros; no interface can have it", s))
	}
}

// faultOf says why a host cannot have an address, "" when it can.
func faultOf(p netip.Prefix) string {
	a := p.Addr()
	switch {
	case !p.IsValid():
		return `an address is written with its prefix, e.g. "192.168.0.2/24"`
	case a.IsUnspecified(), a.IsMulticast(), a.IsLoopback(), a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return fmt.Sprintf("%s is no address that a host can have on a network", a)
	case p.Bits() == 0:
		return fmt.Sprintf("%s has a prefix of 0, which would be the whole internet", p)
	case a.Is4() && p.Bits() <= 30 && a == p.Masked().Addr():
		return fmt.Sprintf("%s is the address of the network %s itself, not of a host in it", a, p.Masked())
	case a.Is4() && p.Bits() <= 30 && a == lastAddress(p):
		return fmt.Sprintf("%s is the broadcast address of %s", a, p.Masked())
	}
	return ""
}

// lastAddress is the broadcast address of an IPv4 prefix.
func lastAddress(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(b)
}

func (v *validation) gateways(i *Interface) {
	if i.Gateway.IsValid() {
		if !i.Gateway.Is4() {
			v.add(ruleFamily.At(i.Path("gateway"), "%s is not IPv4; an IPv6 gateway is gateway6", i.Gateway))
		} else {
			v.reachable(i, i.Path("gateway"), i.Gateway)
		}
	}
	if i.Gateway6.IsValid() {
		if !i.Gateway6.Is6() {
			v.add(ruleFamily.At(i.Path("gateway6"), "%s is not IPv6; an IPv4 gateway is gateway", i.Gateway6))
		} else {
			v.reachable(i, i.Path("gateway6"), i.Gateway6)
		}
	}
}

// reachable checks that a gateway is a neighbour on the interface. The network
// scripts drop a default route whose gateway is elsewhere without a word, and
// the kernel refuses it. Dynamic addresses are not known beforehand.
func (v *validation) reachable(i *Interface, path string, gateway netip.Addr) {
	on := func(b *bool) bool { return b != nil && *b }
	if gateway.IsLinkLocalUnicast() || gateway.Is4() && on(i.DHCP4) || gateway.Is6() && (on(i.DHCP6) || on(i.AcceptRA)) {
		return
	}
	for _, a := range i.Addresses {
		if a.Addr() == gateway {
			v.add(ruleGateway.At(path, "%s is the interface's own address", gateway))
			return
		}
		if a.Contains(gateway) {
			return
		}
	}
	if len(i.Addresses) == 0 {
		v.add(ruleGateway.At(path, "%q has no address, so no gateway can be reached through it", i.Name))
		return
	}
	v.add(ruleGateway.At(path, "%s is in none of the networks of %q (%s)", gateway, i.Name, networks(i)))
}

func networks(i *Interface) string {
	out := make([]string, len(i.Addresses))
	for n, a := range i.Addresses {
		out[n] = a.Masked().String()
	}
	return strings.Join(out, ", ")
}

func (v *validation) route(i *Interface, path string, r Route) {
	if !r.To.IsValid() {
		v.add(ruleRoute.At(path, `a route has to = "default" or a prefix, e.g. "10.8.0.0/16"`))
		return
	}
	if r.To.Masked() != r.To {
		v.add(ruleRoute.At(path, "%s has bits beyond its prefix; the network is %s", r.To, r.To.Masked()))
	}
	if r.Metric < 0 || r.Metric > 1<<31-1 || r.Table < 0 || r.Table > 1<<31-1 {
		v.add(ruleRange.At(path, "metric and table are numbers from 0 to 2147483647"))
	}
	if r.Source.IsValid() && r.Source.Is4() != r.To.Addr().Is4() || r.Via.IsValid() && r.Via.Is4() != r.To.Addr().Is4() {
		v.add(ruleFamily.At(path, "a route to %s has via and source of the same family", r.To))
		return
	}
	if r.Via.IsValid() && !r.OnLink {
		v.reachable(i, path, r.Via)
	}
}

// addresses checks what may not stand twice on the host.
func (v *validation) addresses() {
	type place struct {
		on *Interface
		at int
	}
	seen := make(map[netip.Addr]place, len(v.host.Interfaces))
	macs := make(map[string]*Interface)
	for n := range v.host.Interfaces {
		i := &v.host.Interfaces[n]
		if i.Wanted() == Absent {
			continue
		}
		for at, a := range i.Addresses {
			if first, twice := seen[a.Addr()]; twice {
				v.add(ruleAddressTwice.At(i.Path(Index("addresses", at)), "%s is on %q already", a.Addr(), first.on.Name).
					With("first given here", first.on.Path(Index("addresses", first.at))))
				continue
			}
			seen[a.Addr()] = place{i, at}
		}
		if i.MAC == "" {
			continue
		}
		if first, twice := macs[i.MAC]; twice {
			v.add(ruleMACTwice.At(i.Path("mac"), "%s is the MAC of %q already", i.MAC, first.Name).With("first given here", first.Path("mac")))
			continue
		}
		macs[i.MAC] = i
	}
	v.overlaps()
}

// overlaps warns of networks that two interfaces share: the kernel then sends
// by the first route only. Sorted by network, an overlap is always with a
// network that is still open.
func (v *validation) overlaps() {
	type network struct {
		prefix netip.Prefix
		on     *Interface
		at     int
	}
	path := func(n network) string { return n.on.Path(Index("addresses", n.at)) }
	all := make([]network, 0, len(v.host.Interfaces))
	for n := range v.host.Interfaces {
		i := &v.host.Interfaces[n]
		for at, a := range i.Addresses {
			single := a.IsValid() && a.Bits() == a.Addr().BitLen()
			if i.Wanted() != Absent && a.IsValid() && !single {
				all = append(all, network{a.Masked(), i, at})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b network) int {
		if c := a.prefix.Addr().Compare(b.prefix.Addr()); c != 0 {
			return c
		}
		return a.prefix.Bits() - b.prefix.Bits()
	})
	var open []network
	for _, n := range all {
		for len(open) > 0 && !open[len(open)-1].prefix.Overlaps(n.prefix) {
			open = open[:len(open)-1]
		}
		if last := len(open) - 1; last >= 0 && open[last].on.Name != n.on.Name {
			v.add(ruleOverlap.At(path(n), "%s on %q overlaps %s on %q", n.prefix, n.on.Name, open[last].prefix, open[last].on.Name).With("the other network", path(open[last])))
		}
		open = append(open, n)
	}
}

// mainTable is the kernel's number of the main routing table, which 0 stands
// for as well (RT_TABLE_MAIN, linux/rtnetlink.h).
const mainTable = 254

// defaultRoutes reports two default routes of one family, table and metric.
func (v *validation) defaultRoutes() {
	seen := make(map[defaultKey]defaultPlace)
	for n := range v.host.Interfaces {
		i := &v.host.Interfaces[n]
		if i.Wanted() == Absent {
			continue
		}
		if i.Gateway.Is4() {
			v.defaultRoute(seen, defaultKey{table: mainTable}, defaultPlace{i, "gateway"})
		}
		if i.Gateway6.Is6() {
			v.defaultRoute(seen, defaultKey{v6: true, table: mainTable}, defaultPlace{i, "gateway6"})
		}
		for at, r := range i.Routes {
			if r.IsDefault() {
				k := defaultKey{r.To.Addr().Is6(), r.Metric, cmp.Or(r.Table, mainTable)}
				v.defaultRoute(seen, k, defaultPlace{i, Index("route", at)})
			}
		}
	}
}

// defaultKey is what the kernel keeps default routes apart by.
type defaultKey struct {
	v6            bool
	metric, table int
}

// defaultPlace is where a default route is given.
type defaultPlace struct {
	on        *Interface
	attribute string
}

func (v *validation) defaultRoute(seen map[defaultKey]defaultPlace, k defaultKey, here defaultPlace) {
	first, twice := seen[k]
	if !twice {
		seen[k] = here
		return
	}
	who := fmt.Sprintf("%q and %q both have", first.on.Name, here.on.Name)
	if first.on == here.on {
		who = fmt.Sprintf("%q has twice", here.on.Name)
	}
	v.add(ruleDefaultRoutes.At(here.on.Path(here.attribute), "%s a default route of metric %d; give one of them another metric", who, k.metric).
		With("the other default route", first.on.Path(first.attribute)))
}
