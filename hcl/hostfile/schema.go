package hostfile

import (
	"strings"
	"sync"

	"linkspan/core/host"
)

// attribute describes one attribute of a block: the one table from which come
// decoding, suggestions and the reference.
type attribute struct {
	name     string
	typ      attributeType
	required bool
	words    []string // the values that are taken, when they are few
	secret   bool     // may be sensitive: it is handed over and never shown
	doc      string
}

// attributeType is how a value is written and decoded.
type attributeType string

const (
	typeString  attributeType = "string"
	typeNumber  attributeType = "number"  // whole
	typeSeconds attributeType = "seconds" // at most two decimals
	typeBool    attributeType = "bool"
	typeStrings attributeType = "list of string"
	typeNames   attributeType = "map of string"
	typeBools   attributeType = "map of bool"
	typeMode    attributeType = "bond mode" // a name, or the number 0 to 6
	typeAny     attributeType = "any"
	typeRaw     attributeType = "expression" // not evaluated by the decoder
)

// block describes one kind of block.
type block struct {
	name       string
	labels     []string // what each label is
	many       bool     // may stand more than once (of one label, where it has one)
	attributes []attribute
	blocks     []block
	free       bool // attributes are checked elsewhere: a backend's schema, a profile's inputs
	doc        string
}

func (b *block) attributeNames() []string {
	out := make([]string, len(b.attributes))
	for i, a := range b.attributes {
		out[i] = a.name
	}
	return out
}

func (b *block) attribute(name string) (*attribute, bool) {
	for i := range b.attributes {
		if a := &b.attributes[i]; a.name == name {
			return a, true
		}
	}
	return nil, false
}

func (b *block) block(name string) (*block, bool) {
	for i := range b.blocks {
		if c := &b.blocks[i]; c.name == name {
			return c, true
		}
	}
	return nil, false
}

func (b *block) blockNames() []string {
	out := make([]string, len(b.blocks))
	for i, c := range b.blocks {
		out[i] = c.name
	}
	return out
}

// topBlock is a file: what may stand outside of all blocks.
var topBlock = sync.OnceValue(func() *block { return &block{blocks: topSchema()} })

// top is one of the blocks that may stand outside of all others.
func top(name string) *block {
	b, _ := topBlock().block(name)
	return b
}

// topSchema is the table: every block and attribute of the language.
var topSchema = sync.OnceValue(makeTopSchema)

func makeTopSchema() []block {
	body := hostBody()
	hostAttributes := append([]attribute{
		{name: "for_each", typ: typeRaw, doc: "A map, object or set: one host for each element, as each.key and each.value."},
		{name: "name", typ: typeString, doc: "The host's name, when it is not the label; required with for_each."},
	}, body.attributes...)
	return []block{
		{name: "variable", labels: []string{"name"}, many: true, doc: "A typed input of the whole directory.", attributes: []attribute{
			{name: "type", typ: typeRaw, doc: "The type, e.g. string, number, list(string), map(object({ vlan = number })). Any, when not given."},
			{name: "default", typ: typeRaw, doc: "The value when none is given; without it a value is required."},
			{name: "description", typ: typeString, doc: "What it is for."},
			{name: "sensitive", typ: typeBool, doc: "Keep the value out of every output."},
		}, blocks: []block{{name: "validation", many: true, doc: "A condition that the value must meet.", attributes: []attribute{
			{name: "condition", typ: typeRaw, required: true, doc: "An expression that is true for a good value."},
			{name: "error_message", typ: typeRaw, required: true, doc: "What to say otherwise."},
		}}}},
		{name: "locals", many: true, free: true, doc: "Named expressions, in any order."},
		{name: "profile", labels: []string{"name"}, many: true, doc: "A host body for hosts to use.", attributes: body.attributes,
			blocks: append([]block{{name: "input", labels: []string{"name"}, many: true, doc: "A typed input of the profile.", attributes: []attribute{
				{name: "type", typ: typeRaw, doc: "The type, as of a variable."},
				{name: "default", typ: typeRaw, doc: "The value when use gives none."},
				{name: "description", typ: typeString, doc: "What it is for."},
			}}}, body.blocks...)},
		{name: "host", labels: []string{"name"}, many: true, doc: "One host.", attributes: hostAttributes, blocks: body.blocks},
		{name: "function", labels: []string{"name"}, many: true, doc: "An expression function of the site's own: the interpreted Go function of that name.", attributes: []attribute{
			{name: "script", typ: typeString, required: true, doc: "A Go file, or a directory of Go files, below the directory."},
		}},
		{name: "linkspan", doc: "Settings of the directory.", attributes: []attribute{
			{name: "required_version", typ: typeString, doc: "The versions of linkspan that may read this directory, e.g. \">= 0.1\"."},
		}, blocks: []block{{name: "plugin", labels: []string{"name"}, many: true, doc: "A third-party plugin that the directory needs.", attributes: []attribute{
			{name: "version", typ: typeString, doc: "Its version."},
			{name: "sha256", typ: typeString, doc: "The SHA-256 of its executable, in hexadecimal."},
		}}}},
	}
}

