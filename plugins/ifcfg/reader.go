package ifcfg

import (
	"regexp"
	"slices"
	"strings"
)

// readers is a set of readers, one bit each.
type readers uint8

// The readers, oldest first.
const (
	inRHEL4  readers = 1 << iota
	inRHEL52         // 5.0 to 5.3
	inRHEL5          // 5.4 to 5.11
	inRHEL6
	inRHEL7
	inRHEL8
	inNM

	inScripts = inRHEL4 | inRHEL52 | from5
	from52    = inRHEL52 | from5
	from5     = inRHEL5 | from6
	from6     = inRHEL6 | from7
	from7     = inRHEL7 | inRHEL8
	inAll     = inScripts | inNM
)

// reader is one program that gives the files their meaning: the network
// scripts of one RHEL release, or NetworkManager. Which keys it reads is in
// the table of keys; this is what is not about one key. Sources are the
// initscripts at the tags that source names, and NetworkManager 1.40,
// nms-ifcfg-rh-reader.c; "measured" means that the scripts were run on a kernel.
type reader struct {
	name   string  // as in `release = "NAME"`
	bits   readers // of the table of keys: a key is read when all are set in its row
	title  string
	source string // where the facts come from
	nm     bool   // it is NetworkManager
	// dashed: a hyphen in the file's name is only a hyphen. Before 9.x
	// source_config takes "ifcfg-a-b" for a child of "ifcfg-a" (measured).
	dashed bool
	// ipv6Default: IPv6 is on when IPV6INIT is missing (ifup-ipv6, 9.4x).
	ipv6Default bool
	// rawDelay: DELAY and AGEING go to the kernel as they are, in hundredths of
	// a second (10.00: `ip link … forward_delay`); before, in seconds (brctl).
	rawDelay bool
	// bridgeFirst: BRIDGE= ends ifup before MACADDR, MTU, ETHTOOL_OPTS and the
	// bonding code are looked at (until 8.45.25).
	bridgeFirst bool
	// portMTU: MTU counts in the file of a bond's port (9.x); before, ifup
	// leaves such a file first, and the bond hands its own MTU down.
	portMTU bool
	// bondAlias: without `alias NAME bonding` in /etc/modprobe.conf there is no
	// bond (until 8.45.29).
	bondAlias bool
	// prefixMaster: a bond takes the ports of every bond whose name begins with
	// its own: grep "^MASTER=bond1" finds MASTER=bond10 (until 8.45.44).
	prefixMaster bool
	// oneVLANStyle: the form of VLAN names is set once, by the first VLAN.
	oneVLANStyle bool
	// portsLast: files with BRIDGE= come up last and bridges with the cards.
	portsLast bool
	// vlanName is the form of DEVICE from which the VLAN's id is read.
	vlanName *regexp.Regexp
	// ethtoolList: ETHTOOL_OPTS holds several commands between semicolons, also
	// such as begin with "-" (ethtool_set, 9.x); before, arguments of -s only.
	ethtoolList bool
	// vlanFiltering: the kernel of the release has bridge/vlan_filtering (3.9).
	vlanFiltering bool
	// resolvers is how many DNSn keys are read.
	resolvers int
	// searchNeedsServer: DOMAIN counts only beside DNS1 (ifup-post, until 9.03).
	searchNeedsServer bool
	// kernel is the kernel of the release's first days, as major*1000+minor*10:
	// what the bonding driver knows then.
	kernel int
	// order is the order of bringing up, for people.
	order string
	// ignored are the endings of file names that are skipped (is_ignored_file
	// of rc.d/init.d/functions; nms-ifcfg-rh-utils.c).
	ignored []string
}

var (
	// ethVLAN: 7.93, 8.45.19 ifup.
	ethVLAN = regexp.MustCompile(`^(?:eth|bond)[0-9]+\.([0-9]{1,4})$|^vlan([0-9]{1,4})$`)
	// dottedVLAN: 8.45.35 and later.
	dottedVLAN = regexp.MustCompile(`^.+\.([0-9]{1,4})$|^vlan([0-9]{1,4})$`)
)

var (
	ignoredBefore7 = []string{"~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave"}
	ignoredFrom7   = []string{"~", ".bak", ".old", ".orig", ".rpmnew", ".rpmorig", ".rpmsave"}
	ignoredByNM    = []string{"~", ".bak", ".orig", ".rej", ".rpmnew", ".augnew", ".augtmp"}
)

const (
	orderRHEL4 = "cards, bonds (with their ports) and bridges by name; VLANs; bridge ports"
	orderRHEL5 = "cards and bonds (with their ports) by name; VLANs; bridges"
)

