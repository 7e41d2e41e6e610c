package rehearse

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"linkspan/core/host"
)

// world is what stands around the host: pure data, so that it can be looked at
// without a kernel.
type world struct {
	Cards   []card
	Native  int // the switch's own number for what is untagged
	Nets    []network
	Guests  []guest
	Late    []guest // on bridges that only the change makes
	Streams []target
	Reach   []target // of the new network only: asked once, at the end
	Remarks []string
}

// card is a network card of the host and its cable to the switch.
type card struct{ Name, MAC string }

// network is one layer-2 network of the switch in which the peer has a card.
// Untagged frames are tag 0. One with several tags is joined at the peer: the
// host speaks one tag before the change and another one after it.
type network struct {
	Tags  []int
	Peers []netip.Prefix // the peer's addresses, gateways first
}

// guest is a virtual machine with one port on a bridge.
type guest struct {
	Port, Bridge string
	MAC          string
	Address      netip.Prefix
}

// target is what is asked for answers.
type target struct {
	Kind StreamKind
	Name string
	To   netip.Addr
	From int // index of the guest that asks, or fromPeer
}

const (
	fromPeer    = -1
	mostTargets = 16 // more would be asked less often than every 2 ms
)

// surroundings finds what has to stand around a host that goes from one
// network to the other.
func surroundings(start, wanted *host.Host) world {
	b := &worldBuilder{start: start, wanted: wanted, used: make(map[netip.Addr]bool), given: make(map[netip.Addr]bool), group: make(map[int]int)}
	b.findCards()
	b.findTags()
	b.findNetworks()
	b.placeGuests()
	b.chooseTargets()
	return b.world
}

type worldBuilder struct {
	world
	start, wanted *host.Host
	used          map[netip.Addr]bool // not free for the peer or a guest
	given         map[netip.Addr]bool // to the host, before or after, or to the peer
	group         map[int]int         // tag → the lowest tag of its network
	spare         int                 // networks for guests that have no address to go by
}

func (b *worldBuilder) both() []*host.Host { return []*host.Host{b.start, b.wanted} }

// findCards lists the cards: what either network has as a card, but guests'
// ports, and but a card whose name something else has now.
func (b *worldBuilder) findCards() {
	seen := make(map[string]bool)
	for _, h := range b.both() {
		for n := range h.Interfaces {
			i := &h.Interfaces[n]
			if i.Kind != host.KindEthernet || seen[i.Name] || b.isGuestPort(i.Name) {
				continue
			}
			if was, there := b.start.Interface(i.Name); there && was.Kind != host.KindEthernet {
				continue
			}
			seen[i.Name] = true
			mac := i.MAC
			if mac == "" {
				mac = fmt.Sprintf("52:54:00:00:%02x:e0", len(b.Cards))
			}
			b.Cards = append(b.Cards, card{i.Name, mac})
		}
	}
	slices.SortFunc(b.Cards, func(a, c card) int { return cmp.Compare(a.Name, c.Name) })
}

// isGuestPort reports whether a card of the start is a guest's port: on a
// bridge, named as hypervisors name them, and unknown to the definition.
func (b *worldBuilder) isGuestPort(name string) bool {
	_, declared := b.wanted.Interface(name)
	return !declared && isGuestName(name) && b.start.Masters()[name] != ""
}

// isGuestName reports whether a name is one that hypervisors give to ports:
// Xen's vif, QEMU's and Proxmox's tap, libvirt's vnet, and veth of containers.
func isGuestName(name string) bool {
	return slices.ContainsFunc([]string{"vif", "tap", "vnet", "veth", "fwpr"}, func(p string) bool { return strings.HasPrefix(name, p) })
}

// tagOf says which tag the frames of an interface have on the wire: 0 for none.
// Stacked VLANs, and what stands on no card, have no single answer.
func tagOf(h *host.Host, name string, depth int) (int, bool) {
	i, ok := h.Interface(name)
	if !ok || depth > 8 || i.Wanted() == host.Absent {
		return 0, false
	}
	if i.VLAN != nil {
		below, ok := tagOf(h, i.VLAN.Parent, depth+1)
		return i.VLAN.ID, ok && below == 0
	}
	if i.Kind == host.KindEthernet {
		return 0, true
	}
	for _, p := range i.Ports() {
		if isGuestName(p) {
			continue
		}
		if tag, ok := tagOf(h, p, depth+1); ok {
			return tag, true
		}
	}
	return 0, false
}

