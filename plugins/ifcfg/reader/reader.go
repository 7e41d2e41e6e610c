// Package reader is the model of the programs that read ifcfg files: which keys
// each looks at, what values it takes, and what interface it makes of them. Its
// tables are where a fact about a release is written down, once.
package reader

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Set is a set of readers, one bit each.
type Set uint8

// The readers, oldest first.
const (
	inRHEL4  Set = 1 << iota
	inRHEL52     // 5.0 to 5.3
	inRHEL5      // 5.4 to 5.11
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

// Reader is one program that gives the files their meaning: the network
// scripts of one RHEL release, or NetworkManager. Which keys it reads is in
// the table of keys; this is what is not about one key. Sources are the
// initscripts at the tags that source names, and NetworkManager 1.40,
// nms-ifcfg-rh-reader.c; "measured" means that the scripts were run on a kernel.
type Reader struct {
	Name   string // as in `release = "NAME"`
	Bits   Set    // of the table of keys: a key is read when all are set in its row
	Title  string
	Source string // where the facts come from
	NM     bool   // it is NetworkManager
	// Dashed: a hyphen in the file's name is only a hyphen. Before 9.x
	// source_config takes "ifcfg-a-b" for a child of "ifcfg-a" (measured).
	Dashed bool
	// IPv6Default: IPv6 is on when IPV6INIT is missing (ifup-ipv6, 9.4x).
	IPv6Default bool
	// RawDelay: DELAY and AGEING go to the kernel as they are, in hundredths of
	// a second (10.00: `ip link … forward_delay`); before, in seconds (brctl).
	RawDelay bool
	// BridgeFirst: BRIDGE= ends ifup before MACADDR, MTU, ETHTOOL_OPTS and the
	// bonding code are looked at (until 8.45.25).
	BridgeFirst bool
	// PortMTU: MTU counts in the file of a bond's port (9.x); before, ifup
	// leaves such a file first, and the bond hands its own MTU down.
	PortMTU bool
	// BondAlias: without `alias NAME bonding` in /etc/modprobe.conf there is no
	// bond (until 8.45.29).
	BondAlias bool
	// PrefixMaster: a bond takes the ports of every bond whose name begins with
	// its own: grep "^MASTER=bond1" finds MASTER=bond10 (until 8.45.44).
	PrefixMaster bool
	// OneVLANStyle: the form of VLAN names is set once, by the first VLAN.
	OneVLANStyle bool
	// PortsLast: files with BRIDGE= come up last and bridges with the cards.
	PortsLast bool
	// VLANName is the form of DEVICE from which the VLAN's id is read.
	VLANName func() *regexp.Regexp
	// EthtoolList: ETHTOOL_OPTS holds several commands between semicolons, also
	// such as begin with "-" (ethtool_set, 9.x); before, arguments of -s only.
	EthtoolList bool
	// VlanFiltering: the kernel of the release has bridge/vlan_filtering (3.9).
	VlanFiltering bool
	// Resolvers is how many DNSn keys are read.
	Resolvers int
	// SearchNeedsServer: DOMAIN counts only beside DNS1 (ifup-post, until 9.03).
	SearchNeedsServer bool
	// Kernel is the kernel of the release's first days, as major*1000+minor*10:
	// what the bonding driver knows then.
	Kernel int
	// Order is the order of bringing up, for people.
	Order string
	// Ignored are the endings of file names that are skipped (is_ignored_file
	// of rc.d/init.d/functions; nms-ifcfg-rh-utils.c).
	Ignored []string
}

var (
	// EthVLAN: 7.93, 8.45.19 ifup.
	EthVLAN = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:eth|bond)[0-9]+\.([0-9]{1,4})$|^vlan([0-9]{1,4})$`)
	})
	// DottedVLAN: 8.45.35 and later.
	DottedVLAN = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^.+\.([0-9]{1,4})$|^vlan([0-9]{1,4})$`) })
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

// Known are the readers that linkspan writes for, oldest first.
var Known = []Reader{
	{Name: "rhel4", Bits: inRHEL4, Title: "RHEL 4", Source: "initscripts 7.93.35", BridgeFirst: true, BondAlias: true, PrefixMaster: true, OneVLANStyle: true, PortsLast: true,
		VLANName: EthVLAN, Resolvers: 2, SearchNeedsServer: true, Kernel: 2060, Order: orderRHEL4, Ignored: ignoredBefore7},
	{Name: "rhel5.2", Bits: inRHEL52, Title: "RHEL 5.0 to 5.3", Source: "initscripts 8.45.14 to 8.45.25", BridgeFirst: true, BondAlias: true, PrefixMaster: true, OneVLANStyle: true,
		VLANName: EthVLAN, Resolvers: 2, SearchNeedsServer: true, Kernel: 2061, Order: orderRHEL5, Ignored: ignoredBefore7},
	{Name: "rhel5", Bits: inRHEL5, Title: "RHEL 5.4 to 5.11", Source: "initscripts 8.45.30 to 8.45.45",
		VLANName: DottedVLAN, Resolvers: 2, SearchNeedsServer: true, Kernel: 2061, Order: orderRHEL5, Ignored: ignoredBefore7},
	{Name: "rhel6", Bits: inRHEL6, Title: "RHEL 6", Source: "initscripts 9.03.61", Dashed: true, PortMTU: true,
		VLANName: DottedVLAN, EthtoolList: true, Resolvers: 2, SearchNeedsServer: true, Kernel: 2063, Order: orderRHEL5, Ignored: ignoredBefore7},
	{Name: "rhel7", Bits: inRHEL7, Title: "RHEL 7", Source: "initscripts 9.49.53", Dashed: true, PortMTU: true, IPv6Default: true,
		VLANName: DottedVLAN, EthtoolList: true, VlanFiltering: true, Resolvers: 3, Kernel: 3100, Order: orderRHEL5, Ignored: ignoredFrom7},
	{Name: "rhel8", Bits: inRHEL8, Title: "RHEL 8 with network-scripts", Source: "initscripts 10.00.18", Dashed: true, PortMTU: true, IPv6Default: true, RawDelay: true,
		VLANName: DottedVLAN, EthtoolList: true, VlanFiltering: true, Resolvers: 3, Kernel: 4180, Order: orderRHEL5, Ignored: ignoredFrom7},
	{Name: "nm", Bits: inNM, Title: "NetworkManager with ifcfg-rh", Source: "NetworkManager 1.40", NM: true, Dashed: true, PortMTU: true,
		VLANName: DottedVLAN, EthtoolList: true, VlanFiltering: true, Resolvers: 10, Kernel: 4180, Order: "each as soon as what it stands on is there", Ignored: ignoredByNM},
}

