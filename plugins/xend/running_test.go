package xend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/plugins/xend/guest"
)

// TestRunning: xend runs when the process that its file names is xend; a number
// that is left of a killed one, or belongs to another program by now, does not
// make a restart. Below another root nothing runs.
func TestRunning(t *testing.T) {
	for _, c := range []struct {
		name         string
		pid, cmdline string
		live         bool
		want         int
	}{
		{"it runs", "17\n", "/usr/bin/python\x00/usr/sbin/xend\x00start\x00", true, 17},
		{"started by its name", "17", "xend\x00", true, 17},
		{"another program", "17\n", "/usr/sbin/xenconsoled\x00--pid\x00", true, 0},
		{"a process that has gone", "18\n", "/usr/sbin/xend\x00", true, 0},
		{"no number", "x\n", "/usr/sbin/xend\x00", true, 0},
		{"no file", "", "/usr/sbin/xend\x00", true, 0},
		{"another root", "17\n", "/usr/sbin/xend\x00", false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range map[string]string{"run/xend.pid": c.pid, "proc/17/cmdline": c.cmdline, "proc/17/environ": "PATH=/bin\x00XEND_CONFIG=/etc/xen/site.sxp\x00", "etc/xen/xend-config.sxp": ""} {
				name = filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(filepath.Join(root, "var"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink("/run", filepath.Join(root, "var/run")); err != nil {
				t.Fatal(err)
			}
			r := newReading(backend.Setup{Root: root})
			if c.live {
				r.live = &guest.Links{}
			}
			if got := r.xendPID(); got != c.want {
				t.Errorf("process %d, want %d", got, c.want)
			}
			got, err := r.response()
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Contains(spellFindings(got.Diagnostics), `/proc/17/environ: XEND_CONFIG is "/etc/xen/site.sxp"`)
			if said != (c.want == 17) {
				t.Errorf("%v", got.Diagnostics)
			}
		})
	}
}
