package ifcfg

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"linkspan/core/host"
)

// routeFile is one route-DEV or route6-DEV file in the form of `ip route`
// words, one route a line (initscripts ifup-routes).
type routeFile struct {
	path  string
	lines []string
}

func (r routeFile) text() string { return strings.Join(r.lines, "\n") + "\n" }

// routeFiles are the two route files of an interface; without lines they are
// not wanted.
func (w *writer) routeFiles(i *host.Interface) []routeFile {
	four, six := routeFile{path: scripts + "/route-" + i.Name}, routeFile{path: scripts + "/route6-" + i.Name}
	for _, r := range i.Routes {
		line := fmt.Sprintf("%s dev %s", r, i.Name)
		if r.To.Addr().Is6() {
			six.lines = append(six.lines, line)
		} else {
			four.lines = append(four.lines, line)
		}
	}
	return []routeFile{four, six}
}

// parseRoutes reads a route file as ifup-routes does: in ADDRESSn form when any
// line has it, else each line as words for `ip route add`. Lines that it does
// not understand are returned as they stand.
func parseRoutes(raw []byte, device string, v6 bool) (routes []host.Route, strange []string) {
	doc := parse(raw)
	if _, numbered := doc.get("ADDRESS0"); numbered && !v6 {
		return numberedRoutes(doc), nil
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

// numberedRoutes: ADDRESSn, NETMASKn, GATEWAYn from 0 up to the first hole.
func numberedRoutes(doc *document) []host.Route {
	var out []host.Route
	for n := 0; ; n++ {
		s := strconv.Itoa(n)
		address, ok := doc.get("ADDRESS" + s)
		if !ok {
			return out
		}
		mask, _ := doc.get("NETMASK" + s)
		via, _ := doc.get("GATEWAY" + s)
		bits, good := maskBits(mask)
		to, err := netip.ParseAddr(address)
		if err != nil || !good {
			continue
		}
		r := host.Route{To: netip.PrefixFrom(to, bits)}
		if gateway, err := netip.ParseAddr(via); err == nil {
			r.Via = gateway
		}
		out = append(out, r)
	}
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
		r.To = to
	}
	var err error
	for n := 1; n < len(words); n++ {
		if words[n] == "onlink" {
			r.OnLink = true
			continue
		}
		if n+1 >= len(words) {
			return r, false
		}
		value := words[n+1]
		switch words[n] {
		case "via":
			r.Via, err = netip.ParseAddr(value)
		case "src":
			r.Source, err = netip.ParseAddr(value)
		case "metric":
			r.Metric, err = strconv.Atoi(value)
		case "table":
			r.Table, err = strconv.Atoi(value)
		case "dev":
			if value != device {
				return r, false
			}
		default:
			return r, false
		}
		if err != nil {
			return r, false
		}
		n++
	}
	return r, true
}
