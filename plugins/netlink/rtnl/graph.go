package rtnl

import (
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"
)

// Graph is a network namespace as the kernel has it, or as it will be. Links
// are named, not numbered, so that a graph means the same after a link has
// been made again. It is kept as JSON in plans and snapshots.
type Graph struct {
	Links       []Link      `json:"links"` // by name
	Addresses   []Address   `json:"addresses,omitempty"`
	Routes      []Route     `json:"routes,omitempty"` // those that somebody made; see IsManageable
	NextHops    []NextHop   `json:"next_hops,omitempty"`
	Rules       []Rule      `json:"rules,omitempty"`
	Neighbours  []Neighbour `json:"neighbours,omitempty"`
	Forwarding  []Entry     `json:"forwarding,omitempty"` // static entries of bridges
	ReversePath ReversePath `json:"reverse_path,omitzero"`
}

// ReversePath is the sysctl net.ipv4.conf.*.rp_filter of all links, and of
// those that are made: 0 is off, 1 strict, 2 loose.
type ReversePath struct {
	All int `json:"all,omitempty"`
	New int `json:"new,omitempty"`
}

// Link is one network interface.
type Link struct {
	Index    int      `json:"index,omitempty"`
	Name     string   `json:"name"`
	Kind     string   `json:"kind,omitempty"`   // IFLA_INFO_KIND: "bond", "vlan", "bridge", "veth", …; "" for a card
	Parent   string   `json:"parent,omitempty"` // of a VLAN
	Master   string   `json:"master,omitempty"`
	Place    int      `json:"place,omitempty"` // among the ports of its bond: 1 came first
	MAC      string   `json:"mac,omitempty"`
	PermMAC  string   `json:"perm_mac,omitempty"`
	OwnMAC   string   `json:"own_mac,omitempty"` // of a bond's port: what it has again when it leaves
	OwnMTU   int      `json:"own_mtu,omitempty"` // the same; 0 is not known
	MACSet   bool     `json:"mac_set,omitempty"` // somebody set it (NET_ADDR_SET): it follows no port
	MTU      int      `json:"mtu,omitempty"`
	Alias    string   `json:"alias,omitempty"`
	NoAlias  bool     `json:"no_alias,omitempty"` // of a change: the alias goes
	Up       bool     `json:"up,omitempty"`
	Carrier  bool     `json:"carrier,omitempty"`
	Active   bool     `json:"-"` // the link watch has seen the carrier (IF_OPER_UP); of use while one waits only
	Loop     bool     `json:"loopback,omitempty"`
	Ether    bool     `json:"ether,omitempty"` // ARPHRD_ETHER
	Promisc  bool     `json:"promisc,omitempty"`
	AllMulti bool     `json:"allmulti,omitempty"`
	Group    int      `json:"group,omitempty"`
	Queue    int      `json:"queue,omitempty"` // txqueuelen
	AltNames []string `json:"altnames,omitempty"`

	VLANID    int    `json:"vlan_id,omitempty"`
	VLANProto string `json:"vlan_protocol,omitempty"` // "802.1q", "802.1ad"
	VLANFlags uint32 `json:"vlan_flags,omitempty"`    // linux/if_vlan.h VLAN_FLAG_*
	// FlagMask are the VLANFlags that are said; as read, all.
	FlagMask uint32     `json:"flag_mask,omitempty"`
	QoSIn    []Priority `json:"qos_in,omitempty"`
	QoSOut   []Priority `json:"qos_out,omitempty"`

	Bond     map[string]string `json:"bond,omitempty"`      // option name as in BondAttributes
	BondPort map[string]int    `json:"bond_port,omitempty"` // as in BondPortAttributes
	Partner  string            `json:"partner,omitempty"`   // MAC of the LACP partner of a bond
	Bridge   map[string]int    `json:"bridge,omitempty"`    // option name as in BridgeAttributes
	Port     map[string]int    `json:"port,omitempty"`      // as a bridge port; as in PortAttributes
	// Forwards tells that the bridge forwards from and to the port
	// (BR_STATE_FORWARDING); of a change, that it shall.
	Forwards bool   `json:"forwards,omitempty"`
	VLANs    []VLAN `json:"vlans,omitempty"` // of a bridge port, or of a bridge itself

	AcceptRA    *int `json:"accept_ra,omitempty"`    // sysctl net.ipv6.conf.NAME.accept_ra
	ReversePath int  `json:"reverse_path,omitempty"` // sysctl net.ipv4.conf.NAME.rp_filter, the link's own
	// Sysctls are the files below /proc/sys/net that are not as for a new
	// link: "ipv4/conf/rp_filter" → "0". They are read for snapshots only.
	Sysctls map[string]string `json:"sysctls,omitempty"`
	// Features are the offloads of a card, by the kernel's names; read only
	// where the definition speaks of them.
	Features map[string]Feature `json:"features,omitempty"`
	Wake     *Wake              `json:"wake,omitempty"`
	Driver   string             `json:"driver,omitempty"` // as ethtool calls it; read with Features
	Bus      string             `json:"bus,omitempty"`    // e.g. "0000:03:00.0"; read with Features
}

