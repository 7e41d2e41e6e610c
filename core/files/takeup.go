package files

import (
	"errors"
	"io/fs"
)

// Left are the paths of the files that still have to be put into place, in a set
// whose process was cut off. A file that is neither as the plan found it nor as
// it is to be is ErrChanged. Nothing is written.
func (s *Set) Left() ([]string, error) {
	var out []string
	for _, it := range s.items {
		placed, err := s.isPlaced(it)
		if err != nil {
			return nil, explain(it.Change.Path, err)
		}
		if !placed {
			out = append(out, it.Change.Path)
		}
	}
	return out, nil
}

func (s *Set) isPlaced(it *item) (bool, error) {
	n, err := s.names(it)
	if errors.Is(err, fs.ErrNotExist) && !it.Change.Before.Exists {
		return !it.Change.After.Exists, nil // its directory is not made yet
	}
	if err != nil {
		return false, err
	}
	have, err := n.target.read()
	switch {
	case err != nil:
		return false, err
	case have.Digest() == it.Change.After.Digest():
		return true, nil
	case have.Digest() == it.Change.Before.Digest(), s.isTorn(it, have):
		return false, nil
	}
	return false, ErrChanged
}

// TakeUp makes a set that was cut off ready for Stage and Commit, which then do
// what is left: what lies beside the targets is tidied away, and files that are
// in their place already stay there; one that a power cut has torn is put back
// first. An Undo still leads back to the beginning.
func (s *Set) TakeUp() error {
	for _, it := range s.items {
		n, err := s.names(it)
		if errors.Is(err, fs.ErrNotExist) && !it.Change.Before.Exists {
			continue
		}
		if err == nil {
			err = s.clearFresh(n, it.Change)
		}
		if err == nil {
			err = s.mendTorn(n, it)
		}
		if err == nil {
			it.placed, err = s.isPlaced(it)
		}
		if err != nil {
			return explain(it.Change.Path, err)
		}
	}
	return nil
}

// mendTorn puts the old file back where a power cut has torn the new one.
func (s *Set) mendTorn(n names, it *item) error {
	have, err := n.target.read()
	if err != nil {
		return err
	}
	if have.Digest() == it.Change.After.Digest() || have.Digest() == it.Change.Before.Digest() || !s.isTorn(it, have) {
		return nil
	}
	_, kept, err := n.old.stat()
	if err != nil {
		return err
	}
	return s.replaceBack(n, it, kept)
}
