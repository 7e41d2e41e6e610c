// Package language has the one table of the language: every block and attribute.
// From it come decoding, suggestions, the reference page and the JSON Schema.
package language

import (
	"strings"
	"sync"

	"linkspan/core/host"
)

// Attribute describes one attribute of a block: the one table from which come
// decoding, suggestions, the reference and the description for other programs.
type Attribute struct {
	Name     string   `json:"name"`
	Type     Type     `json:"type"` // as in the reference, e.g. "list of string"
	Required bool     `json:"required,omitempty"`
	Words    []string `json:"words,omitempty"` // the values that are taken, when they are few
	Secret   bool     `json:"-"`               // may be sensitive: it is handed over and never shown
	Doc      string   `json:"doc"`
}

// Type is how a value is written and decoded.
type Type string

// The types. A value of the form that a type has may be written as any expression.
const (
	String  Type = "string"
	Number  Type = "number"  // whole
	Seconds Type = "seconds" // at most two decimals
	Bool    Type = "bool"
	Strings Type = "list of string"
	Names   Type = "map of string"
	Bools   Type = "map of bool"
	Mode    Type = "bond mode" // a name, or the number 0 to 6
	Any     Type = "any"
	Raw     Type = "expression" // not evaluated by the decoder
)

// Block describes one kind of block.
type Block struct {
	Name       string      `json:"name"`
	Labels     []string    `json:"labels,omitempty"` // what each label is
	Doc        string      `json:"doc"`
	Many       bool        `json:"many"`           // may stand more than once (of one label, where it has one)
	Free       bool        `json:"free,omitempty"` // attributes are checked elsewhere: a backend's schema, a profile's inputs
	Attributes []Attribute `json:"attributes,omitempty"`
	Blocks     []Block     `json:"blocks,omitempty"`
}

// AttributeNames are the attributes' names, in the table's order.
func (b *Block) AttributeNames() []string {
	out := make([]string, len(b.Attributes))
	for i, a := range b.Attributes {
		out[i] = a.Name
	}
	return out
}

// Attribute finds an attribute by its name.
func (b *Block) Attribute(name string) (*Attribute, bool) {
	for i := range b.Attributes {
		if a := &b.Attributes[i]; a.Name == name {
			return a, true
		}
	}
	return nil, false
}

// Block finds an inner block by its type.
func (b *Block) Block(name string) (*Block, bool) {
	for i := range b.Blocks {
		if c := &b.Blocks[i]; c.Name == name {
			return c, true
		}
	}
	return nil, false
}

// BlockNames are the inner blocks' types, in the table's order.
func (b *Block) BlockNames() []string {
	out := make([]string, len(b.Blocks))
	for i, c := range b.Blocks {
		out[i] = c.Name
	}
	return out
}

// File is a file: what may stand outside of all blocks.
var File = sync.OnceValue(func() *Block { return &Block{Blocks: Blocks()} })

// Top is one of the blocks that may stand outside of all others.
func Top(name string) *Block {
	b, _ := File().Block(name)
	return b
}

// Blocks is the table: every block and attribute of the language.
var Blocks = sync.OnceValue(makeBlocks)

