package reader

import (
	"strconv"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/shell"
)

// Keys are the values of one file, as a sourcing shell has them.
type Keys map[string]string

// exactly is how the scripts compare: letter by letter.
func (k Keys) exactly(key, word string) bool { return k[key] == word }

// on reports whether the reader takes the value for yes: the scripts know
// exactly yes where they test a key of the language, NetworkManager any true word.
func (k Keys) on(key string, r *Reader) bool {
	if r.NM {
		return IsTrue(k[key]) && k[key] != "on"
	}
	return k.exactly(key, "yes")
}

// Off follows is_false of the scripts where they use it, and the exact words
// elsewhere.
func (k Keys) Off(key string, r *Reader) bool {
	switch k[key] {
	case "no", "NO", "No":
		return true
	}
	return (r.NM || r.Takes("LINKSTATUS")) && IsFalse(k[key])
}

// Surroundings are what the other files say that counts for an interface.
type Surroundings struct {
	IPv6       bool   // the global switch of the release is on
	Gateway    string // GATEWAY of /etc/sysconfig/network
	GatewayDev string // GATEWAYDEV of the same
	Bonds      bonds  // of /etc/modprobe.conf
	BondMTU    string // MTU of the bond that it is a port of
}

// KindOf tells what the reader makes of a file.
func KindOf(k Keys, r *Reader, s *Surroundings) host.Kind {
	if r.NM {
		return kindToNM(k)
	}
	switch {
	case k["TYPE"] == "Bridge": // exact case in every version, init.d/network and ifup-eth
		return host.KindBridge
	case k.exactly("VLAN", "yes") && (r.VLANName().MatchString(k["DEVICE"]) || r.Takes("VID") && k["VID"] != "" && k["PHYSDEV"] != ""):
		return host.KindVLAN
	case k.exactly("SLAVE", "yes"):
		return host.KindEthernet
	case r.BondAlias && s.Bonds.Has(k["DEVICE"]):
		return host.KindBond
	case !r.BondAlias && k["BONDING_OPTS"] != "": // is_available installs the driver for it
		return host.KindBond
	}
	return host.KindEthernet
}

// kindToNM: TYPE in any case, else what other keys tell
// (connection_from_file_full).
func kindToNM(k Keys) host.Kind {
	switch strings.ToLower(k["TYPE"]) {
	case "bridge":
		return host.KindBridge
	case "bond":
		return host.KindBond
	case "vlan":
		return host.KindVLAN
	case "":
		switch {
		case IsTrue(k["BONDING_MASTER"]):
			return host.KindBond
		case IsTrue(k["VLAN"]):
			return host.KindVLAN
		}
	}
	if k["BONDING_OPTS"] != "" && k["MASTER"] == "" {
		return host.KindBond
	}
	return host.KindEthernet
}

// MasterOf tells whose port the reader makes of a file: of a bond with
// SLAVE=yes and MASTER (to NetworkManager MASTER is enough), of a bridge with
// BRIDGE. Until 8.45.25 the scripts look at BRIDGE first.
func MasterOf(k Keys, r *Reader) string {
	bond, bridge := "", k["BRIDGE"]
	if k["MASTER"] != "" && (r.NM || k.exactly("SLAVE", "yes")) {
		bond = k["MASTER"]
	}
	if k["TYPE"] == "Bridge" {
		bridge = ""
	}
	if bond == "" || r.BridgeFirst && bridge != "" {
		return bridge
	}
	return bond
}

// InterfaceOf reads a file as the reader does.
func InterfaceOf(k Keys, r *Reader, s *Surroundings) host.Interface {
	i := host.Interface{Kind: KindOf(k, r, s), Name: k["DEVICE"], Description: k[shell.DescriptionKey]}
	if k.Off("ONBOOT", r) {
		i.State = host.Down
	}
	master := MasterOf(k, r)
	bridgePort := master != "" && master == k["BRIDGE"]
	if mtuCounts(k, r, s, master) {
		if n, err := strconv.Atoi(k["MTU"]); err == nil {
			i.MTU = &n
		}
	}
	mac := "MACADDR"
	if r.NM && i.Kind == host.KindBridge {
		mac = "BRIDGE_MACADDR"
	}
	if !(r.BridgeFirst && bridgePort) {
		i.MAC = strings.ToLower(k[mac])
	}
	switch i.Kind {
	case host.KindBond:
		i.Bond = bondOf(k, r, s)
	case host.KindVLAN:
		i.VLAN = VlanOf(k, r)
	case host.KindBridge:
		i.Bridge = bridgeOf(k, r)
	default:
		i.Ethernet = ethernetOf(k, r, r.BridgeFirst && bridgePort)
	}
	if master == "" { // ifup leaves a port's file before it looks at addresses
		addressing(k, r, s, &i)
	}
	return i
}

// mtuCounts: before 9.x MTU is read after the code for a bond's port has left
// the file, until 8.45.25 also after that for a bridge's. A bond hands its own
// MTU to its ports, so that the same one there is no contradiction.
func mtuCounts(k Keys, r *Reader, s *Surroundings, master string) bool {
	switch {
	case master == "":
		return true
	case master == k["BRIDGE"]:
		return !r.BridgeFirst
	}
	return r.PortMTU || s.BondMTU == k["MTU"]
}

// ethernetOf reads what only a card's file has.
func ethernetOf(k Keys, r *Reader, unread bool) *host.Ethernet {
	e := &host.Ethernet{Match: host.Match{MAC: strings.ToLower(k["HWADDR"])}}
	if !unread {
		e.WakeOnLAN, e.Offload = readEthtool(k["ETHTOOL_OPTS"], k["DEVICE"], r)
	}
	return e
}

// bondOf reads BONDING_OPTS, or the options of /etc/modprobe.conf where the
// release has no such key: words at blanks, the value after the last "=".
func bondOf(k Keys, r *Reader, s *Surroundings) *host.Bond {
	b := &host.Bond{Options: make(map[string]string)}
	text := k["BONDING_OPTS"]
	if !r.Takes("BONDING_OPTS") {
		text = s.Bonds[k["DEVICE"]].Options
	}
	for word := range strings.FieldsSeq(text) {
		key, _, _ := strings.Cut(word, "=")
		if !PairForm().MatchString(word) { // the driver has no such option
			continue
		}
		value := word[strings.LastIndexByte(word, '=')+1:]
		if key == "mode" {
			b.Mode, _ = host.BondMode(value)
			continue
		}
		o, known := host.BondOptionNamed(key)
		if !known {
			b.Options[key] = value
			continue
		}
		b.Options[o.Name] = optionValue(o, value)
	}
	return b
}

// optionValue gives a driver's value the model's canonical spelling.
func optionValue(o host.BondOption, value string) string {
	n, err := strconv.Atoi(value)
	switch {
	case o.Type == host.OptionWord && err == nil && n >= 0 && n < len(o.Words):
		return o.Words[n]
	case o.Type == host.OptionBool && (value == "1" || value == "0"):
		return strconv.FormatBool(value == "1")
	case o.Type == host.OptionAddresses:
		return strings.ReplaceAll(value, "+", "")
	}
	return value
}
