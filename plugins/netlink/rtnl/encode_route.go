package rtnl

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

func family(a netip.Addr) byte {
	if a.Is6() {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// AddAddress adds an address, or replaces what is not its identity.
func AddAddress(index int, a Address) Request {
	return Request{unix.RTM_NEWADDR, unix.NLM_F_CREATE | unix.NLM_F_REPLACE, encodeAddress(a, index)}
}

// DeleteAddress takes an address away.
func DeleteAddress(index int, a Address) Request {
	return Request{unix.RTM_DELADDR, 0, encodeAddress(Address{Prefix: a.Prefix, Peer: a.Peer, Valid: NeverExpires}, index)}
}

func encodeAddress(a Address, index int) []byte {
	b := []byte{family(a.Prefix.Addr()), byte(a.Prefix.Bits()), byte(a.Flags), a.Scope}
	b = hostOrder.AppendUint32(b, uint32(index))
	b = appendAttribute(b, unix.IFA_LOCAL, a.Prefix.Addr().AsSlice())
	peer := a.Prefix.Addr()
	if a.Peer.IsValid() {
		peer = a.Peer.Addr()
	}
	b = appendAttribute(b, unix.IFA_ADDRESS, peer.AsSlice())
	if a.Broadcast.IsValid() {
		b = appendAttribute(b, unix.IFA_BROADCAST, a.Broadcast.AsSlice())
	}
	if a.Label != "" {
		b = appendAttribute(b, unix.IFA_LABEL, zeroEnded(a.Label))
	}
	if a.Metric != 0 {
		b = appendAttribute(b, unix.IFA_RT_PRIORITY, u32(int(a.Metric)))
	}
	if a.Protocol != 0 {
		b = appendAttribute(b, ifaProto, []byte{a.Protocol})
	}
	if a.Valid != NeverExpires {
		info := append(append(u32(int(a.Preferred)), u32(int(a.Valid))...), make([]byte, 8)...)
		b = appendAttribute(b, unix.IFA_CACHEINFO, info)
	}
	return appendAttribute(b, unix.IFA_FLAGS, u32(int(a.Flags)))
}

// ReplaceRoute makes the route the one of its slot.
func (x Indexes) ReplaceRoute(r Route) (Request, error) {
	body, err := x.route(r)
	return Request{unix.RTM_NEWROUTE, unix.NLM_F_CREATE | unix.NLM_F_REPLACE, body}, err
}

// DeleteRoute deletes a route.
func (x Indexes) DeleteRoute(r Route) (Request, error) {
	body, err := x.route(r)
	return Request{unix.RTM_DELROUTE, 0, body}, err
}

func (x Indexes) route(r Route) ([]byte, error) {
	table := r.Table
	if table > 255 {
		table = unix.RT_TABLE_UNSPEC
	}
	b := []byte{family(r.To.Addr()), byte(r.To.Bits()), 0, r.TOS, byte(table), r.Protocol, r.Scope, r.Type}
	flags := 0
	if r.OnLink {
		flags = unix.RTNH_F_ONLINK
	}
	b = append(b, u32(flags)...)
	if r.To.Bits() > 0 {
		b = appendAttribute(b, unix.RTA_DST, r.To.Addr().AsSlice())
	}
	if r.Via.IsValid() {
		b = appendAttribute(b, unix.RTA_GATEWAY, r.Via.AsSlice())
	}
	if r.Source.IsValid() {
		b = appendAttribute(b, unix.RTA_PREFSRC, r.Source.AsSlice())
	}
	if r.Link != "" {
		index, err := x.Of(r.Link)
		if err != nil {
			return nil, err
		}
		b = appendAttribute(b, unix.RTA_OIF, u32(index))
	}
	if len(r.Hops) > 0 {
		list, err := x.hops(r.Hops)
		if err != nil {
			return nil, err
		}
		b = appendAttribute(b, unix.RTA_MULTIPATH, list)
	}
	if r.Object != 0 {
		b = appendAttribute(b, rtaNextHop, u32(int(r.Object)))
	}
	if r.Metric != 0 {
		b = appendAttribute(b, unix.RTA_PRIORITY, u32(int(r.Metric)))
	}
	b = appendAttribute(b, unix.RTA_TABLE, u32(int(r.Table)))
	for _, a := range r.Rest {
		b = appendAttribute(b, a.Type, a.Data)
	}
	return b, nil
}

func (x Indexes) hops(list []Hop) ([]byte, error) {
	var out []byte
	for _, h := range list {
		index, err := x.Of(h.Link)
		if err != nil {
			return nil, err
		}
		var more []byte
		if h.Via.IsValid() {
			more = appendAttribute(more, unix.RTA_GATEWAY, h.Via.AsSlice())
		}
		for _, a := range h.Rest {
			more = appendAttribute(more, a.Type, a.Data)
		}
		flags := byte(0)
		if h.OnLink {
			flags = unix.RTNH_F_ONLINK
		}
		out = hostOrder.AppendUint16(out, uint16(unix.SizeofRtNexthop+len(more)))
		out = append(out, flags, h.Weight)
		out = append(hostOrder.AppendUint32(out, uint32(index)), more...)
	}
	return out, nil
}

// AddRule adds a rule.
func AddRule(r Rule) Request {
	b := append([]byte(nil), r.Head...)
	if r.In != "" {
		b = appendAttribute(b, unix.FRA_IIFNAME, zeroEnded(r.In))
	}
	if r.Out != "" {
		b = appendAttribute(b, unix.FRA_OIFNAME, zeroEnded(r.Out))
	}
	for _, a := range r.Rest {
		b = appendAttribute(b, a.Type, a.Data)
	}
	return Request{unix.RTM_NEWRULE, unix.NLM_F_CREATE | unix.NLM_F_EXCL, b}
}

// AddNeighbour makes a neighbour known on a link: for ever, or to be confirmed
// at its first use (NUD_STALE).
func AddNeighbour(index int, n Neighbour) (Request, error) {
	mac, err := net.ParseMAC(n.MAC)
	if err != nil {
		return Request{}, fmt.Errorf("neighbour %s: %w", n.Address, err)
	}
	state, flags := uint16(unix.NUD_STALE), byte(0)
	if n.Permanent {
		state = unix.NUD_PERMANENT
	}
	if n.Router {
		flags = unix.NTF_ROUTER
	}
	b := neighbourHeader(family(n.Address), index, state, flags)
	b = appendAttribute(b, unix.NDA_DST, n.Address.AsSlice())
	b = appendAttribute(b, unix.NDA_LLADDR, mac)
	return Request{unix.RTM_NEWNEIGH, unix.NLM_F_CREATE | unix.NLM_F_REPLACE, b}, nil
}

// DeleteNeighbour forgets a neighbour.
func DeleteNeighbour(index int, n Neighbour) (Request, error) {
	b := neighbourHeader(family(n.Address), index, 0, 0)
	return Request{unix.RTM_DELNEIGH, 0, appendAttribute(b, unix.NDA_DST, n.Address.AsSlice())}, nil
}

func neighbourHeader(family byte, index int, state uint16, flags byte) []byte {
	b := hostOrder.AppendUint32([]byte{family, 0, 0, 0}, uint32(index))
	return append(hostOrder.AppendUint16(b, state), flags, 0)
}

// AddEntry adds a static entry to the forwarding table of a port's bridge.
func AddEntry(index int, e Entry) (Request, error) {
	mac, err := net.ParseMAC(e.MAC)
	if err != nil {
		return Request{}, fmt.Errorf("forwarding entry on %s: %w", e.Port, err)
	}
	flags := byte(unix.NTF_MASTER)
	if e.Sticky {
		flags |= ntfSticky
	}
	b := appendAttribute(neighbourHeader(unix.AF_BRIDGE, index, e.State, flags), unix.NDA_LLADDR, mac)
	if e.VLAN != 0 {
		b = appendAttribute(b, unix.NDA_VLAN, hostOrder.AppendUint16(nil, uint16(e.VLAN)))
	}
	return Request{unix.RTM_NEWNEIGH, unix.NLM_F_CREATE | unix.NLM_F_REPLACE, b}, nil
}
