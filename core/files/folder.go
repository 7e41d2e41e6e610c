package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"linkspan/core/plan"
)

// entry is a name in a directory that is held open: the directory cannot be
// replaced under it, and a symlink of that name is never followed.
type entry struct {
	dir  *os.File
	base string
	rel  string // for messages
}

// at is the entry of a path below the root.
func (s *Set) at(rel string) (entry, error) {
	name := path.Dir(rel)
	d, ok := s.folders[name]
	if !ok {
		var err error
		if d, err = s.root.Open(name); err != nil {
			return entry{}, err
		}
		s.folders[name] = d
	}
	return entry{d, path.Base(rel), rel}, nil
}

// closeFolders closes the directories that are held open; at opens them again.
func (s *Set) closeFolders() error {
	var errs []error
	for _, d := range s.folders {
		errs = append(errs, d.Close())
	}
	clear(s.folders)
	return errors.Join(errs...)
}

func (e entry) fd() int { return int(e.dir.Fd()) }

func (e entry) fault(op string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: "/" + e.rel, Err: err}
}

// open opens the entry; O_NONBLOCK because opening a FIFO would wait.
func (e entry) open(flags int) (*os.File, error) {
	for {
		fd, err := unix.Openat(e.fd(), e.base, flags|unix.O_NOFOLLOW|unix.O_CLOEXEC|unix.O_NONBLOCK, 0o600)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return nil, e.fault("open", err)
		}
		return os.NewFile(uintptr(fd), "/"+e.rel), nil
	}
}

// stat gives what the name stands for now; ok is false when nothing is there.
func (e entry) stat() (st unix.Stat_t, ok bool, err error) {
	err = unix.Fstatat(e.fd(), e.base, &st, unix.AT_SYMLINK_NOFOLLOW)
	if errors.Is(err, unix.ENOENT) {
		return st, false, nil
	}
	return st, err == nil, e.fault("stat", err)
}

// remove removes a file; one that is not there is no error.
func (e entry) remove() error {
	err := unix.Unlinkat(e.fd(), e.base, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return e.fault("remove", err)
}

func (e entry) link(to entry) error {
	return e.fault("link", unix.Linkat(e.fd(), e.base, to.fd(), to.base, 0))
}

// rename gives the file another name, in place of what is there.
func (e entry) rename(to entry) error {
	return e.fault("rename", unix.Renameat(e.fd(), e.base, to.fd(), to.base))
}

// errNotAtomic says that a file system or a kernel cannot exchange two names or
// refuse to replace one (renameat2(2): Linux 3.15, and not on every file system).
var errNotAtomic = errors.New("not supported")

// exchange lets both names change places at once.
func (e entry) exchange(with entry) error { return e.rename2(with, unix.RENAME_EXCHANGE) }

// renameNew gives the file another name if nothing is there, else fs.ErrExist.
func (e entry) renameNew(to entry) error { return e.rename2(to, unix.RENAME_NOREPLACE) }

// renameFree is renameNew, or rename where that is not possible.
func (e entry) renameFree(to entry) error {
	err := e.renameNew(to)
	if errors.Is(err, errNotAtomic) {
		return e.rename(to)
	}
	return err
}

func (e entry) rename2(to entry, flags uint) error {
	err := unix.Renameat2(e.fd(), e.base, to.fd(), to.base, flags)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return errNotAtomic
	}
	return e.fault("rename", err)
}

// read gives the state of the entry, as the function Read does.
func (e entry) read() (plan.FileState, error) {
	st, ok, err := e.stat()
	if err != nil || !ok {
		return plan.FileState{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return plan.FileState{}, notRegular(e.rel)
	}
	f, err := e.open(os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return plan.FileState{}, nil // removed meanwhile
	}
	if err != nil {
		return plan.FileState{}, err
	}
	defer f.Close()
	content := make([]byte, 0, st.Size+1)
	for {
		n, err := f.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		if errors.Is(err, io.EOF) {
			return plan.FileState{Exists: true, Mode: st.Mode & 0o777, Content: content}, nil
		}
		if err != nil {
			return plan.FileState{}, err
		}
		if len(content) == cap(content) {
			content = append(content, 0)[:len(content)]
		}
	}
}
