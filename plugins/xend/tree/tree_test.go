package tree

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// TestRead: symlinks are followed as the host below the root would, and never
// lead out of it; what is no regular file, or far too big, is refused.
func TestRead(t *testing.T) {
	outside := t.TempDir()
	root := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(outside, "secret"), []byte("outside"), 0o644))
	must(os.MkdirAll(filepath.Join(root, "etc/xen"), 0o755))
	must(os.MkdirAll(filepath.Join(root, "srv/xen"), 0o755))
	must(os.MkdirAll(filepath.Join(root, "run"), 0o755))
	must(os.MkdirAll(filepath.Join(root, "var"), 0o755))
	must(os.WriteFile(filepath.Join(root, "srv/xen/config"), []byte("inside"), 0o640))
	must(os.WriteFile(filepath.Join(root, "run/xend.pid"), []byte("17"), 0o644))
	must(os.Link(filepath.Join(root, "srv/xen/config"), filepath.Join(root, "srv/xen/second")))
	must(os.Symlink("/srv/xen/config", filepath.Join(root, "etc/xen/absolute")))
	must(os.Symlink("../../srv/xen/config", filepath.Join(root, "etc/xen/relative")))
	must(os.Symlink("/run", filepath.Join(root, "var/run"))) // as Debian has it
	must(os.Symlink(filepath.Join(outside, "secret"), filepath.Join(root, "etc/xen/out")))
	must(os.Symlink("../../../../../../../../../.."+filepath.Join(outside, "secret"), filepath.Join(root, "etc/xen/far-out")))
	must(os.Symlink("loop", filepath.Join(root, "etc/xen/loop")))
	must(syscall.Mkfifo(filepath.Join(root, "etc/xen/fifo"), 0o644))
	must(os.WriteFile(filepath.Join(root, "etc/xen/big"), nil, 0o644))
	must(os.Truncate(filepath.Join(root, "etc/xen/big"), MaxFile+1))
	tree := At(root)
	for name, want := range map[string]string{"/etc/xen/absolute": "inside", "/etc/xen/relative": "inside", "/srv/xen/config": "inside", "/var/run/xend.pid": "17"} {
		f, err := tree.Read(name)
		if err != nil || string(f.Content) != want {
			t.Errorf("%s: %q, %v", name, f.Content, err)
		}
	}
	f, err := tree.Read("/etc/xen/absolute")
	if err != nil || f.Target != "/srv/xen/config" || f.Links != 2 || f.Mode != 0o640 {
		t.Errorf("%+v, %v", f, err)
	}
	for _, name := range []string{"/etc/xen/none", "/etc/xen/out", "/etc/xen/far-out"} {
		if f, err := tree.Read(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v", name, f.Content, err)
		}
	}
	for _, name := range []string{"/etc/xen/fifo", "/etc/xen/big", "/etc/xen/loop", "/etc/xen"} {
		if _, err := tree.Read(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := tree.List("/etc/xen"); len(got) != 7 || got[0] != "/etc/xen/absolute" {
		t.Errorf("%v", got)
	}
	if got := tree.Dirs("/"); len(got) != 4 {
		t.Errorf("%v", got)
	}
}
