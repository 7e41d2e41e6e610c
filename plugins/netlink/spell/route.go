package spell

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// HostRoute spells a kernel route in the definition's words. The kernel gives
// an IPv6 route without a metric 1024 (include/net/ip6_route.h).
func HostRoute(r rtnl.Route) host.Route {
	h := host.Route{To: r.To, Via: r.Via, Metric: int(r.Metric), Table: int(r.Table), Source: r.Source, OnLink: r.OnLink}
	if r.Table == unix.RT_TABLE_MAIN {
		h.Table = 0
	}
	if r.To.Addr().Is6() && r.Metric == 1024 {
		h.Metric = 0
	}
	return h
}

// KernelRoute is HostRoute's way back: the route as the kernel would have it on a
// link, of the protocol "static".
func KernelRoute(h host.Route, on string) rtnl.Route {
	r := rtnl.Route{Link: on, To: h.To.Masked(), Via: h.Via, Source: h.Source, Metric: uint32(h.Metric), Table: uint32(h.Table), OnLink: h.OnLink,
		Protocol: unix.RTPROT_STATIC, Type: unix.RTN_UNICAST}
	if r.Table == 0 {
		r.Table = unix.RT_TABLE_MAIN
	}
	if r.To.Addr().Is6() && r.Metric == 0 {
		r.Metric = 1024
	}
	if r.To.Addr().Is4() && !r.Via.IsValid() {
		r.Scope = unix.RT_SCOPE_LINK
	}
	return r
}

// Route spells a route as `ip route` does.
func Route(r rtnl.Route) string {
	out := HostRoute(r).String()
	if r.Object != 0 {
		out += fmt.Sprintf(" nhid %d", r.Object)
	}
	for _, h := range r.Hops {
		out += " nexthop"
		if h.Via.IsValid() {
			out += " via " + h.Via.String()
		}
		out += fmt.Sprintf(" dev %s weight %d", h.Link, int(h.Weight)+1)
	}
	if r.Link != "" {
		out += " dev " + r.Link
	}
	return out
}

// DeclaredRoutes are the routes of an interface with its gateways.
func DeclaredRoutes(i *host.Interface) []host.Route {
	out := slices.Clone(i.Routes)
	if i.Gateway.IsValid() {
		out = append(out, host.Route{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: i.Gateway})
	}
	if i.Gateway6.IsValid() {
		out = append(out, host.Route{To: netip.PrefixFrom(netip.IPv6Unspecified(), 0), Via: i.Gateway6})
	}
	return out
}

// NextHop spells a next hop object as `ip nexthop` does.
func NextHop(h rtnl.NextHop) string {
	out := fmt.Sprintf("id %d", h.ID)
	if h.Via.IsValid() {
		out += " via " + h.Via.String()
	}
	if h.Link != "" {
		out += " dev " + h.Link
	}
	var members []string
	for _, m := range h.Members {
		one := strconv.FormatUint(uint64(m.ID), 10)
		if m.Weight != 0 {
			one += fmt.Sprintf(",%d", int(m.Weight)+1)
		}
		members = append(members, one)
	}
	if len(members) > 0 {
		out += " group " + strings.Join(members, "/")
	}
	return out
}
