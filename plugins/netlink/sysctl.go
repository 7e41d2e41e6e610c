package netlink

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sysctlTrees are the per-link sysctls of the kernel, below /proc/sys/net.
var sysctlTrees = []string{"ipv4/conf", "ipv6/conf", "ipv4/neigh", "ipv6/neigh"}

// volatile sysctls are no settings: they tell a state or do something.
var volatile = []string{"stable_secret", "mc_forwarding", "mtu"} // mtu is the link's own

// readSysctls reads the sysctls of a link that are not as a new link has them.
func readSysctls(name string) map[string]string {
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

// writeSysctls gives a link that was made again the sysctls that it had.
func writeSysctls(s step) error {
	for _, key := range slices.Sorted(maps.Keys(s.New.Sysctls)) {
		if !slices.Contains(sysctlTrees, filepath.Dir(key)) {
			return fmt.Errorf("%s: %q is no sysctl of a link", s, key)
		}
		path := filepath.Join("/proc/sys/net", filepath.Dir(key), s.Link, filepath.Base(key))
		if err := writeSysctl(s, path, s.New.Sysctls[key]); err != nil {
			return err
		}
	}
	return nil
}

func writeSysctl(s step, path, value string) error {
	if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}
