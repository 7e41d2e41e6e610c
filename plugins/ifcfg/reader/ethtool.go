package reader

import (
	"slices"
	"strings"
)

// readEthtool reads ETHTOOL_OPTS: arguments of `ethtool -s`, and where the
// reader takes several commands those of -K, too (ethtool_set).
func readEthtool(s, device string, r *Reader) (wake *bool, offload map[string]bool) {
	for _, words := range EthtoolCommands(s, r) {
		if IsFeatures(words) {
			if words[1] == device && len(words) > 3 && offload == nil {
				offload = make(map[string]bool)
			}
			for n := 2; n+1 < len(words) && words[1] == device; n += 2 {
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

// EthtoolCommands divides ETHTOOL_OPTS into the commands that the reader makes
// of it, each as words.
func EthtoolCommands(s string, r *Reader) [][]string {
	parts := []string{s}
	if r.EthtoolList {
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

// IsFeatures reports whether a command of ETHTOOL_OPTS sets features (ethtool -K).
func IsFeatures(words []string) bool {
	return len(words) > 1 && slices.Contains([]string{"-K", "--offload", "--features"}, words[0])
}
