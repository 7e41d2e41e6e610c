package files

import (
	"errors"
	"io/fs"

	"linkspan/core/plan"
)

// names are the three names of one file of a set.
type names struct{ target, fresh, old entry }

func (s *Set) names(it *item) (n names, err error) {
	if n.target, err = s.at(it.Target); err != nil {
		return n, err
	}
	n.fresh, n.old = n.target, n.target
	n.fresh.base, n.fresh.rel = base(it.fresh), it.fresh
	n.old.base, n.old.rel = base(it.old), it.old
	return n, nil
}

// is reports whether what is there is in that state.
func (e entry) is(want plan.FileState) (bool, error) {
	have, err := e.read()
	return err == nil && have.Digest() == want.Digest(), err
}

// place puts one file of the set into its place, if it is still what the plan
// found there. What it replaces is looked at only after the two have changed
// places, in one step: whatever someone has put there by then is in hand, and
// goes back.
func (s *Set) place(it *item) error {
	n, err := s.names(it)
	if err != nil {
		return err
	}
	before, after := it.Change.Before, it.Change.After
	switch {
	case before.Exists && after.Exists:
		err = n.replace(before)
	case before.Exists:
		err = n.takeAway(before)
	case after.Exists:
		err = n.fresh.renameNew(n.target)
	}
	if errors.Is(err, errNotAtomic) {
		return n.placeInSteps(it.Change)
	}
	if errors.Is(err, fs.ErrExist) {
		return ErrChanged
	}
	return err
}

// replace lets the new file and the old one change places.
func (n names) replace(before plan.FileState) error {
	err := n.target.link(n.old)
	if errors.Is(err, fs.ErrExist) { // left by an interrupted run of the same ID
		err = errors.Join(n.old.remove(), n.target.link(n.old))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return ErrChanged
	}
	if err != nil {
		return err
	}
	if err := n.fresh.exchange(n.target); err != nil {
		return errors.Join(err, n.old.remove())
	}
	kept, _, err := n.old.stat()
	if err != nil {
		return err
	}
	out, _, err := n.fresh.stat()
	if err != nil {
		return err
	}
	same := kept.Ino == out.Ino && kept.Dev == out.Dev
	if same {
		if same, err = n.fresh.is(before); err != nil {
			return err
		}
	}
	if !same { // someone has replaced or edited it
		return errors.Join(ErrChanged, n.fresh.exchange(n.target), n.old.remove())
	}
	return n.fresh.remove()
}

// takeAway keeps the old file under its other name only.
func (n names) takeAway(before plan.FileState) error {
	if err := n.target.rename(n.old); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return ErrChanged
		}
		return err
	}
	same, err := n.old.is(before)
	if err != nil {
		return err
	}
	if !same {
		return errors.Join(ErrChanged, n.old.renameNew(n.target))
	}
	return nil
}

// placeInSteps is place where names cannot be exchanged: between the look and
// the rename someone could still come.
func (n names) placeInSteps(c plan.FileChange) error {
	same, err := n.target.is(c.Before)
	if err != nil {
		return err
	}
	if !same {
		return ErrChanged
	}
	switch {
	case c.Before.Exists && c.After.Exists:
		if err := n.old.remove(); err != nil {
			return err
		}
		err = n.target.link(n.old)
	case c.Before.Exists:
		return n.target.rename(n.old)
	}
	if err != nil {
		return err
	}
	return n.fresh.rename(n.target)
}
