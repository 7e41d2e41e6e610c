// Package files replaces a set of files on a host, all of them or none.
//
// Paths are the host's ("/etc/…"); everything happens below a root, and a
// symlink never leads out of it. A Set goes through four steps: Prepare looks
// at everything and writes nothing; Stage writes every new text beside its
// target, so that a full disk or a read-only file shows before anything has
// changed; Commit renames each into place, with the old file kept under
// another name, and then makes the whole set durable at once; Close forgets the
// old ones. Undo leads back from anywhere: the same inodes, with their owner,
// times, labels and attributes.
//
// What Undo needs is in Images, which another process can resume from: names
// of temporary files follow from the set's ID, and what has been done shows in
// the files themselves. Images must be on the disk before Stage begins: nothing
// is synced before the end of Commit, so that after a power cut a file may be
// torn, and only they can mend it (see AfterPowerCut).
package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"

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
	target, err := resolve(r, relative(name))
	if err != nil {
		return plan.FileState{}, err
	}
	return read(r, target)
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

func relative(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

func read(r *os.Root, rel string) (plan.FileState, error) {
	info, err := r.Stat(rel) // before opening: opening a FIFO waits for a writer
	if errors.Is(err, fs.ErrNotExist) {
		return plan.FileState{}, nil
	}
	if err != nil {
		return plan.FileState{}, err
	}
	if !info.Mode().IsRegular() {
		return plan.FileState{}, notRegular(rel)
	}
	content, err := r.ReadFile(rel)
	if err != nil {
		return plan.FileState{}, err
	}
	return plan.FileState{Exists: true, Mode: uint32(info.Mode().Perm()), Content: content}, nil
}

func notRegular(rel string) error { return fmt.Errorf("/%s is no regular file", rel) }

// Set is a set of files that is being replaced.
type Set struct {
	id      string
	root    *os.Root
	folders map[string]*os.File // see at
	items   []*item
	made    []string // directories that are not there before, outermost first

	kept        []string // see Kept
	powerCut    bool     // see AfterPowerCut
	keepChanged bool     // see KeepChanged
}

// item is one file of the set.
type item struct {
	Image
	fresh, old string // names beside the target: the new text, the old file
	placed     bool   // by who was cut off; see TakeUp
}

// Prepare checks that every file is as the plan found it and records how it
// is. It writes nothing. The ID is part of the names of temporary files:
// letters, digits and "-".
func Prepare(root, id string, changes []plan.FileChange) (*Set, error) {
	r, err := openRoot(root)
	if err != nil {
		return nil, err
	}
	s := &Set{id: id, root: r, folders: make(map[string]*os.File)}
	look := looking{set: s, dirs: make(map[string]place)}
	for _, c := range changes {
		if err := s.prepare(&look, c); err != nil {
			return nil, errors.Join(explain(c.Path, err), s.closeFolders(), r.Close())
		}
	}
	return s, s.closeFolders()
}

// prepare takes one file up.
func (s *Set) prepare(look *looking, c plan.FileChange) error {
	target, have, err := look.at(relative(c.Path))
	if err != nil {
		return err
	}
	if have.Digest() != c.Before.Digest() {
		return ErrChanged
	}
	var m *Meta
	if c.Before.Exists {
		if m, err = meta(s.root, target); err != nil {
			return err
		}
	}
	s.add(Image{Change: c, Target: target, Before: m})
	if c.After.Exists {
		s.missingDirs(path.Dir(target))
	}
	return nil
}

func (s *Set) add(i Image) {
	s.items = append(s.items, &item{Image: i, fresh: hidden(i.Target, s.id, "new"), old: hidden(i.Target, s.id, "old")})
}

// hidden names a file beside the target. It begins with a dot: every
// "ifcfg-…" and "route-…" in its directory would be live configuration.
func hidden(target, id, what string) string {
	return path.Join(path.Dir(target), ".linkspan-"+path.Base(target)+"."+id+"."+what)
}

func base(rel string) string { return path.Base(rel) }

// resolve follows symlinks, those of directories too, so that a link's target
// is replaced and not the link. An absolute one is the host's: it starts at the
// root, and none leads out of it.
func resolve(r *os.Root, rel string) (string, error) {
	target, err := securejoin.SecureJoin(r.Name(), rel)
	if err != nil {
		return "", err
	}
	return filepath.Rel(r.Name(), target)
}

// missingDirs remembers each directory that Stage will have to make.
func (s *Set) missingDirs(dir string) {
	if dir == "." || slices.Contains(s.made, dir) {
		return
	}
	if _, err := s.root.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	s.missingDirs(path.Dir(dir))
	s.made = append(s.made, dir)
}

// Stage writes every new text beside its target. After an error, Undo removes
// what was written.
func (s *Set) Stage() error {
	for _, dir := range s.made {
		if err := s.root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return explain("/"+dir, err)
		}
	}
	for _, it := range s.items {
		if !it.Change.After.Exists || it.placed {
			continue
		}
		if err := s.write(it); err != nil {
			return explain(it.Change.Path, err)
		}
	}
	return nil
}

// Commit puts every new file in place and makes all of them durable. A file that
// is not what the plan found is ErrChanged, whenever someone has written it.
// After an error, Undo puts everything back.
func (s *Set) Commit() error {
	for _, it := range s.items {
		if it.placed {
			continue
		}
		if err := s.place(it); err != nil {
			return explain(it.Change.Path, err)
		}
	}
	if err := s.sync(); err != nil {
		return fmt.Errorf("making the new files durable: %w", err)
	}
	return nil
}

// Close forgets the old files and the root. After it Undo can still write the
// old files anew from their images, in another Set. An old file that someone has
// written to meanwhile, through a descriptor that was open when it was replaced,
// stays; see Kept.
func (s *Set) Close() error {
	var errs []error
	for _, it := range s.items {
		if it.Change.Before.Exists {
			errs = append(errs, s.forget(it))
		}
	}
	return errors.Join(append(errs, s.closeFolders(), s.root.Close())...)
}

// Kept tells of each old file that Close has not removed, since someone has written
// to it: what happened, and what to do.
func (s *Set) Kept() []string { return s.kept }

func (s *Set) forget(it *item) error {
	n, err := s.names(it)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // its directory has gone
	}
	if err != nil {
		return err
	}
	st, there, err := n.old.stat()
	if err != nil || !there {
		return err
	}
	if it.Before != nil && st.Mtim.Nano() != it.Before.ModTime {
		s.kept = append(s.kept, fmt.Sprintf("someone has written to %s while it was replaced: what they wrote is kept as /%s; take it over, and remove that file", it.Change.Path, it.old))
		return nil
	}
	return n.old.remove()
}

// Count spells a number of files: "1 file", "6 files".
func Count(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}
