package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/core/rehearse/uml"
)

// Load loads modules of the kernel with all that they need, e.g. "dm_flakey",
// "dm_log_writes"; what cannot be loaded fails the test. It is for tests that
// are Inside.
func Load(t *testing.T, modules ...string) {
	t.Helper()
	if err := uml.Load(modules...); err != nil {
		t.Fatal(err)
	}
}

// Disk gives the test, which is Inside, a block device of that many bytes, such
// as /dev/loop0. What is on it is in the kernel's memory, in the file that is
// returned as well: a copy of it is what a power cut would leave.
func Disk(t *testing.T, size int64) (device, image string) {
	t.Helper()
	Load(t, "loop")
	image = filepath.Join(t.TempDir(), "image")
	if err := attach(image, size, &device); err != nil {
		t.Fatalf("make a disk: %v", err)
	}
	t.Cleanup(func() {
		if err := detach(device); err != nil {
			t.Errorf("take the disk away: %v", err)
		}
	})
	return device, image
}

func attach(image string, size int64, device *string) error {
	file, err := os.OpenFile(image, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := file.Truncate(size); err != nil {
		return err
	}
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer control.Close()
	n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
	if err != nil {
		return fmt.Errorf("find a free loop device: %w", err)
	}
	*device = fmt.Sprintf("/dev/loop%d", n)
	loop, err := os.OpenFile(*device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer loop.Close()
	return unix.IoctlSetInt(int(loop.Fd()), unix.LOOP_SET_FD, int(file.Fd()))
}

func detach(device string) error {
	loop, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer loop.Close()
	return unix.IoctlSetInt(int(loop.Fd()), unix.LOOP_CLR_FD, 0)
}

// Mount mounts a device with a file system of that kind, e.g. "ext4", whose
// module it loads. The directory is unmounted when the test is over, or before
// by the function that is returned.
func Mount(t *testing.T, device, kind string) (dir string, unmount func()) {
	t.Helper()
	Load(t, kind)
	dir = t.TempDir()
	if err := unix.Mount(device, dir, kind, 0, ""); err != nil {
		t.Fatalf("mount %s: %v", device, err)
	}
	mounted := true
	unmount = func() {
		if !mounted {
			return
		}
		mounted = false
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmount %s: %v", device, err)
		}
	}
	t.Cleanup(unmount)
	return dir, unmount
}
