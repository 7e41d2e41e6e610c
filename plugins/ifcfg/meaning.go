package ifcfg

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"linkspan/core/host"
)

// keys are the values of one file, as a sourcing shell has them.
type keys map[string]string

func (k keys) yes(key string) bool { return k[key] == "yes" }

// no follows is_false of the scripts where they use it, and the exact words
// elsewhere.
func (k keys) no(key string) bool {
	switch k[key] {
	case "no", "NO", "No", "n", "N", "false", "FALSE", "0", "off":
		return true
	}
	return false
}

// kindOf tells what the scripts make of a file.
func kindOf(k keys, r release) host.Kind {
	device := k["DEVICE"]
	switch {
	case k["TYPE"] == "Bridge": // exact case in every version, init.d/network and ifup-eth
		return host.KindBridge
	case k.yes("VLAN") && (r.vlanName.MatchString(device) || r.vid && k["VID"] != "" && k["PHYSDEV"] != ""):
		return host.KindVLAN
	case k["BONDING_OPTS"] != "" && !k.yes("SLAVE"): // is_available installs the driver for it
		return host.KindBond
	}
	return host.KindEthernet
}

// masterOf tells whose port the scripts make of a file: of a bond with
// SLAVE=yes and MASTER, of a bridge with BRIDGE.
func masterOf(k keys) string {
	if k.yes("SLAVE") && k["MASTER"] != "" {
		return k["MASTER"]
	}
	if k["TYPE"] != "Bridge" {
		return k["BRIDGE"]
	}
	return ""
}

// interfaceOf reads a file as the scripts of the release do. ipv6 tells
// whether the release's global switch for IPv6 is on.
func interfaceOf(k keys, r release, ipv6 bool) host.Interface {
	i := host.Interface{Kind: kindOf(k, r), Name: k["DEVICE"]}
	if k.no("ONBOOT") {
		i.State = host.Down
	}
	if n, err := strconv.Atoi(k["MTU"]); err == nil {
		i.MTU = &n
	}
	i.MAC = strings.ToLower(k["MACADDR"])
	switch i.Kind {
	case host.KindBond:
		i.Bond = bondOf(k)
	case host.KindVLAN:
		i.VLAN = vlanOf(k, r)
	case host.KindBridge:
		i.Bridge = bridgeOf(k, r)
	default:
		i.Ethernet = ethernetOf(k)
	}
	if masterOf(k) != "" { // ifup leaves the file before it looks at addresses
		return i
	}
	if k["BOOTPROTO"] == "dhcp" || k["BOOTPROTO"] == "bootp" {
		i.DHCP4 = new(true)
	}
	i.Addresses = addresses4(k, r)
	if gateway, err := netip.ParseAddr(k["GATEWAY"]); err == nil && gateway.Is4() && len(i.Addresses) > 0 && i.Addresses[0].Contains(gateway) {
		i.Gateway = gateway // elsewhere ifup-eth drops it without a word
	}
	if ipv6 && (k.yes("IPV6INIT") || r.ipv6Default && !k.no("IPV6INIT")) {
		addresses6(k, &i)
	}
	for n := 1; k["DNS"+strconv.Itoa(n)] != ""; n++ {
		if a, err := netip.ParseAddr(k["DNS"+strconv.Itoa(n)]); err == nil {
			i.DNS.Servers = append(i.DNS.Servers, a)
		}
	}
	i.DNS.Search = strings.Fields(k["DOMAIN"])
	return i
}

// addresses4 reads IPADDR, IPADDR0, IPADDR1, … in the scripts' order.
func addresses4(k keys, r release) []netip.Prefix {
	var out []netip.Prefix
	suffixes := []string{""}
	if r.manyAddresses {
		suffixes = append(suffixes, "0", "1")
		for n := 2; k["IPADDR"+strconv.Itoa(n)] != ""; n++ {
			suffixes = append(suffixes, strconv.Itoa(n))
		}
	}
	for _, s := range suffixes {
		a, err := netip.ParseAddr(k["IPADDR"+s])
		if err != nil || !a.Is4() {
			continue
		}
		if bits, ok := prefixOf(k, s, a, r); ok {
			out = append(out, netip.PrefixFrom(a, bits))
		}
	}
	return out
}

// prefixOf: PREFIX wins over NETMASK; without both the mask is classful.
func prefixOf(k keys, suffix string, a netip.Addr, r release) (int, bool) {
	if n, err := strconv.Atoi(k["PREFIX"+suffix]); err == nil && n >= 0 && n <= 32 {
		return n, true
	}
	if mask := k["NETMASK"+suffix]; mask != "" {
		return maskBits(mask)
	}
	switch first := a.As4()[0]; {
	case first < 128:
		return 8, true
	case first < 192:
		return 16, true
	default:
		return 24, true
	}
}

func maskBits(mask string) (int, bool) {
	m, err := netip.ParseAddr(mask)
	if err != nil || !m.Is4() {
		return 0, false
	}
	for bits := 0; bits <= 32; bits++ {
		if maskOf(bits) == mask {
			return bits, true
		}
	}
	return 0, false
}

// maskOf spells a prefix length as a netmask.
func maskOf(bits int) string {
	var b [4]byte
	for i := range bits {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b).String()
}

