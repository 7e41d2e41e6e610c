package backend

import "context"

// Warner is an Applier whose Restore can have something to warn of, as an
// operation has in Progress.Warning.
type Warner interface {
	Applier
	// RestoreWarning is Restore. It calls warn, before it returns, with a sentence
	// for people on each thing that it had to leave and that is no failure.
	RestoreWarning(ctx context.Context, snapshot []byte, warn func(string)) error
}

// Restore brings a recorded state back and hands on what the backend warns of.
func Restore(ctx context.Context, a Applier, snapshot []byte, warn func(string)) error {
	if w, ok := a.(Warner); ok {
		return w.RestoreWarning(ctx, snapshot, warn)
	}
	return a.Restore(ctx, snapshot)
}
