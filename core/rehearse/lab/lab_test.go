package lab_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"linkspan/core/rehearse/lab"
	"linkspan/core/rehearse/uml"
)

func TestMain(m *testing.M) { lab.Main(m) }

func TestKernelHasWhatANetworkNeeds(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	if os.Getpid() != 1 {
		t.Fatalf("pid %d inside, want 1", os.Getpid())
	}
	if b, err := os.ReadFile("/sys/kernel/uevent_helper"); err == nil && strings.TrimSpace(string(b)) != "" {
		t.Errorf("uevent_helper is %q: each device would start a process", b)
	}
	if _, err := os.Stat("/sys/class/net/bond0"); err == nil {
		t.Error("the bonding module made a bond0 of its own")
	}
	if err := os.WriteFile("/linkspan-was-here", nil, 0o644); err == nil {
		t.Fatal("the machine's own file system can be written")
	}
	for _, args := range []string{"link add c0 type veth peer c1", "link add b0 type bond", "link add link c0 c0.2 type vlan id 2", "link add br0 type bridge", "netns add peer"} {
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Errorf("ip %s: %v: %s", args, err, out)
		}
	}
}

// TestDisks: a file system on a disk of the kernel's own, twice mounted, and
// the parts that injure disks.
func TestDisks(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	device, image := lab.Disk(t, 16<<20)
	if out, err := exec.Command("mkfs.ext4", "-q", device).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	dir, unmount := lab.Mount(t, device, "ext4")
	if err := os.WriteFile(dir+"/file", []byte("here"), 0o600); err != nil {
		t.Fatal(err)
	}
	unmount()
	if info, err := os.Stat(image); err != nil || info.Size() != 16<<20 {
		t.Errorf("the image: %v %v", info, err)
	}
	dir, _ = lab.Mount(t, device, "ext4")
	if b, err := os.ReadFile(dir + "/file"); err != nil || string(b) != "here" {
		t.Errorf("%q, %v", b, err)
	}
	lab.Load(t, "dm_flakey", "dm_log_writes")
	if _, err := os.Stat("/dev/mapper/control"); err != nil {
		t.Error(err)
	}
	if err := uml.Load("no_such_module"); err == nil || !strings.Contains(err.Error(), "no_such_module") {
		t.Errorf("%v", err)
	}
}
