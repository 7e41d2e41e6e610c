package rehearse

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// drops reads the kernel's own counters of packets that it threw away, of IP
// in the present namespace and of each link, by name.
func drops() map[string]int {
	out := make(map[string]int)
	for _, path := range []string{"/proc/net/snmp", "/proc/net/netstat"} {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // counters are a help, no more
		}
		// Two lines for each protocol: names, then values.
		lines := strings.Split(string(b), "\n")
		for n := 0; n+1 < len(lines); n += 2 {
			protocolDrops(out, strings.Fields(lines[n]), strings.Fields(lines[n+1]))
		}
	}
	links, err := os.ReadDir(linksDir)
	if err != nil {
		return out
	}
	for _, l := range links {
		for _, counter := range linkDrops() {
			b, err := os.ReadFile(filepath.Join(linksDir, l.Name(), "statistics", counter))
			if v, bad := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && bad == nil {
				out[l.Name()+" "+counter] = v
			}
		}
	}
	return out
}

const linksDir = "/sys/class/net"

// linkDrops are the counters of a link that say how many frames were lost. The
// others of errors (rx_crc_errors …) are counted in rx_errors and tx_errors too
// (Documentation/ABI/testing/sysfs-class-net-statistics), and each file is a
// millisecond.
func linkDrops() []string {
	return []string{"rx_errors", "tx_errors", "rx_dropped", "tx_dropped", "rx_nohandler"}
}

// protocolDrops adds one protocol's counters; the first word of both lines is
// its name.
func protocolDrops(out map[string]int, names, values []string) {
	for k := 1; k < min(len(names), len(values)); k++ {
		if v, err := strconv.Atoi(values[k]); err == nil && tellsDrops(names[k]) {
			out[strings.TrimSuffix(names[0], ":")+" "+names[k]] = v
		}
	}
}

// tellsDrops reports whether a counter's name (Linux include/uapi/linux/snmp.h) is
// of lost packets.
func tellsDrops(name string) bool {
	return slices.ContainsFunc([]string{"Err", "Drop", "Discard", "NoRoute", "NoPort", "Filter"}, func(part string) bool {
		return strings.Contains(name, part)
	})
}

// risen lists the counters that grew, e.g. "Ip OutNoRoutes 2".
func risen(before, after map[string]int) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if n := after[name] - before[name]; n > 0 {
			out = append(out, fmt.Sprintf("%s %d", name, n))
		}
	}
	return out
}
