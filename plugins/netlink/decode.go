package netlink

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	nl "github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// rawLink is a link as one message says it: with indexes instead of names.
type rawLink struct {
	link
	master, parent int
	foreignParent  bool // the parent is in another namespace
	indexes        map[string]int
	slaveKind      string
}

var hostOrder = binary.NativeEndian

// decodeLink reads the body of an RTM_NEWLINK.
func decodeLink(b []byte) (rawLink, error) {
	var r rawLink
	if len(b) < unix.SizeofIfInfomsg {
		return r, fmt.Errorf("link message of %d bytes: too short", len(b))
	}
	flags := hostOrder.Uint32(b[8:])
	r.Index = int(int32(hostOrder.Uint32(b[4:])))
	r.Up, r.Loop = flags&unix.IFF_UP != 0, flags&unix.IFF_LOOPBACK != 0
	r.Ether = hostOrder.Uint16(b[2:]) == unix.ARPHRD_ETHER
	ad, err := nl.NewAttributeDecoder(b[unix.SizeofIfInfomsg:])
	if err != nil {
		return r, fmt.Errorf("link message: %w", err)
	}
	for ad.Next() {
		r.attribute(ad)
	}
	return r, ad.Err()
}

func (r *rawLink) attribute(ad *nl.AttributeDecoder) {
	switch ad.Type() {
	case unix.IFLA_IFNAME:
		r.Name = ad.String()
	case unix.IFLA_ADDRESS:
		r.MAC = net.HardwareAddr(ad.Bytes()).String()
	case unix.IFLA_PERM_ADDRESS:
		r.PermMAC = net.HardwareAddr(ad.Bytes()).String()
	case unix.IFLA_MTU:
		r.MTU = int(ad.Uint32())
	case unix.IFLA_MASTER:
		r.master = int(ad.Uint32())
	case unix.IFLA_LINK:
		r.parent = int(ad.Uint32())
	case unix.IFLA_LINK_NETNSID:
		r.foreignParent = true
	case unix.IFLA_IFALIAS:
		r.Alias = ad.String()
	case unix.IFLA_CARRIER:
		r.Carrier = ad.Uint8() == 1
	case unix.IFLA_LINKINFO:
		ad.Nested(func(info *nl.AttributeDecoder) error { return r.info(info) })
	}
}

func (r *rawLink) info(ad *nl.AttributeDecoder) error {
	var data, slave []byte
	for ad.Next() {
		switch ad.Type() {
		case unix.IFLA_INFO_KIND:
			r.Kind = ad.String()
		case unix.IFLA_INFO_DATA:
			data = ad.Bytes()
		case unix.IFLA_INFO_SLAVE_KIND:
			r.slaveKind = ad.String()
		case unix.IFLA_INFO_SLAVE_DATA:
			slave = ad.Bytes()
		}
	}
	if r.slaveKind == "bridge" && slave != nil {
		r.Port = make(map[string]int)
		if err := decodeNumbers(slave, portAttributes, r.Port); err != nil {
			return err
		}
	}
	if data == nil {
		return ad.Err()
	}
	switch r.Kind {
	case "bond":
		return r.bond(data)
	case "vlan":
		return r.vlan(data)
	case "bridge":
		r.Bridge = make(map[string]int)
		return decodeNumbers(data, bridgeAttributes, r.Bridge)
	}
	return nil
}

// decodeNumbers reads the numbers of a table out of nested attributes.
func decodeNumbers(b []byte, table []option, into map[string]int) error {
	ad, err := nl.NewAttributeDecoder(b)
	if err != nil {
		return err
	}
	for ad.Next() {
		for _, o := range table {
			if o.attr == ad.Type() {
				into[o.name] = number(ad, o.as)
			}
		}
	}
	return ad.Err()
}

func number(ad *nl.AttributeDecoder, as width) int {
	switch as {
	case width8:
		return int(ad.Uint8())
	case width16:
		return int(ad.Uint16())
	case width32, widthIndex:
		return int(ad.Uint32())
	}
	return 0
}

