package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"linkspan/core/plan"
)

// ConflictError says that someone else has written a file meanwhile. It is
// left as it is, and the old one is kept.
type ConflictError struct {
	Path string
	Kept string // where the old file is; "" when it is only in the journal
}

func (e *ConflictError) Error() string {
	where := "is in the journal"
	if e.Kept != "" {
		where = "is kept as " + e.Kept
	}
	return fmt.Sprintf("%s was written by someone else meanwhile and stays so; the file of before %s (`linkspan rollback -keep-changed` leaves it at that)", e.Path, where)
}

// Undo puts every file back as it was and removes what was staged, from
// whatever state the set or an earlier Undo was left in. It goes on after an
// error, so that as much as possible is as before.
func (s *Set) Undo() error {
	var errs []error
	for _, it := range slices.Backward(s.items) {
		if err := s.putBack(it); err != nil {
			errs = append(errs, fmt.Errorf("putting %s back: %w", it.Change.Path, err))
		}
	}
	for _, dir := range slices.Backward(s.made) {
		// Not empty: someone has put something there, and it is theirs.
		if err := s.root.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			errs = append(errs, fmt.Errorf("removing /%s: %w", dir, err))
		}
	}
	if len(errs) == 0 {
		if err := s.sync(); err != nil {
			errs = append(errs, fmt.Errorf("making the old files durable: %w", err))
		}
	}
	return errors.Join(append(errs, s.closeFolders())...)
}

func (s *Set) putBack(it *item) error {
	n, err := s.names(it)
	if errors.Is(err, fs.ErrNotExist) && !it.Change.Before.Exists {
		return nil // its directory was never made, or is removed again
	}
	if err != nil {
		return err
	}
	if err := s.clearFresh(n, it.Change); err != nil {
		return err
	}
	have, err := n.target.read()
	if err != nil {
		return err
	}
	_, kept, err := n.old.stat()
	if err != nil {
		return err
	}
	switch {
	case have.Digest() == it.Change.Before.Digest():
		return n.dropOld(it.Change) // it never came to the change, or it was put back already
	case have.Digest() == it.Change.After.Digest(), s.isTorn(it, have):
		return s.replaceBack(n, it, kept)
	case !have.Exists && kept: // a kill between the two renames of a removal cannot leave this; a hand can
		return n.old.renameFree(n.target)
	case !kept && it.Change.Before.Exists:
		return nil // it was never replaced: someone was faster, and it stays theirs
	case s.keepChanged:
		return n.old.remove()
	}
	conflict := &ConflictError{Path: it.Change.Path}
	if kept {
		conflict.Kept = "/" + it.old
	}
	return conflict
}

// dropOld removes the other name of an old file that is in its place. A kill just
// after the two had changed places has left what was there under that name: the
// new file, or what someone had put there in that very moment, which goes back.
func (n names) dropOld(c plan.FileChange) error {
	have, err := n.old.read()
	if err != nil || !have.Exists {
		return err
	}
	if have.Digest() == c.Before.Digest() || torn(have, c.After) || torn(have, c.Before) {
		return n.old.remove()
	}
	return n.old.rename(n.target)
}

// clearFresh removes the new file from beside its target. A kill just after the
// two had changed places has left the old one there, which has its other name
// as well; or what someone had put there in that very moment, which goes back.
func (s *Set) clearFresh(n names, c plan.FileChange) error {
	have, err := n.fresh.read()
	if err != nil || !have.Exists {
		return err
	}
	ours := torn(have, c.After) || torn(have, c.Before) || have.Digest() == c.Before.Digest()
	if ours {
		return n.fresh.remove()
	}
	at, err := n.target.read()
	switch {
	case err != nil:
		return err
	case !at.Exists: // a kill while an undo had it in hand; see takeOut
		return n.fresh.renameFree(n.target)
	case at.Digest() != c.After.Digest():
		return n.fresh.remove()
	}
	return errors.Join(n.fresh.rename(n.target), n.old.remove())
}