// findTags groups the tags that are one network because the same address or
// the same bridge is on one before and on another after the change.
func (b *worldBuilder) findTags() {
	at := make(map[string]int) // subnet or bridge → tag
	note := func(key string, tag int) {
		b.add(tag)
		if other, seen := at[key]; seen {
			b.join(tag, other)
			return
		}
		at[key] = tag
	}
	for _, h := range b.both() {
		for n := range h.Interfaces {
			i := &h.Interfaces[n]
			tag, ok := tagOf(h, i.Name, 0)
			if !ok {
				continue
			}
			for _, a := range i.Addresses {
				note(a.Masked().String(), tag)
			}
			if i.Bridge != nil {
				note(i.Name, tag)
			}
		}
	}
}

func (b *worldBuilder) add(tag int) {
	if _, seen := b.group[tag]; !seen {
		b.group[tag] = tag
	}
}

func (b *worldBuilder) join(x, y int) {
	from, to := max(b.group[x], b.group[y]), min(b.group[x], b.group[y])
	for tag, g := range b.group {
		if g == from {
			b.group[tag] = to
		}
	}
}

// findNetworks gives each group of tags a network with the peer in it.
func (b *worldBuilder) findNetworks() {
	byGroup := make(map[int][]int)
	for _, tag := range slices.Sorted(maps.Keys(b.group)) {
		byGroup[b.group[tag]] = append(byGroup[b.group[tag]], tag)
	}
	for _, g := range slices.Sorted(maps.Keys(byGroup)) {
		b.Nets = append(b.Nets, network{Tags: byGroup[g]})
	}
	for b.Native = 4094; b.group[b.Native] != 0; b.Native-- {
	}
	for _, h := range b.both() {
		for _, i := range h.Interfaces {
			for _, a := range i.Addresses {
				b.used[a.Addr()], b.given[a.Addr()] = true, true
			}
			for _, r := range append(i.DefaultRoutes(), i.Routes...) {
				b.used[r.Via] = true
			}
		}
	}
	for _, h := range b.both() {
		for n := range h.Interfaces {
			b.addPeers(h, &h.Interfaces[n])
		}
	}
}

// addPeers gives the peer the gateways of an interface's subnets, or an
// address of its own where there is none.
func (b *worldBuilder) addPeers(h *host.Host, i *host.Interface) {
	net := b.netOf(h, i.Name)
	if net == nil {
		return
	}
	var vias []netip.Addr
	for _, r := range append(i.DefaultRoutes(), i.Routes...) {
		if r.Via.IsValid() {
			vias = append(vias, r.Via)
		}
	}
	for _, a := range i.Addresses {
		for _, via := range vias {
			if a.Contains(via) && !b.given[via] {
				b.given[via] = true
				net.Peers = append(net.Peers, netip.PrefixFrom(via, a.Bits()))
			}
		}
	}
	for _, a := range i.Addresses {
		if _, ok := net.peerIn(a.Masked()); ok {
			continue
		}
		if p, ok := b.free(a.Masked()); ok {
			net.Peers = append(net.Peers, p)
		}
	}
}

func (n *network) peerIn(subnet netip.Prefix) (netip.Prefix, bool) {
	i := slices.IndexFunc(n.Peers, func(p netip.Prefix) bool { return p.Masked() == subnet })
	if i < 0 {
		return netip.Prefix{}, false
	}
	return n.Peers[i], true
}

func (b *worldBuilder) netOf(h *host.Host, name string) *network {
	tag, ok := tagOf(h, name, 0)
	if !ok {
		return nil
	}
	for n := range b.Nets {
		if slices.Contains(b.Nets[n].Tags, tag) {
			return &b.Nets[n]
		}
	}
	return nil
}

// free takes an address of a subnet that nobody has.
func (b *worldBuilder) free(subnet netip.Prefix) (netip.Prefix, bool) {
	a := subnet.Addr()
	for range 1024 {
		a = a.Next()
		if !a.IsValid() || !subnet.Contains(a) || !subnet.Contains(a.Next()) && a.Is4() {
			return netip.Prefix{}, false
		}
		if !b.used[a] {
			b.used[a] = true
			return netip.PrefixFrom(a, subnet.Bits()), true
		}
	}
	return netip.Prefix{}, false
}