func addresses6(k keys, i *host.Interface) {
	for _, s := range append([]string{k["IPV6ADDR"]}, strings.Fields(k["IPV6ADDR_SECONDARIES"])...) {
		if s == "" {
			continue
		}
		if !strings.Contains(s, "/") {
			s += "/64"
		}
		if p, err := netip.ParsePrefix(s); err == nil && p.Addr().Is6() {
			i.Addresses = append(i.Addresses, p)
		}
	}
	gateway, _, _ := strings.Cut(k["IPV6_DEFAULTGW"], "%")
	if a, err := netip.ParseAddr(gateway); err == nil && a.Is6() {
		i.Gateway6 = a
	}
	if k.yes("IPV6_AUTOCONF") {
		i.AcceptRA = new(true)
	} else if k.no("IPV6_AUTOCONF") {
		i.AcceptRA = new(false)
	}
	if k.yes("DHCPV6C") {
		i.DHCP6 = new(true)
	}
}

// ethernetOf reads what only a card's file has.
func ethernetOf(k keys) *host.Ethernet {
	e := &host.Ethernet{}
	if f := strings.Fields(k["ETHTOOL_OPTS"]); len(f) == 2 && f[0] == "wol" {
		e.WakeOnLAN = new(f[1] == "g")
	}
	return e
}

// bondOf reads BONDING_OPTS: words at blanks, the value after the last "=".
func bondOf(k keys) *host.Bond {
	b := &host.Bond{Options: make(map[string]string)}
	for word := range strings.FieldsSeq(k["BONDING_OPTS"]) {
		key, _, ok := strings.Cut(word, "=")
		if !ok {
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

var vlanTail = regexp.MustCompile(`^(.*)\.([0-9]{1,4})$|^vlan([0-9]{1,4})$`)

// vlanOf reads the id from VID or the name, the parent from PHYSDEV or the
// name (ifup: MATCH of DEVICE).
func vlanOf(k keys, r release) *host.VLAN {
	v := &host.VLAN{Parent: k["PHYSDEV"]}
	if m := vlanTail.FindStringSubmatch(k["DEVICE"]); m != nil {
		v.ID, _ = strconv.Atoi(m[2] + m[3]) // the form has at most four digits
		if v.Parent == "" {
			v.Parent = m[1]
		}
	}
	if n, err := strconv.Atoi(k["VID"]); err == nil && r.vid {
		v.ID = n
	}
	switch k["REORDER_HDR"] {
	case "no", "0":
		v.ReorderHeader = new(false)
	case "yes", "1":
		v.ReorderHeader = new(true)
	}
	if r.gvrp && k["GVRP"] != "" {
		v.GVRP = new(k.yes("GVRP") || k["GVRP"] == "1")
	}
	return v
}

func bridgeOf(k keys, r release) *host.Bridge {
	b := &host.Bridge{}
	switch k["STP"] {
	case "on", "yes", "1":
		b.STP = new(true)
	case "off", "no", "0":
		b.STP = new(false)
	}
	b.ForwardDelay = r.delay(k["DELAY"])
	if r.prio {
		b.AgeingTime = r.delay(k["AGEING"])
		if n, err := strconv.Atoi(k["PRIO"]); err == nil {
			b.Priority = &n
		}
	}
	if r.bridgingOpts {
		bridgingOpts(k["BRIDGING_OPTS"], b)
	}
	return b
}

// delay reads a time in the release's unit.
func (r release) delay(s string) *host.Centiseconds {
	if s == "" {
		return nil
	}
	if r.rawDelay {
		if n, err := strconv.Atoi(s); err == nil {
			return new(host.Centiseconds(n))
		}
		return nil
	}
	if c, err := host.ParseSeconds(s); err == nil {
		return &c
	}
	return nil
}

// bridgingOpts reads sysfs values; times are in hundredths of a second.
func bridgingOpts(s string, b *host.Bridge) {
	for word := range strings.FieldsSeq(s) {
		key, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			continue
		}
		switch key {
		case "hello_time":
			b.HelloTime = new(host.Centiseconds(n))
		case "max_age":
			b.MaxAge = new(host.Centiseconds(n))
		case "multicast_snooping":
			b.MulticastSnooping = new(n != 0)
		case "vlan_filtering":
			b.VLANFiltering = new(n != 0)
		}
	}
}

// portOf reads a bridge port's own settings from BRIDGING_OPTS of its file.
func portOf(k keys, r release) host.BridgePort {
	p := host.BridgePort{Name: k["DEVICE"]}
	if !r.bridgingOpts {
		return p
	}
	for word := range strings.FieldsSeq(k["BRIDGING_OPTS"]) {
		key, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			continue
		}
		switch key {
		case "path_cost":
			p.Cost = &n
		case "priority":
			p.Priority = &n
		case "hairpin_mode":
			p.Hairpin = new(n != 0)
		case "isolated":
			p.Isolated = new(n != 0)
		case "learning":
			p.Learning = new(n != 0)
		case "unicast_flood":
			p.Flood = new(n != 0)
		case "bpdu_guard":
			p.Guard = new(n != 0)
		}
	}
	return p
}
