package rtnl

import (
	"encoding/binary"
	"errors"
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
	Link
	master, parent int
	foreignParent  bool // the parent is in another namespace
	indexes        map[string]int
	slaveKind      string
}

const forwarding = 3 // linux/if_bridge.h BR_STATE_FORWARDING

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
	r.Promisc, r.AllMulti = flags&unix.IFF_PROMISC != 0, flags&unix.IFF_ALLMULTI != 0
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
	case unix.IFLA_TXQLEN:
		r.Queue = int(ad.Uint32())
	case unix.IFLA_GROUP:
		r.Group = int(ad.Uint32())
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
	case unix.IFLA_OPERSTATE:
		const up = 6 // linux/if.h IF_OPER_UP
		r.Active = ad.Uint8() == up
	case unix.IFLA_AF_SPEC:
		ad.Nested(r.families)
	case unix.IFLA_PROP_LIST:
		ad.Nested(r.names)
	case unix.IFLA_LINKINFO:
		ad.Nested(r.info)
	}
}

// families reads what the address families say of the link.
func (r *rawLink) families(ad *nl.AttributeDecoder) error {
	for ad.Next() {
		switch ad.Type() {
		case unix.AF_INET:
			ad.Nested(r.inet)
		case unix.AF_INET6:
			ad.Nested(r.inet6)
		}
	}
	return ad.Err()
}

// inet finds rp_filter among the sysctls of net.ipv4.conf.NAME, which are an
// array of 32 bits each (linux/if_link.h IFLA_INET_CONF, linux/ip.h
// IPV4_DEVCONF_RP_FILTER, of which the first is 1).
func (r *rawLink) inet(ad *nl.AttributeDecoder) error {
	const conf, at = 1, 8
	for ad.Next() {
		if b := ad.Bytes(); ad.Type() == conf && len(b) >= at*4 {
			r.ReversePath = int(int32(hostOrder.Uint32(b[(at-1)*4:])))
		}
	}
	return ad.Err()
}

// inet6 finds accept_ra among those of net.ipv6.conf.NAME (linux/if_link.h
// IFLA_INET6_CONF, linux/ipv6.h DEVCONF_ACCEPT_RA, of which the first is 0).
func (r *rawLink) inet6(ad *nl.AttributeDecoder) error {
	const conf, at = 2, 3
	for ad.Next() {
		if b := ad.Bytes(); ad.Type() == conf && len(b) >= (at+1)*4 {
			n := int(int32(hostOrder.Uint32(b[at*4:])))
			r.AcceptRA = &n
		}
	}
	return ad.Err()
}

func (r *rawLink) names(ad *nl.AttributeDecoder) error {
	for ad.Next() {
		if ad.Type() == unix.IFLA_ALT_IFNAME {
			r.AltNames = append(r.AltNames, ad.String())
		}
	}
	return ad.Err()
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
	if err := ad.Err(); err != nil {
		return err
	}
	if err := r.port(slave); err != nil || data == nil {
		return err
	}
	switch r.Kind {
	case "bond":
		return r.bond(data)
	case "vlan":
		return r.vlan(data)
	case "bridge":
		return r.bridge(data)
	}
	return nil
}

// bridge reads the settings. While the topology changes, the spanning tree has
// its own ageing time, and the one that was set is not told
// (net/bridge/br_stp.c, __br_set_topology_change).
func (r *rawLink) bridge(b []byte) error {
	r.Bridge = make(map[string]int)
	topology := make(map[string]int)
	err := errors.Join(decodeNumbers(b, BridgeAttributes, r.Bridge),
		decodeNumbers(b, []Option{{"change", unix.IFLA_BR_TOPOLOGY_CHANGE, Width8}}, topology))
	if topology["change"] != 0 {
		delete(r.Bridge, AgeingTime)
	}
	return err
}

// port reads what the link has as a port of its master.
func (r *rawLink) port(b []byte) error {
	switch {
	case b == nil:
		return nil
	case r.slaveKind == "bond":
		return r.bondPort(b)
	case r.slaveKind != "bridge":
		return nil
	}
	state := make(map[string]int)
	if err := decodeNumbers(b, []Option{{"state", unix.IFLA_BRPORT_STATE, Width8}}, state); err != nil {
		return err
	}
	r.Forwards, r.Port = state["state"] == forwarding, make(map[string]int)
	return decodeNumbers(b, PortAttributes, r.Port)
}

