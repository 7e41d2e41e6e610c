package rtnl

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	nl "github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// NextHop is a next hop object (`ip nexthop`, Linux 5.3): what routes go by
// that name its id, one after the other or, as a group, several at a time.
type NextHop struct {
	ID       uint32     `json:"id"`
	Link     string     `json:"link,omitempty"` // "" of a group, of a blackhole and of one for a VXLAN's table
	Via      netip.Addr `json:"via,omitzero"`
	Family   uint8      `json:"family,omitempty"`   // AF_INET, AF_INET6; 0 of a group
	Protocol uint8      `json:"protocol,omitempty"` // linux/rtnetlink.h RTPROT_*
	OnLink   bool       `json:"onlink,omitempty"`
	Members  []Member   `json:"members,omitempty"` // of a group
	// Rest are the attributes that are kept and not understood (blackhole,
	// encapsulation, the kind of a group), as the kernel spelt them.
	Rest []Attribute `json:"rest,omitempty"`
}

// Member is one next hop of a group.
type Member struct {
	ID     uint32 `json:"id"`
	Weight uint16 `json:"weight,omitempty"` // as the kernel has it: one less than `ip` says
}

// Same reports whether two objects send the same packets the same way.
func (h NextHop) Same(o NextHop) bool {
	return h.ID == o.ID && h.Link == o.Link && h.Via == o.Via && h.Family == o.Family && h.OnLink == o.OnLink && slices.Equal(h.Members, o.Members) &&
		slices.EqualFunc(h.Rest, o.Rest, func(a, b Attribute) bool { return a.Type == b.Type && string(a.Data) == string(b.Data) })
}

// Has reports whether a group has the object of that id.
func (h NextHop) Has(id uint32) bool {
	return slices.ContainsFunc(h.Members, func(m Member) bool { return m.ID == id })
}

const (
	sizeofNextHop = 8  // struct nhmsg (linux/nexthop.h)
	sizeofMember  = 8  // struct nexthop_grp
	rtaNextHop    = 30 // linux/rtnetlink.h RTA_NH_ID
	nhaFDB        = 11 // NHA_FDB, Linux 5.8
	nhaResilient  = 12 // NHA_RES_GROUP, Linux 5.13

	resilientPad  = 0 // NHA_RES_GROUP_PAD
	resilientTime = 4 // NHA_RES_GROUP_UNBALANCED_TIME, which the kernel tells and does not take
)

// nextHopRest are further attributes of an object that can be said of a new one;
// those that are not named here tell how it fares.
var nextHopRest = []uint16{unix.NHA_GROUP_TYPE, unix.NHA_BLACKHOLE, unix.NHA_ENCAP_TYPE, nhaFDB}