func makeBlocks() []Block {
	body := HostBody()
	hostAttributes := append([]Attribute{
		{Name: "for_each", Type: Raw, Doc: "A map, object or set: one host for each element, as each.key and each.value."},
		{Name: "name", Type: String, Doc: "The host's name, when it is not the label; required with for_each."},
	}, body.Attributes...)
	return []Block{
		{Name: "variable", Labels: []string{"name"}, Many: true, Doc: "A typed input of the whole directory.", Attributes: []Attribute{
			{Name: "type", Type: Raw, Doc: "The type, e.g. string, number, list(string), map(object({ vlan = number })). Any, when not given."},
			{Name: "default", Type: Raw, Doc: "The value when none is given; without it a value is required."},
			{Name: "description", Type: String, Doc: "What it is for."},
			{Name: "sensitive", Type: Bool, Doc: "Keep the value out of every output."},
		}, Blocks: []Block{{Name: "validation", Many: true, Doc: "A condition that the value must meet.", Attributes: []Attribute{
			{Name: "condition", Type: Raw, Required: true, Doc: "An expression that is true for a good value."},
			{Name: "error_message", Type: Raw, Required: true, Doc: "What to say otherwise."},
		}}}},
		{Name: "locals", Many: true, Free: true, Doc: "Named expressions, in any order."},
		{Name: "profile", Labels: []string{"name"}, Many: true, Doc: "A host body for hosts to use.", Attributes: body.Attributes,
			Blocks: append([]Block{{Name: "input", Labels: []string{"name"}, Many: true, Doc: "A typed input of the profile.", Attributes: []Attribute{
				{Name: "type", Type: Raw, Doc: "The type, as of a variable."},
				{Name: "default", Type: Raw, Doc: "The value when use gives none."},
				{Name: "description", Type: String, Doc: "What it is for."},
			}}}, body.Blocks...)},
		{Name: "host", Labels: []string{"name"}, Many: true, Doc: "One host.", Attributes: hostAttributes, Blocks: body.Blocks},
		{Name: "function", Labels: []string{"name"}, Many: true, Doc: "An expression function of the site's own: the interpreted Go function of that name.", Attributes: []Attribute{
			{Name: "script", Type: String, Required: true, Doc: "A Go file, or a directory of Go files, below the directory."},
		}},
		{Name: "linkspan", Doc: "Settings of the directory.", Attributes: []Attribute{
			{Name: "required_version", Type: String, Doc: "The versions of linkspan that may read this directory, e.g. \">= 0.1\"."},
		}, Blocks: []Block{{Name: "plugin", Labels: []string{"name"}, Many: true, Doc: "A third-party plugin that the directory needs.", Attributes: []Attribute{
			{Name: "version", Type: String, Doc: "Its version."},
			{Name: "sha256", Type: String, Doc: "The SHA-256 of its executable, in hexadecimal."},
		}}}},
	}
}

// HostBody is what may stand in a host and in a profile.
var HostBody = sync.OnceValue(makeHostBody)

func makeHostBody() *Block {
	return &Block{
		Attributes: []Attribute{
			{Name: "vars", Type: Any, Secret: true, Doc: "Free data for hooks and plugins, as host.vars."},
			{Name: "tags", Type: Strings, Doc: "Words to choose hosts by."},
		},
		Blocks: append(interfaceBlocks(),
			Block{Name: "use", Labels: []string{"profile"}, Many: true, Free: true, Doc: "Uses a profile, with its inputs as attributes."},
			Block{Name: "backend", Labels: []string{"name"}, Many: true, Free: true, Doc: "A backend that the host uses, with the settings that it declares."},
			Block{Name: "hook", Labels: []string{"name"}, Many: true, Doc: "A script of the site's own around a change.", Attributes: []Attribute{
				{Name: "on", Type: Strings, Required: true, Words: host.HookPhases(), Doc: "The phases at which it runs."},
				{Name: "script", Type: String, Required: true, Doc: "A Go file below the directory."},
				{Name: "timeout", Type: String, Doc: "How long it may run, e.g. \"30s\"."},
				{Name: "on_failure", Type: String, Words: []string{"abort", "continue"}, Doc: "What its failure means."},
				{Name: "after", Type: Strings, Doc: "Hooks of the phase that run before it."},
				{Name: "allow", Type: Strings, Doc: "Commands that it may ask for, by their absolute paths."},
				{Name: "privileged", Type: Bool, Doc: "Run as root."},
				{Name: "config", Type: Any, Secret: true, Doc: "Any value, given to the script."},
				{Name: "env", Type: Names, Secret: true, Doc: "Environment variables."},
			}},
			Block{Name: "check", Labels: []string{"name"}, Many: true, Doc: "What must answer after an apply.", Attributes: []Attribute{
				{Name: "ping", Type: String, Doc: "An address that must answer ICMP echo."},
				{Name: "tcp", Type: String, Doc: "ADDRESS:PORT that must take a connection."},
				{Name: "arp", Type: String, Doc: "A neighbour that must answer ARP or neighbour solicitation."},
				{Name: "http", Type: String, Doc: "A URL that must answer with a status below 400."},
				{Name: "command", Type: Strings, Doc: "A command that must end with 0."},
				{Name: "timeout", Type: String, Doc: "How long it is tried, e.g. \"20s\"."},
			}},
			Block{Name: "apply", Doc: "How an apply goes.", Attributes: []Attribute{
				{Name: "confirm", Type: String, Doc: "Undo after this long unless `linkspan confirm` is run, e.g. \"2m\"."},
				{Name: "prune", Type: Bool, Doc: "Remove what linkspan made and the definition no longer names."},
			}},
		),
	}
}

