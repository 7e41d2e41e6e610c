package ifcfg

import (
	"maps"
	"slices"
	"strings"

	"linkspan/core/host"
)

// readEthtool reads ETHTOOL_OPTS: arguments of `ethtool -s`, and where the
// reader takes several commands those of -K, too (ethtool_set).
func readEthtool(s, device string, r *reader) (wake *bool, offload map[string]bool) {
	for _, words := range ethtoolCommands(s, r) {
		if isFeatures(words) {
			for n := 2; n+1 < len(words) && words[1] == device; n += 2 {
				if offload == nil {
					offload = make(map[string]bool)
				}
				offload[words[n]] = words[n+1] == "on"
			}
			continue
		}
		if n := slices.Index(words, "wol"); n >= 0 && n+1 < len(words) && words[0][0] != '-' {
			wake = new(words[n+1] != "d")
		}
	}
	return wake, offload
}

func ethtoolCommands(s string, r *reader) [][]string {
	parts := []string{s}
	if r.ethtoolList {
		parts = strings.Split(s, ";")
	}
	var out [][]string
	for _, p := range parts {
		if words := strings.Fields(p); len(words) > 0 {
			out = append(out, words)
		}
	}
	return out
}

func isFeatures(words []string) bool {
	return len(words) > 1 && slices.Contains([]string{"-K", "--offload", "--features"}, words[0])
}

// writeEthtool lays a card's settings over what ETHTOOL_OPTS has and keeps the rest.
func writeEthtool(have string, card *host.Interface, r *reader) string {
	device, wake, offload := card.Name, card.Ethernet.WakeOnLAN, card.Ethernet.Offload
	var plain, features []string
	var rest []string
	for _, words := range ethtoolCommands(have, r) {
		switch {
		case isFeatures(words) && words[1] == device:
			features = append(features, words[2:]...)
		case words[0][0] == '-':
			rest = append(rest, strings.Join(words, " "))
		default:
			plain = append(plain, words...)
		}
	}
	if wake != nil {
		plain = setPair(plain, "wol", map[bool]string{true: "g", false: "d"}[*wake])
	}
	for _, name := range slices.Sorted(maps.Keys(offload)) {
		features = setPair(features, name, map[bool]string{true: "on", false: "off"}[offload[name]])
	}
	var out []string
	if len(plain) > 0 {
		out = append(out, strings.Join(plain, " "))
	}
	if len(features) > 0 {
		out = append(out, "-K "+device+" "+strings.Join(features, " "))
	}
	return strings.Join(append(out, rest...), "; ")
}

// setPair sets the word after name, or adds both.
func setPair(words []string, name, value string) []string {
	n := slices.Index(words, name)
	if n < 0 || n+1 >= len(words) {
		return append(words, name, value)
	}
	words[n+1] = value
	return words
}
