package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"linkspan/core/engine/fault"
)

func rowNoSpace(t *testing.T) {
	errorsAt(t, fault.Changing(), syscall.ENOSPC, syscall.EDQUOT)
	for name, options := range map[string]string{"blocks": "size=%d", "inodes": "nr_inodes=%d"} {
		t.Run(name, func(t *testing.T) { smallDisks(t, options) })
	}
}

// smallDisks applies on real file systems that are too small by less and less,
// until one is big enough.
func smallDisks(t *testing.T, options string) {
	s := scenarioScenes(t)[0]
	sizes := []string{"26", "29", "32", "35", "38", "41", "44", "48", "60", "200"}
	unit := ""
	if strings.HasPrefix(options, "size") {
		sizes, unit = []string{"48", "64", "80", "96", "112", "128", "144", "160", "400"}, "k"
	}
	refused, done := 0, 0
	for _, size := range sizes {
		out := onOwnDisk(t, s, strings.Replace(options, "%d", size+unit, 1), "")
		switch {
		case strings.Contains(out, "DOES NOT FIT"): // not even the host's old files
		case strings.Contains(out, "ENDED 0\nNEW"):
			done++
		case strings.Contains(out, "ENDED 1\nOLD"):
			refused++
			if !strings.Contains(out, "no space left") {
				t.Errorf("%s: the reason is not named:\n%s", size, out)
			}
		default:
			t.Errorf("%s: neither the old nor the new:\n%s", size, out)
		}
	}
	if refused == 0 || done == 0 {
		t.Errorf("%d refused, %d done: the sizes do not show the fault", refused, done)
	}
	t.Logf("%d refused, %d done", refused, done)
}

// onOwnDisk applies a scene on a tmpfs of its own, after doing something to it,
// and says how it ended: "ENDED CODE", then "OLD", "NEW" or what differs.
func onOwnDisk(t *testing.T, s scene, options, first string) string {
	t.Helper()
	dir := s.copy(t)
	state := filepath.Join(dir, "disk-state")
	const script = `
mkdir disk || exit 9
mount -t tmpfs -o "mode=755,$1" none disk || exit 9
cp -a before/. disk/ 2>/dev/null || { echo "DOES NOT FIT"; exit 0; }
mount --bind disk before || exit 9
eval "$2"
shift 2
"$@" 2>&1
echo "ENDED $?"
eval "$LAST"
mkdir -p ` + "`dirname $STATE`" + `
cp -a before/. "$STATE"
`
	args := append([]string{"-rm", "sh", "-c", script, "sh", options, first, "linkspan"}, s.args...)
	if os.Geteuid() == 0 {
		args[0] = "-m" // with the real root's rights, for chattr
	}
	c := exec.Command("unshare", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "STATE="+state+"/before", "LAST="+os.Getenv("LINKSPAN_TEST_LAST"), "XDG_RUNTIME_DIR="+dir)
	out, err := c.CombinedOutput()
	if err != nil {
		missing(t, "a mount namespace of one's own ("+strings.TrimSpace(string(out))+")")
	}
	if strings.Contains(string(out), "DOES NOT FIT") {
		return string(out)
	}
	switch at := hostState(t, state); {
	case leftover(t, state) != "":
		return string(out) + "LEFT " + leftover(t, state)
	case at == s.old:
		return string(out) + "OLD"
	case at == s.new:
		return string(out) + "NEW"
	default:
		return string(out) + difference(at, s.old)
	}
}

func rowInputOutput(t *testing.T) {
	errorsAt(t, append(fault.Changing(), "read", "pread64"), syscall.EIO)
}

func rowReadOnly(t *testing.T) {
	errorsAt(t, fault.Changing(), syscall.EROFS, syscall.EACCES, syscall.EPERM, syscall.ETXTBSY)
	// A file that cannot be removed because it is not there is not there.
	errorsAt(t, slices.DeleteFunc(fault.Changing(), func(call string) bool { return call == "unlinkat" }), syscall.ENOENT)
	s := scenarioScenes(t)[0]
	for name, first := range map[string]string{
		"mounted read-only":    "mount -o remount,ro,bind before",
		"a directory in place": "mkdir before/etc/sysconfig/network-scripts/ifcfg-xenbr0",
		"no directory":         "rm -r before/etc/sysconfig/network-scripts",
	} {
		t.Run(name, func(t *testing.T) {
			if out := onOwnDisk(t, s, "size=10m", first); !strings.Contains(out, "ENDED 1") && name != "no directory" {
				t.Errorf("it was not refused:\n%s", out)
			}
		})
	}
	t.Run("immutable", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("only root makes a file immutable")
		}
		t.Setenv("LINKSPAN_TEST_LAST", "chattr -i before/etc/sysconfig/network-scripts/ifcfg-bond0.2")
		out := onOwnDisk(t, s, "size=10m", "chattr +i before/etc/sysconfig/network-scripts/ifcfg-bond0.2 || echo NOT IMMUTABLE")
		if strings.Contains(out, "NOT IMMUTABLE") {
			missing(t, "a tmpfs with immutable files (Linux 6.6)")
		}
		if !strings.Contains(out, "ENDED 1\nOLD") {
			t.Errorf("it is not as before:\n%s", out)
		}
		if !strings.Contains(out, "immutable") {
			t.Errorf("the reason is not named:\n%s", out)
		}
	})
}