// knownReaders are the readers that linkspan writes for, oldest first.
var knownReaders = []reader{
	{name: "rhel4", bits: inRHEL4, title: "RHEL 4", source: "initscripts 7.93.35", bridgeFirst: true, bondAlias: true, prefixMaster: true, oneVLANStyle: true, portsLast: true,
		vlanName: ethVLAN, resolvers: 2, searchNeedsServer: true, kernel: 2060, order: orderRHEL4, ignored: ignoredBefore7},
	{name: "rhel5.2", bits: inRHEL52, title: "RHEL 5.0 to 5.3", source: "initscripts 8.45.14 to 8.45.25", bridgeFirst: true, bondAlias: true, prefixMaster: true, oneVLANStyle: true,
		vlanName: ethVLAN, resolvers: 2, searchNeedsServer: true, kernel: 2061, order: orderRHEL5, ignored: ignoredBefore7},
	{name: "rhel5", bits: inRHEL5, title: "RHEL 5.4 to 5.11", source: "initscripts 8.45.30 to 8.45.45",
		vlanName: dottedVLAN, resolvers: 2, searchNeedsServer: true, kernel: 2061, order: orderRHEL5, ignored: ignoredBefore7},
	{name: "rhel6", bits: inRHEL6, title: "RHEL 6", source: "initscripts 9.03.61", dashed: true, portMTU: true,
		vlanName: dottedVLAN, ethtoolList: true, resolvers: 2, searchNeedsServer: true, kernel: 2063, order: orderRHEL5, ignored: ignoredBefore7},
	{name: "rhel7", bits: inRHEL7, title: "RHEL 7", source: "initscripts 9.49.53", dashed: true, portMTU: true, ipv6Default: true,
		vlanName: dottedVLAN, ethtoolList: true, vlanFiltering: true, resolvers: 3, kernel: 3100, order: orderRHEL5, ignored: ignoredFrom7},
	{name: "rhel8", bits: inRHEL8, title: "RHEL 8 with network-scripts", source: "initscripts 10.00.18", dashed: true, portMTU: true, ipv6Default: true, rawDelay: true,
		vlanName: dottedVLAN, ethtoolList: true, vlanFiltering: true, resolvers: 3, kernel: 4180, order: orderRHEL5, ignored: ignoredFrom7},
	{name: "nm", bits: inNM, title: "NetworkManager with ifcfg-rh", source: "NetworkManager 1.40", nm: true, dashed: true, portMTU: true,
		vlanName: dottedVLAN, ethtoolList: true, vlanFiltering: true, resolvers: 10, kernel: 4180, order: "each as soon as what it stands on is there", ignored: ignoredByNM},
}

// anyRelease is what the releases from rhel5 to rhel8 have in common: the
// reader that is assumed when no release is known. What differs between them
// is refused then.
const anyRelease = "any"

func readerNamed(name string) (reader, bool) {
	for _, r := range knownReaders {
		if r.name == name {
			return r, true
		}
	}
	if name == anyRelease {
		r, _ := readerNamed("rhel5")
		r.name, r.bits, r.title = anyRelease, from5, "RHEL 5.4 to 8 alike"
		return r, true
	}
	return reader{}, false
}

func readerNames() []string {
	out := make([]string, len(knownReaders))
	for i, r := range knownReaders {
		out[i] = r.name
	}
	return out
}

// takes reports whether the reader looks at the key at all.
func (r *reader) takes(key string) bool {
	k, ok := keyNamed(key)
	return ok && k.by&r.bits == r.bits
}

// manyAddresses: IPADDR1, PREFIX1, … are read; else aliases have files of their own.
func (r *reader) manyAddresses() bool { return r.takes("IPADDR1") }

// unknown tells that the reader stands for several.
func (r *reader) unknown() bool { return r.name == anyRelease }

var (
	redhatRelease = regexp.MustCompile(`release ([0-9]+)(?:\.([0-9]+))?`)
	osReleaseID   = regexp.MustCompile(`(?m)^VERSION_ID="?([0-9]+)`)
)

// detect finds the reader from the texts of /etc/redhat-release and
// /etc/os-release, and from whether the scripts are installed; "" when they do
// not tell, or tell of a release that reads no such files.
func detect(redhat, osRelease string, hasScripts bool) string {
	major, minor := "", ""
	if m := redhatRelease.FindStringSubmatch(redhat); m != nil {
		major, minor = m[1], m[2]
	} else if m := osReleaseID.FindStringSubmatch(osRelease); m != nil && strings.Contains(osRelease, "rhel") {
		major = m[1]
	}
	switch {
	case major == "5" && slices.Contains([]string{"0", "1", "2", "3"}, minor):
		return "rhel5.2"
	case major == "9" && !hasScripts:
		return "nm" // with a warning of its own in the journal for each file
	case slices.Contains(readerNames(), "rhel"+major):
		return "rhel" + major
	}
	return ""
}

// reads reports whether the reader takes a file of that name for an interface:
// "ifcfg-" and a name that is not the loopback, an alias, a range, or one of
// the ignored endings.
func (r *reader) reads(file string) (suffix string, ok bool) {
	suffix, ok = strings.CutPrefix(file, "ifcfg-")
	if !ok || suffix == "" || suffix == "lo" || isAlias(suffix) || isRange(suffix) {
		return suffix, false
	}
	return suffix, !r.ignores(suffix)
}

// ignores reports whether a file's name has an ending that is skipped.
func (r *reader) ignores(name string) bool {
	return slices.ContainsFunc(r.ignored, func(end string) bool { return strings.HasSuffix(name, end) })
}

// isAlias: ifcfg-eth0:1 holds a further address of eth0 (ifup-aliases).
func isAlias(suffix string) bool { return strings.Contains(suffix, ":") }

// isRange: ifcfg-eth0-range0 holds a run of addresses of eth0 (ifup-aliases).
func isRange(suffix string) bool { return strings.Contains(suffix, "-range") }
