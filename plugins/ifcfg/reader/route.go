package reader

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/shell"
)

// ParseRoutes reads a route file as ifup-routes does: in ADDRESSn form when any
// line has it, else each line as words for `ip route add`. Lines that it does
// not understand are returned as they stand.
func ParseRoutes(raw []byte, device string, v6 bool) (routes []host.Route, strange []string) {
	if IsNumbered(raw) {
		return numberedRoutes(shell.Parse(raw))
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, ok := parseRoute(strings.Fields(line), device, v6)
		if !ok {
			strange = append(strange, line)
			continue
		}
		routes = append(routes, r)
	}
	return routes, strange
}

// IsNumbered reports whether any line matches ^[[:space:]]*ADDRESS[0-9]+=,
// whatever else the file holds.
func IsNumbered(raw []byte) bool {
	for line := range strings.Lines(string(raw)) {
		rest, ok := strings.CutPrefix(strings.TrimLeft(line, " \t\v\f\r"), "ADDRESS")
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if ok && digits > 0 && strings.HasPrefix(rest[digits:], "=") {
			return true
		}
	}
	return false
}

// numberedRoutes: ADDRESSn, NETMASKn, GATEWAYn from 0 up to the first hole.
// What comes after a hole is never set, nor are lines of the other form.
func numberedRoutes(doc *shell.Document) (out []host.Route, strange []string) {
	for _, p := range doc.Problems {
		strange = append(strange, fmt.Sprintf("line %d: %s", p.Line, p.Reason))
	}
	values := doc.Values()
	n := 0
	for ; values["ADDRESS"+strconv.Itoa(n)] != ""; n++ {
		s := strconv.Itoa(n)
		bits, good := maskBits(values["NETMASK"+s])
		to, err := netip.ParseAddr(values["ADDRESS"+s])
		if err != nil || !good {
			strange = append(strange, "ADDRESS"+s+"="+values["ADDRESS"+s])
			continue
		}
		r := host.Route{To: netip.PrefixFrom(to, bits)}
		if r.To != r.To.Masked() { // the kernel refuses it: EINVAL
			strange = append(strange, "ADDRESS"+s+"="+values["ADDRESS"+s])
			continue
		}
		if gateway, err := netip.ParseAddr(values["GATEWAY"+s]); err == nil {
			r.Via = gateway
		}
		out = append(out, r)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		tail, ok := strings.CutPrefix(key, "ADDRESS")
		if number, err := strconv.Atoi(tail); ok && err == nil && number > n {
			strange = append(strange, key+"="+values[key])
		}
	}
	return out, strange
}

// parseRoute reads the words of one route.
func parseRoute(words []string, device string, v6 bool) (host.Route, bool) {
	r := host.Route{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0)}
	if v6 {
		r.To = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	if words[0] != "default" {
		to, err := netip.ParsePrefix(words[0])
		if err != nil {
			a, err := netip.ParseAddr(words[0])
			if err != nil {
				return r, false
			}
			to = netip.PrefixFrom(a, a.BitLen())
		}
		if to != to.Masked() { // the kernel refuses it: EINVAL
			return r, false
		}
		r.To = to
	}
	for n := 1; n < len(words); n++ {
		if words[n] == "onlink" {
			r.OnLink = true
			continue
		}
		if n+1 >= len(words) || !routeWord(&r, words[n], words[n+1], device) {
			return r, false
		}
		n++
	}
	return r, r.To.Addr().Is6() == v6
}

// routeWord sets what one pair of words says.
func routeWord(r *host.Route, word, value, device string) bool {
	var err error
	switch word {
	case "via":
		r.Via, err = netip.ParseAddr(value)
	case "src":
		r.Source, err = netip.ParseAddr(value)
	case "metric":
		r.Metric, err = strconv.Atoi(value)
	case "table":
		if value == "main" {
			return true
		}
		r.Table, err = strconv.Atoi(value)
	case "dev":
		return value == device
	default:
		return false
	}
	return err == nil
}