// SameIdentity reports whether one link can become the other: the kernel
// ignores a change of a VLAN's id, protocol or parent.
func SameIdentity(l, w *Link) bool {
	if l.Kind != w.Kind {
		return l.Kind != "bond" && l.Kind != "vlan" && l.Kind != "bridge" && w.Kind == ""
	}
	return l.Kind != "vlan" || l.VLANID == w.VLANID && l.VLANProto == w.VLANProto && l.Parent == w.Parent
}

// Feature is one offload of a card.
type Feature struct {
	On    bool `json:"on,omitempty"`
	Fixed bool `json:"fixed,omitempty"` // the card cannot change it
}

// Wake is what wakes a machine through its card, as bits of
// linux/ethtool.h WAKE_*.
type Wake struct {
	Can uint32 `json:"can,omitempty"`
	On  uint32 `json:"on,omitempty"`
}

// Priority maps one priority to another (struct ifla_vlan_qos_mapping).
type Priority struct {
	From uint32 `json:"from"`
	To   uint32 `json:"to"`
}

// VLAN is one VLAN, or a range of them, that a bridge lets a port have.
type VLAN struct {
	ID       int  `json:"id"`
	To       int  `json:"to,omitempty"`       // the last of a range
	PVID     bool `json:"pvid,omitempty"`     // untagged frames belong to it
	Untagged bool `json:"untagged,omitempty"` // it leaves without a tag
}

// Flags of VLANFlags (linux/if_vlan.h, enum vlan_flags).
const (
	FlagReorder = 0x1
	FlagGVRP    = 0x2
	FlagLoose   = 0x4
	FlagMVRP    = 0x8
	FlagBinding = 0x10

	AllFlags = FlagReorder | FlagGVRP | FlagLoose | FlagMVRP | FlagBinding
)

// Address is one address on a link.
type Address struct {
	Link      string       `json:"link"`
	Prefix    netip.Prefix `json:"prefix"`
	Peer      netip.Prefix `json:"peer,omitzero"`
	Broadcast netip.Addr   `json:"broadcast,omitzero"`
	Label     string       `json:"label,omitempty"`
	Scope     uint8        `json:"scope,omitempty"`
	Flags     uint32       `json:"flags,omitempty"` // linux/if_addr.h IFA_F_*
	Metric    uint32       `json:"metric,omitempty"`
	Valid     uint32       `json:"valid,omitempty"` // seconds; NeverExpires
	Preferred uint32       `json:"preferred,omitempty"`
	Protocol  uint8        `json:"protocol,omitempty"` // who put it there (IFA_PROTO, Linux 5.18); 0 does not say
}

// NeverExpires is the lifetime of a static address.
const NeverExpires = ^uint32(0)

// Same reports whether two addresses are the same object to the kernel.
func (a Address) Same(b Address) bool {
	return a.Link == b.Link && a.Prefix == b.Prefix && a.Peer == b.Peer
}

// IsLocal reports whether the kernel made the address by itself.
func (a Address) IsLocal() bool { return a.Prefix.Addr().IsLinkLocalUnicast() && a.Prefix.Addr().Is6() }

// IsDynamic reports whether something else keeps the address: a DHCP client or
// router advertisements, which give it a lifetime, or a daemon that says so.
func (a Address) IsDynamic() bool { return a.Valid != NeverExpires || a.Protocol != 0 }

