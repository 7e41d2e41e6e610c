package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/engine/journal"
	"linkspan/core/files"
	"linkspan/core/plan"
)

// NotResumableError says that a run cannot be carried on. Nothing that it was to
// do was done now.
type NotResumableError struct {
	Run    int
	Why    string // e.g. "/etc/hosts is neither as before nor as planned"
	Advice string // what to do instead
}

func (e *NotResumableError) Error() string {
	return fmt.Sprintf("run %d cannot be carried on: %s; %s", e.Run, e.Why, e.Advice)
}

// refused is the error of a run that only an undo can end.
func refused(run *journal.Run, why string) error {
	return &NotResumableError{run.ID, why, "`linkspan rollback` puts back what it changed"}
}

// LeftOf tells what a run that was cut off has still to do: paths of files, and
// steps such as "backend netlink" and "restart xend". It refuses, as Resume does,
// a run that was not cut off, and one whose files are no longer what its journal
// says. Nothing is changed.
func LeftOf(run *journal.Run) (paths, steps []string, err error) {
	if err := resumable(run); err != nil {
		return nil, nil, err
	}
	b := run.Begin()
	boot, err := journal.BootID()
	if err != nil {
		return nil, nil, err
	}
	set, err := setOf(run, boot)
	if err != nil {
		return nil, nil, err
	}
	paths, err = set.Left()
	if err != nil {
		return nil, nil, refused(run, err.Error())
	}
	for _, s := range b.Snapshots {
		steps = append(steps, "backend "+s.Backend)
	}
	for _, r := range b.Plan.Restarts {
		if r.Skipped == "" {
			steps = append(steps, "restart "+r.Service)
		}
	}
	ended := run.Ended("")
	return paths, slices.DeleteFunc(steps, func(s string) bool { return slices.Contains(ended, s) }), nil
}

// resumable refuses runs that were not cut off on their way to the end.
func resumable(run *journal.Run) error {
	switch state := run.State(); {
	case state == journal.Pending:
		return &NotResumableError{run.ID, "it is done, and waits to be confirmed", "`linkspan confirm` keeps it"}
	case state == journal.Done, state == journal.Undone:
		return &NotResumableError{run.ID, "it is " + string(state), "there is nothing to carry on"}
	case state == journal.UndoFailed, run.Undoing():
		return refused(run, "its undo has begun")
	}
	boot, err := journal.BootID()
	if err != nil {
		return err
	}
	volatile := func(s journal.Snapshot) bool { return s.Volatile }
	if run.Rebooted(boot) && slices.ContainsFunc(run.Begin().Snapshots, volatile) {
		return refused(run, "the host has rebooted since, and the kernel is no longer what the journal says")
	}
	return nil
}

// setOf is the set of files of a run of another process. After a reboot what a power
// cut can leave of them counts as theirs.
func setOf(run *journal.Run, boot string) (*files.Set, error) {
	b := run.Begin()
	set, err := files.Resume(b.Root, runName(run.ID), b.Files)
	if err == nil && run.Rebooted(boot) {
		set.AfterPowerCut()
	}
	return set, err
}

// Resume completes a run that was cut off: files that are in their place stay
// there, steps that were done to their end are not done again, and a backend that
// was cut off in the middle of its work restores its snapshot first. Then the
// rest is done, read again and checked as in Apply, in the same journal, so that
// any failure undoes the whole run. It refuses if the host or the definition leads
// elsewhere than the run's plan. The request is that of the run's host; of a
// rollback it is as in RollbackRequest.
func Resume(ctx context.Context, r Request, id int, o ApplyOptions) (Result, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	unlock, err := lock(r.StateDir)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	store := r.journals()
	run, err := store.Load(id)
	if err != nil {
		return Result{}, err
	}
	if err := resumable(run); err != nil {
		return Result{}, err
	}
	outlast(run)
	a := &applying{Request: r, plan: run.Begin().Plan, options: o, run: run, changed: true, verify: r.verify,
		result: Result{Digest: run.Begin().Plan.Digest, Run: id}}
	if err := a.takeUp(ctx, store); err != nil {
		return Result{}, err
	}
	if err := a.rearm(); err != nil {
		return Result{}, err
	}
	if err = a.do(ctx); err == nil {
		err = a.keep()
	}
	if err == nil {
		return a.result, nil
	}
	return Result{}, a.undo(context.WithoutCancel(ctx), err)
}

// takeUp finds out what is left to do, and that it still leads where the run's
// plan does.
func (a *applying) takeUp(ctx context.Context, store journal.Store) error {
	b := a.run.Begin()
	boot, err := journal.BootID()
	if err != nil {
		return err
	}
	if a.set, err = setOf(a.run, boot); err != nil {
		return err
	}
	if err := a.run.Append(journal.Record{Kind: journal.KindResumed, Boot: boot, Plugins: a.processes()}, false); err != nil {
		return err
	}
	if err := a.set.TakeUp(); err != nil {
		return refused(a.run, err.Error())
	}
	if b.RollbackOf != 0 {
		of, err := store.Load(b.RollbackOf)
		if err != nil {
			return err
		}
		a.leadBack(of)
		a.stages, err = a.ownStages()
		a.stages = slices.DeleteFunc(a.stages, func(s ownStage) bool { return slices.Contains(a.run.Ended("backend "), s.name) })
		return err
	}
	if a.options.Probe != nil {
		// What failed already before the run is not known any more: all decide.
		a.checks = slices.Clone(a.Host.Checks)
	}
	if err := a.validate(ctx); err != nil {
		return err
	}
	if err := a.restoreHalves(ctx); err != nil {
		return err
	}
	return a.rest(ctx)
}

