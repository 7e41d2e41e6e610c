package netlink

import (
	"fmt"
	"net"
	"net/netip"

	nl "github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// decodeRoute reads the body of an RTM_NEWROUTE; the link comes as an index.
func decodeRoute(b []byte) (route, int, error) {
	var r route
	if len(b) < unix.SizeofRtMsg {
		return r, 0, fmt.Errorf("route message of %d bytes: too short", len(b))
	}
	family, bits := b[0], int(b[1])
	r.TOS, r.Table, r.Protocol, r.Scope, r.Type = b[3], uint32(b[4]), b[5], b[6], b[7]
	r.OnLink = hostOrder.Uint32(b[8:])&unix.RTNH_F_ONLINK != 0
	to := netip.IPv4Unspecified()
	if family == unix.AF_INET6 {
		to = netip.IPv6Unspecified()
	}
	ad, err := nl.NewAttributeDecoder(b[unix.SizeofRtMsg:])
	if err != nil {
		return r, 0, err
	}
	index := 0
	for ad.Next() {
		switch ad.Type() {
		case unix.RTA_DST:
			to, _ = netip.AddrFromSlice(ad.Bytes())
		case unix.RTA_GATEWAY:
			r.Via, _ = netip.AddrFromSlice(ad.Bytes())
		case unix.RTA_PREFSRC:
			r.Source, _ = netip.AddrFromSlice(ad.Bytes())
		case unix.RTA_OIF:
			index = int(ad.Uint32())
		case unix.RTA_PRIORITY:
			r.Metric = ad.Uint32()
		case unix.RTA_TABLE:
			r.Table = ad.Uint32()
		case unix.RTA_CACHEINFO, unix.RTA_PREF:
		default:
			r.Rest = append(r.Rest, attribute{ad.TypeFlags() | ad.Type(), ad.Bytes()})
		}
	}
	r.To = netip.PrefixFrom(to, bits)
	if !r.To.IsValid() {
		return r, 0, fmt.Errorf("route message with no destination of %d bits", bits)
	}
	return r, index, ad.Err()
}

// decodeNeighbour reads the body of an RTM_NEWNEIGH; ok is false for one whose
// MAC is not known.
func decodeNeighbour(b []byte) (n neighbour, index int, ok bool, err error) {
	if len(b) < unix.SizeofNdMsg {
		return n, 0, false, fmt.Errorf("neighbour message of %d bytes: too short", len(b))
	}
	index = int(hostOrder.Uint32(b[4:]))
	state := hostOrder.Uint16(b[8:])
	ad, err := nl.NewAttributeDecoder(b[unix.SizeofNdMsg:])
	if err != nil {
		return n, 0, false, err
	}
	for ad.Next() {
		switch ad.Type() {
		case unix.NDA_DST:
			n.Address, _ = netip.AddrFromSlice(ad.Bytes())
		case unix.NDA_LLADDR:
			n.MAC = net.HardwareAddr(ad.Bytes()).String()
		}
	}
	n.Permanent = state&unix.NUD_PERMANENT != 0
	known := state&(unix.NUD_PERMANENT|unix.NUD_REACHABLE|unix.NUD_STALE|unix.NUD_DELAY|unix.NUD_PROBE) != 0
	return n, index, known && n.Address.IsValid() && !n.Address.IsMulticast() && len(n.MAC) == 17, ad.Err()
}