// AnyRelease is what the releases from rhel5 to rhel8 have in common: the
// reader that is assumed when no release is known. What differs between them
// is refused then.
const AnyRelease = "any"

// Named finds a reader by the word of `release = "NAME"`, or AnyRelease.
func Named(name string) (Reader, bool) {
	for _, r := range Known {
		if r.Name == name {
			return r, true
		}
	}
	if name == AnyRelease {
		r, _ := Named("rhel5")
		r.Name, r.Bits, r.Title = AnyRelease, from5, "RHEL 5.4 to 8 alike"
		return r, true
	}
	return Reader{}, false
}

// Names are the words of `release = "NAME"`, oldest first.
func Names() []string {
	out := make([]string, len(Known))
	for i, r := range Known {
		out[i] = r.Name
	}
	return out
}

// Takes reports whether the reader looks at the key at all.
func (r *Reader) Takes(key string) bool {
	k, ok := KeyNamed(key)
	return ok && k.By&r.Bits == r.Bits
}

// ManyAddresses: IPADDR1, PREFIX1, … are read; else aliases have files of their own.
func (r *Reader) ManyAddresses() bool { return r.Takes("IPADDR1") }

// Unknown tells that the reader stands for several.
func (r *Reader) Unknown() bool { return r.Name == AnyRelease }

var (
	// Rebuilds of RHEL count as it does. Others also write "release 8" and have
	// other scripts: Fedora 8 of 2007, XCP-ng 8 (CentOS 7 below), Oracle VM 3 (OL 6).
	redhatRelease = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:Red Hat Enterprise|CentOS|Scientific Linux|Oracle Linux|Enterprise Linux Enterprise Linux|Rocky Linux|AlmaLinux|CloudLinux|EuroLinux|Springdale|PUIAS|MIRACLE LINUX|Virtuozzo)\b.*release ([0-9]+)(?:\.([0-9]+))?`)
	})
	osReleaseID = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^ID="?(?:rhel|centos|scientific|ol|rocky|almalinux|cloudlinux|eurolinux|springdale|miraclelinux|virtuozzo)"?\s*$`)
	})
	osVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^VERSION_ID="?([0-9]+)`) })
)

// Detect finds the reader from the texts of /etc/redhat-release and
// /etc/os-release, and from whether the scripts are installed; "" when they do
// not tell, or tell of a release that reads no such files.
func Detect(redhat, osRelease string, hasScripts bool) string {
	major, minor := "", ""
	if m := redhatRelease().FindStringSubmatch(redhat); m != nil {
		major, minor = m[1], m[2]
	} else if m := osVersion().FindStringSubmatch(osRelease); m != nil && redhat == "" && osReleaseID().MatchString(osRelease) {
		major = m[1]
	}
	switch {
	case major == "5" && slices.Contains([]string{"0", "1", "2", "3"}, minor):
		return "rhel5.2"
	case major == "9" && !hasScripts:
		return "nm" // with a warning of its own in the journal for each file
	case slices.Contains(Names(), "rhel"+major):
		return "rhel" + major
	}
	return ""
}

// Reads reports whether the reader takes a file of that name for an interface:
// "ifcfg-" and a name that is not the loopback, an alias, a range, or one of
// the ignored endings.
func (r *Reader) Reads(file string) (suffix string, ok bool) {
	suffix, ok = strings.CutPrefix(file, "ifcfg-")
	if !ok || suffix == "" || suffix == "lo" || IsAlias(suffix) || IsRange(suffix) {
		return suffix, false
	}
	return suffix, !r.Ignores(suffix)
}

// Ignores reports whether a file's name has an ending that is skipped.
func (r *Reader) Ignores(name string) bool {
	return slices.ContainsFunc(r.Ignored, func(end string) bool { return strings.HasSuffix(name, end) })
}

// IsAlias: ifcfg-eth0:1 holds a further address of eth0 (ifup-aliases).
func IsAlias(suffix string) bool { return strings.Contains(suffix, ":") }

// IsRange: ifcfg-eth0-range0 holds a run of addresses of eth0 (ifup-aliases).
func IsRange(suffix string) bool { return strings.Contains(suffix, "-range") }
