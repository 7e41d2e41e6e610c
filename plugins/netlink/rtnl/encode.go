package rtnl

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

// Indexes are the indexes of links by name.
type Indexes map[string]int

// Of returns the index of a link that is there.
func (x Indexes) Of(name string) (int, error) {
	if n, ok := x[name]; ok {
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

// DeleteLink deletes a link.
func DeleteLink(index int) Request {
	return Request{unix.RTM_DELLINK, 0, linkHeader(index, 0, 0)}
}

// SetUp sets a link up or down.
func SetUp(index int, up bool) Request {
	flags := uint32(0)
	if up {
		flags = unix.IFF_UP
	}
	return Request{unix.RTM_NEWLINK, 0, linkHeader(index, flags, unix.IFF_UP)}
}

// Rename gives a link another name.
func Rename(index int, name string) Request {
	return Request{unix.RTM_NEWLINK, 0, appendAttribute(linkHeader(index, 0, 0), unix.IFLA_IFNAME, zeroEnded(name))}
}

// SetMaster makes a link a port of master; 0 releases it.
func SetMaster(index, master int) Request {
	return Request{unix.RTM_NEWLINK, 0, appendAttribute(linkHeader(index, 0, 0), unix.IFLA_MASTER, u32(master))}
}

// NewLink makes a link with an index of the caller's choice.
func (x Indexes) NewLink(name string, index int, l *Link) (Request, error) {
	body := appendAttribute(linkHeader(index, 0, 0), unix.IFLA_IFNAME, zeroEnded(name))
	if l.Parent != "" {
		parent, err := x.Of(l.Parent)
		if err != nil {
			return Request{}, err
		}
		body = appendAttribute(body, unix.IFLA_LINK, u32(parent))
	}
	body, err := x.settings(body, l)
	return Request{unix.RTM_NEWLINK, unix.NLM_F_CREATE | unix.NLM_F_EXCL, body}, err
}

// AddNames gives a link alternative names.
func AddNames(index int, names []string) Request {
	var list []byte
	for _, n := range names {
		list = appendAttribute(list, unix.IFLA_ALT_IFNAME, zeroEnded(n))
	}
	return Request{unix.RTM_NEWLINKPROP, unix.NLM_F_CREATE | unix.NLM_F_EXCL | unix.NLM_F_APPEND,
		appendAttribute(linkHeader(index, 0, 0), unix.IFLA_PROP_LIST|unix.NLA_F_NESTED, list)}
}

// SetLink changes what is said of a link.
func (x Indexes) SetLink(index int, l *Link) (Request, error) {
	flags := uint32(0)
	if l.Promisc {
		flags |= unix.IFF_PROMISC
	}
	if l.AllMulti {
		flags |= unix.IFF_ALLMULTI
	}
	body, err := x.settings(linkHeader(index, flags, flags), l)
	return Request{unix.RTM_NEWLINK, 0, body}, err
}

// settings appends what is said of a link.
func (x Indexes) settings(b []byte, l *Link) ([]byte, error) {
	if l.MAC != "" {
		mac, err := net.ParseMAC(l.MAC)
		if err != nil {
			return nil, err
		}
		b = appendAttribute(b, unix.IFLA_ADDRESS, mac)
	}
	for _, n := range []struct {
		kind  uint16
		value int
	}{{unix.IFLA_MTU, l.MTU}, {unix.IFLA_TXQLEN, l.Queue}, {unix.IFLA_GROUP, l.Group}} {
		if n.value != 0 {
			b = appendAttribute(b, n.kind, u32(n.value))
		}
	}
	if l.Alias != "" || l.NoAlias {
		b = appendAttribute(b, unix.IFLA_IFALIAS, []byte(l.Alias))
	}
	if info := portInfo(l); info != nil {
		return appendAttribute(b, unix.IFLA_LINKINFO, info), nil
	}
	data, err := x.data(l)
	if err != nil || (data == nil && l.Kind == "") {
		return b, err
	}
	info := appendAttribute(nil, unix.IFLA_INFO_KIND, zeroEnded(l.Kind))
	if data != nil {
		info = appendAttribute(info, unix.IFLA_INFO_DATA, data)
	}
	return appendAttribute(b, unix.IFLA_LINKINFO, info), nil
}

func portInfo(l *Link) []byte {
	kind, data := "bridge", encodeNumbers(PortAttributes, l.Port)
	if l.BondPort != nil {
		kind, data = "bond", encodeNumbers(BondPortAttributes, l.BondPort)
	}
	if l.Port == nil && l.BondPort == nil && !l.Forwards {
		return nil
	}
	if l.Forwards {
		data = appendAttribute(data, unix.IFLA_BRPORT_STATE, []byte{forwarding})
	}
	info := appendAttribute(nil, unix.IFLA_INFO_SLAVE_KIND, zeroEnded(kind))
	return appendAttribute(info, unix.IFLA_INFO_SLAVE_DATA, data)
}

func (x Indexes) data(l *Link) ([]byte, error) {
	switch l.Kind {
	case "bridge":
		return encodeNumbers(BridgeAttributes, l.Bridge), nil
	case "bond":
		return x.bond(l.Bond)
	case "vlan":
		return encodeVLAN(l), nil
	}
	return nil, nil
}

func encodeVLAN(l *Link) []byte {
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
	for _, m := range []struct {
		kind uint16
		list []Priority
	}{{unix.IFLA_VLAN_INGRESS_QOS, l.QoSIn}, {unix.IFLA_VLAN_EGRESS_QOS, l.QoSOut}} {
		var list []byte
		for _, p := range m.list {
			list = appendAttribute(list, unix.IFLA_VLAN_QOS_MAPPING, append(u32(int(p.From)), u32(int(p.To))...))
		}
		if list != nil {
			b = appendAttribute(b, m.kind, list)
		}
	}
	return b
}

func encodeNumber(as Width, n int) []byte {
	switch as {
	case WidthNone:
		return nil
	case Width8:
		return []byte{byte(n)}
	case Width16:
		return hostOrder.AppendUint16(nil, uint16(n))
	case Width64:
		return hostOrder.AppendUint64(nil, uint64(n))
	}
	return u32(n)
}

func encodeNumbers(table []Option, values map[string]int) []byte {
	var b []byte
	for _, o := range table {
		if n, ok := values[o.Name]; ok {
			b = appendAttribute(b, o.Attr, encodeNumber(o.As, n))
		}
	}
	return b
}

func (x Indexes) bond(values map[string]string) ([]byte, error) {
	var b []byte
	for _, o := range BondAttributes {
		v, ok := values[o.Name]
		if !ok {
			continue
		}
		data, err := x.bondValue(o, v)
		if err != nil {
			return nil, fmt.Errorf("bond option %s: %w", o.Name, err)
		}
		b = appendAttribute(b, o.Attr, data)
	}
	return b, nil
}

func (x Indexes) bondValue(o Option, v string) ([]byte, error) {
	switch o.As {
	case WidthIndex:
		if v == "" {
			return u32(0), nil
		}
		n, err := x.Of(v)
		return u32(n), err
	case WidthMAC:
		return net.ParseMAC(v)
	case WidthTargets, WidthTargets6:
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
	return encodeNumber(o.As, int(n)), err
}

// SetVLANs gives a bridge port VLANs, or takes them away. The bridge's own are
// set with self.
func SetVLANs(index int, list []VLAN, self, away bool) Request {
	kind := uint16(unix.RTM_SETLINK)
	if away {
		kind = unix.RTM_DELLINK
	}
	where := uint16(bridgeFlagMaster)
	if self {
		where = bridgeFlagSelf
	}
	spec := appendAttribute(nil, iflaBridgeFlags, hostOrder.AppendUint16(nil, where))
	for _, v := range list {
		flags := uint16(0)
		if v.PVID {
			flags |= vlanPVID
		}
		if v.Untagged {
			flags |= vlanUntagged
		}
		info := func(flags uint16, id int) {
			spec = appendAttribute(spec, iflaBridgeVLANInfo, hostOrder.AppendUint16(hostOrder.AppendUint16(nil, flags), uint16(id)))
		}
		if v.To == 0 {
			info(flags, v.ID)
			continue
		}
		info(flags|vlanRangeBegin, v.ID)
		info(flags|vlanRangeEnd, v.To)
	}
	body := linkHeader(index, 0, 0)
	body[0] = unix.AF_BRIDGE
	return Request{kind, 0, appendAttribute(body, unix.IFLA_AF_SPEC|unix.NLA_F_NESTED, spec)}
}
