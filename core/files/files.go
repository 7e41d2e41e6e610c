// Package files replaces a set of files on a host, all of them or none.
//
// Paths are the host's ("/etc/…"); everything happens below a root, and a
// symlink never leads out of it. New texts are written beside their targets
// first, so that a full disk or a read-only file shows before anything has
// changed; then each file is renamed into place, with the old one kept under
// another name until the whole set is there. Undo renames the old ones back:
// the same inodes, with their owner, times, labels and attributes.
package files

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"linkspan/core/plan"
)

// ErrChanged says that a file is not what it was when the plan was made.
var ErrChanged = errors.New("changed since the plan was made")

// Read returns the state of one file; a file that is not there is the zero
// state. Only regular files are read.
func Read(root, name string) (plan.FileState, error) {
	r, err := openRoot(root)
	if err != nil {
		return plan.FileState{}, err
	}
	defer r.Close()
	return read(r, relative(name))
}

func openRoot(root string) (*os.Root, error) {
	if root == "" {
		root = "/"
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("root %q: %w", root, err)
	}
	return r, nil
}

func relative(name string) string { return strings.TrimPrefix(path.Clean(name), "/") }

func read(r *os.Root, rel string) (plan.FileState, error) {
	info, err := r.Stat(rel) // before opening: opening a FIFO waits for a writer
	if errors.Is(err, fs.ErrNotExist) {
		return plan.FileState{}, nil
	}
	if err != nil {
		return plan.FileState{}, err
	}
	if !info.Mode().IsRegular() {
		return plan.FileState{}, fmt.Errorf("/%s is no regular file", rel)
	}
	content, err := r.ReadFile(rel)
	if err != nil {
		return plan.FileState{}, err
	}
	return plan.FileState{Exists: true, Mode: uint32(info.Mode().Perm()), Content: content}, nil
}

// Set is a set of files that is being replaced.
type Set struct {
	root  *os.Root
	items []*item
	made  []string // directories that were made, outermost first
}

// item is one file of the set.
type item struct {
	change plan.FileChange
	target string // below the root, symlinks resolved
	temp   string // the new text; "" when the file is to go
	old    string // the old file, once it has been moved aside or linked
	done   bool
}

// Stage checks that every file is as the plan found it and writes every new
// text beside its target. On an error nothing is left behind.
func Stage(root string, changes []plan.FileChange) (*Set, error) {
	r, err := openRoot(root)
	if err != nil {
		return nil, err
	}
	s := &Set{root: r}
	for _, c := range changes {
		if err := s.stage(c); err != nil {
			return nil, errors.Join(explain(c.Path, err), s.Undo())
		}
	}
	if err := s.sync(); err != nil {
		return nil, errors.Join(fmt.Errorf("writing the new files: %w", err), s.Undo())
	}
	return s, nil
}

func (s *Set) stage(c plan.FileChange) error {
	target, err := s.resolve(relative(c.Path))
	if err != nil {
		return err
	}
	it := &item{change: c, target: target}
	if err := s.unchanged(it); err != nil {
		return err
	}
	s.items = append(s.items, it)
	if !c.After.Exists {
		return nil
	}
	if err := s.makeDir(path.Dir(target)); err != nil {
		return err
	}
	it.temp = hidden(target, "new")
	return s.write(it)
}

// resolve follows symlinks below the root, so that a link's target is replaced
// and not the link.
func (s *Set) resolve(rel string) (string, error) {
	for range 40 { // as the kernel's MAXSYMLINKS
		info, err := s.root.Lstat(rel)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return rel, nil
		}
		to, err := s.root.Readlink(rel)
		if err != nil {
			return "", err
		}
		if path.IsAbs(to) {
			rel = relative(to)
		} else {
			rel = path.Join(path.Dir(rel), to)
		}
		if rel == ".." || strings.HasPrefix(rel, "../") {
			return "", fmt.Errorf("the symlink leads out of the root, to %q", to)
		}
	}
	return "", errors.New("too many symlinks")
}

