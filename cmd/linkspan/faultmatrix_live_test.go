package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/core/engine/journal"
	"linkspan/core/rehearse/lab"
	"linkspan/core/rehearse/uml"
)

// bootEnvironment tells the test in which of its boots it is.
const bootEnvironment = "LINKSPAN_TEST_BOOT"

// rowReboot: the machine loses its power while an apply waits to be confirmed,
// and in the middle of another one. The boot's `linkspan recover` brings the old
// files back, and leaves the kernel to the network's start.
func rowReboot(t *testing.T) {
	switch os.Getenv(bootEnvironment) {
	case "1":
		firstBoot(t)
	case "2":
		secondBoot(t)
	default:
		twoBoots(t)
	}
}

// twoBoots boots twice with one disk.
func twoBoots(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a kernel: not with -short")
	}
	kernel, err := uml.Find(os.Getenv("LINKSPAN_UML_PREFIX"))
	if err != nil {
		lab.Missing(t, err.Error())
	}
	share := t.TempDir()
	image := filepath.Join(share, "disk.img")
	if err := errors.Join(os.WriteFile(image, nil, 0o600), os.Truncate(image, 16<<20)); err != nil {
		t.Fatal(err)
	}
	shell(t, "mkfs.ext4", "-q", image)
	for _, boot := range []string{"1", "2"} {
		var said strings.Builder
		code, err := kernel.Run(t.Context(), uml.Options{
			Args: []string{"-test.run=^TestFaultMatrix$/^row18_reboot_while_pending$", "-test.v=true"},
			Env:  []string{bootEnvironment + "=" + boot}, Share: share, Stdout: &said,
			Modules: append(uml.DefaultModules(), "loop"),
		})
		t.Logf("boot %s (%d, %v):\n%s", boot, code, err, said.String())
		switch {
		case boot == "1" && !strings.Contains(said.String(), "THE POWER FAILS NOW"):
			t.Fatal("it did not come to the power cut")
		case boot == "2" && (err != nil || code != 0):
			t.Fatal("after the reboot it is not as it should be")
		}
	}
}

// hostDisk mounts the disk of the share as the host's /etc and /var.
func hostDisk(t *testing.T) {
	t.Helper()
	if err := os.Mkdir("/run/disk", 0o755); err != nil {
		t.Fatal(err)
	}
	shell(t, "mount", "-o", "loop", filepath.Join(uml.SharePath, "disk.img"), "/run/disk")
	for _, dir := range []string{"/etc", "/var"} {
		if err := os.MkdirAll("/run/disk"+dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount("/run/disk"+dir, dir, "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func scriptFiles(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	entries, err := os.ReadDir("/etc/sysconfig/network-scripts")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile("/etc/sysconfig/network-scripts/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s %q\n", e.Name(), text)
	}
	return b.String()
}

func firstBoot(t *testing.T) {
	hostDisk(t)
	liveFiles(t)
	twoCards(t)
	mustLive(t, applyLive("before")...)
	write(t, "/etc/files-before", scriptFiles(t))
	unix.Sync()
	mustLive(t, applyLive("after", "-confirm", "1h")...)
	if scriptFiles(t) == readText(t, "/etc/files-before") {
		t.Fatal("the apply has changed nothing")
	}
	fmt.Println("THE POWER FAILS NOW")
	unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func secondBoot(t *testing.T) {
	hostDisk(t)
	twoCards(t)
	if runs, err := journal.In("/var/lib/linkspan").Open(); err != nil || len(runs) != 1 || runs[0].State() != journal.Pending {
		t.Fatalf("after the reboot: %v %v", runs, err)
	}
	said := mustLive(t, "recover")
	if !strings.Contains(said, "Run 2 ") || !strings.Contains(said, "is undone") {
		t.Errorf("recover says:\n%s", said)
	}
	if now, before := scriptFiles(t), readText(t, "/etc/files-before"); now != before {
		t.Errorf("the files are not as before:\n%s", difference(now, before))
	}
	if out, err := exec.Command("ip", "-o", "link", "show", "type", "bond").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("recover has touched the kernel: %s %v", out, err)
	}
}
