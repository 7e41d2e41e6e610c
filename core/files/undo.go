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
	return errors.Join(errs...)
}

func (s *Set) putBack(it *item) error {
	if err := s.remove(it.fresh); err != nil {
		return err
	}
	have, err := read(s.root, it.Target)
	if err != nil {
		return err
	}
	_, err = s.root.Lstat(it.old)
	kept := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch have.Digest() {
	case it.Change.Before.Digest():
		return s.remove(it.old) // it never came to the change, or it was put back already
	case it.Change.After.Digest():
		return s.replaceBack(it, kept)
	}
	if !have.Exists && kept { // a kill between the two renames of a removal cannot leave this; a hand can
		return s.root.Rename(it.old, it.Target)
	}
	if s.powerCut && (torn(have.Content, it.Change.After.Content) || torn(have.Content, it.Change.Before.Content)) {
		return s.replaceBack(it, kept)
	}
	if s.keepChanged {
		return s.remove(it.old)
	}
	conflict := &ConflictError{Path: it.Change.Path}
	if kept {
		conflict.Kept = "/" + it.old
	}
	return conflict
}

// AfterPowerCut says that the machine has been off since the set was staged: a
// new file that had not reached the disk in full is taken for what it is, and
// not for someone's edit.
func (s *Set) AfterPowerCut() { s.powerCut = true }

// KeepChanged says that files which someone else has written meanwhile stay as
// they are, and that the old ones are forgotten.
func (s *Set) KeepChanged() { s.keepChanged = true }

// torn reports whether a text is what a power cut can leave of another one: no
// longer than it, and each byte either the same or never written, which reads as
// zero (ext4 with delayed allocation and XFS show lengths before contents).
func torn(have, whole []byte) bool {
	if len(have) > len(whole) {
		return false
	}
	for i, b := range have {
		if b != 0 && b != whole[i] {
			return false
		}
	}
	return true
}

// replaceBack replaces the new file by the old one.
func (s *Set) replaceBack(it *item, kept bool) error {
	switch {
	case kept:
		return s.root.Rename(it.old, it.Target)
	case !it.Change.Before.Exists:
		return s.remove(it.Target)
	}
	if err := s.writeFile(it.fresh, it.Change.Before, it.Before, true); err != nil {
		return errors.Join(err, s.remove(it.fresh))
	}
	return s.root.Rename(it.fresh, it.Target)
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

// Resume is the set of another process, for its Undo or Close.
func Resume(root, id string, images Images) (*Set, error) {
	r, err := openRoot(root)
	if err != nil {
		return nil, err
	}
	s := &Set{id: id, root: r, made: images.Made}
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