func (r *rawLink) bond(b []byte) error {
	ad, err := nl.NewAttributeDecoder(b)
	if err != nil {
		return err
	}
	r.Bond, r.indexes = make(map[string]string), make(map[string]int)
	for ad.Next() {
		for _, o := range bondAttributes {
			if o.attr != ad.Type() {
				continue
			}
			switch o.as {
			case widthIndex:
				r.indexes[o.name] = int(ad.Uint32())
			case widthTargets:
				r.Bond[o.name] = targets(ad)
			case widthMAC:
				r.Bond[o.name] = net.HardwareAddr(ad.Bytes()).String()
			default:
				r.Bond[o.name] = strconv.Itoa(number(ad, o.as))
			}
		}
	}
	return ad.Err()
}

// targets reads ARP targets: nested IPv4 addresses.
func targets(ad *nl.AttributeDecoder) string {
	var out []string
	ad.Nested(func(n *nl.AttributeDecoder) error {
		for n.Next() {
			if a, ok := netip.AddrFromSlice(n.Bytes()); ok && !a.IsUnspecified() {
				out = append(out, a.String())
			}
		}
		return n.Err()
	})
	return strings.Join(out, ",")
}

func (r *rawLink) vlan(b []byte) error {
	ad, err := nl.NewAttributeDecoder(b)
	if err != nil {
		return err
	}
	r.VLANProto = "802.1q"
	for ad.Next() {
		switch ad.Type() {
		case unix.IFLA_VLAN_ID:
			r.VLANID = int(ad.Uint16())
		case unix.IFLA_VLAN_PROTOCOL:
			if p := ad.Bytes(); len(p) == 2 && binary.BigEndian.Uint16(p) == unix.ETH_P_8021AD {
				r.VLANProto = "802.1ad"
			}
		case unix.IFLA_VLAN_FLAGS:
			if f := ad.Bytes(); len(f) == 8 { // struct ifla_vlan_flags
				r.VLANFlags = hostOrder.Uint32(f)
			}
		}
	}
	return ad.Err()
}

// decodeAddress reads the body of an RTM_NEWADDR; the link comes as an index.
func decodeAddress(b []byte) (address, int, error) {
	var a address
	if len(b) < unix.SizeofIfAddrmsg {
		return a, 0, fmt.Errorf("address message of %d bytes: too short", len(b))
	}
	bits, index := int(b[1]), int(hostOrder.Uint32(b[4:]))
	a.Flags, a.Scope, a.Valid, a.Preferred = uint32(b[2]), b[3], neverExpires, neverExpires
	ad, err := nl.NewAttributeDecoder(b[unix.SizeofIfAddrmsg:])
	if err != nil {
		return a, 0, err
	}
	var local, peer netip.Addr
	for ad.Next() {
		switch ad.Type() {
		case unix.IFA_LOCAL:
			local, _ = netip.AddrFromSlice(ad.Bytes())
		case unix.IFA_ADDRESS:
			peer, _ = netip.AddrFromSlice(ad.Bytes())
		case unix.IFA_BROADCAST:
			a.Broadcast, _ = netip.AddrFromSlice(ad.Bytes())
		case unix.IFA_LABEL:
			a.Label = ad.String()
		case unix.IFA_FLAGS:
			a.Flags = ad.Uint32()
		case unix.IFA_RT_PRIORITY:
			a.Metric = ad.Uint32()
		case unix.IFA_CACHEINFO:
			if c := ad.Bytes(); len(c) >= 8 { // struct ifa_cacheinfo
				a.Preferred, a.Valid = hostOrder.Uint32(c), hostOrder.Uint32(c[4:])
			}
		}
	}
	if !local.IsValid() {
		local = peer
	} else if peer.IsValid() && peer != local {
		a.Peer = netip.PrefixFrom(peer, bits)
	}
	a.Prefix = netip.PrefixFrom(local, bits)
	if !a.Prefix.IsValid() {
		return a, 0, fmt.Errorf("address message with no address of %d bits", bits)
	}
	return a, index, ad.Err()
}
