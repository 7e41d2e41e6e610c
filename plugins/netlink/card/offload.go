// Package card asks a network card through ethtool and tells it: its offloads,
// by the names that ethtool(8) has for them, and what wakes the machine.
package card

import (
	"maps"
	"path"
	"slices"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// groups are the names that ethtool(8) has for several features of the kernel
// together, and its old names for single ones (ethtool.c, off_flag_def).
var groups = map[string][]string{
	"rx":     {"rx-checksum"},
	"tx":     {"tx-checksum-*"},
	"sg":     {"tx-scatter-gather", "tx-scatter-gather-fraglist"},
	"tso":    {"tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp6-segmentation"},
	"ufo":    {"tx-udp-fragmentation"},
	"gso":    {"tx-generic-segmentation"},
	"gro":    {"rx-gro"},
	"lro":    {"rx-lro"},
	"rxvlan": {"rx-vlan-hw-parse"},
	"txvlan": {"tx-vlan-hw-insert"},
	"ntuple": {"rx-ntuple-filter"},
	"rxhash": {"rx-hashing"},
}

// WakeMagic is WAKE_MAGIC (linux/ethtool.h), what wake_on_lan = true means.
const WakeMagic = 0x20

// FeaturesOf are the kernel's features that an offload of the definition
// means, of those that the card has.
func FeaturesOf(name string, card map[string]rtnl.Feature) []string {
	patterns, ok := groups[name]
	if !ok {
		patterns = []string{name}
	}
	var out []string
	for _, f := range slices.Sorted(maps.Keys(card)) {
		if slices.ContainsFunc(patterns, func(p string) bool { ok, err := path.Match(p, f); return ok && err == nil }) {
			out = append(out, f)
		}
	}
	return out
}

// IsOn reports whether one of the features is on, which is when ethtool calls
// the whole on.
func IsOn(names []string, card map[string]rtnl.Feature) bool {
	return slices.ContainsFunc(names, func(n string) bool { return card[n].On })
}

// put sets a value in a map, which it makes if there is none.
func put[V any](into *map[string]V, name string, v V) {
	if *into == nil {
		*into = make(map[string]V)
	}
	(*into)[name] = v
}

// Ethernet spells what a card has, of what the definition speaks of.
func Ethernet(l *rtnl.Link, want *host.Ethernet) *host.Ethernet {
	out := &host.Ethernet{}
	if want == nil {
		return out
	}
	for name := range want.Offload {
		if names := FeaturesOf(name, l.Features); len(names) > 0 {
			put(&out.Offload, name, IsOn(names, l.Features))
		}
	}
	if l.Wake != nil {
		on := l.Wake.On != 0
		out.WakeOnLAN = &on
	}
	return out
}

// WantedFeatures are the features that must change, as they are wanted.
func WantedFeatures(said map[string]bool, card map[string]rtnl.Feature) map[string]rtnl.Feature {
	var out map[string]rtnl.Feature
	for name, on := range said {
		names := FeaturesOf(name, card)
		if IsOn(names, card) == on {
			continue
		}
		for _, f := range names {
			if !card[f].Fixed && card[f].On != on {
				put(&out, f, rtnl.Feature{On: on})
			}
		}
	}
	return out
}

// WantedWake is what wake-on-LAN must become, nil if it is as it is wanted or
// nothing is said.
func WantedWake(said *bool, card *rtnl.Wake) *rtnl.Wake {
	switch {
	case said == nil || card == nil || *said == (card.On != 0):
		return nil
	case *said:
		return &rtnl.Wake{Can: card.Can, On: WakeMagic}
	}
	return &rtnl.Wake{Can: card.Can}
}

// WakeWord spells wake-on-LAN as ethtool does.
func WakeWord(on uint32) string {
	out := ""
	for bit, letter := range "pumbagsf" { // WAKE_PHY … WAKE_FILTER
		if on&(1<<bit) != 0 {
			out += string(letter)
		}
	}
	if out == "" {
		return "d"
	}
	return out
}
