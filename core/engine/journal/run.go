package journal

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"linkspan/core/process"
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
	end     int64 // of its last whole record, in bytes
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

// Over reports whether nothing is left to do, or to undo.
func (r *Run) Over() bool {
	state := r.State()
	return state == Done || state == Undone
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

// Rebooted reports whether some of the run was in another boot than this one.
func (r *Run) Rebooted(boot string) bool {
	other := func(rec Record) bool { return rec.Kind == KindResumed && rec.Boot != boot }
	return r.Begin().Boot != boot || slices.ContainsFunc(r.Records, other)
}

// BegunIn are those of Begun that have begun in one boot.
func (r *Run) BegunIn(boot, prefix string) []string {
	in := func(rec Record) bool { return rec.Kind == KindResumed && rec.Boot == boot }
	first := slices.IndexFunc(r.Records, in)
	switch {
	case r.Begin().Boot == boot:
		first = 0
	case first < 0:
		return nil
	}
	since := Run{Records: r.Records[first:]}
	return since.Begun(prefix)
}

// Plugins are the processes of this boot in which the run's backends have run; none
// when it cannot be told which boot this is.
func (r *Run) Plugins() (out []process.Process) {
	boot, err := BootID()
	if err != nil {
		return nil
	}
	if b := r.Begin(); b.Boot == boot {
		out = b.Plugins
	}
	for _, rec := range r.Records {
		if rec.Kind == KindResumed && rec.Boot == boot {
			out = append(out[:len(out):len(out)], rec.Plugins...)
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

// Warnings are what backends had to leave in the run and in its undo, each once.
func (r *Run) Warnings() (out []string) {
	for _, rec := range r.Records {
		if rec.Kind == KindWarning && !slices.Contains(out, rec.Warning) {
			out = append(out, rec.Warning)
		}
	}
	return out
}

// Append adds a record after the last whole one: what a power cut or a full disk
// has left of another is cut off, so that it never joins with the next. A synced
// one is on the disk when Append returns; one that could not be added is not
// there. Who appends holds the host's lock, and has loaded the run since.
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
	if err = r.add(f, line, synced); err != nil {
		return fmt.Errorf("journal %s: %w", r.Path, errors.Join(err, f.Truncate(r.end), f.Close()))
	}
	r.Records, r.end = append(r.Records, rec), r.end+int64(len(line))
	if r.Over() {
		f.Truncate(r.end) // gives back what was reserved beyond its end, which may as well stay
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("journal %s: %w", r.Path, err)
	}
	return nil
}

// add writes a line at the end.
func (r *Run) add(f *os.File, line []byte, synced bool) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() < r.end:
		return fmt.Errorf("%w: it has %d bytes, and had %d", ErrDamaged, info.Size(), r.end)
	case info.Size() > r.end:
		if err := f.Truncate(r.end); err != nil {
			return err
		}
	}
	if _, err := f.Write(line); err != nil || !synced {
		return err
	}
	return f.Sync()
}

// Remove forgets a run that has changed nothing.
func (r *Run) Remove() error { return os.Remove(r.Path) }