// nextHops reads the objects. A kernel that has none refuses the question
// (net/core/rtnetlink.c, rtnetlink_rcv_msg).
func (c *Conn) nextHops(g *Graph, names map[int]string) error {
	err := c.dump(unix.RTM_GETNEXTHOP, make([]byte, sizeofNextHop), func(b []byte) error {
		h, err := decodeNextHop(b, names)
		g.NextHops = append(g.NextHops, h)
		return err
	})
	if errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// decodeNextHop reads the body of an RTM_NEWNEXTHOP; links come by their index.
func decodeNextHop(b []byte, names map[int]string) (NextHop, error) {
	if len(b) < sizeofNextHop {
		return NextHop{}, fmt.Errorf("next hop message of %d bytes: too short", len(b))
	}
	h := NextHop{Family: b[0], Protocol: b[2], OnLink: hostOrder.Uint32(b[4:])&unix.RTNH_F_ONLINK != 0}
	ad, err := nl.NewAttributeDecoder(b[sizeofNextHop:])
	if err != nil {
		return h, err
	}
	for ad.Next() {
		if err := h.attribute(ad, names); err != nil {
			return h, err
		}
	}
	return h, ad.Err()
}

func (h *NextHop) attribute(ad *nl.AttributeDecoder, names map[int]string) error {
	switch kind := ad.Type(); {
	case kind == unix.NHA_ID:
		h.ID = ad.Uint32()
	case kind == unix.NHA_OIF:
		h.Link = names[int(ad.Uint32())]
	case kind == unix.NHA_GATEWAY:
		h.Via, _ = netip.AddrFromSlice(ad.Bytes())
	case kind == unix.NHA_GROUP:
		list := ad.Bytes()
		for ; len(list) >= sizeofMember; list = list[sizeofMember:] {
			h.Members = append(h.Members, Member{ID: hostOrder.Uint32(list), Weight: uint16(list[4]) | uint16(list[5])<<8})
		}
	case kind == nhaResilient:
		data, err := resilience(ad.Bytes())
		h.Rest = append(h.Rest, Attribute{ad.TypeFlags() | kind, data})
		return err
	case kind == unix.NHA_ENCAP: // told without the flag that is asked for (lwtunnel_fill_encap)
		h.Rest = append(h.Rest, Attribute{unix.NLA_F_NESTED | kind, ad.Bytes()})
	case slices.Contains(nextHopRest, kind):
		h.Rest = append(h.Rest, Attribute{ad.TypeFlags() | kind, ad.Bytes()})
	}
	return nil
}

// resilience leaves out of a group's settings for resilience what is no setting.
func resilience(b []byte) ([]byte, error) {
	ad, err := nl.NewAttributeDecoder(b)
	if err != nil {
		return nil, err
	}
	var out []byte
	for ad.Next() {
		if kind := ad.Type(); kind != resilientPad && kind != resilientTime {
			out = appendAttribute(out, kind, ad.Bytes())
		}
	}
	return out, ad.Err()
}

// ReplaceNextHop makes the object the one of its id. The routes that go by one
// that is there stay.
func (x Indexes) ReplaceNextHop(h NextHop) (Request, error) {
	flags := 0
	if h.OnLink {
		flags = unix.RTNH_F_ONLINK
	}
	b := append([]byte{h.Family, 0, h.Protocol, 0}, u32(flags)...)
	b = appendAttribute(b, unix.NHA_ID, u32(int(h.ID)))
	if h.Link != "" {
		index, err := x.Of(h.Link)
		if err != nil {
			return Request{}, err
		}
		b = appendAttribute(b, unix.NHA_OIF, u32(index))
	}
	if h.Via.IsValid() {
		b = appendAttribute(b, unix.NHA_GATEWAY, h.Via.AsSlice())
	}
	var list []byte
	for _, m := range h.Members {
		list = append(hostOrder.AppendUint32(list, m.ID), byte(m.Weight), byte(m.Weight>>8), 0, 0)
	}
	if list != nil {
		b = appendAttribute(b, unix.NHA_GROUP, list)
	}
	for _, a := range h.Rest {
		b = appendAttribute(b, a.Type, a.Data)
	}
	return Request{unix.RTM_NEWNEXTHOP, unix.NLM_F_CREATE | unix.NLM_F_REPLACE, b}, nil
}

// byObject leaves out of a route by an object what the kernel tells of the
// object beside it (sysctl net.ipv4.nexthop_compat_mode), and does not take
// beside its id (net/ipv4/fib_frontend.c, rtm_to_fib_config).
func (r *Route) byObject() {
	r.Link, r.Via, r.OnLink, r.Hops = "", netip.Addr{}, false, nil
	r.Rest = slices.DeleteFunc(r.Rest, func(a Attribute) bool {
		return slices.Contains([]uint16{unix.RTA_VIA, unix.RTA_FLOW, unix.RTA_ENCAP, unix.RTA_ENCAP_TYPE}, a.Type&^uint16(unix.NLA_F_NESTED|unix.NLA_F_NET_BYTEORDER))
	})
	if len(r.Rest) == 0 {
		r.Rest = nil
	}
}
