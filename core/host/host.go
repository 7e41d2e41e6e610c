// Package host is the network of one virtualisation host as plain values:
// cards, bonds, VLANs, bridges, addresses, routes; questions about how they
// hang together; and the rules that a definition must keep.
//
// The values come from HCL (package hostfile) or from what a backend has read.
// The package imports only diag. Words are the kernel's and RHEL's.
//
// Validate takes time and memory that grow with the number of interfaces: a
// bond with 2, 50, 500 and 4,000 VLANs, each with an MTU and a bridge that has
// an address, is judged in 14 µs, 0.24 ms, 2.7 ms and 21 ms on a virtual core of
// an Intel Xeon (go test ./core/host -run '^$' -bench Validate).
package host

import (
	"net/netip"
	"slices"
	"strings"
)

// Host is one host as its definition wants it.
type Host struct {
	Name       string         `json:"name"` // e.g. "dom0-01"
	Tags       []string       `json:"tags,omitempty"`
	Vars       map[string]any `json:"vars,omitempty"`       // free data, JSON-like values
	Interfaces []Interface    `json:"interfaces,omitempty"` // sorted by name
	Backends   []Backend      `json:"backends,omitempty"`   // sorted by name
	Hooks      []Hook         `json:"hooks,omitempty"`      // sorted by name
	Checks     []Check        `json:"checks,omitempty"`     // sorted by name
	Apply      ApplySettings  `json:"apply,omitzero"`
}

// Backend is a backend that the host uses, with the body of its block.
type Backend struct {
	Name   string         `json:"name"`             // e.g. "ifcfg"
	Config map[string]any `json:"config,omitempty"` // checked against the backend's Schema; JSON-like values
	Script string         `json:"script,omitempty"` // of a scripted backend: below the definitions' directory
	Allow  []string       `json:"allow,omitempty"`  // of a scripted backend: commands that it may ask for, absolute paths
}

// Hook is an action of the site's own around a change, scripted in Go.
type Hook struct {
	Name       string            `json:"name"`
	On         []string          `json:"on"`                   // phases, e.g. "pre_restart"
	Script     string            `json:"script"`               // below the definitions' directory
	Timeout    string            `json:"timeout,omitempty"`    // Go duration, e.g. "30s"
	OnFailure  string            `json:"on_failure,omitempty"` // "abort" or "continue"
	After      []string          `json:"after,omitempty"`
	Allow      []string          `json:"allow,omitempty"` // commands that it may ask for, absolute paths
	Privileged bool              `json:"privileged,omitempty"`
	Config     any               `json:"config,omitempty"`
	Env        map[string]string `json:"env,omitempty"`
}

// Check is what must answer after an apply. Exactly one kind of probe is set.
type Check struct {
	Name    string   `json:"name"`
	Ping    string   `json:"ping,omitempty"`    // address
	TCP     string   `json:"tcp,omitempty"`     // "address:port"
	ARP     string   `json:"arp,omitempty"`     // address of a neighbour
	HTTP    string   `json:"http,omitempty"`    // URL
	Command []string `json:"command,omitempty"` // argv
	Timeout string   `json:"timeout,omitempty"` // Go duration
}

// ApplySettings are the host's `apply` block.
type ApplySettings struct {
	Confirm string `json:"confirm,omitempty"` // Go duration; "" means that no confirmation is asked
	Prune   bool   `json:"prune,omitempty"`   // remove what linkspan made and the definition no longer names
}

// IsZero reports whether no setting is given.
func (a ApplySettings) IsZero() bool { return a == ApplySettings{} }

// Interface returns the interface of that kernel name.
func (h *Host) Interface(name string) (*Interface, bool) {
	i, ok := slices.BinarySearchFunc(h.Interfaces, name, func(i Interface, n string) int { return strings.Compare(i.Name, n) })
	if !ok {
		return nil, false
	}
	return &h.Interfaces[i], true
}

// Backend returns the host's block for that backend.
func (h *Host) Backend(name string) (Backend, bool) {
	for _, b := range h.Backends {
		if b.Name == name {
			return b, true
		}
	}
	return Backend{}, false
}

// Kind is the kind of an interface, spelt as its HCL block.
type Kind string

// The kinds of interface.
const (
	KindEthernet Kind = "ethernet"
	KindBond     Kind = "bond"
	KindVLAN     Kind = "vlan"
	KindBridge   Kind = "bridge"
)

// Kinds are all kinds, lowest layer first.
func Kinds() []Kind { return []Kind{KindEthernet, KindBond, KindVLAN, KindBridge} }

// State is the state that is wanted of an interface.
type State string

// The states. The zero State means Up.
const (
	Up     State = "up"
	Down   State = "down"
	Absent State = "absent"
)

// States are the spellings that the language accepts.
func States() []string { return []string{string(Up), string(Down), string(Absent)} }

