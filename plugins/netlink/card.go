package netlink

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/safchain/ethtool"

	"linkspan/core/diag"
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

// wakeMagic is WAKE_MAGIC (linux/ethtool.h), what wake_on_lan = true means.
const wakeMagic = 0x20

// featuresOf are the kernel's features that an offload of the definition
// means, of those that the card has.
func featuresOf(name string, card map[string]rtnl.Feature) []string {
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

// isOn reports whether one of the features is on, which is when ethtool calls
// the whole on.
func isOn(names []string, card map[string]rtnl.Feature) bool {
	return slices.ContainsFunc(names, func(n string) bool { return card[n].On })
}

// ethernetOf spells what a card has, of what the definition speaks of.
func ethernetOf(l *rtnl.Link, want *host.Ethernet) *host.Ethernet {
	out := &host.Ethernet{}
	if want == nil {
		return out
	}
	for name := range want.Offload {
		if names := featuresOf(name, l.Features); len(names) > 0 {
			merge(&out.Offload, map[string]bool{name: isOn(names, l.Features)})
		}
	}
	if l.Wake != nil {
		on := l.Wake.On != 0
		out.WakeOnLAN = &on
	}
	return out
}

// wantedFeatures are the features that must change, as they are wanted.
func wantedFeatures(said map[string]bool, card map[string]rtnl.Feature) map[string]rtnl.Feature {
	var out map[string]rtnl.Feature
	for name, on := range said {
		names := featuresOf(name, card)
		if isOn(names, card) == on {
			continue
		}
		for _, f := range names {
			if !card[f].Fixed && card[f].On != on {
				merge(&out, map[string]rtnl.Feature{f: {On: on}})
			}
		}
	}
	return out
}

func wantedWake(said *bool, card *rtnl.Wake) *rtnl.Wake {
	switch {
	case said == nil || card == nil || *said == (card.On != 0):
		return nil
	case *said:
		return &rtnl.Wake{Can: card.Can, On: wakeMagic}
	}
	return &rtnl.Wake{Can: card.Can}
}

// refuseCard names what the card itself cannot do.
func refuseCard(i *host.Interface, l *rtnl.Link) diag.List {
	if i.Ethernet == nil {
		return nil
	}
	out := refuseMatch(i, l)
	for _, name := range slices.Sorted(maps.Keys(i.Ethernet.Offload)) {
		names := featuresOf(name, l.Features)
		switch {
		case len(names) == 0:
			out = append(out, ruleCard.At(i.Path("offload"), "%q has no offload %q", i.Name, name))
		case isOn(names, l.Features) != i.Ethernet.Offload[name] && !slices.ContainsFunc(names, func(f string) bool { return !l.Features[f].Fixed }):
			out = append(out, ruleCard.At(i.Path("offload"), "the driver of %q does not let %q be changed", i.Name, name))
		}
	}
	if wake := i.Ethernet.WakeOnLAN; wake != nil && *wake && (l.Wake == nil || l.Wake.On == 0 && l.Wake.Can&wakeMagic == 0) {
		out = append(out, ruleCard.At(i.Path("wake_on_lan"), "%q cannot wake the machine by a magic packet", i.Name))
	}
	return out
}

// refuseMatch holds what the definition says of the card against the card.
func refuseMatch(i *host.Interface, l *rtnl.Link) diag.List {
	var out diag.List
	m := i.Ethernet.Match
	for _, mark := range []struct{ name, want, have string }{
		{"mac", m.MAC, cmp.Or(l.PermMAC, l.OwnMAC, l.MAC)}, {"driver", m.Driver, l.Driver}, {"path", strings.TrimPrefix(m.Path, "pci-"), l.Bus},
	} {
		if mark.want != "" && mark.want != mark.have {
			out = append(out, ruleMatch.At(i.Path("match"), "the %s of %q is %q", mark.name, i.Name, mark.have))
		}
	}
	return out
}

// readCards reads the offloads and wake-on-LAN of the cards that the function
// names.
func readCards(g *rtnl.Graph, asked func(name string) bool) error {
	var tool *ethtool.Ethtool
	for n := range g.Links {
		l := &g.Links[n]
		if !asked(l.Name) {
			continue
		}
		if tool == nil {
			t, err := ethtool.NewEthtool()
			if err != nil {
				return fmt.Errorf("open a socket for ethtool: %w", err)
			}
			defer t.Close()
			tool = t
		}
		features, err := tool.FeaturesWithState(l.Name)
		if err != nil {
			return fmt.Errorf("read the offloads of %q: %w", l.Name, err)
		}
		for name, f := range features {
			merge(&l.Features, map[string]rtnl.Feature{name: {On: f.Active, Fixed: f.NeverChanged || !f.Available}})
		}
		if info, err := tool.DriverInfo(l.Name); err == nil { // some links have no driver to ask
			l.Driver, l.Bus = info.Driver, info.BusInfo
		}
		if w, err := tool.GetWakeOnLan(l.Name); err == nil { // a card that has none says EOPNOTSUPP
			l.Wake = &rtnl.Wake{Can: w.Supported, On: w.Opts}
		}
	}
	return nil
}

// speaksOf tells which cards the definition says more of than rtnetlink has.
func speaksOf(h *host.Host) func(string) bool {
	return func(name string) bool {
		i, ok := h.Interface(name)
		return ok && i.Ethernet != nil && (len(i.Ethernet.Offload) > 0 || i.Ethernet.WakeOnLAN != nil || i.Ethernet.Match != host.Match{})
	}
}

// setCard does a step that goes through ethtool.
func setCard(s step) error {
	tool, err := ethtool.NewEthtool()
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	defer tool.Close()
	if s.Do == doWake {
		_, err = tool.SetWakeOnLan(s.Link, ethtool.WakeOnLan{Supported: s.New.Wake.Can, Opts: s.New.Wake.On})
	} else {
		config := make(map[string]bool)
		for name, f := range s.New.Features {
			config[name] = f.On
		}
		err = tool.Change(s.Link, config)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

// wakeWord spells wake-on-LAN as ethtool does.
func wakeWord(on uint32) string {
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
