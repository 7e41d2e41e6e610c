package rehearse

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"linkspan/core/host"
)

// NamedStart is a network that a host may have before a definition is first
// carried out on it.
type NamedStart struct {
	Name        string // of the interface that carries the address, "bridge" or "xend"
	Host        host.Host
	Undefinable bool // no definition leads there: a card has another name than its own
}

// Starts gives the networks from which hosts usually come to the definition's:
// the operator's address on the first card, on a VLAN of it, on the bond, on a
// VLAN of the bond, on a bridge without bond, and bridged by xend itself. It
// gives those that the definition has the parts for.
func Starts(wanted host.Host) []NamedStart {
	s, ok := findStack(&wanted)
	if !ok {
		return nil
	}
	var out []NamedStart
	add := func(name string, is ...host.Interface) {
		h := host.Host{Name: wanted.Name, Backends: wanted.Backends, Interfaces: append(is, s.otherCards(is)...)}
		sortByName(h.Interfaces)
		out = append(out, NamedStart{Name: name, Host: h})
	}
	first := s.cards[0]
	add(first, s.carry(cardNamed(first)))
	if s.vlan != nil {
		v := host.Interface{Kind: host.KindVLAN, Name: fmt.Sprintf("%s.%d", first, s.vlan.VLAN.ID), VLAN: &host.VLAN{Parent: first, ID: s.vlan.VLAN.ID}}
		add(v.Name, cardNamed(first), s.carry(v))
	}
	if s.bond != nil {
		bond := host.Interface{Kind: host.KindBond, Name: s.bond.Name, Bond: s.bond.Bond}
		add(bond.Name, s.carry(bond))
		if s.vlan != nil && s.vlan.VLAN.Parent == bond.Name {
			add(s.vlan.Name, bond, s.carry(host.Interface{Kind: host.KindVLAN, Name: s.vlan.Name, VLAN: s.vlan.VLAN}))
		}
	}
	if s.bridge != nil {
		add("bridge", cardNamed(first), s.carry(bridgeOn(s.bridge.Name, first)))
		renamed := "p" + first // xend's network-bridge renames the card so (xen 3.0 to 4.3, tools/hotplug/Linux/network-bridge)
		add("xend", cardNamed(renamed), s.carry(bridgeOn(first, renamed)))
		out[len(out)-1].Undefinable = true
	}
	return out
}

// stack is what carries the operator's address in the definition.
type stack struct {
	addresses          []netip.Prefix
	gateway, gateway6  netip.Addr
	bridge, vlan, bond *host.Interface // nil where there is none
	cards              []string        // of the bond, or the one card
}

// findStack follows the interface with the default gateway, or the first one
// with an address, down to its cards.
func findStack(h *host.Host) (stack, bool) {
	i := operatorInterface(h)
	if i == nil {
		return stack{}, false
	}
	s := stack{addresses: i.Addresses, gateway: i.Gateway, gateway6: i.Gateway6}
	for range 8 { // deeper stacks stand on themselves
		switch {
		case i.Bridge != nil:
			s.bridge = i
		case i.VLAN != nil:
			s.vlan = i
		case i.Bond != nil:
			s.bond, s.cards = i, i.Bond.Ports
			return s, len(s.cards) > 0
		default:
			s.cards = []string{i.Name}
			return s, true
		}
		below := i.Lowers()
		if len(below) == 0 {
			return s, false
		}
		next, ok := h.Interface(below[0])
		if !ok {
			return s, false
		}
		i = next
	}
	return s, false
}

// operatorInterface is the one by which the operator most likely comes.
func operatorInterface(h *host.Host) *host.Interface {
	var found *host.Interface
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if i.Wanted() != host.Up || len(i.Addresses) == 0 {
			continue
		}
		if found == nil || len(i.DefaultRoutes()) > 0 && len(found.DefaultRoutes()) == 0 {
			found = i
		}
	}
	return found
}

// carry gives an interface the operator's address and gateway.
func (s *stack) carry(i host.Interface) host.Interface {
	i.Addresses, i.Gateway, i.Gateway6 = s.addresses, s.gateway, s.gateway6
	return i
}

// otherCards are the cards that the start has beside what is listed.
func (s *stack) otherCards(have []host.Interface) []host.Interface {
	var out []host.Interface
	for _, c := range s.cards {
		if !slices.ContainsFunc(have, func(i host.Interface) bool { return i.Name == c }) {
			out = append(out, cardNamed(c))
		}
	}
	return out
}

func cardNamed(name string) host.Interface {
	return host.Interface{Kind: host.KindEthernet, Name: name, Ethernet: &host.Ethernet{}}
}

func bridgeOn(name, port string) host.Interface {
	return host.Interface{Kind: host.KindBridge, Name: name, Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: port}}}}
}

func sortByName(is []host.Interface) {
	slices.SortFunc(is, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
}

// WithoutRest adds to a definition that what the start has and the definition
// does not name is to go, and says what it added. Cards cannot be deleted.
func WithoutRest(wanted, start host.Host) (host.Host, []string) {
	var added []string
	definition := wanted
	wanted.Interfaces = slices.Clone(wanted.Interfaces)
	for _, i := range start.Interfaces {
		if _, named := definition.Interface(i.Name); named || i.Kind == host.KindEthernet {
			continue
		}
		i.State, i.Addresses, i.Routes, i.Gateway, i.Gateway6 = host.Absent, nil, nil, netip.Addr{}, netip.Addr{}
		wanted.Interfaces = append(wanted.Interfaces, i)
		added = append(added, fmt.Sprintf("%s %q { state = \"absent\" }", i.Kind, i.Name))
	}
	sortByName(wanted.Interfaces)
	return wanted, added
}