// replaceBack replaces the new file by the old one; what it replaces is looked
// at when it is in hand, as in place.
func (s *Set) replaceBack(n names, it *item, kept bool) error {
	if !it.Change.Before.Exists {
		return s.takeOut(n, it)
	}
	from := n.old
	if !kept {
		from = n.fresh
		if err := s.writeFile(it.fresh, it.Change.Before, it.Before, true); err != nil {
			return errors.Join(err, n.fresh.remove())
		}
	}
	if !it.Change.After.Exists {
		err := from.renameFree(n.target)
		if errors.Is(err, fs.ErrExist) {
			return &ConflictError{Path: it.Change.Path, Kept: "/" + from.rel}
		}
		return err
	}
	err := from.exchange(n.target)
	if errors.Is(err, errNotAtomic) {
		return from.rename(n.target)
	}
	if err != nil {
		return err
	}
	if err := s.ours(from, it, "/"+from.rel); err != nil {
		return errors.Join(err, from.exchange(n.target))
	}
	return from.remove()
}

// takeOut removes the new file where there was none before; what it removes is
// looked at when it is in hand.
func (s *Set) takeOut(n names, it *item) error {
	err := n.target.renameFree(n.fresh)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.ours(n.fresh, it, ""); err != nil {
		return errors.Join(err, n.fresh.renameFree(n.target))
	}
	return n.fresh.remove()
}

// ours is a conflict unless what is in hand is the new file.
func (s *Set) ours(e entry, it *item, kept string) error {
	have, err := e.read()
	if err != nil || have.Digest() == it.Change.After.Digest() || s.isTorn(it, have) {
		return err
	}
	return &ConflictError{Path: it.Change.Path, Kept: kept}
}

// AfterPowerCut says that the machine has been off since the set was staged: a
// new file that had not reached the disk in full is taken for what it is, and
// not for someone's edit.
func (s *Set) AfterPowerCut() { s.powerCut = true }

// isTorn reports whether a file can be what a power cut has left of the new one, or
// of the old one that an undo had written anew.
func (s *Set) isTorn(it *item, have plan.FileState) bool {
	return s.powerCut && (torn(have, it.Change.After) || torn(have, it.Change.Before))
}

// KeepChanged says that files which someone else has written meanwhile stay as
// they are, and that the old ones are forgotten.
func (s *Set) KeepChanged() { s.keepChanged = true }

// torn reports whether a text is what a power cut can leave of another one: no
// longer than it, and each byte either the same or never written, which reads as
// zero (ext4 with delayed allocation and XFS show lengths before contents).
func torn(have, whole plan.FileState) bool {
	if !have.Exists || !whole.Exists || len(have.Content) > len(whole.Content) {
		return false
	}
	for i, b := range have.Content {
		if b != 0 && b != whole.Content[i] {
			return false
		}
	}
	return true
}

// Images are what another process needs to undo the set.
type Images struct {
	Files []Image  `json:"files,omitempty"`
	Made  []string `json:"made,omitempty"` // directories that were not there
}

// Image is one file of a set as it was.
type Image struct {
	Change plan.FileChange `json:"change"`
	Target string          `json:"target"` // below the root, symlinks resolved
	Before *Meta           `json:"before,omitempty"`
	Like   *Meta           `json:"like,omitempty"` // what the new file gets instead of Before's
}

// Like gives new files what files of before had: owner, mode, times and
// attributes by path, for bringing back what an earlier set has replaced.
func (s *Set) Like(was map[string]*Meta) {
	for _, it := range s.items {
		it.Image.Like = was[it.Change.Path]
	}
}

// Images returns what Resume needs.
func (s *Set) Images() Images {
	out := Images{Made: s.made}
	for _, it := range s.items {
		out.Files = append(out.Files, it.Image)
	}
	return out
}

// Resume is the set of another process, for its TakeUp, Undo or Close.
func Resume(root, id string, images Images) (*Set, error) {
	r, err := openRoot(root)
	if err != nil {
		return nil, err
	}
	s := &Set{id: id, root: r, folders: make(map[string]*os.File), made: images.Made}
	for _, i := range images.Files {
		s.add(i)
	}
	return s, nil
}

// Meta is what a file has beside its content.
type Meta struct {
	Mode       os.FileMode       `json:"mode"`
	UID        int               `json:"uid"`
	GID        int               `json:"gid"`
	ModTime    int64             `json:"mtime_ns"`             // nanoseconds since 1970
	Attributes map[string][]byte `json:"attributes,omitempty"` // extended attributes, labels among them
}
