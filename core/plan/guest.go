package plan

import (
	"cmp"
	"maps"
	"slices"
)

// Guest is one network interface of a virtual machine: the bridge that it is
// on now, or that it will be on when the machine next starts.
type Guest struct {
	Name   string `json:"name"`             // of the machine; the port's name when only that is known
	Port   string `json:"port,omitempty"`   // the host's end, e.g. "vif3.0", "vnet0"; "" while the machine is off
	Bridge string `json:"bridge,omitempty"` // "" when it is not known, or there is none
	// Default says who chose the bridge when the machine names none, e.g.
	// "vif.default.bridge of /etc/xen/xl.conf".
	Default string `json:"default,omitempty"`
	Unknown string `json:"unknown,omitempty"` // why the bridge is not known
	Source  string `json:"source,omitempty"`  // where it was read: a file, or "kernel"
}

// BridgeGuests are the guests of one bridge.
type BridgeGuests struct {
	Bridge string  `json:"bridge"`
	Guests []Guest `json:"guests,omitempty"` // sorted by name, then port
}

// GuestsOn sorts guests by their bridge; those of which it is not known are
// left out.
func GuestsOn(guests []Guest) map[string][]Guest {
	out := make(map[string][]Guest)
	for _, g := range guests {
		if g.Bridge != "" {
			out[g.Bridge] = append(out[g.Bridge], g)
		}
	}
	for _, list := range out {
		slices.SortStableFunc(list, func(a, b Guest) int {
			return cmp.Or(CompareNatural(a.Name, b.Name), CompareNatural(a.Port, b.Port))
		})
	}
	return out
}

// touchedGuests are the guests of every bridge that the plan touches: one that
// changes itself, or that stands on something that changes. Where no guest is
// known on the whole host, there is nothing to say.
func (p *Plan) touchedGuests(guests []Guest, lowers map[string][]string) []BridgeGuests {
	if len(guests) == 0 {
		return nil
	}
	changed, bridges := make(map[string]bool), make(map[string]bool)
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			if c.Class != ClassInterface {
				continue
			}
			changed[c.Name] = true
			if c.Type == "bridge" {
				bridges[c.Name] = true
			}
		}
	}
	on := GuestsOn(guests)
	for name := range on {
		if standsOn(name, lowers, changed, nil) {
			bridges[name] = true
		}
	}
	var out []BridgeGuests
	for _, name := range slices.SortedFunc(maps.Keys(bridges), CompareNatural) {
		out = append(out, BridgeGuests{Bridge: name, Guests: on[name]})
	}
	return out
}

// standsOn reports whether name or anything below it has changed. A cycle,
// which validation refuses, ends at its second round.
func standsOn(name string, lowers map[string][]string, changed map[string]bool, above []string) bool {
	if changed[name] {
		return true
	}
	return !slices.Contains(above, name) && slices.ContainsFunc(lowers[name], func(l string) bool {
		return standsOn(l, lowers, changed, append(above, name))
	})
}
