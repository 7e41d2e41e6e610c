package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/core/rehearse/lab"
	"linkspan/core/rehearse/uml"
)

// kernelTest runs the present test in the rehearsal kernel with more modules than
// usual; inside, where its variable is set, it returns true.
func kernelTest(t *testing.T, variable string, modules ...string) bool {
	t.Helper()
	if os.Getenv(variable) != "" {
		return true
	}
	if testing.Short() {
		t.Skip("boots a kernel: not with -short")
	}
	kernel, err := uml.Find(os.Getenv("LINKSPAN_UML_PREFIX"))
	if err != nil {
		lab.Missing(t, err.Error())
	}
	var said strings.Builder
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	code, err := kernel.Run(t.Context(), uml.Options{
		Args: []string{"-test.run=" + pattern, "-test.v=true", fmt.Sprintf("-faults=%d", *faultsWanted)},
		Env:  []string{variable + "=1", longVariable + "=1", lab.RequireLive + "=" + os.Getenv(lab.RequireLive)}, Stdout: &said, Memory: 512,
		Modules: append(uml.DefaultModules(), modules...),
	})
	t.Logf("in the rehearsal kernel:\n%s", said.String())
	if err != nil || code != 0 || !strings.Contains(said.String(), "--- PASS: "+t.Name()) {
		t.Fatalf("the test failed in the rehearsal kernel (exit %d): %v", code, err)
	}
	return false
}

// TestPowerCutAtEveryWrite applies on a device that notes each write as it becomes
// durable (dm-log-writes), and recovers the device as it was after each of them.
func TestPowerCutAtEveryWrite(t *testing.T) {
	long(t)
	if !kernelTest(t, "LINKSPAN_TEST_LOG_WRITES", "loop", "dm_mod", "dm_log_writes") {
		return
	}
	if _, err := exec.LookPath("dmsetup"); err != nil {
		missing(t, "dmsetup (Debian package dmsetup)")
	}
	programInPath(t)
	examples, err := filepath.Abs("../../examples") // it was somewhere else when that was first asked
	if err != nil {
		t.Fatal(err)
	}
	exampleDir = examples
	s := scenarioScenes(t)[0]
	dir := filepath.Dir(s.template)
	const megabytes = 8
	data, log := loopDevice(t, filepath.Join(dir, "data.img"), megabytes), loopDevice(t, filepath.Join(dir, "log.img"), 64)
	shell(t, "dmsetup", "create", "noted", "--noudevsync", "--noudevrules", "--table", fmt.Sprintf("0 %d log-writes %s %s", megabytes<<11, data, log))
	const device = "/dev/dm-0" // devtmpfs has it; /dev/mapper is udev's, and there is none
	shell(t, "mkfs.ext4", "-q", "-b", "1024", "-J", "size=1", "-N", "512", device)
	at := filepath.Join(dir, "disk")
	if err := os.Mkdir(at, 0o755); err != nil {
		t.Fatal(err)
	}
	shell(t, "mount", "-o", loose, device, at)
	copyTree(t, s.template, at)
	shell(t, "sync", "-f", at)
	shell(t, "dmsetup", "message", "noted", "0", "mark ready")
	must(t, at, s.args...)
	shell(t, "dmsetup", "message", "noted", "0", "mark done")
	shell(t, "umount", at)
	shell(t, "dmsetup", "remove", "--noudevsync", "noted")
	cuts := replay(t, &s, filepath.Join(dir, "log.img"), megabytes<<20)
	if cuts < 10 {
		t.Errorf("only %d cuts", cuts)
	}
	t.Logf("%d power cuts, one after each write that mattered; each was whole", cuts)
}

// programInPath makes the program what `linkspan` starts in the rehearsal kernel.
func programInPath(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "linkspan")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func loopDevice(t *testing.T, image string, megabytes int64) string {
	t.Helper()
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, megabytes<<20); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("losetup", "-f", "--show", image).CombinedOutput()
	if err != nil {
		t.Fatalf("losetup: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// The log's format (drivers/md/dm-log-writes.c): a superblock in the first sector,
// then for each write one sector with its description, and its data.
const (
	logMagic   = 0x6a736677736872
	logDiscard = 1 << 2
	logMark    = 1 << 3
)

// logEntry is struct log_write_entry.
type logEntry struct{ Sector, Sectors, Flags, Length uint64 }

// replay makes the device anew, write by write, and recovers it after each one
// between the marks "ready" and "done".
func replay(t *testing.T, s *scene, path string, size int64) (cuts int) {
	t.Helper()
	log, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var super struct {
		Magic, Version, Entries uint64
		SectorSize              uint32
	}
	if err := binary.Read(log, binary.LittleEndian, &super); err != nil || super.Magic != logMagic {
		t.Fatalf("no log of writes: %v %x", err, super.Magic)
	}
	unit := int64(super.SectorSize)
	disk := make([]byte, size)
	at, ready, change := unit, false, false
	every := max(1, int(super.Entries)/60)
	for n := range int(super.Entries) {
		var e logEntry
		if err := binary.Read(io.NewSectionReader(log, at, unit), binary.LittleEndian, &e); err != nil {
			t.Fatal(err)
		}
		entry := at
		at += unit
		if e.Flags&logMark != 0 {
			mark := make([]byte, e.Length)
			if _, err := log.ReadAt(mark, entry+32); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(string(mark), "done") {
				recoverCopy(t, s, disk, "after exit 0", s.done)
				return cuts + 1
			}
			ready = true
			continue
		}
		from, length := int64(e.Sector)*unit, int64(e.Sectors)*unit
		if e.Flags&logDiscard != 0 {
			clear(disk[from : from+length])
			continue
		}
		if _, err := log.ReadAt(disk[from:from+length], at); err != nil && length > 0 {
			t.Fatal(err)
		}
		at += length
		if change = change || length > 0; ready && change && n%every == 0 {
			recoverCopy(t, s, disk, fmt.Sprintf("after write %d", n), s.old, s.new)
			cuts, change = cuts+1, false
		}
	}
	t.Fatal("the log ends before the apply")
	return cuts
}

func recoverCopy(t *testing.T, s *scene, disk []byte, when string, mayBe ...string) {
	t.Helper()
	dir := filepath.Dir(s.template)
	image := filepath.Join(dir, "cut.img")
	if err := os.WriteFile(image, disk, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rebooted(t, image, filepath.Join(dir, "cut"), mayBe); err != nil {
		t.Errorf("%s: %v", when, err)
	}
	unix.Sync()
}
