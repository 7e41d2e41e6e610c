package files

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"syscall"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"linkspan/core/plan"
)

// permissions are the mode's bits that a file keeps.
const permissions = os.ModePerm | os.ModeSetuid | os.ModeSetgid | os.ModeSticky

// meta reads what a file has beside its content.
func meta(r *os.Root, target string) (*Meta, error) {
	f, err := r.Open(target)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	m := &Meta{Mode: info.Mode() & permissions, ModTime: info.ModTime().UnixNano(), UID: os.Geteuid(), GID: os.Getegid()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		m.UID, m.GID = int(st.Uid), int(st.Gid)
	}
	if err := replaceable(f); err != nil {
		return nil, err
	}
	m.Attributes, err = attributes(f)
	return m, err
}

// replaceable refuses a file that is immutable or can only be appended to, as
// the rename over it would be (ioctl_iflags(2)), before anything is changed.
func replaceable(f *os.File) error {
	const immutable, onlyAppend = 0x10, 0x20 // FS_IMMUTABLE_FL and FS_APPEND_FL of linux/fs.h
	flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS)
	if err == nil && flags&(immutable|onlyAppend) != 0 {
		return unix.EPERM
	}
	return nil // most file systems have no such flags
}

// attributes reads extended attributes; a file system without them has none.
func attributes(f *os.File) (map[string][]byte, error) {
	names, err := xattr.FList(f)
	if errors.Is(err, unix.ENOTSUP) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := make(map[string][]byte, len(names))
	for _, name := range names {
		if out[name], err = xattr.FGet(f, name); err != nil {
			return nil, fmt.Errorf("extended attribute %s: %w", name, err)
		}
	}
	return out, nil
}

// write makes the new text beside its target, with the mode, owner and
// extended attributes of the file that it replaces.
func (s *Set) write(it *item) error {
	if it.Like != nil {
		return s.writeFile(it.fresh, it.Change.After, it.Like, true)
	}
	return s.writeFile(it.fresh, it.Change.After, it.Before, false)
}

// writeFile writes a text like a file that was; with its times when that file
// is to come back. Nobody else's file has such a name: what is there was left
// by an interrupted run of the same ID.
func (s *Set) writeFile(name string, state plan.FileState, like *Meta, times bool) error {
	const flags = os.O_CREATE | os.O_EXCL | os.O_RDWR
	e, err := s.at(name)
	if err != nil {
		return err
	}
	f, err := e.open(flags)
	if errors.Is(err, os.ErrExist) {
		if err := e.remove(); err != nil {
			return err
		}
		f, err = e.open(flags)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(state.Content)
	if err == nil {
		err = dress(f, state, like)
	}
	if err == nil && times && like != nil {
		at := unix.NsecToTimespec(like.ModTime)
		err = e.fault("utimensat", unix.UtimesNanoAt(e.fd(), e.base, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW))
	}
	if err == nil {
		err = readBack(f, state)
	}
	return errors.Join(err, f.Close())
}

// readBack reads what was written: a write may say that it was done and not be
// (a failing disk, a short write that is not told).
func readBack(f *os.File, state plan.FileState) error {
	have := make([]byte, len(state.Content)+1)
	n, err := f.ReadAt(have, 0)
	if n != len(state.Content) || string(have[:n]) != string(state.Content) {
		return fmt.Errorf("read back, it is not what was written (%d bytes of %d, %w)", n, len(state.Content), err)
	}
	return nil
}

// dress gives f the owner, mode and extended attributes of the file that was;
// a mode that the state names counts more; a new file gets 0644.
func dress(f *os.File, state plan.FileState, like *Meta) error {
	mode := os.FileMode(state.Mode)
	if like == nil {
		if mode == 0 {
			mode = 0o644
		}
		return f.Chmod(mode)
	}
	if err := f.Chown(like.UID, like.GID); err != nil && !(errors.Is(err, os.ErrPermission) && like.UID == os.Geteuid()) {
		return err
	}
	if mode == 0 || mode == like.Mode.Perm() {
		mode = like.Mode
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(like.Attributes)) {
		if err := xattr.FSet(f, name, like.Attributes[name]); err != nil {
			return fmt.Errorf("extended attribute %s: %w", name, err)
		}
	}
	return nil
}

// sync makes everything that was done to the set durable, with one syncfs for
// each file system that it lies on: contents, renames and removals at once. One
// sync a file costs 28 times as much for 8,003 files, and does not make the set
// whole: between two of them the power may fail as well.
func (s *Set) sync() error {
	var done []uint64
	for _, name := range s.dirs() {
		d, err := s.root.Open(name)
		if errors.Is(err, os.ErrNotExist) {
			continue // a directory that Undo has removed
		}
		if err != nil {
			return err
		}
		var st unix.Stat_t
		err = unix.Fstat(int(d.Fd()), &st)
		if err == nil && !slices.Contains(done, st.Dev) {
			err = unix.Syncfs(int(d.Fd()))
			done = append(done, st.Dev)
		}
		if err := errors.Join(err, d.Close()); err != nil {
			return err
		}
	}
	return nil
}

// dirs are the directories that the set changes.
func (s *Set) dirs() []string {
	var out []string
	for _, it := range s.items {
		out = append(out, path.Dir(it.Target))
	}
	for _, d := range s.made {
		out = append(out, path.Dir(d))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// explain says which file, and what to do about the usual obstacles.
func explain(name string, err error) error {
	hint := ""
	switch {
	case errors.Is(err, ErrChanged):
		hint = "; plan again"
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EDQUOT):
		hint = "; make room on its file system (df -h, df -i)"
	case errors.Is(err, unix.EROFS):
		hint = "; its file system is mounted read-only (findmnt -T " + name + ")"
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EXDEV): // a rename, a link: all names are of one directory
		hint = "; it is a mount point of its own (findmnt " + name + ")"
	case errors.Is(err, unix.EPERM):
		hint = "; it may be immutable (lsattr " + name + "; chattr -i changes that)"
	case errors.Is(err, unix.EACCES):
		hint = "; run as its owner or as root"
	}
	return fmt.Errorf("%s: %w%s", name, err, hint)
}
