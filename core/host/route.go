package host

import (
	"fmt"
	"net/netip"
	"strings"
)

// defaultOf is the destination of a default route.
func defaultOf(v6 bool) netip.Prefix {
	if v6 {
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
}

// String spells the route as `ip route` would, in one canonical form:
// "10.8.0.0/16 via 10.0.0.1 metric 5 table 7 src 10.0.0.9 onlink".
func (r Route) String() string {
	var b strings.Builder
	if r.IsDefault() && !r.To.Addr().Is6() {
		b.WriteString("default")
	} else {
		b.WriteString(r.To.Masked().String())
	}
	if r.Via.IsValid() {
		b.WriteString(" via " + r.Via.String())
	}
	if r.Metric != 0 {
		fmt.Fprintf(&b, " metric %d", r.Metric)
	}
	if r.Table != 0 && r.Table != 254 {
		fmt.Fprintf(&b, " table %d", r.Table)
	}
	if r.Source.IsValid() {
		b.WriteString(" src " + r.Source.String())
	}
	if r.OnLink {
		b.WriteString(" onlink")
	}
	return b.String()
}
