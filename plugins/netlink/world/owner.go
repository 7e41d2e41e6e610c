package world

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// IsOurs reports whether a route is one that a person or a script made; those
// of daemons and DHCP clients have protocols of their own. A client that does
// not say so is known by its address: its gateway is in no other's network.
func IsOurs(w *World, r rtnl.Route) bool {
	if r.Protocol != unix.RTPROT_BOOT && r.Protocol != unix.RTPROT_STATIC || r.Type != unix.RTN_UNICAST || len(r.Rest)+len(r.Hops) > 0 || r.Object != 0 || r.TOS != 0 {
		return false
	}
	dynamic := false
	for _, a := range w.Addresses(r.Link) {
		if !r.Via.IsValid() || !a.Prefix.Masked().Contains(r.Via) {
			continue
		}
		if !a.IsDynamic() {
			return true
		}
		dynamic = true
	}
	return !dynamic
}

// IsOwn reports whether somebody gave the address to its link.
func IsOwn(a rtnl.Address) bool { return !a.IsLocal() }

// IsLeft reports whether the definition hands a link's addresses of a family
// to a DHCP client, which only a backend that writes files can start.
func IsLeft(i *host.Interface, p netip.Prefix) bool {
	by := i.DHCP4
	if p.Addr().Is6() {
		by = i.DHCP6
	}
	return by != nil && *by
}