func (s *Set) unchanged(it *item) error {
	have, err := read(s.root, it.target)
	if err != nil {
		return err
	}
	if have.Digest() != it.change.Before.Digest() {
		return ErrChanged
	}
	return nil
}

// makeDir makes a directory and remembers each part that it made.
func (s *Set) makeDir(dir string) error {
	if dir == "." {
		return nil
	}
	if info, err := s.root.Stat(dir); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("/%s is no directory", dir)
		}
		return nil
	}
	if err := s.makeDir(path.Dir(dir)); err != nil {
		return err
	}
	if err := s.root.Mkdir(dir, 0o755); err != nil {
		return err
	}
	s.made = append(s.made, dir)
	return nil
}

// hidden names a file beside the target. It begins with a dot: every
// "ifcfg-…" and "route-…" in its directory would be live configuration.
func hidden(target, what string) string {
	var b [6]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return path.Join(path.Dir(target), ".linkspan-"+path.Base(target)+"."+hex.EncodeToString(b[:])+"."+what)
}

// Commit puts every new file in place. Between checking a file and replacing
// it only a rename happens. On an error everything is put back.
func (s *Set) Commit() error {
	for _, it := range s.items {
		if err := s.place(it); err != nil {
			return errors.Join(explain(it.change.Path, err), s.Undo())
		}
	}
	if err := s.syncDirs(); err != nil {
		return errors.Join(fmt.Errorf("syncing the directories: %w", err), s.Undo())
	}
	return nil
}

func (s *Set) place(it *item) error {
	if err := s.unchanged(it); err != nil {
		return err
	}
	if it.change.Before.Exists {
		old := hidden(it.target, "old")
		keep := s.root.Link
		if it.temp == "" {
			keep = s.root.Rename
		}
		if err := keep(it.target, old); err != nil {
			return err
		}
		it.old = old
	}
	if it.temp != "" {
		if err := s.root.Rename(it.temp, it.target); err != nil {
			return err
		}
		it.temp = ""
	}
	it.done = true
	return nil
}

// Undo puts every file back as it was and removes what was staged. It can be
// called at any time before Close, and again after an error.
func (s *Set) Undo() error {
	var errs []error
	for i := len(s.items) - 1; i >= 0; i-- {
		if err := s.putBack(s.items[i]); err != nil {
			errs = append(errs, fmt.Errorf("putting %s back: %w", s.items[i].change.Path, err))
		}
	}
	for i := len(s.made) - 1; i >= 0; i-- {
		if err := s.root.Remove(s.made[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if len(errs) == 0 {
		s.items, s.made = nil, nil
	}
	return errors.Join(errs...)
}

func (s *Set) putBack(it *item) error {
	if it.temp != "" {
		if err := s.root.Remove(it.temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		it.temp = ""
	}
	switch {
	case it.old != "" && it.done:
		have, err := read(s.root, it.target)
		if err != nil {
			return err
		}
		if d := have.Digest(); d != it.change.After.Digest() && d != it.change.Before.Digest() {
			return fmt.Errorf("someone has written it meanwhile; the old file is kept as /%s", it.old)
		}
		if err := s.root.Rename(it.old, it.target); err != nil {
			return err
		}
	case it.old != "": // the new one never came: drop the second name, or move back
		if err := s.root.Rename(it.old, it.target); err != nil {
			return err
		}
		if err := s.root.Remove(it.old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err // renaming one name of a file over another does nothing (POSIX rename)
		}
	case it.done && !it.change.Before.Exists:
		if err := s.root.Remove(it.target); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	it.old, it.done = "", false
	return nil
}

// Close forgets the old files; after it there is no way back.
func (s *Set) Close() error {
	var errs []error
	for _, it := range s.items {
		if it.old == "" {
			continue
		}
		if err := s.root.Remove(it.old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	errs = append(errs, s.root.Close())
	return errors.Join(errs...)
}
