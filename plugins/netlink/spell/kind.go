// Package spell says the same thing in the definition's words and in the
// kernel's: kinds of interfaces, routes, bond options.
package spell

import (
	"slices"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// KindOf is the kind of interface that a link is in the definition; what is no
// bond, VLAN or bridge is a card.
func KindOf(l *rtnl.Link) host.Kind {
	switch l.Kind {
	case "bond":
		return host.KindBond
	case "vlan":
		return host.KindVLAN
	case "bridge":
		return host.KindBridge
	}
	return host.KindEthernet
}

// IsForeign reports whether a link is of a kind that linkspan never makes.
func IsForeign(l *rtnl.Link) bool {
	return !slices.Contains([]string{"", "bond", "vlan", "bridge", "veth", "dummy"}, l.Kind)
}
