package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"linkspan/core/backend"
	"linkspan/core/engine/journal"
	"linkspan/core/files"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/core/process"
)

// ApplyOptions are how an apply goes.
type ApplyOptions struct {
	Services Services          // nil leaves services alone
	Probe    Probe             // nil checks nothing
	Hooks    Hooks             // nil has none
	Guard    Guard             // nil arms none
	Restorer Restorer          // of an undo, since the plugins at hand may be what failed; nil takes those
	Progress func(step string) // one line a step, before it begins; nil is silent
	// JustPlanned tells that the plan was made of the same Request, and not read
	// from a file: only the host can have changed since.
	JustPlanned bool
	Confirm     time.Duration // how long a confirmation is waited for; 0 needs none
	Who         Who
}

// Who is at work, for the journal.
type Who struct{ User, Command, Program string }

// Result is what an apply did.
type Result struct {
	Digest     string            `json:"digest"`
	Run        int               `json:"run,omitempty"` // its number in the history
	Operations int               `json:"operations"`
	Restarted  []string          `json:"restarted,omitempty"`
	Deadline   *journal.Deadline `json:"deadline,omitempty"` // it is undone then, unless confirmed
	Values     map[string]string `json:"values,omitempty"`   // what hooks have kept for the report
	Warnings   []string          `json:"warnings,omitempty"` // what backends had to leave, each named
}

// Apply carries out exactly p: it plans again, refuses if the plan would now
// be another, writes down how to undo it, arms the guard, replaces the files
// of all backends in one transaction, lets the backends that act themselves do
// so, restarts services, reads everything again (the next plan must be empty)
// and runs the checks. On any failure everything is put back. A plan with
// nothing to do writes nothing, and is refused as well while an earlier run is not
// over, since what is there may still be undone.
func Apply(ctx context.Context, r Request, p *plan.Plan, o ApplyOptions) (Result, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	fresh := r.fresh
	if o.JustPlanned {
		fresh = r.unchanged
	}
	if p.Empty() {
		return Result{Digest: p.Digest}, r.nothingToDo(ctx, p, o)
	}
	unlock, err := lock(r.StateDir)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	if err := r.tidy(o.Progress); err != nil {
		return Result{}, err
	}
	if err := fresh(ctx, p); err != nil {
		return Result{}, err
	}
	a := &applying{Request: r, plan: p, options: o, verify: r.verify}
	if err := a.validate(ctx); err != nil {
		return Result{}, err
	}
	return a.transaction(ctx)
}

// journals are the host's runs; those of a tree are of where it is now.
func (r *Request) journals() journal.Store {
	s := journal.In(r.StateDir)
	s.Root = r.Root
	return s
}

// nothingToDo is the end of an apply with an empty plan.
func (r *Request) nothingToDo(ctx context.Context, p *plan.Plan, o ApplyOptions) error {
	last, err := r.journals().PeekLast() // no other can be open; see tidy
	if errors.Is(err, fs.ErrPermission) {
		last, err = nil, nil // who may not read them has applied nothing here
	}
	if err == nil && last != nil && !last.Over() {
		if last, err = r.journals().Load(last.ID); err == nil {
			err = &OpenRunError{last}
		}
	}
	if err != nil || o.JustPlanned {
		return err
	}
	return r.fresh(ctx, p)
}

// tidy refuses while an earlier run is open, and removes what the last one may
// have left when it was cut off after its end.
func (r *Request) tidy(tell func(string)) error {
	s := r.journals()
	open, err := s.Open()
	if err != nil {
		return err
	}
	if len(open) > 0 {
		return &OpenRunError{open[0]}
	}
	last, err := s.Last()
	if err != nil || last == nil {
		return err
	}
	return forget(last, tell)
}

// forget removes the old files that a run has kept aside.
func forget(run *journal.Run, tell func(string)) error {
	set, err := files.Resume(run.Begin().Root, runName(run.ID), run.Begin().Files)
	if err != nil {
		return err
	}
	return closeSet(set, tell)
}

// closeSet closes a set and tells of old files that stay, since someone has written
// to them.
func closeSet(set *files.Set, tell func(string)) error {
	err := set.Close()
	for _, kept := range set.Kept() {
		tell(kept)
	}
	return err
}

