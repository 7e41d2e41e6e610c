// Package hosttest makes random hosts that keep every rule of package host, for
// property tests of backends.
package hosttest

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"linkspan/core/host"
)

// Options restrict what is made.
type Options struct {
	MaxCards int  // at least 1; 0 means 6
	MaxVLANs int  // 0 means 8
	Plain    bool // no options of bonds, VLANs and bridges, no IPv6, no MTU, no routes
}

// Random makes a host. The same source gives the same host.
func Random(r *rand.Rand, o Options) host.Host {
	if o.MaxCards == 0 {
		o.MaxCards = 6
	}
	if o.MaxVLANs == 0 {
		o.MaxVLANs = 8
	}
	b := &builder{Rand: r, options: o, host: host.Host{Name: "random", Backends: []host.Backend{{Name: "test"}}}}
	b.cards(1 + r.IntN(o.MaxCards))
	b.bonds()
	b.vlans()
	b.bridges()
	b.addresses()
	b.gateway()
	slices.SortFunc(b.host.Interfaces, func(a, c host.Interface) int { return strings.Compare(a.Name, c.Name) })
	return b.host
}

type builder struct {
	*rand.Rand
	options Options
	host    host.Host
	free    []int        // indexes of interfaces that are no port and no parent that may become one
	parents map[int]bool // interfaces that carry VLANs
	network int
}

func (b *builder) chance(percent int) bool { return b.IntN(100) < percent }

func (b *builder) rich(percent int) bool { return !b.options.Plain && b.chance(percent) }

func (b *builder) add(i host.Interface) int {
	b.host.Interfaces = append(b.host.Interfaces, i)
	n := len(b.host.Interfaces) - 1
	b.free = append(b.free, n)
	return n
}

// take removes a free interface that passes the test; -1 when there is none.
func (b *builder) take(ok func(int) bool) int {
	candidates := slices.DeleteFunc(slices.Clone(b.free), func(n int) bool { return !ok(n) })
	if len(candidates) == 0 {
		return -1
	}
	n := candidates[b.IntN(len(candidates))]
	b.free = slices.DeleteFunc(b.free, func(m int) bool { return m == n })
	return n
}

func (b *builder) cards(n int) {
	for i := range n {
		card := host.Interface{Kind: host.KindEthernet, Name: fmt.Sprintf("eth%d", i), Ethernet: &host.Ethernet{}}
		if b.rich(10) {
			card.MTU = new(1500 + b.IntN(7500))
		}
		b.add(card)
	}
}

func (b *builder) bonds() {
	for i := range b.IntN(3) {
		bond := &host.Bond{Mode: host.BondModes()[b.IntN(7)], Options: map[string]string{"miimon": "100"}}
		var mtu *int
		for range 1 + b.IntN(2) {
			n := b.take(func(n int) bool {
				i := &b.host.Interfaces[n]
				return i.Kind == host.KindEthernet && (mtu == nil || i.MTU == nil || *i.MTU == *mtu)
			})
			if n < 0 {
				break
			}
			b.host.Interfaces[n].MTU = nil // a bond hands its own down
			bond.Ports = append(bond.Ports, b.host.Interfaces[n].Name)
		}
		if len(bond.Ports) == 0 {
			return
		}
		b.bondOptions(bond)
		b.add(host.Interface{Kind: host.KindBond, Name: fmt.Sprintf("bond%d", i), Bond: bond})
	}
}

// bondOptions adds options that the mode takes.
func (b *builder) bondOptions(bond *host.Bond) {
	for _, o := range host.BondOptions() {
		if !b.rich(15) || !o.TakenBy(bond.Mode) {
			continue
		}
		switch o.Name {
		case "miimon", "arp_interval", "arp_ip_targets", "arp_validate": // one kind of monitoring
		case "updelay", "downdelay":
			bond.Options[o.Name] = fmt.Sprint(100 * (1 + b.IntN(5)))
		case "primary":
			bond.Options[o.Name] = bond.Ports[b.IntN(len(bond.Ports))]
		default:
			bond.Options[o.Name] = b.optionValue(o)
		}
	}
}

func (b *builder) optionValue(o host.BondOption) string {
	switch o.Type {
	case host.OptionBool:
		return fmt.Sprint(b.chance(50))
	case host.OptionWord:
		return o.Words[b.IntN(len(o.Words))]
	}
	return fmt.Sprint(o.Min + b.IntN(min(o.Max-o.Min, 200)))
}

func (b *builder) vlans() {
	b.parents = make(map[int]bool)
	taken := make(map[string]bool)
	for range b.IntN(b.options.MaxVLANs + 1) {
		if len(b.free) == 0 {
			return
		}
		p := b.free[b.IntN(len(b.free))]
		parent := &b.host.Interfaces[p]
		id := 1 + b.IntN(4094)
		name := fmt.Sprintf("%s.%d", parent.Name, id)
		if parent.Kind == host.KindVLAN || len(name) > host.MaxName || taken[name] {
			continue
		}
		taken[name] = true
		b.parents[p] = true
		v := &host.VLAN{Parent: parent.Name, ID: id}
		if b.rich(20) {
			v.ReorderHeader = new(b.chance(50))
		}
		b.add(host.Interface{Kind: host.KindVLAN, Name: name, VLAN: v})
	}
}

func (b *builder) bridges() {
	for i := range b.IntN(5) {
		br := &host.Bridge{}
		for range b.IntN(3) {
			// A parent of VLANs that becomes a port would lose their frames.
			n := b.take(func(n int) bool { return b.host.Interfaces[n].Kind != host.KindBridge && !b.parents[n] })
			if n >= 0 {
				br.Ports = append(br.Ports, host.BridgePort{Name: b.host.Interfaces[n].Name})
			}
		}
		slices.SortFunc(br.Ports, func(x, y host.BridgePort) int { return strings.Compare(x.Name, y.Name) })
		if b.rich(30) {
			br.STP = new(b.chance(50))
		}
		if b.rich(30) {
			br.ForwardDelay = new(host.Centiseconds(200 + 100*b.IntN(20)))
		}
		if b.rich(20) {
			br.AgeingTime = new(host.Centiseconds(100 * (10 + b.IntN(300))))
		}
		if b.rich(20) {
			br.Priority = new(4096 * b.IntN(16))
		}
		b.add(host.Interface{Kind: host.KindBridge, Name: fmt.Sprintf("xenbr%d", i), Bridge: br})
	}
}

// addresses gives what is no port some addresses, each in a network of its own.
func (b *builder) addresses() {
	for _, n := range b.free {
		i := &b.host.Interfaces[n]
		if b.chance(60) {
			b.network++
			bits := 24 + b.IntN(5)
			i.Addresses = append(i.Addresses, netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(b.network / 250), byte(b.network % 250), 2}), bits))
		}
		if b.rich(20) {
			b.network++
			i.Addresses = append(i.Addresses, netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x::2/64", b.network)))
		}
		if len(i.Addresses) > 0 && i.Addresses[0].Addr().Is4() && b.rich(30) {
			via := i.Addresses[0].Addr().Next()
			to := netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 16, byte(b.network), 0}), 24)
			i.Routes = append(i.Routes, host.Route{To: to, Via: via})
		}
	}
}

// gateway gives one interface a default route.
func (b *builder) gateway() {
	for _, n := range b.free {
		i := &b.host.Interfaces[n]
		if len(i.Addresses) > 0 && i.Addresses[0].Addr().Is4() && b.chance(50) {
			i.Gateway = i.Addresses[0].Addr().Next()
			return
		}
	}
}
