package rtnl

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	nl "github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// decodeRoute reads the body of an RTM_NEWROUTE; links come by their index.
func decodeRoute(b []byte, names map[int]string) (Route, error) {
	var r Route
	if len(b) < unix.SizeofRtMsg {
		return r, fmt.Errorf("route message of %d bytes: too short", len(b))
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
		return r, err
	}
	for ad.Next() {
		if ad.Type() == unix.RTA_DST {
			to, _ = netip.AddrFromSlice(ad.Bytes())
			continue
		}
		r.attribute(ad, names)
	}
	if r.Object != 0 {
		r.byObject()
	}
	r.To = netip.PrefixFrom(to, bits)
	if !r.To.IsValid() {
		return r, fmt.Errorf("route message with no destination of %d bits", bits)
	}
	return r, ad.Err()
}

func (r *Route) attribute(ad *nl.AttributeDecoder, names map[int]string) {
	switch ad.Type() {
	case unix.RTA_GATEWAY:
		r.Via, _ = netip.AddrFromSlice(ad.Bytes())
	case unix.RTA_PREFSRC:
		r.Source, _ = netip.AddrFromSlice(ad.Bytes())
	case unix.RTA_OIF:
		r.Link = names[int(ad.Uint32())]
	case unix.RTA_PRIORITY:
		r.Metric = ad.Uint32()
	case unix.RTA_TABLE:
		r.Table = ad.Uint32()
	case unix.RTA_MULTIPATH:
		ad.Do(func(b []byte) (err error) {
			r.Hops, err = hops(b, names)
			return err
		})
	case rtaNextHop:
		r.Object = ad.Uint32()
	case unix.RTA_CACHEINFO: // what is left of a lifetime
	case unix.RTA_PREF:
		if b := ad.Bytes(); len(b) == 1 && b[0] != 0 { // medium is what a new route has
			r.Rest = append(r.Rest, Attribute{unix.RTA_PREF, b})
		}
	default:
		r.Rest = append(r.Rest, Attribute{ad.TypeFlags() | ad.Type(), ad.Bytes()})
	}
}

// hops reads the next hops of a multipath route (struct rtnexthop).
func hops(b []byte, names map[int]string) ([]Hop, error) {
	var out []Hop
	for len(b) >= unix.SizeofRtNexthop {
		n := int(hostOrder.Uint16(b))
		if n < unix.SizeofRtNexthop || n > len(b) {
			return nil, fmt.Errorf("next hop says it has %d of %d bytes", n, len(b))
		}
		h := Hop{OnLink: b[2]&unix.RTNH_F_ONLINK != 0, Weight: b[3], Link: names[int(hostOrder.Uint32(b[4:]))]}
		ad, err := nl.NewAttributeDecoder(b[unix.SizeofRtNexthop:n])
		if err != nil {
			return nil, err
		}
		for ad.Next() {
			if ad.Type() == unix.RTA_GATEWAY {
				h.Via, _ = netip.AddrFromSlice(ad.Bytes())
				continue
			}
			h.Rest = append(h.Rest, Attribute{ad.TypeFlags() | ad.Type(), ad.Bytes()})
		}
		if err := ad.Err(); err != nil {
			return nil, err
		}
		out = append(out, h)
		b = b[min(len(b), (n+3)&^3):]
	}
	return out, nil
}

// sizeofRuleHeader is that of struct fib_rule_hdr (linux/fib_rules.h).
const sizeofRuleHeader = 12

// decodeRule reads the body of an RTM_NEWRULE.
func decodeRule(b []byte) (Rule, error) {
	var r Rule
	if len(b) < sizeofRuleHeader {
		return r, fmt.Errorf("rule message of %d bytes: too short", len(b))
	}
	r.Family, r.Head = b[0], append([]byte(nil), b[:sizeofRuleHeader]...)
	ad, err := nl.NewAttributeDecoder(b[sizeofRuleHeader:])
	if err != nil {
		return r, err
	}
	for ad.Next() {
		switch ad.Type() {
		case unix.FRA_IIFNAME:
			r.In = ad.String()
		case unix.FRA_OIFNAME:
			r.Out = ad.String()
		case unix.FRA_PRIORITY:
			r.Priority = ad.Uint32()
			r.Rest = append(r.Rest, Attribute{ad.Type(), ad.Bytes()})
		case unix.FRA_PAD:
		default:
			r.Rest = append(r.Rest, Attribute{ad.TypeFlags() | ad.Type(), ad.Bytes()})
		}
	}
	return r, ad.Err()
}

