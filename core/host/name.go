package host

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// MaxName is the longest interface name in bytes (IFNAMSIZ 16 less the NUL;
// linux/if.h).
const MaxName = 15

// nameForm is stricter than the kernel, which accepts `$(id)`, `xenbr0;id` and
// `--help`: names end in file names, in shell-sourced files and on command
// lines.
var nameForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]*$`) })

// reservedNames are refused by the kernel or have a meaning of their own in
// /proc/sys/net and /sys/class/net.
var reservedNames = []string{"lo", "all", "default", "bonding_masters"}

// ignoredSuffixes end the names of files that the network scripts or
// NetworkManager skip (initscripts rc.d/init.d/functions, is_ignored_file;
// NetworkManager nms-ifcfg-rh-common.h): an interface of such a name would
// never be brought up.
var ignoredSuffixes = []string{".bak", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".old", ".rej", ".augnew", ".augtmp", ".tmp", "-range"}

// CheckName returns nil when linkspan takes name as an interface's name, else
// an error that says what is wrong with it and quotes it safely.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("an interface name may not be empty")
	case len(name) > MaxName:
		return fmt.Errorf("%q has %d bytes; the kernel takes at most %d", name, len(name), MaxName)
	case !nameForm().MatchString(name):
		return fmt.Errorf("%q has a character that is not taken in interface names: a letter first, then letters, digits, %q, %q and %q", name, "_", ".", "-")
	case slices.Contains(reservedNames, name):
		return fmt.Errorf("%q is reserved", name)
	}
	for _, s := range ignoredSuffixes {
		if strings.HasSuffix(name, s) {
			return fmt.Errorf("%q ends in %q: the network scripts skip files of such names, so it would never be brought up", name, s)
		}
	}
	return nil
}

// Path names a part of a host in diagnostics and joins it with its place in
// the source: Path(KindBridge, "xenbr0", "addresses[0]") is
// `bridge["xenbr0"].addresses[0]`.
func Path(kind Kind, name string, parts ...string) string {
	out := make([]byte, 0, 64) // not fmt: a host has hundreds of places
	out = append(out, kind...)
	out = strconv.AppendQuote(append(out, '['), name)
	out = append(out, ']')
	for _, p := range parts {
		out = append(append(out, '.'), p...)
	}
	return string(out)
}

// Index is one element of a list in a Path: Index("addresses", 0) is
// "addresses[0]".
func Index(attribute string, i int) string { return attribute + "[" + strconv.Itoa(i) + "]" }
