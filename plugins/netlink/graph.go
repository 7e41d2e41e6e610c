package netlink

import (
	"net/netip"
	"slices"
)

// graph is a network namespace as the kernel has it, or as it will be. Links
// are named, not numbered, so that a graph means the same after a link has
// been made again. It is kept as JSON in plans and snapshots.
type graph struct {
	Links      []link      `json:"links"` // by name
	Addresses  []address   `json:"addresses,omitempty"`
	Routes     []route     `json:"routes,omitempty"`
	Neighbours []neighbour `json:"neighbours,omitempty"`
}

// link is one network interface.
type link struct {
	Index   int    `json:"index,omitempty"`
	Name    string `json:"name"`
	Kind    string `json:"kind,omitempty"`   // IFLA_INFO_KIND: "bond", "vlan", "bridge", "veth", …; "" for a card
	Parent  string `json:"parent,omitempty"` // of a VLAN
	Master  string `json:"master,omitempty"`
	MAC     string `json:"mac,omitempty"`
	PermMAC string `json:"perm_mac,omitempty"`
	MACSet  bool   `json:"mac_set,omitempty"` // somebody set it (NET_ADDR_SET): it follows no port
	MTU     int    `json:"mtu,omitempty"`
	Alias   string `json:"alias,omitempty"`
	Up      bool   `json:"up,omitempty"`
	Carrier bool   `json:"carrier,omitempty"`
	Loop    bool   `json:"loopback,omitempty"`
	Ether   bool   `json:"ether,omitempty"` // ARPHRD_ETHER

	VLANID    int    `json:"vlan_id,omitempty"`
	VLANProto string `json:"vlan_protocol,omitempty"` // "802.1q", "802.1ad"
	VLANFlags uint32 `json:"vlan_flags,omitempty"`    // linux/if_vlan.h VLAN_FLAG_*
	// FlagMask are the VLANFlags that are said; as read, all.
	FlagMask uint32            `json:"flag_mask,omitempty"`
	Bond     map[string]string `json:"bond,omitempty"`      // option name as in bondAttributes
	Bridge   map[string]int    `json:"bridge,omitempty"`    // option name as in bridgeAttributes
	Port     map[string]int    `json:"port,omitempty"`      // as a bridge port; as in portAttributes
	AcceptRA *int              `json:"accept_ra,omitempty"` // sysctl net.ipv6.conf.NAME.accept_ra
}

// address is one address on a link.
type address struct {
	Link      string       `json:"link"`
	Prefix    netip.Prefix `json:"prefix"`
	Peer      netip.Prefix `json:"peer,omitzero"`
	Broadcast netip.Addr   `json:"broadcast,omitzero"`
	Label     string       `json:"label,omitempty"`
	Scope     uint8        `json:"scope,omitempty"`
	Flags     uint32       `json:"flags,omitempty"` // linux/if_addr.h IFA_F_*
	Metric    uint32       `json:"metric,omitempty"`
	Valid     uint32       `json:"valid,omitempty"` // seconds; neverExpires
	Preferred uint32       `json:"preferred,omitempty"`
}

const neverExpires = ^uint32(0)

// same reports whether two addresses are the same object to the kernel.
func (a address) same(b address) bool { return a.Link == b.Link && a.Prefix == b.Prefix }

// route is one route that somebody made; those the kernel makes itself with an
// address are left out.
type route struct {
	Link     string       `json:"link,omitempty"`
	To       netip.Prefix `json:"to"`
	Via      netip.Addr   `json:"via,omitzero"`
	Source   netip.Addr   `json:"source,omitzero"`
	Metric   uint32       `json:"metric,omitempty"`
	Table    uint32       `json:"table"`
	Protocol uint8        `json:"protocol"` // linux/rtnetlink.h RTPROT_*
	Scope    uint8        `json:"scope,omitempty"`
	Type     uint8        `json:"type"`
	TOS      uint8        `json:"tos,omitempty"`
	OnLink   bool         `json:"onlink,omitempty"`
	// Rest are the attributes that are kept and not understood (metrics,
	// multipath, encapsulation), as the kernel spelt them.
	Rest []attribute `json:"rest,omitempty"`
}

type attribute struct {
	Type uint16 `json:"type"`
	Data []byte `json:"data"`
}

// slot is what can hold one route only (`ip route replace` goes by it).
type slot struct {
	to     netip.Prefix
	table  uint32
	metric uint32
	tos    uint8
}

func (r route) slot() slot { return slot{r.To, r.Table, r.Metric, r.TOS} }

func (r route) same(b route) bool {
	return r.Link == b.Link && r.slot() == b.slot() && r.Via == b.Via && r.Source == b.Source && r.OnLink == b.OnLink
}

// neighbour is a neighbour that the kernel knows the MAC of.
type neighbour struct {
	Link      string     `json:"link"`
	Address   netip.Addr `json:"address"`
	MAC       string     `json:"mac"`
	Permanent bool       `json:"permanent,omitempty"`
}

func (g *graph) link(name string) *link {
	for i := range g.Links {
		if g.Links[i].Name == name {
			return &g.Links[i]
		}
	}
	return nil
}

// ports are the names of the links whose master is name.
func (g *graph) ports(name string) []string {
	var out []string
	for i := range g.Links {
		if g.Links[i].Master == name {
			out = append(out, g.Links[i].Name)
		}
	}
	return out
}

// vlans are the names of the VLANs on name.
func (g *graph) vlans(name string) []string {
	var out []string
	for i := range g.Links {
		if g.Links[i].Kind == "vlan" && g.Links[i].Parent == name {
			out = append(out, g.Links[i].Name)
		}
	}
	return out
}

func (g *graph) addressesOf(name string) []address {
	var out []address
	for _, a := range g.Addresses {
		if a.Link == name {
			out = append(out, a)
		}
	}
	return out
}

func (g *graph) clone() *graph {
	c := &graph{Links: slices.Clone(g.Links), Addresses: slices.Clone(g.Addresses), Routes: slices.Clone(g.Routes), Neighbours: slices.Clone(g.Neighbours)}
	return c
}

// lowers are the links that name stands on.
func (g *graph) lowers(name string) []string {
	l := g.link(name)
	if l == nil {
		return nil
	}
	if l.Kind == "vlan" && l.Parent != "" {
		return []string{l.Parent}
	}
	return g.ports(name)
}

// isLocal reports whether the kernel made the address by itself.
func (a address) isLocal() bool { return a.Prefix.Addr().IsLinkLocalUnicast() && a.Prefix.Addr().Is6() }

// isDynamic reports whether something renews the address: a DHCP client or
// router advertisements.
func (a address) isDynamic() bool { return a.Valid != neverExpires }
