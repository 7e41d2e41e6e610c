package host

import (
	"slices"
	"strconv"
)

// BondModes are the modes of the bonding driver; the index is the number by
// which it also knows them (linux/if_bonding.h, BOND_MODE_*).
func BondModes() []string {
	return []string{"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"}
}

// BondMode turns a name or a number ("1", "active-backup") into the name.
func BondMode(s string) (string, bool) {
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < len(BondModes()) && strconv.Itoa(n) == s {
		return BondModes()[n], true
	}
	return s, slices.Contains(BondModes(), s)
}

// BondModeNumber gives the driver's number of a mode name, or -1.
func BondModeNumber(name string) int { return slices.Index(BondModes(), name) }

// OptionType is the form of a bond option's value.
type OptionType string

// The forms. All are kept as strings in Bond.Options.
const (
	OptionNumber    OptionType = "number"    // decimal, Min to Max
	OptionBool      OptionType = "bool"      // "true" or "false"; the driver's 1 and 0
	OptionWord      OptionType = "word"      // one of Words
	OptionInterface OptionType = "interface" // the name of a port
	OptionAddresses OptionType = "addresses" // IPv4 addresses joined by commas
)

// BondOption describes one option of the bonding driver (Linux 6.1,
// Documentation/networking/bonding.rst and drivers/net/bonding/bond_options.c).
type BondOption struct {
	Name     string // the HCL attribute
	Driver   string // the driver's name: sysfs file and BONDING_OPTS key
	Type     OptionType
	Min, Max int      // of a number
	Words    []string // of a word; the index is the driver's number
	Modes    []string // modes that take it; nil means all
	Doc      string
}

var (
	arpModes    = []string{"balance-rr", "active-backup", "balance-xor", "broadcast"}
	activeModes = []string{"active-backup", "balance-tlb", "balance-alb"}
	hashModes   = []string{"balance-xor", "802.3ad", "balance-tlb"}
	lacpModes   = []string{"802.3ad"}
)

const maxInt32 = 1<<31 - 1

var bondOptions = []BondOption{
	{Name: "primary", Driver: "primary", Type: OptionInterface, Modes: activeModes, Doc: "The port that is active whenever it has a link."},
	{Name: "miimon", Driver: "miimon", Type: OptionNumber, Max: maxInt32, Doc: "How often the ports' link is looked at, in milliseconds; 0 turns it off."},
	{Name: "updelay", Driver: "updelay", Type: OptionNumber, Max: maxInt32, Doc: "Milliseconds to wait before a port with a new link is used; a multiple of miimon."},
	{Name: "downdelay", Driver: "downdelay", Type: OptionNumber, Max: maxInt32, Doc: "Milliseconds to wait before a port without link is given up; a multiple of miimon."},
	{Name: "arp_interval", Driver: "arp_interval", Type: OptionNumber, Max: maxInt32, Modes: arpModes, Doc: "How often arp_ip_targets are asked, in milliseconds; 0 turns it off."},
	{Name: "arp_ip_targets", Driver: "arp_ip_target", Type: OptionAddresses, Modes: arpModes, Doc: "IPv4 addresses, at most 16, that must answer ARP for a port to count as up."},
	{Name: "arp_validate", Driver: "arp_validate", Type: OptionWord, Words: []string{"none", "active", "backup", "all", "filter", "filter_active", "filter_backup"}, Modes: arpModes, Doc: "Which ports' ARP traffic is checked to be an answer."},
	{Name: "lacp_rate", Driver: "lacp_rate", Type: OptionWord, Words: []string{"slow", "fast"}, Modes: lacpModes, Doc: "How often the partner is asked to send LACP packets: every 30 s or every second."},
	{Name: "xmit_hash_policy", Driver: "xmit_hash_policy", Type: OptionWord, Words: []string{"layer2", "layer3+4", "layer2+3", "encap2+3", "encap3+4", "vlan+srcmac"}, Modes: hashModes, Doc: "What of a packet chooses the port that sends it."},
	{Name: "ad_select", Driver: "ad_select", Type: OptionWord, Words: []string{"stable", "bandwidth", "count"}, Modes: lacpModes, Doc: "When another aggregator is chosen."},
	{Name: "fail_over_mac", Driver: "fail_over_mac", Type: OptionWord, Words: []string{"none", "active", "follow"}, Modes: []string{"active-backup"}, Doc: "Whether the bond's MAC follows the active port."},
	{Name: "primary_reselect", Driver: "primary_reselect", Type: OptionWord, Words: []string{"always", "better", "failure"}, Modes: activeModes, Doc: "When the primary becomes active again."},
	{Name: "num_grat_arp", Driver: "num_grat_arp", Type: OptionNumber, Max: 255, Modes: activeModes, Doc: "How many gratuitous ARPs are sent after a failover."},
	{Name: "min_links", Driver: "min_links", Type: OptionNumber, Max: maxInt32, Modes: lacpModes, Doc: "How many ports must have a link for the bond to have one."},
	{Name: "all_ports_active", Driver: "all_slaves_active", Type: OptionBool, Doc: "Whether frames that arrive on inactive ports are delivered."},
	{Name: "use_carrier", Driver: "use_carrier", Type: OptionBool, Doc: "Whether miimon asks the driver for the carrier or the card by ioctl."},
	{Name: "packets_per_port", Driver: "packets_per_slave", Type: OptionNumber, Max: 65535, Modes: []string{"balance-rr"}, Doc: "How many packets go out of a port before the next; 0 chooses at random."},
	{Name: "resend_igmp", Driver: "resend_igmp", Type: OptionNumber, Max: 255, Modes: []string{"balance-rr", "active-backup", "balance-tlb", "balance-alb"}, Doc: "How many IGMP reports are sent after a failover."},
	{Name: "tlb_dynamic_lb", Driver: "tlb_dynamic_lb", Type: OptionBool, Modes: []string{"balance-tlb", "balance-alb"}, Doc: "Whether flows are moved between ports by load."},
}

// BondOptions are the options that have an attribute of their own, in the
// order in which they are documented.
func BondOptions() []BondOption { return slices.Clone(bondOptions) }

// BondOptionNamed finds an option by its attribute or by the driver's name.
func BondOptionNamed(name string) (BondOption, bool) {
	for _, o := range bondOptions {
		if o.Name == name || o.Driver == name {
			return o, true
		}
	}
	return BondOption{}, false
}

// TakenBy reports whether the driver takes the option in that mode.
func (o BondOption) TakenBy(mode string) bool {
	return o.Modes == nil || slices.Contains(o.Modes, mode)
}
