package writer

import (
	"maps"
	"slices"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
)

// writeEthtool lays a card's settings over what ETHTOOL_OPTS has and keeps the rest.
func writeEthtool(have string, card *host.Interface, r *reader.Reader) string {
	device, wake, offload := card.Name, card.Ethernet.WakeOnLAN, card.Ethernet.Offload
	var plain, features []string
	var rest []string
	for _, words := range reader.EthtoolCommands(have, r) {
		switch {
		case reader.IsFeatures(words) && words[1] == device:
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