// applying is one apply under way.
type applying struct {
	Request
	plan       *plan.Plan
	options    ApplyOptions
	verify     func(context.Context) error // that the host is as planned
	was        map[string]*files.Meta      // of a rollback: what files had before
	rollbackOf int
	restoring  map[string][]byte           // of a rollback: snapshots to restore instead of operations
	rolledBack map[string][]plan.Operation // of a rollback: the backends' own operations in the run

	checks  []host.Check // those that decide
	stages  []ownStage
	set     *files.Set
	run     *journal.Run
	changed bool
	result  Result
}

// transaction prepares the undo, does everything, and undoes it on failure.
func (a *applying) transaction(ctx context.Context) (Result, error) {
	a.checks = a.deciding(ctx)
	if err := a.prepare(ctx); err != nil {
		return Result{}, err
	}
	err := a.do(ctx)
	if err == nil {
		err = a.keep()
	}
	if err == nil {
		return a.result, nil
	}
	return Result{}, a.undo(context.WithoutCancel(ctx), err)
}

// prepare records how everything is. Nothing has been changed when it returns,
// and everything that an undo needs is on the disk.
func (a *applying) prepare(ctx context.Context) error {
	changes := a.plan.FileChanges()
	store := a.journals()
	id, err := store.Next()
	if err != nil {
		return err
	}
	armed, disarm := a.arm(ctx, id)
	defer disarm()
	if a.set, err = files.Prepare(a.Root, runName(id), changes); err != nil {
		return err
	}
	a.set.Like(a.was)
	if a.stages, err = a.ownStages(); err != nil {
		return err
	}
	snapshots, err := a.snapshots(ctx)
	if err != nil {
		return err
	}
	var hooks json.RawMessage
	if a.options.Hooks != nil {
		if hooks, err = a.options.Hooks.Keep(); err != nil {
			return err
		}
	}
	a.run, err = store.Create(id, journal.Begin{
		Host: a.plan.Host, User: a.options.Who.User, Command: a.options.Who.Command, Program: a.options.Who.Program,
		Definition: a.plan.Definition.String(), Root: a.Root, Netns: a.Netns, Plan: a.plan,
		Files: a.set.Images(), Snapshots: snapshots, Confirm: a.options.Confirm, RollbackOf: a.rollbackOf, Hooks: hooks, Plugins: a.processes(),
	})
	if err != nil {
		return err
	}
	a.result = Result{Digest: a.plan.Digest, Run: id}
	if err := armed(); err != nil {
		return errors.Join(fmt.Errorf("arming the undo: %w", err), a.run.Remove())
	}
	return nil
}

// arm starts the guard, which takes as long as all that goes before a change of a
// few files; armed waits until it watches. It looks at the journal only when it
// gets the host's lock, that is after this program: without one it ends.
func (a *applying) arm(ctx context.Context, id int) (armed func() error, disarm func()) {
	if a.options.Guard == nil {
		return func() error { return nil }, func() {}
	}
	a.options.Progress("arming the undo")
	ctx, disarm = context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- a.options.Guard.Arm(ctx, id) }()
	return func() error { return <-done }, disarm
}

// processes are those of the backends that run in processes of their own.
func (r *Request) processes() []process.Process {
	var out []process.Process
	for _, b := range r.Backends {
		if own, ok := b.Backend.(interface{ PID() int }); ok && own.PID() > 0 {
			out = append(out, process.Of(own.PID()))
		}
	}
	return out
}

// do carries the plan out: persist, activate, verify, check.
func (a *applying) do(ctx context.Context) error {
	if err := a.hooks(ctx, "pre_apply", nil); err != nil {
		return err
	}
	n := len(a.plan.FileChanges())
	if err := a.step(ctx, "staging "+files.Count(n), a.set.Stage); err != nil {
		return err
	}
	a.changed = true
	if err := a.step(ctx, "replacing "+files.Count(n), a.set.Commit); err != nil {
		return err
	}
	a.result.Operations = n
	if err := a.activate(ctx); err != nil {
		return err
	}
	if err := a.step(ctx, "reading everything again", func() error { return a.verify(ctx) }); err != nil {
		return err
	}
	if err := a.check(ctx); err != nil {
		return err
	}
	if err := a.hooks(ctx, "check", nil); err != nil {
		return err
	}
	if err := a.hooks(ctx, "post_apply", nil); err != nil {
		return err
	}
	if a.rollbackOf != 0 {
		if err := a.hooks(ctx, "on_rollback", nil); err != nil {
			a.options.Progress(fmt.Sprintf("on_rollback: %v", err)) // what a hook thinks of it does not stop it
		}
	}
	a.result.Values, a.result.Warnings = a.run.Values(), a.run.Warnings()
	return nil
}

