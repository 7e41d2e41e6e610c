package rehearse

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// hostRoot is the host's "/" inside: the machine's directories, read-only, but
// /etc and /var of its own. The program is run in it.
const hostRoot = "/run/host"

// makeRoot makes it and lays the host's files out in it.
func makeRoot(files []File) error {
	if err := os.Mkdir(hostRoot, 0o755); err != nil {
		return fmt.Errorf("make the host's root: %w", err)
	}
	if err := unix.Mount("tmpfs", hostRoot, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount the host's root: %w", err)
	}
	entries, err := os.ReadDir("/")
	if err != nil {
		return fmt.Errorf("read /: %w", err)
	}
	for _, e := range entries {
		if err := bindEntry(e); err != nil {
			return fmt.Errorf("show /%s to the host: %w", e.Name(), err)
		}
	}
	for _, dir := range []string{"/etc", "/var/lib", "/var/log", "/var/tmp"} {
		if err := os.MkdirAll(hostRoot+dir, 0o755); err != nil {
			return fmt.Errorf("make the host's %s: %w", dir, err)
		}
	}
	for _, f := range files {
		path := filepath.Join(hostRoot, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("lay out %s: %w", f.Path, err)
		}
		if err := os.WriteFile(path, f.Content, os.FileMode(f.Mode)); err != nil {
			return fmt.Errorf("lay out %s: %w", f.Path, err)
		}
	}
	return nil
}

// bindEntry shows one entry of / below the host's root.
func bindEntry(e os.DirEntry) error {
	from, to := "/"+e.Name(), filepath.Join(hostRoot, e.Name())
	switch {
	case e.Name() == "etc" || e.Name() == "var":
		return nil
	case e.Type()&os.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case !e.IsDir():
		return nil
	}
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	return unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "")
}
