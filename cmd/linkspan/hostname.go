package main

import (
	"os"
	"path/filepath"
	"strings"
)

// hostName is the name of the machine that is meant, "" when it is not known:
// this one, or the one whose files are below root. A tree names itself in
// /etc/hostname (hostname(5)), or on RHEL up to 6 by HOSTNAME in
// /etc/sysconfig/network.
func hostName(root string) string {
	if root == "" {
		name, err := os.Hostname()
		if err != nil {
			return ""
		}
		return name
	}
	if text, err := os.ReadFile(filepath.Join(root, "etc/hostname")); err == nil {
		return strings.TrimSpace(string(text))
	}
	text, err := os.ReadFile(filepath.Join(root, "etc/sysconfig/network"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "HOSTNAME="); ok {
			return strings.Trim(name, `"'`)
		}
	}
	return ""
}
