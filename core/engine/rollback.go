package engine

import (
	"context"
	"fmt"
	"slices"

	"linkspan/core/engine/journal"
	"linkspan/core/files"
	"linkspan/core/plan"
)

// RollbackPlan is the plan that leads back from a run that was carried out and
// kept. It refuses where a later run stands in the way.
func RollbackPlan(store journal.Store, run *journal.Run) (*plan.Plan, error) {
	if run.State() != journal.Done {
		return nil, fmt.Errorf("run %d is %s; there is nothing to roll back", run.ID, run.State())
	}
	all, err := store.All()
	if err != nil {
		return nil, err
	}
	for _, later := range all {
		if later.ID <= run.ID || later.State() != journal.Done {
			continue
		}
		if later.Begin().RollbackOf == run.ID {
			return nil, fmt.Errorf("run %d was rolled back already, by run %d", run.ID, later.ID)
		}
		if len(run.Begin().Snapshots) > 0 && len(later.Begin().Snapshots) > 0 && !rolledBack(all, later) && later.Begin().RollbackOf == 0 {
			return nil, fmt.Errorf("run %d has changed the kernel after run %d; roll back %d first", later.ID, run.ID, later.ID)
		}
	}
	return reversed(run), nil
}

// rolledBack reports whether another run has undone this one.
func rolledBack(all []*journal.Run, run *journal.Run) bool {
	return slices.ContainsFunc(all, func(r *journal.Run) bool {
		return r.Begin().RollbackOf == run.ID && r.State() == journal.Done
	})
}

// reversed turns a run's plan around.
func reversed(run *journal.Run) *plan.Plan {
	was := run.Begin().Plan
	in := plan.Input{Host: was.Host, Definition: was.Definition, Root: run.Begin().Root, Netns: was.Netns}
	for _, h := range was.Hooks {
		h.On = slices.DeleteFunc(slices.Clone(h.On), func(phase string) bool { return !rollbackPhases[phase] })
		in.Hooks = append(in.Hooks, h)
	}
	for _, s := range was.Stages {
		st := plan.StageInput{Stage: plan.Stage{Backend: s.Backend, Phase: s.Phase}}
		for _, c := range slices.Backward(s.Changes) {
			st.Changes = append(st.Changes, reversedChange(c))
		}
		own := 0
		for _, op := range slices.Backward(s.Operations) {
			if op.File == nil {
				own++
				continue
			}
			back := plan.FileChange{Path: op.File.Path, Before: op.File.After, After: op.File.Before}
			st.Operations = append(st.Operations, plan.Operation{ID: fmt.Sprint(len(st.Operations) + 1), Kind: plan.OperationFile, Summary: "put back " + back.Path, File: &back})
		}
		if own > 0 {
			st.Operations = append(st.Operations, plan.Operation{ID: fmt.Sprint(len(st.Operations) + 1), Kind: plan.OperationOwn,
				Summary: fmt.Sprintf("restore what it was before run %d (%d operations then)", run.ID, own)})
		}
		in.Stages = append(in.Stages, st)
	}
	for _, r := range was.Restarts {
		if r.Skipped == "" {
			r.Why = fmt.Sprintf("its files are put back as before run %d", run.ID)
		}
		in.Stages[0].Restarts = append(in.Stages[0].Restarts, backFrom(was, r))
	}
	return plan.New(in)
}

func reversedChange(c plan.Change) plan.Change {
	switch c.Action {
	case plan.Create:
		c.Action = plan.Delete
	case plan.Delete:
		c.Action = plan.Create
	}
	c.Reason = ""
	c.Settings = slices.Clone(c.Settings)
	for i := range c.Settings {
		s := &c.Settings[i]
		s.Before, s.After, s.Note = s.After, s.Before, ""
	}
	return c
}

// RollbackRequest is what a rollback works with. Of the Request it needs the
// place (Root, Netns, StateDir) and the backends of the run; there is no definition.
type RollbackRequest struct {
	Request
	Run  *journal.Run // open, so that its first record is there
	Plan *plan.Plan   // of RollbackPlan, for the same run
}

// Rollback carries out a plan of RollbackPlan: an apply of its own, with its
// journal, guard, confirmation and undo. Files that are no longer what the run
// had written are refused.
func Rollback(ctx context.Context, r RollbackRequest, o ApplyOptions) (Result, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	unlock, err := lock(r.StateDir)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	if err := r.tidy(o.Progress); err != nil {
		return Result{}, err
	}
	a := &applying{Request: r.Request, plan: r.Plan, options: o}
	a.leadBack(r.Run)
	return a.transaction(ctx)
}

// leadBack makes it the rollback of a run: files become what they were before it,
// and backends restore what they had recorded.
func (a *applying) leadBack(run *journal.Run) {
	a.rollbackOf, a.verify = run.ID, a.verifyFiles
	a.was, a.restoring, a.rolledBack = make(map[string]*files.Meta), make(map[string][]byte), make(map[string][]plan.Operation)
	b := run.Begin()
	for _, i := range b.Files.Files {
		a.was[i.Change.Path] = i.Before
	}
	for _, s := range b.Snapshots {
		a.restoring[s.Backend] = s.Data
	}
	for _, s := range b.Plan.Stages {
		a.rolledBack[s.Backend] = slices.DeleteFunc(slices.Clone(s.Operations), func(o plan.Operation) bool { return o.Kind != plan.OperationOwn })
	}
}

// verifyFiles reads the files again; there is no definition to compare with.
func (a *applying) verifyFiles(context.Context) error {
	for _, c := range a.plan.FileChanges() {
		have, err := files.Read(a.Root, c.Path)
		if err != nil {
			return err
		}
		if have.Digest() != c.After.Digest() {
			return fmt.Errorf("%s is not as it was put", c.Path)
		}
	}
	return nil
}
