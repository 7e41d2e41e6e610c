package rehearse

import (
	"fmt"
	"net/netip"
	"slices"

	"linkspan/core/host"
)

// mostGuests bounds how many guests there are: each is a namespace.
const mostGuests = 8

// placeGuests puts guests on the bridges: those that the start names by their
// ports, else two on the first bridge and one on each other, unless the change
// removes it, which is refused where guests are. Bridges that only the change
// makes get theirs afterwards.
func (b *worldBuilder) placeGuests() {
	for n := range b.start.Interfaces {
		i := &b.start.Interfaces[n]
		if i.Bridge == nil {
			continue
		}
		ports := slices.DeleteFunc(slices.Clone(i.Ports()), func(p string) bool { return !b.isGuestPort(p) })
		if w, named := b.wanted.Interface(i.Name); len(ports) == 0 && named && w.Wanted() == host.Absent {
			b.remark("%s is to go, and so has no guest; with one, the plan would be refused", i.Name)
			continue
		}
		if len(ports) == 0 {
			ports = b.names(map[bool]int{true: 2, false: 1}[len(b.Guests) == 0], ports)
		}
		for _, p := range ports {
			b.place(&b.Guests, b.start, i, p)
		}
	}
	for n := range b.wanted.Interfaces {
		i := &b.wanted.Interfaces[n]
		if was, there := b.start.Interface(i.Name); i.Bridge == nil || i.Wanted() == host.Absent || there && was.Bridge != nil {
			continue
		}
		b.place(&b.Late, b.wanted, i, b.names(1, nil)[0])
	}
}

// names makes names of ports as Xen does: vifDOMAIN.NUMBER.
func (b *worldBuilder) names(n int, out []string) []string {
	for range n {
		out = append(out, fmt.Sprintf("vif%d.0", len(b.Guests)+len(b.Late)+len(out)+1))
	}
	return out
}

// place puts one guest on a bridge, with an address of the bridge's network.
func (b *worldBuilder) place(list *[]guest, h *host.Host, bridge *host.Interface, port string) {
	n := len(b.Guests) + len(b.Late) + 1
	if n > mostGuests {
		b.remark("more than %d bridges: the others have no guest in the rehearsal", mostGuests)
		return
	}
	g := guest{Port: port, Bridge: bridge.Name, MAC: fmt.Sprintf("00:16:3e:00:00:%02x", n)}
	net := b.netOf(h, bridge.Name)
	subnet := b.subnetFor(net)
	address, ok := b.free(subnet)
	if !ok {
		b.remark("%s has no free address for a guest on %s", subnet, bridge.Name)
		return
	}
	g.Address = address
	*list = append(*list, g)
}

// subnetFor is where a guest of a network gets its address; the peer gets one
// there if it has none. A bridge without a card is in no network of the switch.
func (b *worldBuilder) subnetFor(net *network) netip.Prefix {
	if net == nil {
		return b.strange().Masked()
	}
	i := slices.IndexFunc(net.Peers, func(p netip.Prefix) bool { return p.Addr().Is4() })
	if i < 0 {
		i = len(net.Peers)
		net.Peers = append(net.Peers, b.strange())
	}
	return net.Peers[i].Masked()
}

// strange gives an address of a network of its own, from the range for tests
// of networks (RFC 2544).
func (b *worldBuilder) strange() netip.Prefix {
	b.spare++
	a := netip.AddrFrom4([4]byte{198, 18, byte(b.spare), 1})
	b.used[a] = true
	return netip.PrefixFrom(a, 24)
}

func (b *worldBuilder) remark(text string, args ...any) {
	said := fmt.Sprintf(text, args...)
	if !slices.Contains(b.Remarks, said) {
		b.Remarks = append(b.Remarks, said)
	}
}

// chooseTargets lists what is asked every 2 ms: the addresses that the host
// has before and after, and the guests; and what is asked at the end.
func (b *worldBuilder) chooseTargets() {
	before := make(map[netip.Addr]bool)
	for _, i := range b.start.Interfaces {
		for _, a := range i.Addresses {
			before[a.Addr()] = true
		}
	}
	after := make(map[netip.Addr]bool)
	for n := range b.wanted.Interfaces {
		i := &b.wanted.Interfaces[n]
		if i.Wanted() == host.Absent {
			continue
		}
		for _, a := range i.Addresses {
			after[a.Addr()] = true
			b.address(i, a.Addr(), before[a.Addr()])
		}
	}
	if !slices.ContainsFunc(b.Streams, func(t target) bool { return t.Kind == Operator }) && len(b.Streams) > 0 {
		b.Streams[0].Kind = Operator
	}
	if len(b.Streams) == 0 {
		b.remark("no address is on the host before and after the change: nothing of the host itself is measured")
	}
	for n, g := range b.Guests {
		if b.netOf(b.start, g.Bridge) != nil {
			b.Streams = append(b.Streams, target{Guest, g.Port, g.Address.Addr(), fromPeer})
		}
		if n > 0 && b.Guests[n-1].Bridge == g.Bridge {
			b.Streams = append(b.Streams, target{Guests, b.Guests[n-1].Port + " to " + g.Port, g.Address.Addr(), n - 1})
		}
	}
	for _, g := range b.Late {
		if b.netOf(b.wanted, g.Bridge) == nil {
			continue
		}
		b.Reach = append(b.Reach, target{Guest, "a guest on " + g.Bridge, g.Address.Addr(), fromPeer})
	}
	if len(b.Streams) > mostTargets {
		b.remark("%d of %d addresses and guests are measured", mostTargets, len(b.Streams))
		b.Streams = b.Streams[:mostTargets]
	}
}

// address lists one address of the new network, the operator's first.
func (b *worldBuilder) address(i *host.Interface, a netip.Addr, before bool) {
	t := target{Address, a.String(), a, fromPeer}
	if !before {
		b.Reach = append(b.Reach, t)
		return
	}
	gateways := i.DefaultRoutes()
	own := slices.ContainsFunc(gateways, func(r host.Route) bool { return r.Via.Is4() == a.Is4() })
	if own && !slices.ContainsFunc(b.Streams, func(t target) bool { return t.Kind == Operator }) {
		t.Kind = Operator
		b.Streams = slices.Insert(b.Streams, 0, t)
		return
	}
	b.Streams = append(b.Streams, t)
}