// decodeNeighbour reads the body of an RTM_NEWNEIGH; ok is false for one whose
// MAC is not known.
func decodeNeighbour(b []byte) (n Neighbour, index int, ok bool, err error) {
	if len(b) < unix.SizeofNdMsg {
		return n, 0, false, fmt.Errorf("neighbour message of %d bytes: too short", len(b))
	}
	index = int(hostOrder.Uint32(b[4:]))
	state := hostOrder.Uint16(b[8:])
	n.Router = b[10]&unix.NTF_ROUTER != 0
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

// ntfSticky is NTF_STICKY (linux/neighbour.h).
const ntfSticky = 0x40

// decodeEntry reads an entry of a bridge's forwarding table; ok is false for
// one that was learnt, or that is a card's own.
func decodeEntry(b []byte) (e Entry, index int, ok bool, err error) {
	if len(b) < unix.SizeofNdMsg {
		return e, 0, false, fmt.Errorf("forwarding entry of %d bytes: too short", len(b))
	}
	index, e.State = int(hostOrder.Uint32(b[4:])), hostOrder.Uint16(b[8:])
	flags := b[10]
	e.Sticky = flags&ntfSticky != 0
	ad, err := nl.NewAttributeDecoder(b[unix.SizeofNdMsg:])
	if err != nil {
		return e, 0, false, err
	}
	master := false
	for ad.Next() {
		switch ad.Type() {
		case unix.NDA_LLADDR:
			e.MAC = net.HardwareAddr(ad.Bytes()).String()
		case unix.NDA_VLAN:
			e.VLAN = int(ad.Uint16())
		case unix.NDA_MASTER:
			master = true
		}
	}
	static := e.State&(unix.NUD_NOARP|unix.NUD_PERMANENT) != 0 || e.Sticky
	group := len(e.MAC) == 17 && strings.ContainsRune("13579bdf", rune(e.MAC[1]))
	ok = master && static && flags&(unix.NTF_SELF|unix.NTF_EXT_LEARNED) == 0 && len(e.MAC) == 17 && !group
	return e, index, ok, ad.Err()
}

// decodeVLANs reads the VLANs of a bridge or of its port out of a link message
// of the family AF_BRIDGE.
func decodeVLANs(b []byte) (index int, out []VLAN, err error) {
	if len(b) < unix.SizeofIfInfomsg {
		return 0, nil, fmt.Errorf("bridge message of %d bytes: too short", len(b))
	}
	index = int(int32(hostOrder.Uint32(b[4:])))
	ad, err := nl.NewAttributeDecoder(b[unix.SizeofIfInfomsg:])
	if err != nil {
		return 0, nil, err
	}
	for ad.Next() {
		if ad.Type() != unix.IFLA_AF_SPEC {
			continue
		}
		ad.Nested(func(n *nl.AttributeDecoder) error {
			for n.Next() {
				if v := n.Bytes(); n.Type() == iflaBridgeVLANInfo && len(v) == 4 {
					out = appendVLAN(out, hostOrder.Uint16(v), int(hostOrder.Uint16(v[2:])))
				}
			}
			return n.Err()
		})
	}
	return index, out, ad.Err()
}

// linux/if_bridge.h.
const (
	iflaBridgeFlags    = 0
	iflaBridgeVLANInfo = 2

	bridgeFlagMaster = 1
	bridgeFlagSelf   = 2

	vlanPVID       = 1 << 1
	vlanUntagged   = 1 << 2
	vlanRangeBegin = 1 << 3
	vlanRangeEnd   = 1 << 4
)

func appendVLAN(out []VLAN, flags uint16, id int) []VLAN {
	if flags&vlanRangeEnd != 0 && len(out) > 0 {
		out[len(out)-1].To = id
		return out
	}
	return append(out, VLAN{ID: id, PVID: flags&vlanPVID != 0, Untagged: flags&vlanUntagged != 0})
}