// Interface is one network interface. A nil pointer or an invalid address
// means "not said": the setting is left as it is. Addresses, gateways, routes
// and ports are lists that are complete as given: empty means none.
// Exactly one of Ethernet, Bond, VLAN and Bridge is set, the one of Kind.
type Interface struct {
	Kind        Kind           `json:"kind"`
	Name        string         `json:"name"` // kernel name; see CheckName
	State       State          `json:"state,omitempty"`
	Description string         `json:"description,omitempty"`
	MTU         *int           `json:"mtu,omitempty"`       // bytes
	MAC         string         `json:"mac,omitempty"`       // lower case with colons, e.g. "52:54:00:12:34:56"
	Addresses   []netip.Prefix `json:"addresses,omitempty"` // the first of a family is its primary
	DHCP4       *bool          `json:"dhcp4,omitempty"`
	DHCP6       *bool          `json:"dhcp6,omitempty"`
	AcceptRA    *bool          `json:"accept_ra,omitempty"`
	Gateway     netip.Addr     `json:"gateway,omitzero"`  // IPv4
	Gateway6    netip.Addr     `json:"gateway6,omitzero"` // IPv6
	Routes      []Route        `json:"routes,omitempty"`
	DNS         DNS            `json:"dns,omitzero"`
	// Options are raw settings for one backend: backend name, then key.
	Options map[string]map[string]string `json:"backend_options,omitempty"`
	// Implied marks a card that is only named as a port or parent.
	Implied bool `json:"implied,omitempty"`

	Ethernet *Ethernet `json:"ethernet,omitempty"`
	Bond     *Bond     `json:"bond,omitempty"`
	VLAN     *VLAN     `json:"vlan,omitempty"`
	Bridge   *Bridge   `json:"bridge,omitempty"`
}

// Wanted returns the state with its default.
func (i *Interface) Wanted() State {
	if i.State == "" {
		return Up
	}
	return i.State
}

// Path names the interface, or a part of it, in diagnostics; see Path.
func (i *Interface) Path(parts ...string) string { return Path(i.Kind, i.Name, parts...) }

// Route is a static route through the interface that holds it.
type Route struct {
	To     netip.Prefix `json:"to"` // 0.0.0.0/0 or ::/0 for "default"
	Via    netip.Addr   `json:"via,omitzero"`
	Metric int          `json:"metric,omitempty"`
	Table  int          `json:"table,omitempty"` // 0 means the main table
	Source netip.Addr   `json:"source,omitzero"`
	OnLink bool         `json:"onlink,omitempty"`
}

// IsDefault reports whether the route is a default route.
func (r Route) IsDefault() bool { return r.To.IsValid() && r.To.Bits() == 0 }

// DNS is the resolver settings that an interface carries.
type DNS struct {
	Servers []netip.Addr `json:"servers,omitempty"`
	Search  []string     `json:"search,omitempty"`
}

// IsZero reports whether nothing is set.
func (d DNS) IsZero() bool { return len(d.Servers) == 0 && len(d.Search) == 0 }

// Ethernet is what only a network card has.
type Ethernet struct {
	Match     Match           `json:"match,omitzero"`
	WakeOnLAN *bool           `json:"wake_on_lan,omitempty"`
	Offload   map[string]bool `json:"offload,omitempty"` // ethtool feature name, e.g. "gro"
}

// Match tells which card is meant by its own marks instead of its name.
type Match struct {
	MAC    string `json:"mac,omitempty"` // the permanent address
	Driver string `json:"driver,omitempty"`
	Path   string `json:"path,omitempty"` // e.g. "pci-0000:03:00.0"
}

// Bond is what only a bond has.
type Bond struct {
	Ports []string `json:"ports,omitempty"` // in order
	Mode  string   `json:"mode,omitempty"`  // one of BondModes, always the name
	// Options holds every other option by the name of its HCL attribute (see
	// BondOptions), or by the driver's name for one that has no attribute, in
	// canonical spelling: numbers in decimal, booleans "true"/"false", lists
	// joined by commas.
	Options map[string]string `json:"options,omitempty"`
}

// VLAN is what only a VLAN has.
type VLAN struct {
	Parent        string `json:"parent"`
	ID            int    `json:"id"`                 // 1 to 4094
	Protocol      string `json:"protocol,omitempty"` // "802.1q" (when empty) or "802.1ad"
	ReorderHeader *bool  `json:"reorder_header,omitempty"`
	GVRP          *bool  `json:"gvrp,omitempty"`
	MVRP          *bool  `json:"mvrp,omitempty"`
	LooseBinding  *bool  `json:"loose_binding,omitempty"`
}

// VLANProtocols are the spellings that the language accepts.
func VLANProtocols() []string { return []string{"802.1q", "802.1ad"} }

// Bridge is what only a bridge has. Times are in hundredths of a second, the
// kernel's own unit.
type Bridge struct {
	Ports             []BridgePort  `json:"ports,omitempty"` // sorted by name
	STP               *bool         `json:"stp,omitempty"`
	Priority          *int          `json:"priority,omitempty"` // 0 to 65535
	ForwardDelay      *Centiseconds `json:"forward_delay,omitempty"`
	HelloTime         *Centiseconds `json:"hello_time,omitempty"`
	MaxAge            *Centiseconds `json:"max_age,omitempty"`
	AgeingTime        *Centiseconds `json:"ageing_time,omitempty"`
	MulticastSnooping *bool         `json:"multicast_snooping,omitempty"`
	VLANFiltering     *bool         `json:"vlan_filtering,omitempty"`
}

// PortNames are the names of the bridge's ports, in order.
func (b *Bridge) PortNames() []string {
	names := make([]string, len(b.Ports))
	for i, p := range b.Ports {
		names[i] = p.Name
	}
	return names
}

// BridgePort is a declared port of a bridge with its settings as a port.
type BridgePort struct {
	Name     string `json:"name"`
	Cost     *int   `json:"cost,omitempty"`     // 1 to 65535 (IEEE path cost as the kernel keeps it)
	Priority *int   `json:"priority,omitempty"` // 0 to 63
	Hairpin  *bool  `json:"hairpin,omitempty"`
	Isolated *bool  `json:"isolated,omitempty"`
	Learning *bool  `json:"learning,omitempty"`
	Flood    *bool  `json:"flood,omitempty"`
	Guard    *bool  `json:"bpdu_guard,omitempty"`
}

// HasSettings reports whether the port says more than its name.
func (p BridgePort) HasSettings() bool { return p != BridgePort{Name: p.Name} }