// step tells what begins and does it, unless the operator has had enough.
func (a *applying) step(ctx context.Context, name string, f func() error) error {
	if err := stopped(ctx, name); err != nil {
		return err
	}
	a.options.Progress(name)
	return f()
}

func stopped(ctx context.Context, before string) error {
	if ctx.Err() != nil {
		return fmt.Errorf("stopped before %s: %w", before, context.Cause(ctx))
	}
	return nil
}

// keep says in the journal that everything is done, and forgets the old files
// unless a confirmation is waited for. A power cut from here on keeps the new.
func (a *applying) keep() error {
	if a.options.Confirm > 0 {
		if err := a.rearm(); err != nil {
			return err
		}
		d, err := journal.DeadlineIn(a.options.Confirm)
		if err != nil {
			return err
		}
		// Before the end is said: a program that dies between the two is undone.
		if err := a.run.Append(journal.Record{Kind: journal.KindDeadline, Deadline: &d}, false); err != nil {
			return err
		}
		a.result.Deadline = &d
	}
	if err := a.run.Append(journal.Record{Kind: journal.KindApplied}, true); err != nil {
		return err
	}
	if a.result.Deadline != nil {
		return nil
	}
	stays(a.set, a.journals(), a.options.Progress)
	return nil
}

// stays is what follows on a run that stays: its old files and the oldest journals
// are forgotten. What cannot be does not change that it stays.
func stays(set *files.Set, store journal.Store, tell func(string)) {
	if err := closeSet(set, tell); err != nil {
		tell(fmt.Sprintf("left behind, for the next run to remove: %v", err))
	}
	if err := store.Prune(time.Now()); err != nil {
		tell(fmt.Sprintf("old journals stay: %v", err))
	}
}

// rearm arms another guard if the first has died meanwhile: nobody would undo
// the run if this program died, or at its deadline.
func (a *applying) rearm() error {
	if a.options.Guard == nil || Guarded(a.StateDir, a.run.ID) {
		return nil
	}
	a.options.Progress("no guard watches any more; arming another one")
	if err := a.options.Guard.Arm(context.Background(), a.run.ID); err != nil {
		return fmt.Errorf("arming the undo again: %w", err)
	}
	return nil
}

// undo puts everything back. What failed before anything had changed leaves no
// trace in the history.
func (a *applying) undo(ctx context.Context, cause error) error {
	// What hooks have run may have changed something outside, which those of
	// on_rollback know how to put back.
	if !a.changed && !a.run.Acted() {
		if err := a.set.Undo(); err != nil {
			return &UndoFailedError{Cause: cause, Undo: err, Journal: a.run.Path}
		}
		return errors.Join(cause, a.run.Remove())
	}
	a.options.Progress("undoing: " + cause.Error())
	u := Undoer{Applier: a.restorer(), Services: a.options.Services, Progress: a.options.Progress,
		Hooks: func(*journal.Run) (Hooks, error) { return a.options.Hooks, nil }}
	if err := u.Undo(ctx, a.run, cause.Error()); err != nil {
		return &UndoFailedError{Cause: cause, Undo: err, Journal: a.run.Path}
	}
	return &UndoneError{Cause: cause}
}

// applier is one of the request's backends that acts itself.
func (r *Request) applier(name string) (backend.Applier, error) {
	i := slices.IndexFunc(r.Backends, func(b Backend) bool { return b.Description.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("the plan needs backend %q, which the host does not use", name)
	}
	applier, ok := r.Backends[i].Backend.(backend.Applier)
	if !ok {
		return nil, fmt.Errorf("backend %q plans operations of its own but cannot apply them", name)
	}
	return applier, nil
}
