package ifcfg

import (
	"regexp"
	"slices"
	"strings"
)

// release is what the network scripts of one RHEL release honour: the facts on
// which reading, writing and refusing depend. Sources: fedora-sysv/initscripts
// at the tags that the comments name; "measured" means that the scripts were
// run on a kernel.
type release struct {
	name string
	// manyAddresses: IPADDR1, PREFIX1, … are read (ifup-eth, expand_config,
	// 9.x). Before, one address a file.
	manyAddresses bool
	// ipv6Default: IPv6 is on when IPV6INIT is missing (ifup-ipv6, 9.4x).
	ipv6Default bool
	// ipv6Global: NETWORKING_IPV6=yes in /etc/sysconfig/network is needed
	// (8.45: network-functions-ipv6).
	ipv6Global bool
	// bridgingOpts: BRIDGING_OPTS is read, in a bridge's file and in a port's.
	bridgingOpts bool
	// prio: PRIO and AGEING are read (8.45.45; 9.x).
	prio bool
	// rawDelay: DELAY and AGEING go to the kernel as they are, in hundredths of
	// a second (10.00: `ip link … forward_delay`); before, in seconds (brctl).
	rawDelay bool
	// gvrp: GVRP is read (9.49).
	gvrp bool
	// vlanName is the form that a VLAN's DEVICE must have without VID=.
	vlanName *regexp.Regexp
	// vid: VID= with PHYSDEV= gives a VLAN any name (9.x).
	vid bool
	// dashed: a hyphen in the file's name is only a hyphen. Before 9.x
	// source_config takes "ifcfg-a-b" for a child of "ifcfg-a" (measured).
	dashed bool
	// dhcp6: DHCPV6C is read (9.x).
	dhcp6 bool
	// vlanFiltering: the kernel of the release has bridge/vlan_filtering (3.9).
	vlanFiltering bool
	// ignored are the endings of file names that the scripts skip
	// (rc.d/init.d/functions, is_ignored_file).
	ignored []string
}

var dottedVLAN = regexp.MustCompile(`^.+\.[0-9]{1,4}$|^vlan[0-9]{1,4}$`)

var ignoredBefore7 = []string{"~", ".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave"}

// releases are the known readers, oldest first.
var releases = []release{
	{name: "rhel5", prio: true, ipv6Global: true, vlanName: dottedVLAN, ignored: ignoredBefore7},
	{name: "rhel6", manyAddresses: true, bridgingOpts: true, prio: true, vlanName: dottedVLAN, vid: true, dashed: true, dhcp6: true, ignored: ignoredBefore7},
	{name: "rhel7", manyAddresses: true, ipv6Default: true, bridgingOpts: true, prio: true, gvrp: true, vlanName: dottedVLAN, vid: true, dashed: true, dhcp6: true, vlanFiltering: true, ignored: append([]string{".old"}, ignoredBefore7...)},
	{name: "rhel8", manyAddresses: true, ipv6Default: true, bridgingOpts: true, prio: true, rawDelay: true, gvrp: true, vlanName: dottedVLAN, vid: true, dashed: true, dhcp6: true, vlanFiltering: true, ignored: append([]string{".old"}, ignoredBefore7...)},
}

// anyRelease is what all releases have in common: the reader that is assumed
// when no release is known. What differs between releases is refused then.
const anyRelease = "any"

func releaseNamed(name string) (release, bool) {
	for _, r := range releases {
		if r.name == name {
			return r, true
		}
	}
	if name == anyRelease {
		r := releases[0]
		r.name = anyRelease
		return r, true
	}
	return release{}, false
}

func releaseNames() []string {
	out := make([]string, len(releases))
	for i, r := range releases {
		out[i] = r.name
	}
	return out
}

var (
	redhatRelease = regexp.MustCompile(`release ([0-9]+)(?:\.([0-9]+))?`)
	osReleaseID   = regexp.MustCompile(`(?m)^VERSION_ID="?([0-9]+)`)
)

// detect finds the release from the texts of /etc/redhat-release and
// /etc/os-release; "" when they do not tell, or tell of one that is not known.
func detect(redhat, osRelease string) string {
	major := ""
	if m := redhatRelease.FindStringSubmatch(redhat); m != nil {
		major = m[1]
	} else if m := osReleaseID.FindStringSubmatch(osRelease); m != nil && strings.Contains(osRelease, "rhel") {
		major = m[1]
	}
	if name := "rhel" + major; slices.Contains(releaseNames(), name) {
		return name
	}
	return ""
}

// reads reports whether the scripts take a file of that name for an interface:
// "ifcfg-" and a name that is not the loopback, an alias, a range, or one of
// the ignored endings.
func (r release) reads(file string) (device string, ok bool) {
	device, ok = strings.CutPrefix(file, "ifcfg-")
	if !ok || device == "" || device == "lo" || strings.Contains(device, ":") || strings.HasSuffix(device, "-range") {
		return "", false
	}
	for _, suffix := range r.ignored {
		if strings.HasSuffix(device, suffix) {
			return "", false
		}
	}
	return device, true
}
