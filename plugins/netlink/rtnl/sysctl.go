package rtnl

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Values of the sysctl net.ipv4.conf.*.rp_filter (ip-sysctl.rst); of a link's
// own and that of all links the greater counts.
const (
	NoReverse     = 0
	StrictReverse = 1
	LooseReverse  = 2
)

// ReverseSysctl is its name among a link's Sysctls.
const ReverseSysctl = "ipv4/conf/rp_filter"

// sysctlTrees are the per-link sysctls of the kernel, below /proc/sys/net.
var sysctlTrees = []string{"ipv4/conf", "ipv6/conf", "ipv4/neigh", "ipv6/neigh"}

// volatile sysctls are no settings: they tell a state or do something.
var volatile = []string{"stable_secret", "mc_forwarding", "mtu"} // mtu is the link's own

// ReadSysctls reads the sysctls of a link that are not as a new link has them,
// as Link.Sysctls names them.
func ReadSysctls(name string) map[string]string {
	out := make(map[string]string)
	if strings.Contains(name, "/") {
		return out
	}
	for _, tree := range sysctlTrees {
		dir := filepath.Join("/proc/sys/net", tree, name)
		files, err := os.ReadDir(dir)
		if err != nil {
			continue // no IPv6 on the link, or none in the kernel
		}
		for _, f := range files {
			have, err := os.ReadFile(filepath.Join(dir, f.Name()))
			fresh, errFresh := os.ReadFile(filepath.Join("/proc/sys/net", tree, "default", f.Name()))
			if err == nil && errFresh == nil && string(have) != string(fresh) && !slices.Contains(volatile, f.Name()) {
				out[filepath.Join(tree, f.Name())] = strings.TrimSpace(string(have))
			}
		}
	}
	return out
}

// WriteSysctls gives a link the sysctls named: "ipv4/conf/rp_filter" → "0". One
// that is none of a link's is refused.
func WriteSysctls(link string, values map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !slices.Contains(sysctlTrees, filepath.Dir(key)) {
			return fmt.Errorf("%q is no sysctl of a link", key)
		}
		path := filepath.Join("/proc/sys/net", filepath.Dir(key), link, filepath.Base(key))
		if err := os.WriteFile(path, []byte(values[key]), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// WriteAcceptRA sets net.ipv6.conf.NAME.accept_ra (ip-sysctl.rst): 0, 1 or 2.
func WriteAcceptRA(link string, n int) error {
	return os.WriteFile(SysctlPath(link, "accept_ra"), []byte(strconv.Itoa(n)), 0o644)
}
