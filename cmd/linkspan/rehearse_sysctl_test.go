package main

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestReversePathsOfATree(t *testing.T) {
	for name, test := range map[string]struct {
		conf string
		want map[string]string
	}{
		"none":     {"", map[string]string{"ipv4/conf/default/rp_filter": "1"}},
		"Red Hat":  {"# Controls source route verification\nnet.ipv4.conf.default.rp_filter = 1\n", map[string]string{"ipv4/conf/default/rp_filter": "1"}},
		"loose":    {"net/ipv4/conf/default/rp_filter=2\n-net.ipv4.conf.all.rp_filter = 0\n", map[string]string{"ipv4/conf/default/rp_filter": "2", "ipv4/conf/all/rp_filter": "0"}},
		"a remark": {"#net.ipv4.conf.default.rp_filter = 0\nnet.ipv4.conf.eth0.rp_filter = 0\nrubbish\n", map[string]string{"ipv4/conf/default/rp_filter": "1"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(root, "etc/sysctl.conf"), []byte(test.conf), 0o644); err != nil {
				t.Fatal(err)
			}
			if got := reversePaths(root); !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
