package xend

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"linkspan/core/files"
	"linkspan/core/plan"
	"linkspan/core/rehearse/lab"
)

// particular is a root with xend's configuration on a file system of its own,
// as root of a kernel of its own.
func particular(t *testing.T) (root, config string) {
	t.Helper()
	root = t.TempDir()
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(root, unix.MNT_DETACH) })
	config = filepath.Join(root, configFile)
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(stockText), 0o640); err != nil {
		t.Fatal(err)
	}
	return root, config
}

const (
	stockText = "(network-script network-bridge)\n(vif-script vif-bridge)\n"
	doneText  = "#linkspan#(network-script network-bridge)\n(vif-script vif-bridge)\n"
)

// replace carries a plan's files out as the program does; after an error it
// undoes.
func replace(t *testing.T, root string, meanwhile func()) error {
	t.Helper()
	var changes []plan.FileChange
	for _, s := range planned(t, root, nil).Stages {
		for _, op := range s.Operations {
			changes = append(changes, *op.File)
		}
	}
	if len(changes) != 1 {
		t.Fatalf("%d changes", len(changes))
	}
	set, err := files.Prepare(root, "r1", changes)
	if err != nil {
		return err
	}
	defer set.Close()
	err = set.Stage()
	if meanwhile != nil {
		meanwhile()
	}
	if err == nil {
		err = set.Commit()
	}
	if err != nil {
		return errors.Join(err, set.Undo())
	}
	return nil
}

// alone checks that no temporary file is left beside the configuration.
func alone(t *testing.T, config string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(config))
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// TestReplacement: xend's configuration is replaced as the file that it is on
// this host, or not at all.
func TestReplacement(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	t.Run("symlink", replacesTheTarget)
	t.Run("symlink of a directory", replacesBehindADirectory)
	t.Run("owner and labels", keepsOwnerAndLabels)
	t.Run("mount point", explainsAMountPoint)
	t.Run("immutable", explainsTheImmutableFlag)
	t.Run("read-only", explainsReadOnly)
	t.Run("edited meanwhile", noticesAnEdit)
}

func replacesTheTarget(t *testing.T) {
	root, config := particular(t)
	target := filepath.Join(root, "srv/xen.sxp")
	if err := errors.Join(os.Mkdir(filepath.Dir(target), 0o755), os.Rename(config, target), os.Symlink("/srv/xen.sxp", config)); err != nil {
		t.Fatal(err)
	}
	if err := replace(t, root, nil); err != nil {
		t.Fatal(err)
	}
	has(t, target, doneText)
	if to, err := os.Readlink(config); err != nil || to != "/srv/xen.sxp" {
		t.Errorf("the symlink is %q, %v", to, err)
	}
	alone(t, config)
	alone(t, target)
}

func replacesBehindADirectory(t *testing.T) {
	root, config := particular(t)
	moved := filepath.Join(root, "srv/xen")
	if err := errors.Join(os.Mkdir(filepath.Dir(moved), 0o755), os.Rename(filepath.Dir(config), moved), os.Symlink("/srv/xen", filepath.Dir(config))); err != nil {
		t.Fatal(err)
	}
	if err := replace(t, root, nil); err != nil {
		t.Fatal(err)
	}
	has(t, filepath.Join(moved, "xend-config.sxp"), doneText)
}

func keepsOwnerAndLabels(t *testing.T) {
	root, config := particular(t)
	labels := map[string]string{"security.selinux": "system_u:object_r:etc_t:s0\x00", "trusted.note": "ours"}
	for name, value := range labels {
		if err := xattr.Set(config, name, []byte(value)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := errors.Join(os.Chown(config, 12, 34), os.Chmod(config, 0o604)); err != nil {
		t.Fatal(err)
	}
	if err := replace(t, root, nil); err != nil {
		t.Fatal(err)
	}
	has(t, config, doneText)
	var st unix.Stat_t
	if err := unix.Stat(config, &st); err != nil || st.Uid != 12 || st.Gid != 34 || st.Mode&0o7777 != 0o604 {
		t.Errorf("%d:%d %o, %v", st.Uid, st.Gid, st.Mode, err)
	}
	for name, want := range labels {
		if got, err := xattr.Get(config, name); err != nil || string(got) != want {
			t.Errorf("%s is %q, %v", name, got, err)
		}
	}
	alone(t, config)
}

// explained checks that an obstacle is named with what shows it, and that
// nothing has changed.
func explained(t *testing.T, err error, config, hint string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), configFile) || !strings.Contains(err.Error(), hint) {
		t.Errorf("%v, want %q", err, hint)
	}
	has(t, config, stockText)
	alone(t, config)
}

func explainsAMountPoint(t *testing.T) {
	root, config := particular(t)
	if err := unix.Mount(config, config, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	explained(t, replace(t, root, nil), config, "mount point of its own (findmnt")
}

func explainsTheImmutableFlag(t *testing.T) {
	root, config := particular(t)
	f, err := os.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const immutable = 0x10 // FS_IMMUTABLE_FL of linux/fs.h
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, immutable); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, 0) })
	explained(t, replace(t, root, nil), config, "may be immutable (lsattr")
}

func explainsReadOnly(t *testing.T) {
	root, config := particular(t)
	if err := unix.Mount("", root, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	explained(t, replace(t, root, nil), config, "mounted read-only (findmnt")
}

func noticesAnEdit(t *testing.T) {
	root, config := particular(t)
	byHand := stockText + "(dom0-min-mem 512)\n"
	err := replace(t, root, func() {
		if err := os.WriteFile(config, []byte(byHand), 0o640); err != nil {
			t.Fatal(err)
		}
	})
	if !errors.Is(err, files.ErrChanged) {
		t.Errorf("%v", err)
	}
	has(t, config, byHand)
	alone(t, config)
}