// Route is one route that somebody made; those the kernel makes itself with an
// address are left out.
type Route struct {
	Link     string       `json:"link,omitempty"` // "" of a multipath route, of one by an object, or of none
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
	Hops     []Hop        `json:"hops,omitempty"` // of a multipath route
	// Object is the id of the NextHop that the route goes by: that has the link
	// and the gateway then.
	Object uint32 `json:"object,omitempty"`
	// Rest are the attributes that are kept and not understood (metrics,
	// encapsulation), as the kernel spelt them.
	Rest []Attribute `json:"rest,omitempty"`
}

// Hop is one next hop of a multipath route.
type Hop struct {
	Link   string      `json:"link,omitempty"`
	Via    netip.Addr  `json:"via,omitzero"`
	Weight uint8       `json:"weight,omitempty"` // as the kernel has it: one less than `ip` says
	OnLink bool        `json:"onlink,omitempty"`
	Rest   []Attribute `json:"rest,omitempty"`
}

// Attribute is one that is kept as the kernel spelt it.
type Attribute struct {
	Type uint16 `json:"type"`
	Data []byte `json:"data"`
}

// Slot is what can hold one route only (`ip route replace` goes by it).
type Slot struct {
	To     netip.Prefix
	Table  uint32
	Metric uint32
	TOS    uint8
}

// Slot returns the route's slot.
func (r Route) Slot() Slot { return Slot{r.To, r.Table, r.Metric, r.TOS} }

// Same reports whether two routes send the same packets the same way.
func (r Route) Same(b Route) bool {
	if r.Link != b.Link || r.Slot() != b.Slot() || r.Via != b.Via || r.Source != b.Source || r.OnLink != b.OnLink || r.Object != b.Object || len(r.Hops) != len(b.Hops) {
		return false
	}
	for i, h := range r.Hops {
		if o := b.Hops[i]; h.Link != o.Link || h.Via != o.Via || h.Weight != o.Weight || h.OnLink != o.OnLink {
			return false
		}
	}
	return true
}

// Links are the links that the route itself names; one by an object names "".
func (r Route) Links() []string {
	if len(r.Hops) == 0 {
		return []string{r.Link}
	}
	var out []string
	for _, h := range r.Hops {
		out = append(out, h.Link)
	}
	return out
}

// IsManageable leaves out what the kernel makes itself with an address, and
// cached clones.
func (r Route) IsManageable() bool {
	return r.Protocol != unix.RTPROT_KERNEL && r.Protocol != unix.RTPROT_REDIRECT && r.Table != unix.RT_TABLE_LOCAL
}

// Rule is one rule of policy routing. Nobody but Restore writes any.
type Rule struct {
	Family   uint8       `json:"family"`
	Priority uint32      `json:"priority"`
	In       string      `json:"in,omitempty"`  // iif
	Out      string      `json:"out,omitempty"` // oif
	Head     []byte      `json:"head"`          // struct fib_rule_hdr
	Rest     []Attribute `json:"rest,omitempty"`
}

// Key tells rules apart.
func (r Rule) Key() string {
	var b strings.Builder
	head := append([]byte(nil), r.Head...)
	if len(head) >= 12 { // flags: FIB_RULE_*_DETACHED come and go with links
		copy(head[8:12], []byte{0, 0, 0, 0})
	}
	b.Write(head)
	for _, a := range r.Rest {
		b.WriteByte(byte(a.Type))
		b.Write(a.Data)
		b.WriteByte(0)
	}
	return b.String() + r.In + "\x00" + r.Out
}

// Neighbour is a neighbour that the kernel knows the MAC of.
type Neighbour struct {
	Link      string     `json:"link"`
	Address   netip.Addr `json:"address"`
	MAC       string     `json:"mac"`
	Permanent bool       `json:"permanent,omitempty"`
	Router    bool       `json:"router,omitempty"`
}

// Entry is a static entry of a bridge's forwarding table: the MAC is behind
// the port.
type Entry struct {
	Port  string `json:"port"`
	MAC   string `json:"mac"`
	VLAN  int    `json:"vlan,omitempty"`
	State uint16 `json:"state"` // NUD_NOARP "static", NUD_PERMANENT "local"
	// Sticky entries do not move to another port (NTF_STICKY).
	Sticky bool `json:"sticky,omitempty"`
}