// interfaceBlocks are the kinds of interface.
func interfaceBlocks() []Block {
	return []Block{
		interfaceBlock("ethernet", "A network card.", []Attribute{
			{Name: "wake_on_lan", Type: Bool, Doc: "Wake the host by a magic packet."},
			{Name: "offload", Type: Bools, Doc: "Offload features by ethtool's names, e.g. { gro = false }."},
		}, Block{Name: "match", Doc: "Tells which card is meant by its own marks.", Attributes: []Attribute{
			{Name: "mac", Type: String, Doc: "Its permanent address."},
			{Name: "driver", Type: String, Doc: "Its driver."},
			{Name: "path", Type: String, Doc: "Where it is plugged in, e.g. \"pci-0000:03:00.0\"."},
		}}),
		interfaceBlock("bond", "Several cards as one.", bondAttributes()),
		interfaceBlock("vlan", "One VLAN of a card or bond.", []Attribute{
			{Name: "parent", Type: String, Required: true, Doc: "The interface that carries it."},
			{Name: "id", Type: Number, Required: true, Doc: "1 to 4094."},
			{Name: "protocol", Type: String, Words: host.VLANProtocols(), Doc: "The tag's protocol; \"802.1q\" when not given."},
			{Name: "reorder_header", Type: Bool, Doc: "Whether the tag is taken off before anyone else sees the frame."},
			{Name: "gvrp", Type: Bool, Doc: "Register the VLAN by GVRP."},
			{Name: "mvrp", Type: Bool, Doc: "Register the VLAN by MVRP."},
			{Name: "loose_binding", Type: Bool, Doc: "Do not follow the parent's state."},
		}),
		interfaceBlock("bridge", "A switch inside the host.", []Attribute{
			{Name: "ports", Type: Strings, Doc: "The ports by name; a port with settings of its own is a port block instead."},
			{Name: "stp", Type: Bool, Doc: "Spanning tree."},
			{Name: "priority", Type: Number, Doc: "Of spanning tree, 0 to 65535."},
			{Name: "forward_delay", Type: Seconds, Doc: "Seconds in each state before forwarding; 2 to 30 with stp."},
			{Name: "hello_time", Type: Seconds, Doc: "Seconds between hellos, 1 to 10."},
			{Name: "max_age", Type: Seconds, Doc: "Seconds that a hello is believed, 6 to 40."},
			{Name: "ageing_time", Type: Seconds, Doc: "Seconds that an address is remembered."},
			{Name: "multicast_snooping", Type: Bool, Doc: "Send multicast only where it is wanted."},
			{Name: "vlan_filtering", Type: Bool, Doc: "Let the bridge itself tell VLANs apart."},
		}, Block{Name: "port", Labels: []string{"name"}, Many: true, Doc: "A port with settings of its own.", Attributes: []Attribute{
			{Name: "cost", Type: Number, Doc: "Path cost, 1 to 65535."},
			{Name: "priority", Type: Number, Doc: "Of spanning tree, 0 to 63."},
			{Name: "hairpin", Type: Bool, Doc: "Send frames back out of the port they came in."},
			{Name: "isolated", Type: Bool, Doc: "Talk only to ports that are not isolated."},
			{Name: "learning", Type: Bool, Doc: "Learn addresses on it."},
			{Name: "flood", Type: Bool, Doc: "Flood unknown addresses to it."},
			{Name: "bpdu_guard", Type: Bool, Doc: "Block the port when a bridge answers on it."},
		}}),
	}
}