// hostBody is what may stand in a host and in a profile.
var hostBody = sync.OnceValue(makeHostBody)

func makeHostBody() *block {
	return &block{
		attributes: []attribute{
			{name: "vars", typ: typeAny, secret: true, doc: "Free data for hooks and plugins, as host.vars."},
			{name: "tags", typ: typeStrings, doc: "Words to choose hosts by."},
		},
		blocks: append(interfaceBlocks(),
			block{name: "use", labels: []string{"profile"}, many: true, free: true, doc: "Uses a profile, with its inputs as attributes."},
			block{name: "backend", labels: []string{"name"}, many: true, free: true, doc: "A backend that the host uses, with the settings that it declares."},
			block{name: "hook", labels: []string{"name"}, many: true, doc: "A script of the site's own around a change.", attributes: []attribute{
				{name: "on", typ: typeStrings, required: true, words: host.HookPhases(), doc: "The phases at which it runs."},
				{name: "script", typ: typeString, required: true, doc: "A Go file below the directory."},
				{name: "timeout", typ: typeString, doc: "How long it may run, e.g. \"30s\"."},
				{name: "on_failure", typ: typeString, words: []string{"abort", "continue"}, doc: "What its failure means."},
				{name: "after", typ: typeStrings, doc: "Hooks of the phase that run before it."},
				{name: "allow", typ: typeStrings, doc: "Commands that it may ask for, by their absolute paths."},
				{name: "privileged", typ: typeBool, doc: "Run as root."},
				{name: "config", typ: typeAny, secret: true, doc: "Any value, given to the script."},
				{name: "env", typ: typeNames, secret: true, doc: "Environment variables."},
			}},
			block{name: "check", labels: []string{"name"}, many: true, doc: "What must answer after an apply.", attributes: []attribute{
				{name: "ping", typ: typeString, doc: "An address that must answer ICMP echo."},
				{name: "tcp", typ: typeString, doc: "ADDRESS:PORT that must take a connection."},
				{name: "arp", typ: typeString, doc: "A neighbour that must answer ARP or neighbour solicitation."},
				{name: "http", typ: typeString, doc: "A URL that must answer with a status below 400."},
				{name: "command", typ: typeStrings, doc: "A command that must end with 0."},
				{name: "timeout", typ: typeString, doc: "How long it is tried, e.g. \"20s\"."},
			}},
			block{name: "apply", doc: "How an apply goes.", attributes: []attribute{
				{name: "confirm", typ: typeString, doc: "Undo after this long unless `linkspan confirm` is run, e.g. \"2m\"."},
				{name: "prune", typ: typeBool, doc: "Remove what linkspan made and the definition no longer names."},
			}},
		),
	}
}

// interfaceBlocks are the kinds of interface.
func interfaceBlocks() []block {
	return []block{
		interfaceBlock("ethernet", "A network card.", []attribute{
			{name: "wake_on_lan", typ: typeBool, doc: "Wake the host by a magic packet."},
			{name: "offload", typ: typeBools, doc: "Offload features by ethtool's names, e.g. { gro = false }."},
		}, block{name: "match", doc: "Tells which card is meant by its own marks.", attributes: []attribute{
			{name: "mac", typ: typeString, doc: "Its permanent address."},
			{name: "driver", typ: typeString, doc: "Its driver."},
			{name: "path", typ: typeString, doc: "Where it is plugged in, e.g. \"pci-0000:03:00.0\"."},
		}}),
		interfaceBlock("bond", "Several cards as one.", bondAttributes()),
		interfaceBlock("vlan", "One VLAN of a card or bond.", []attribute{
			{name: "parent", typ: typeString, required: true, doc: "The interface that carries it."},
			{name: "id", typ: typeNumber, required: true, doc: "1 to 4094."},
			{name: "protocol", typ: typeString, words: host.VLANProtocols(), doc: "The tag's protocol; \"802.1q\" when not given."},
			{name: "reorder_header", typ: typeBool, doc: "Whether the tag is taken off before anyone else sees the frame."},
			{name: "gvrp", typ: typeBool, doc: "Register the VLAN by GVRP."},
			{name: "mvrp", typ: typeBool, doc: "Register the VLAN by MVRP."},
			{name: "loose_binding", typ: typeBool, doc: "Do not follow the parent's state."},
		}),
		interfaceBlock("bridge", "A switch inside the host.", []attribute{
			{name: "ports", typ: typeStrings, doc: "The ports by name; a port with settings of its own is a port block instead."},
			{name: "stp", typ: typeBool, doc: "Spanning tree."},
			{name: "priority", typ: typeNumber, doc: "Of spanning tree, 0 to 65535."},
			{name: "forward_delay", typ: typeSeconds, doc: "Seconds in each state before forwarding; 2 to 30 with stp."},
			{name: "hello_time", typ: typeSeconds, doc: "Seconds between hellos, 1 to 10."},
			{name: "max_age", typ: typeSeconds, doc: "Seconds that a hello is believed, 6 to 40."},
			{name: "ageing_time", typ: typeSeconds, doc: "Seconds that an address is remembered."},
			{name: "multicast_snooping", typ: typeBool, doc: "Send multicast only where it is wanted."},
			{name: "vlan_filtering", typ: typeBool, doc: "Let the bridge itself tell VLANs apart."},
		}, block{name: "port", labels: []string{"name"}, many: true, doc: "A port with settings of its own.", attributes: []attribute{
			{name: "cost", typ: typeNumber, doc: "Path cost, 1 to 65535."},
			{name: "priority", typ: typeNumber, doc: "Of spanning tree, 0 to 63."},
			{name: "hairpin", typ: typeBool, doc: "Send frames back out of the port they came in."},
			{name: "isolated", typ: typeBool, doc: "Talk only to ports that are not isolated."},
			{name: "learning", typ: typeBool, doc: "Learn addresses on it."},
			{name: "flood", typ: typeBool, doc: "Flood unknown addresses to it."},
			{name: "bpdu_guard", typ: typeBool, doc: "Block the port when a bridge answers on it."},
		}}),
	}
}

