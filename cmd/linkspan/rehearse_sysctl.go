package main

import (
	"os"
	"path/filepath"
	"strings"
)

// reverseKeys are the sysctls that decide what becomes of packets that come by
// another link than their answers go: net.ipv4.conf.*.rp_filter.
var reverseKeys = []string{"ipv4/conf/all/rp_filter", "ipv4/conf/default/rp_filter"}

// redHatSysctls are those of a host that is not there to be asked, as RHEL's
// /etc/sysctl.conf sets them (initscripts, sysctl.conf).
func redHatSysctls() map[string]string { return map[string]string{"ipv4/conf/default/rp_filter": "1"} }

// reversePaths reads them from this machine's kernel, or from what the files
// below a root say beside Red Hat's.
func reversePaths(root string) map[string]string {
	out := redHatSysctls()
	if root == "" || root == "/" {
		for _, key := range reverseKeys {
			if b, err := os.ReadFile(filepath.Join("/proc/sys/net", key)); err == nil {
				out[key] = strings.TrimSpace(string(b))
			}
		}
		return out
	}
	more, _ := filepath.Glob(filepath.Join(root, "etc/sysctl.d/*.conf")) // the pattern is well formed
	for _, path := range append(more, filepath.Join(root, "etc/sysctl.conf")) {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // a tree need not have one
		}
		for line := range strings.Lines(string(b)) {
			readReverse(out, line)
		}
	}
	return out
}

// readReverse reads one line of sysctl.conf(5): a key with dots or slashes, and
// its value.
func readReverse(into map[string]string, line string) {
	key, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "-"), "=")
	key = strings.ReplaceAll(strings.TrimSpace(key), ".", "/")
	for _, known := range reverseKeys {
		if ok && key == "net/"+known {
			into[known] = strings.TrimSpace(value)
		}
	}
}