func (r *rawLink) bondPort(b []byte) error {
	ad, err := nl.NewAttributeDecoder(b)
	if err != nil {
		return err
	}
	for ad.Next() {
		if ad.Type() == unix.IFLA_BOND_SLAVE_PERM_HWADDR {
			r.OwnMAC = net.HardwareAddr(ad.Bytes()).String()
		}
	}
	if err := ad.Err(); err != nil {
		return err
	}
	r.BondPort = make(map[string]int)
	return decodeNumbers(b, BondPortAttributes, r.BondPort)
}

// decodeNumbers reads the numbers of a table out of nested attributes.
func decodeNumbers(b []byte, table []Option, into map[string]int) error {
	ad, err := nl.NewAttributeDecoder(b)
	if err != nil {
		return err
	}
	for ad.Next() {
		for _, o := range table {
			if o.Attr == ad.Type() {
				into[o.Name] = number(ad, o.As)
			}
		}
	}
	return ad.Err()
}

func number(ad *nl.AttributeDecoder, as Width) int {
	switch as {
	case Width8:
		return int(ad.Uint8())
	case Width16:
		return int(ad.Uint16())
	case Width32, WidthIndex:
		return int(int32(ad.Uint32()))
	case Width64:
		return int(ad.Uint64())
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
		if ad.Type() == unix.IFLA_BOND_AD_INFO {
			ad.Nested(r.lacp)
		}
		for _, o := range BondAttributes {
			if o.Attr == ad.Type() {
				r.bondOption(o, ad)
			}
		}
	}
	return ad.Err()
}

func (r *rawLink) bondOption(o Option, ad *nl.AttributeDecoder) {
	switch o.As {
	case WidthIndex:
		r.indexes[o.Name] = int(ad.Uint32())
	case WidthTargets, WidthTargets6:
		r.Bond[o.Name] = targets(ad)
	case WidthMAC:
		r.Bond[o.Name] = net.HardwareAddr(ad.Bytes()).String()
	case Width32:
		r.Bond[o.Name] = strconv.FormatUint(uint64(ad.Uint32()), 10)
	default:
		r.Bond[o.Name] = strconv.Itoa(number(ad, o.As))
	}
}

// lacp reads the partner of an 802.3ad bond.
func (r *rawLink) lacp(ad *nl.AttributeDecoder) error {
	for ad.Next() {
		if ad.Type() == unix.IFLA_BOND_AD_INFO_PARTNER_MAC {
			r.Partner = net.HardwareAddr(ad.Bytes()).String()
		}
	}
	if r.Partner == "00:00:00:00:00:00" {
		r.Partner = ""
	}
	return ad.Err()
}

// targets reads the targets of ARP or ND monitoring: nested addresses.
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
		case unix.IFLA_VLAN_INGRESS_QOS:
			r.QoSIn = priorities(ad)
		case unix.IFLA_VLAN_EGRESS_QOS:
			r.QoSOut = priorities(ad)
		}
	}
	return ad.Err()
}

func priorities(ad *nl.AttributeDecoder) []Priority {
	var out []Priority
	ad.Nested(func(n *nl.AttributeDecoder) error {
		for n.Next() {
			if m := n.Bytes(); n.Type() == unix.IFLA_VLAN_QOS_MAPPING && len(m) == 8 {
				out = append(out, Priority{hostOrder.Uint32(m), hostOrder.Uint32(m[4:])})
			}
		}
		return n.Err()
	})
	return out
}

// decodeAddress reads the body of an RTM_NEWADDR; the link comes as an index.
func decodeAddress(b []byte) (Address, int, error) {
	var a Address
	if len(b) < unix.SizeofIfAddrmsg {
		return a, 0, fmt.Errorf("address message of %d bytes: too short", len(b))
	}
	bits, index := int(b[1]), int(hostOrder.Uint32(b[4:]))
	a.Flags, a.Scope, a.Valid, a.Preferred = uint32(b[2]), b[3], NeverExpires, NeverExpires
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
		default:
			a.attribute(ad)
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

// ifaProto is IFA_PROTO (linux/if_addr.h, Linux 5.18).
const ifaProto = 11

func (a *Address) attribute(ad *nl.AttributeDecoder) {
	switch ad.Type() {
	case unix.IFA_BROADCAST:
		a.Broadcast, _ = netip.AddrFromSlice(ad.Bytes())
	case unix.IFA_LABEL:
		a.Label = ad.String()
	case unix.IFA_FLAGS:
		a.Flags = ad.Uint32()
	case unix.IFA_RT_PRIORITY:
		a.Metric = ad.Uint32()
	case ifaProto:
		a.Protocol = ad.Uint8()
	case unix.IFA_CACHEINFO:
		if c := ad.Bytes(); len(c) >= 8 { // struct ifa_cacheinfo
			a.Preferred, a.Valid = hostOrder.Uint32(c), hostOrder.Uint32(c[4:])
		}
	}
}
