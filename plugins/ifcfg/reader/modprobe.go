package reader

import (
	"strings"
)

// bonds are the bonds that /etc/modprobe.conf makes, by device.
type bonds map[string]BondModule

// BondModule is how the bonding driver is loaded for one device.
type BondModule struct{ Options string }

// Has reports whether there is an alias for the device.
func (b bonds) Has(device string) bool {
	_, ok := b[device]
	return ok
}

// ParseModprobe reads `alias bond0 bonding` and `options bond0 mode=1 …`. Of two
// aliases of a device the scripts take the later (is_available of network-functions).
func ParseModprobe(raw []byte) bonds {
	out := make(bonds)
	for line := range strings.Lines(string(raw)) {
		switch w := strings.Fields(line); {
		case len(w) < 3 || w[0] != "alias":
		case w[2] == "bonding":
			out[w[1]] = BondModule{}
		default:
			delete(out, w[1])
		}
	}
	for line := range strings.Lines(string(raw)) {
		if w := strings.Fields(line); len(w) >= 3 && w[0] == "options" && out.Has(w[1]) {
			out[w[1]] = BondModule{Options: strings.Join(w[2:], " ")}
		}
	}
	return out
}
