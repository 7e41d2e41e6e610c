package journal

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// State is how a run stands.
type State string

// The states.
const (
	Unfinished State = "unfinished" // under way, or its program has died
	Pending    State = "pending"    // applied; undone at the deadline unless confirmed
	Done       State = "applied"
	Undone     State = "undone"
	UndoFailed State = "undo failed" // something is left to put back
)

// Run is one apply as its journal tells it.
type Run struct {
	ID      int
	Path    string
	Records []Record
}

// Begin is the run's first record.
func (r *Run) Begin() *Begin { return r.Records[0].Begin }

// Time is when it began, on the wall clock.
func (r *Run) Time() time.Time { return r.Records[0].Time }

// State is how it stands.
func (r *Run) State() State {
	applied, deadline, undoing := false, false, false
	end := Unfinished
	for _, rec := range r.Records {
		switch rec.Kind {
		case KindDeadline:
			deadline = true
		case KindApplied:
			applied = true
		case KindConfirmed:
			end = Done
		case KindUndoing:
			undoing, end = true, Unfinished
		case KindUndone:
			end = Undone
		case KindFailed:
			end = UndoFailed
		}
	}
	switch {
	case end != Unfinished || undoing || !applied:
		return end
	case deadline:
		return Pending
	}
	return Done
}

// Deadline is when a pending run is undone; the last one set counts.
func (r *Run) Deadline() (Deadline, bool) {
	for _, rec := range slices.Backward(r.Records) {
		if rec.Kind == KindDeadline && rec.Deadline != nil {
			return *rec.Deadline, true
		}
	}
	return Deadline{}, false
}

// Why is the reason that the last undo gave; "" without one.
func (r *Run) Why() string {
	for _, rec := range slices.Backward(r.Records) {
		if rec.Why != "" {
			return rec.Why
		}
	}
	return ""
}

// Begun are the steps that have begun, whose name has the prefix; the prefix
// is cut off.
func (r *Run) Begun(prefix string) []string { return r.steps(prefix, false) }

// Ended are the steps that were done to their end; as in Begun.
func (r *Run) Ended(prefix string) []string { return r.steps(prefix, true) }

func (r *Run) steps(prefix string, done bool) []string {
	var out []string
	for _, rec := range r.Records {
		if name, ok := strings.CutPrefix(rec.Step, prefix); ok && rec.Kind == KindStep && rec.Done == done && name != "" {
			out = append(out, name)
		}
	}
	return out
}

// Undoing reports whether an undo has begun, however far it came.
func (r *Run) Undoing() bool {
	return slices.ContainsFunc(r.Records, func(rec Record) bool { return rec.Kind == KindUndoing })
}

// Acted reports whether a hook has run a command.
func (r *Run) Acted() bool {
	return slices.ContainsFunc(r.Records, func(rec Record) bool { return rec.Kind == KindCommand })
}

// Values are what the run's hooks have kept, by key.
func (r *Run) Values() map[string]string {
	out := make(map[string]string)
	for _, rec := range r.Records {
		if rec.Kind == KindValue {
			out[rec.Key] = rec.Value
		}
		if out[rec.Key] == "" {
			delete(out, rec.Key)
		}
	}
	return out
}

// Append adds a record. A synced one is on the disk when Append returns.
func (r *Run) Append(rec Record, synced bool) error {
	rec.Time = time.Now().UTC()
	line, err := encode(rec)
	if err != nil {
		return fmt.Errorf("journal %s: %w", r.Path, err)
	}
	f, err := open(r.Path, os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	_, err = f.Write(line)
	if err == nil && synced {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("journal %s: %w", r.Path, err)
	}
	r.Records = append(r.Records, rec)
	return nil
}

// Remove forgets a run that has changed nothing.
func (r *Run) Remove() error { return os.Remove(r.Path) }