// restoreHalves restores what a backend had recorded that was cut off in the
// middle of its work: only it could tell how far it had come.
func (a *applying) restoreHalves(ctx context.Context) error {
	begun, ended := a.run.Begun("backend "), a.run.Ended("backend ")
	u := Undoer{Applier: a.restorer(), Progress: a.options.Progress}
	for _, s := range slices.Backward(a.run.Begin().Snapshots) {
		if !slices.Contains(begun, s.Backend) || slices.Contains(ended, s.Backend) {
			continue
		}
		if err := u.restoreOne(ctx, a.run, s); err != nil {
			return fmt.Errorf("%w; `linkspan rollback` tries to put back all", err)
		}
	}
	return nil
}

// rest plans again from where the host is, and takes from that what backends are
// still to do themselves. Anything that is not on the way of the run's plan
// refuses it.
func (a *applying) rest(ctx context.Context) error {
	now, diags, err := Plan(ctx, a.Request)
	if err != nil {
		return err
	}
	if diags.HasErrors() {
		return diags.Err()
	}
	if off := a.offTheWay(now); len(off) > 0 {
		return refused(a.run, "from here the definition leads elsewhere than the plan "+a.plan.Digest+": "+strings.Join(off, ", "))
	}
	whole := a.plan
	a.plan = now
	a.stages, err = a.ownStages()
	a.plan = whole
	return err
}

// offTheWay names what the plan of now would do and the run's would not, and what
// is left of the run's that the plan of now would not do.
func (a *applying) offTheWay(now *plan.Plan) []string {
	left, err := a.set.Left()
	if err != nil {
		return []string{err.Error()}
	}
	off := filesOffTheWay(a.plan, now, left)
	for _, s := range now.Stages {
		off = append(off, a.stageOffTheWay(s)...)
	}
	for _, h := range a.plan.Hooks {
		same := func(n plan.Hook) bool { return n.Name == h.Name && n.Digest == h.Digest && n.Settings == h.Settings }
		if !now.Empty() && !slices.ContainsFunc(a.Hooks, same) {
			off = append(off, fmt.Sprintf("hook %q", h.Name))
		}
	}
	slices.Sort(off)
	return slices.Compact(off)
}

// filesOffTheWay names the files of which the present plan thinks otherwise: it
// changes one that is not left to do, or does not make of one what the run's plan
// does. A file that is about no object of the plan is what a backend notes for
// itself: its text depends on how far the run had come, and the journal's is right
// at the end.
func filesOffTheWay(was, now *plan.Plan, left []string) []string {
	var off []string
	wasDone, isDone := fileOperations(was), fileOperations(now)
	for path := range isDone {
		if !slices.Contains(left, path) {
			off = append(off, path)
		}
	}
	changed := make(map[plan.Ref]bool)
	for _, s := range was.Stages {
		for _, c := range s.Changes {
			changed[c.Ref] = true
		}
	}
	for _, path := range left {
		op, ok := isDone[path]
		about := slices.ContainsFunc(wasDone[path].Objects, func(r plan.Ref) bool { return changed[r] })
		if about && (!ok || op.File.After.Digest() != wasDone[path].File.After.Digest()) {
			off = append(off, path)
		}
	}
	return off
}

// fileOperations are a plan's, by path.
func fileOperations(p *plan.Plan) map[string]plan.Operation {
	out := make(map[string]plan.Operation)
	for _, s := range p.Stages {
		for _, op := range s.Operations {
			if op.File != nil {
				out[op.File.Path] = op
			}
		}
	}
	return out
}

// stageOffTheWay names the objects of one backend that it would change and the
// run's plan would not, or to something else.
func (a *applying) stageOffTheWay(now plan.Stage) []string {
	var was plan.Stage
	if i := slices.IndexFunc(a.plan.Stages, func(s plan.Stage) bool { return s.Backend == now.Backend }); i >= 0 {
		was = a.plan.Stages[i]
	}
	var off []string
	for _, c := range now.Changes {
		i := slices.IndexFunc(was.Changes, func(w plan.Change) bool { return w.Ref == c.Ref && w.Action == c.Action })
		if i < 0 || !leadsTo(c, was.Changes[i]) {
			off = append(off, fmt.Sprintf("%s (%s)", c.Ref, now.Backend))
		}
	}
	acts := slices.ContainsFunc(now.Operations, func(o plan.Operation) bool { return o.Kind == plan.OperationOwn })
	recorded := func(s journal.Snapshot) bool { return s.Backend == now.Backend }
	if acts && (slices.Contains(a.run.Ended("backend "), now.Backend) || !slices.ContainsFunc(a.run.Begin().Snapshots, recorded)) {
		off = append(off, fmt.Sprintf("what the backend %q does itself", now.Backend))
	}
	return off
}

// leadsTo reports whether each setting that c changes becomes what it becomes in
// the other change.
func leadsTo(c, other plan.Change) bool {
	for _, s := range c.Settings {
		same := func(o plan.SettingChange) bool { return o.Key == s.Key && o.After.Equal(s.After) }
		if !slices.ContainsFunc(other.Settings, same) {
			return false
		}
	}
	return true
}

// restorer is what restores snapshots in an undo: a fresh one, else the backends
// at hand.
func (a *applying) restorer() Restorer {
	if a.options.Restorer != nil {
		return a.options.Restorer
	}
	return func(s journal.Snapshot) (backend.Applier, func(), error) {
		b, err := a.applier(s.Backend)
		return b, func() {}, err
	}
}
