package main

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/engine/fault"
)

// rowPowerCut cuts the power at every call of apply, rollback and recover: what
// had reached the device by then is copied, mounted again as after a boot, and
// recovered. It must be the old configuration or the new one; the new one, once
// the program has ended with 0.
func rowPowerCut(t *testing.T) {
	if os.Geteuid() != 0 {
		missing(t, "root, for file systems on loop devices")
	}
	if out, err := exec.Command("losetup", "-f").CombinedOutput(); err != nil {
		missing(t, fmt.Sprintf("a loop device (%v: %s)", err, out))
	}
	scenario, many := scenarioScenes(t), manyScenes(t, 50)
	cuts, states := 0, 0
	for _, how := range []struct {
		scenes  []scene
		options string
		commit  int
	}{
		{scenario, "", 0},
		{many, loose, 0},
		{scenario, loose, max(1, stride(200, share()))}, // the short form takes some
		{many[:1], loose, max(30, stride(1200, share()))},
	} {
		for i := range how.scenes {
			if s := &how.scenes[i]; !s.alone {
				c, n := powerCuts(t, s, how.options, how.commit)
				cuts, states = cuts+c, states+n
			}
		}
	}
	if cuts < 500 {
		t.Errorf("only %d cuts", cuts)
	}
	t.Logf("%d power cuts that left %d different devices; each was whole", cuts, states)
}

// loose are the mount options under which least is in order after a power cut:
// names may be on the disk before what they stand for.
const loose = "data=writeback,noauto_da_alloc"

// disk is a file with a file system, mounted.
type disk struct{ image, at string }

func mountDisk(t *testing.T, image, at, options string) disk {
	t.Helper()
	if err := os.MkdirAll(at, 0o755); err != nil {
		t.Fatal(err)
	}
	shell(t, "mount", "-o", strings.TrimSuffix("loop,"+options, ","), image, at)
	d := disk{image, at}
	t.Cleanup(d.unmount)
	return d
}

func (d disk) unmount() {
	exec.Command("umount", d.at).Run() // it may be unmounted already
}

func shell(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
}

// powerCuts runs the scene once and cuts at each of its calls, and at its end. It
// returns how many cuts that were, and how many different devices they left. With
// commit it cuts at each commit-th call only, and lets the file system write down
// all names just before, as it does of itself every five seconds.
func powerCuts(t *testing.T, s *scene, options string, commit int) (cuts, states int) {
	t.Helper()
	dir := filepath.Dir(s.template)
	image := filepath.Join(dir, "disk.img")
	if err := errors.Join(os.RemoveAll(image), os.WriteFile(image, nil, 0o600), os.Truncate(image, 6<<20)); err != nil {
		t.Fatal(err)
	}
	shell(t, "mkfs.ext4", "-q", "-b", "1024", "-J", "size=1", "-N", "1024", image)
	d := mountDisk(t, image, filepath.Join(dir, "disk"), options)
	copyTree(t, s.template, d.at)
	shell(t, "sync", "-f", d.at)
	var seed = maphash.MakeSeed()
	seen := make(map[uint64]bool)
	copies := filepath.Join(dir, "copy.img")
	var faults []string
	cut := func(when string, mayBe ...string) {
		cuts++
		text, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		sum := maphash.Bytes(seed, text)
		if seen[sum] && len(mayBe) > 1 {
			return
		}
		seen[sum] = true
		states++
		if err := os.WriteFile(copies, bytes.Clone(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := rebooted(t, copies, filepath.Join(dir, "copy"), mayBe); err != nil {
			faults = append(faults, fmt.Sprintf("%s (%s), %s: %v", s.name, options, when, err))
		}
	}
	out := linkspan(t, d.at, func(c fault.Call) fault.Verdict {
		switch {
		case c.Role != "program":
		case commit == 0:
			cut(c.String(), s.old, s.new)
		case c.Number%commit == 0:
			syncNames(t, d.at)
			cut(c.String(), s.old, s.new)
		}
		return fault.Verdict{}
	}, s.args...)
	if out.code != 0 {
		t.Fatalf("%s ended with %d:\n%s", s.name, out.code, out.said)
	}
	cut("after exit 0", s.done)
	d.unmount()
	for _, f := range faults {
		t.Error(f)
	}
	return cuts, states
}

// syncNames makes all names of a file system durable, but not the contents: an
// fsync of a directory commits what the file system has noted (ext4's journal).
func syncNames(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		t.Error(err)
	}
}

// rebooted mounts what the device had, recovers as a boot does, and looks.
func rebooted(t *testing.T, image, at string, mayBe []string) error {
	t.Helper()
	d := mountDisk(t, image, at, "")
	defer d.unmount()
	if out := inAnotherBoot(t, at, "recover", "-root", "before"); out.code != 0 {
		return fmt.Errorf("recover ended with %d:\n%s", out.code, out.said)
	}
	if left := leftover(t, at); left != "" {
		return fmt.Errorf("%s is left", left)
	}
	now := hostState(t, at)
	for _, want := range mayBe {
		if now == want {
			return nil
		}
	}
	return fmt.Errorf("it is none of the %d that it may be:\n%s", len(mayBe), difference(now, mayBe[0]))
}
