// Package rename knows the links whose names change in the course of a plan,
// and gives everything that names them the name of the time.
package rename

import (
	"maps"
	"slices"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/world"
)

// Alias is a link that has one name now and gets another in the course of the
// plan. All planning is done with the names of the end; Plan and Restore turn
// them into those of the time in the steps before the renaming.
//
// The reason for all this is xend's own bridging: its network-bridge renames
// the card eth0 to peth0 and makes a bridge that is called eth0 (xen 3.2 to
// 4.3, tools/hotplug/Linux/network-bridge). The bridge has the guests' ports,
// which must stay where they are; so it is the bridge that gets its new name.
type Alias struct {
	Now, Then string
	Gone      bool // Then is no name, and cannot be one: the link is deleted
}

// Aliases are those of one plan.
type Aliases []Alias

// xendCard is the name that xend gives to the card called name.
func xendCard(name string) string { return "p" + name }

// AliasesOf finds the links whose names change: from xend's bridging to a
// definition's, or back.
func AliasesOf(g *rtnl.Graph, want Outline) Aliases {
	have := world.Of(g)
	var out Aliases
	for _, name := range slices.Sorted(maps.Keys(want.kinds)) {
		switch want.kinds[name] {
		case host.KindEthernet:
			out = append(out, fromXend(have, want, name)...)
		case host.KindBridge:
			out = append(out, toXend(have, want, name)...)
		}
	}
	return out
}

// fromXend: the card's old name is free or the bridge's, and the card is there
// under the name that xend gave it.
func fromXend(have *world.World, want Outline, name string) Aliases {
	card, bridge := have.Link(xendCard(name)), have.Link(name)
	if card == nil || spell.KindOf(card) != host.KindEthernet || want.kinds[card.Name] != "" || bridge != nil && bridge.Kind != "bridge" {
		return nil
	}
	out := Aliases{{Now: card.Name, Then: name}}
	if bridge == nil {
		return out
	}
	for _, a := range have.Addresses(name) {
		to := want.holders[a.Prefix.Addr()]
		if world.IsOwn(a) && want.kinds[to] == host.KindBridge && have.Link(to) == nil {
			return append(out, Alias{Now: name, Then: to})
		}
	}
	return append(out, Alias{Now: name, Then: "bridge/" + name, Gone: true})
}

// toXend: a bridge is wanted that is called as the card is now.
func toXend(have *world.World, want Outline, name string) Aliases {
	there := have.Link(name)
	if want.kinds[xendCard(name)] != host.KindEthernet || there != nil && spell.KindOf(there) != host.KindEthernet {
		return nil
	}
	var out Aliases
	if there != nil && have.Link(xendCard(name)) == nil {
		out = append(out, Alias{Now: name, Then: xendCard(name)})
	}
	for _, bridge := range have.All() {
		if have.Link(bridge).Kind == "bridge" && want.unused(bridge) && becomes(have, want, bridge, name) {
			return append(out, Alias{Now: bridge, Then: name})
		}
	}
	return out
}

// becomes reports whether a bridge has an address or a port that another one
// shall have.
func becomes(have *world.World, want Outline, bridge, name string) bool {
	return slices.ContainsFunc(have.Addresses(bridge), func(a rtnl.Address) bool { return want.holders[a.Prefix.Addr()] == name }) ||
		slices.ContainsFunc(have.Ports(bridge), func(p string) bool { return want.masters[p] == name })
}

// Declare adds to a definition that what has no name any more is to go.
func (as Aliases) Declare(h host.Host) host.Host {
	for _, a := range as {
		if a.Gone {
			h.Interfaces = append(slices.Clone(h.Interfaces), host.Interface{Kind: host.KindBridge, Name: a.Then, State: host.Absent, Bridge: &host.Bridge{}})
		}
	}
	return h
}

// Apply gives a graph the names of the end.
func (as Aliases) Apply(g *rtnl.Graph) *rtnl.Graph {
	if len(as) == 0 {
		return g
	}
	to := make(map[string]string)
	for _, a := range as {
		to[a.Now] = a.Then
	}
	return Graph(g, to)
}
