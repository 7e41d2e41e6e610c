package netlink

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func appendAttribute(b []byte, kind uint16, data []byte) []byte {
	b = hostOrder.AppendUint16(b, uint16(4+len(data)))
	b = hostOrder.AppendUint16(b, kind)
	b = append(b, data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func u32(n int) []byte { return hostOrder.AppendUint32(nil, uint32(n)) }

func zeroEnded(s string) []byte { return append([]byte(s), 0) }

// encoder turns steps into messages; it knows the indexes of names.
type encoder struct {
	index map[string]int
	next  int // the next index that is given to a new link
}

func (e *encoder) of(name string) (int, error) {
	if n, ok := e.index[name]; ok {
		return n, nil
	}
	return 0, fmt.Errorf("there is no link %q", name)
}

func linkHeader(index int, flags, change uint32) []byte {
	b := make([]byte, 4, 64)
	b = hostOrder.AppendUint32(b, uint32(index))
	b = hostOrder.AppendUint32(b, flags)
	return hostOrder.AppendUint32(b, change)
}

// requests are the messages of a step that is one or several writes.
func (e *encoder) requests(s step) ([]request, error) {
	switch s.Do {
	case doCreate:
		return e.create(s)
	case doNeigh:
		return e.neighbours(s)
	}
	index, err := e.of(s.Link)
	if err != nil && !(s.Do == doRoute || s.Do == doNoRoute) {
		return nil, err
	}
	one := func(kind, flags uint16, body []byte, err error) ([]request, error) {
		return []request{{kind, flags, body}}, err
	}
	switch s.Do {
	case doDelete:
		delete(e.index, s.Link)
		return one(unix.RTM_DELLINK, 0, linkHeader(index, 0, 0), nil)
	case doUp:
		return one(unix.RTM_NEWLINK, 0, linkHeader(index, unix.IFF_UP, unix.IFF_UP), nil)
	case doDown:
		return one(unix.RTM_NEWLINK, 0, linkHeader(index, 0, unix.IFF_UP), nil)
	case doMaster:
		master := 0
		if s.Master != "" {
			if master, err = e.of(s.Master); err != nil {
				return nil, err
			}
		}
		return one(unix.RTM_NEWLINK, 0, appendAttribute(linkHeader(index, 0, 0), unix.IFLA_MASTER, u32(master)), nil)
	case doSet:
		body, err := e.settings(linkHeader(index, 0, 0), s.New)
		return one(unix.RTM_NEWLINK, 0, body, err)
	case doAddress:
		return one(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, encodeAddress(*s.Address, index), nil)
	case doNoAddr:
		return one(unix.RTM_DELADDR, 0, encodeAddress(address{Prefix: s.Address.Prefix, Peer: s.Address.Peer, Valid: neverExpires}, index), nil)
	case doRoute:
		return one(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, encodeRoute(*s.Route, index), nil)
	case doNoRoute:
		return one(unix.RTM_DELROUTE, 0, encodeRoute(*s.Route, index), nil)
	}
	return nil, fmt.Errorf("no message does %q", s.Do)
}

func (e *encoder) create(s step) ([]request, error) {
	index := e.next
	e.next++
	body := appendAttribute(linkHeader(index, 0, 0), unix.IFLA_IFNAME, zeroEnded(s.Link))
	if s.New.Parent != "" {
		parent, err := e.of(s.New.Parent)
		if err != nil {
			return nil, err
		}
		body = appendAttribute(body, unix.IFLA_LINK, u32(parent))
	}
	e.index[s.Link] = index
	body, err := e.settings(body, s.New)
	return []request{{unix.RTM_NEWLINK, unix.NLM_F_CREATE | unix.NLM_F_EXCL, body}}, err
}

// settings appends what is said of a link.
func (e *encoder) settings(b []byte, l *link) ([]byte, error) {
	if l.MAC != "" {
		mac, err := net.ParseMAC(l.MAC)
		if err != nil {
			return nil, err
		}
		b = appendAttribute(b, unix.IFLA_ADDRESS, mac)
	}
	if l.MTU != 0 {
		b = appendAttribute(b, unix.IFLA_MTU, u32(l.MTU))
	}
	if l.Alias != "" {
		b = appendAttribute(b, unix.IFLA_IFALIAS, []byte(l.Alias))
	}
	if l.Port != nil {
		info := appendAttribute(nil, unix.IFLA_INFO_SLAVE_KIND, zeroEnded("bridge"))
		info = appendAttribute(info, unix.IFLA_INFO_SLAVE_DATA, encodeNumbers(portAttributes, l.Port))
		return appendAttribute(b, unix.IFLA_LINKINFO, info), nil
	}
	data, err := e.data(l)
	if err != nil || (data == nil && l.Kind == "") {
		return b, err
	}
	info := appendAttribute(nil, unix.IFLA_INFO_KIND, zeroEnded(l.Kind))
	if data != nil {
		info = appendAttribute(info, unix.IFLA_INFO_DATA, data)
	}
	return appendAttribute(b, unix.IFLA_LINKINFO, info), nil
}

func (e *encoder) data(l *link) ([]byte, error) {
	switch l.Kind {
	case "bridge":
		return encodeNumbers(bridgeAttributes, l.Bridge), nil
	case "bond":
		return e.bond(l.Bond)
	case "vlan":
		var b []byte
		if l.VLANID != 0 {
			protocol := uint16(unix.ETH_P_8021Q)
			if l.VLANProto == "802.1ad" {
				protocol = unix.ETH_P_8021AD
			}
			b = appendAttribute(b, unix.IFLA_VLAN_ID, hostOrder.AppendUint16(nil, uint16(l.VLANID)))
			b = appendAttribute(b, unix.IFLA_VLAN_PROTOCOL, binary.BigEndian.AppendUint16(nil, protocol))
		}
		if l.FlagMask != 0 {
			b = appendAttribute(b, unix.IFLA_VLAN_FLAGS, append(u32(int(l.VLANFlags)), u32(int(l.FlagMask))...))
		}
		return b, nil
	}
	return nil, nil
}

func encodeNumber(as width, n int) []byte {
	switch as {
	case width8:
		return []byte{byte(n)}
	case width16:
		return hostOrder.AppendUint16(nil, uint16(n))
	}
	return u32(n)
}

func encodeNumbers(table []option, values map[string]int) []byte {
	var b []byte
	for _, o := range table {
		if n, ok := values[o.name]; ok {
			b = appendAttribute(b, o.attr, encodeNumber(o.as, n))
		}
	}
	return b
}

func (e *encoder) bond(values map[string]string) ([]byte, error) {
	var b []byte
	for _, o := range bondAttributes {
		v, ok := values[o.name]
		if !ok {
			continue
		}
		data, err := e.bondValue(o, v)
		if err != nil {
			return nil, fmt.Errorf("bond option %s: %w", o.name, err)
		}
		b = appendAttribute(b, o.attr, data)
	}
	return b, nil
}

func (e *encoder) bondValue(o option, v string) ([]byte, error) {
	switch o.as {
	case widthIndex:
		if v == "" {
			return u32(0), nil
		}
		n, err := e.of(v)
		return u32(n), err
	case widthMAC:
		return net.ParseMAC(v)
	case widthTargets:
		var b []byte
		for i, t := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' }) {
			a, err := netip.ParseAddr(t)
			if err != nil {
				return nil, err
			}
			b = appendAttribute(b, uint16(i), a.AsSlice())
		}
		return b, nil
	}
	n, err := strconv.ParseUint(v, 10, 32)
	return encodeNumber(o.as, int(n)), err
}

func family(a netip.Addr) byte {
	if a.Is6() {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

func encodeAddress(a address, index int) []byte {
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
	if a.Valid != neverExpires {
		info := append(append(u32(int(a.Preferred)), u32(int(a.Valid))...), make([]byte, 8)...)
		b = appendAttribute(b, unix.IFA_CACHEINFO, info)
	}
	return appendAttribute(b, unix.IFA_FLAGS, u32(int(a.Flags)))
}

func encodeRoute(r route, index int) []byte {
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
	if index != 0 {
		b = appendAttribute(b, unix.RTA_OIF, u32(index))
	}
	if r.Metric != 0 {
		b = appendAttribute(b, unix.RTA_PRIORITY, u32(int(r.Metric)))
	}
	b = appendAttribute(b, unix.RTA_TABLE, u32(int(r.Table)))
	for _, a := range r.Rest {
		b = appendAttribute(b, a.Type, a.Data)
	}
	return b
}

// neighbours makes the messages that carry neighbours over: known, to be
// confirmed at their first use (NUD_STALE).
func (e *encoder) neighbours(s step) ([]request, error) {
	index, err := e.of(s.Link)
	if err != nil {
		return nil, err
	}
	var out []request
	for _, n := range s.Neighbours {
		mac, err := net.ParseMAC(n.MAC)
		if err != nil {
			return nil, err
		}
		b := []byte{family(n.Address), 0, 0, 0}
		b = hostOrder.AppendUint32(b, uint32(index))
		b = hostOrder.AppendUint16(b, unix.NUD_STALE)
		b = append(b, 0, 0)
		b = appendAttribute(b, unix.NDA_DST, n.Address.AsSlice())
		b = appendAttribute(b, unix.NDA_LLADDR, mac)
		out = append(out, request{unix.RTM_NEWNEIGH, unix.NLM_F_CREATE | unix.NLM_F_REPLACE, b})
	}
	return out, nil
}