// bondAttributes come from the model's table of the driver's options.
func bondAttributes() []Attribute {
	out := []Attribute{
		{Name: "ports", Type: Strings, Doc: "The cards, in order."},
		{Name: "mode", Type: Mode, Words: host.BondModes(), Doc: "The mode by name, or its number 0 to 6."},
	}
	for _, o := range host.BondOptions() {
		a := Attribute{Name: o.Name, Type: String, Words: o.Words, Doc: o.Doc}
		switch o.Type {
		case host.OptionNumber:
			a.Type = Number
		case host.OptionBool:
			a.Type = Bool
		case host.OptionAddresses:
			a.Type = Strings
		}
		if o.Modes != nil {
			a.Doc += " For the modes " + strings.Join(o.Modes, ", ") + "."
		}
		out = append(out, a)
	}
	return append(out, Attribute{Name: "options", Type: Names, Doc: "Options of the driver that have no attribute here, by the driver's names."})
}

// interfaceBlock adds what every interface has.
func interfaceBlock(name, doc string, own []Attribute, blocks ...Block) Block {
	common := []Attribute{
		{Name: "for_each", Type: Raw, Doc: "A map, object or set: one interface for each element, as each.key and each.value."},
		{Name: "name", Type: String, Doc: "The kernel name, when it is not the label: 1 to 15 bytes."},
		{Name: "state", Type: String, Words: host.States(), Doc: "The state that is wanted; \"up\" when not given."},
		{Name: "description", Type: String, Doc: "Kept with the interface."},
		{Name: "mtu", Type: Number, Doc: "Bytes; an upper interface's is at most its lower one's."},
		{Name: "mac", Type: String, Doc: "The address to set."},
		{Name: "addresses", Type: Strings, Doc: "Static \"IP/PREFIX\"; the first of a family is its primary."},
		{Name: "dhcp4", Type: Bool, Doc: "An IPv4 address by DHCP."},
		{Name: "dhcp6", Type: Bool, Doc: "An IPv6 address by DHCP."},
		{Name: "accept_ra", Type: Bool, Doc: "IPv6 addresses and routes by router advertisements."},
		{Name: "gateway", Type: String, Doc: "Short for an IPv4 default route through this interface."},
		{Name: "gateway6", Type: String, Doc: "Short for an IPv6 default route through this interface."},
	}
	shared := []Block{
		{Name: "route", Many: true, Doc: "A static route.", Attributes: []Attribute{
			{Name: "to", Type: String, Required: true, Doc: "\"default\" or a prefix."},
			{Name: "via", Type: String, Doc: "The gateway."},
			{Name: "metric", Type: Number, Doc: "Lower is preferred."},
			{Name: "table", Type: Number, Doc: "The routing table; the main one when not given."},
			{Name: "source", Type: String, Doc: "The source address to prefer."},
			{Name: "onlink", Type: Bool, Doc: "The gateway is a neighbour even if no prefix says so."},
		}},
		{Name: "dns", Doc: "Resolver settings.", Attributes: []Attribute{
			{Name: "servers", Type: Strings, Doc: "Addresses of name servers."},
			{Name: "search", Type: Strings, Doc: "Domains to search."},
		}},
		{Name: "backend_options", Labels: []string{"backend"}, Many: true, Free: true, Doc: "Raw settings for one backend only."},
	}
	return Block{Name: name, Labels: []string{"name"}, Many: true, Doc: doc, Attributes: append(common, own...), Blocks: append(shared, blocks...)}
}

// Version is the version of the language that this package reads.
const Version = "1.0"