// bondAttributes come from the model's table of the driver's options.
func bondAttributes() []attribute {
	out := []attribute{
		{name: "ports", typ: typeStrings, doc: "The cards, in order."},
		{name: "mode", typ: typeMode, words: host.BondModes(), doc: "The mode by name, or its number 0 to 6."},
	}
	for _, o := range host.BondOptions() {
		a := attribute{name: o.Name, typ: typeString, words: o.Words, doc: o.Doc}
		switch o.Type {
		case host.OptionNumber:
			a.typ = typeNumber
		case host.OptionBool:
			a.typ = typeBool
		case host.OptionAddresses:
			a.typ = typeStrings
		}
		if o.Modes != nil {
			a.doc += " For the modes " + strings.Join(o.Modes, ", ") + "."
		}
		out = append(out, a)
	}
	return append(out, attribute{name: "options", typ: typeNames, doc: "Options of the driver that have no attribute here, by the driver's names."})
}

// interfaceBlock adds what every interface has.
func interfaceBlock(name, doc string, own []attribute, blocks ...block) block {
	common := []attribute{
		{name: "for_each", typ: typeRaw, doc: "A map, object or set: one interface for each element, as each.key and each.value."},
		{name: "name", typ: typeString, doc: "The kernel name, when it is not the label: 1 to 15 bytes."},
		{name: "state", typ: typeString, words: host.States(), doc: "The state that is wanted; \"up\" when not given."},
		{name: "description", typ: typeString, doc: "Kept with the interface."},
		{name: "mtu", typ: typeNumber, doc: "Bytes; an upper interface's is at most its lower one's."},
		{name: "mac", typ: typeString, doc: "The address to set."},
		{name: "addresses", typ: typeStrings, doc: "Static \"IP/PREFIX\"; the first of a family is its primary."},
		{name: "dhcp4", typ: typeBool, doc: "An IPv4 address by DHCP."},
		{name: "dhcp6", typ: typeBool, doc: "An IPv6 address by DHCP."},
		{name: "accept_ra", typ: typeBool, doc: "IPv6 addresses and routes by router advertisements."},
		{name: "gateway", typ: typeString, doc: "Short for an IPv4 default route through this interface."},
		{name: "gateway6", typ: typeString, doc: "Short for an IPv6 default route through this interface."},
	}
	shared := []block{
		{name: "route", many: true, doc: "A static route.", attributes: []attribute{
			{name: "to", typ: typeString, required: true, doc: "\"default\" or a prefix."},
			{name: "via", typ: typeString, doc: "The gateway."},
			{name: "metric", typ: typeNumber, doc: "Lower is preferred."},
			{name: "table", typ: typeNumber, doc: "The routing table; the main one when not given."},
			{name: "source", typ: typeString, doc: "The source address to prefer."},
			{name: "onlink", typ: typeBool, doc: "The gateway is a neighbour even if no prefix says so."},
		}},
		{name: "dns", doc: "Resolver settings.", attributes: []attribute{
			{name: "servers", typ: typeStrings, doc: "Addresses of name servers."},
			{name: "search", typ: typeStrings, doc: "Domains to search."},
		}},
		{name: "backend_options", labels: []string{"backend"}, many: true, free: true, doc: "Raw settings for one backend only."},
	}
	return block{name: name, labels: []string{"name"}, many: true, doc: doc, attributes: append(common, own...), blocks: append(shared, blocks...)}
}
