// Package goal is the world that is wanted: what the definition, or a snapshot,
// makes of the present one.
package goal

import (
	"maps"
	"slices"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/world"
)

// Goal is what a plan leads to: a world, and which of its links count. Of a
// link in Managed, what is said is wanted; a managed link that the world does
// not have is to go. Everything else stays as it is.
type Goal struct {
	*world.World
	Managed map[string]bool
	Exact   bool // everything is said: the goal is a snapshot
	Patience
}

// OfSnapshot wants back what was, of the named links.
func OfSnapshot(was *rtnl.Graph, touched []string) *Goal {
	g := &Goal{World: world.Of(was), Managed: make(map[string]bool), Exact: true, Patience: defaultPatience}
	for _, name := range touched {
		g.Managed[name] = true
	}
	for _, name := range g.All() {
		l := g.Link(name)
		l.Bond = maps.Clone(l.Bond)
		for _, option := range bonding.Clearables {
			if _, said := l.Bond[option]; l.Bond != nil && !said {
				l.Bond[option] = "" // the kernel does not mention one that is not there
			}
		}
		if l.OwnMAC != "" { // as a port it has its bond's
			l.MAC, l.MTU = l.OwnMAC, 0
		}
		if l.Kind == "vlan" {
			l.FlagMask = rtnl.AllFlags
		}
	}
	return g
}

// WithHanging adds to the links touched what hung on those of them that somebody
// has deleted: the kernel lets the ports of a link go with it, and deletes its
// VLANs. What cannot be made again, as a guest's port that has gone, is left out.
func WithHanging(was *rtnl.Graph, touched []string, now *world.World) []string {
	out := slices.Clone(touched)
	for n := 0; n < len(out); n++ {
		if now.Link(out[n]) != nil {
			continue
		}
		for i := range was.Links {
			l := &was.Links[i]
			hung := l.Master == out[n] || l.Parent == out[n]
			made := l.Kind == "vlan" || l.Kind == "bridge" || l.Kind == "bond"
			if hung && !slices.Contains(out, l.Name) && (made || now.Link(l.Name) != nil) {
				out = append(out, l.Name)
			}
		}
	}
	return out
}
