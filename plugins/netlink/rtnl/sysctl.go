package rtnl

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
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

// ReadSysctls reads the sysctls of links that are not as a new link has them,
// as Link.Sysctls names them. Those of one link are some 150 files.
func ReadSysctls(links []string) map[string]map[string]string {
	out, fresh := make(map[string]map[string]string), make(map[string]map[string]string)
	for _, tree := range sysctlTrees {
		fresh[tree] = readTree(tree, "default", nil)
	}
	for _, link := range links {
		out[link] = make(map[string]string)
		for tree, new := range fresh {
			if new == nil || strings.Contains(link, "/") {
				continue // no IPv6 in the kernel, or a namespace that does not tell what a new link has
			}
			have := readTree(tree, link, new)
			maps.DeleteFunc(have, func(name, value string) bool { return value == new[name] })
			for name, value := range have {
				out[link][filepath.Join(tree, name)] = value
			}
		}
	}
	return out
}

// readTree reads the sysctls of one link in one tree: those in names, or all
// that are there. Where a system call is slow, a file must not need more than
// three, as os.ReadFile does.
func readTree(tree, link string, names map[string]string) map[string]string {
	out := make(map[string]string)
	dir := filepath.Join("/proc/sys/net", tree, link)
	if names == nil {
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil
		}
		names = make(map[string]string)
		for _, f := range files {
			names[f.Name()] = ""
		}
	}
	buffer := make([]byte, 4096)
	for name := range names {
		fd, err := unix.Open(filepath.Join(dir, name), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		n, err := unix.Read(fd, buffer)
		unix.Close(fd)
		if err == nil && !slices.Contains(volatile, name) {
			out[name] = strings.TrimSpace(string(buffer[:n]))
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
