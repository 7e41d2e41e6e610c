package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/files"
	"linkspan/core/plan"
)

// StaleError says that the host or its definition is not what it was when the
// plan was made. Nothing was changed.
type StaleError struct {
	Planned, Present string   // digests
	Changed          []string // what was read and differs, e.g. "/etc/…/ifcfg-eth0"
}

func (e *StaleError) Error() string {
	what := "the definition or the host differs"
	if len(e.Changed) > 0 {
		what = strings.Join(e.Changed, ", ") + " changed"
	}
	return fmt.Sprintf("the plan %s is stale: %s since it was made, and the plan would now be %s; nothing was changed, plan again", e.Planned, what, e.Present)
}

// UndoneError says that an apply failed and that everything was put back.
type UndoneError struct{ Cause error }

func (e *UndoneError) Error() string {
	return fmt.Sprintf("%v; everything was put back as it was", e.Cause)
}

func (e *UndoneError) Unwrap() error { return e.Cause }

// UndoFailedError says that an apply failed and that putting back failed too.
type UndoFailedError struct{ Cause, Undo error }

func (e *UndoFailedError) Error() string {
	return fmt.Sprintf("%v; and putting everything back failed: %v", e.Cause, e.Undo)
}

func (e *UndoFailedError) Unwrap() []error { return []error{e.Cause, e.Undo} }

// ApplyOptions are how an apply goes.
type ApplyOptions struct {
	Services Services          // nil leaves services alone
	Progress func(step string) // one line a step, before it begins; nil is silent
}

// Result is what an apply did.
type Result struct {
	Digest     string   `json:"digest"`
	Operations int      `json:"operations"`
	Restarted  []string `json:"restarted,omitempty"`
}

// Apply carries out exactly p: it plans again, refuses if the plan would now
// be another, replaces the files of all backends in one transaction, lets the
// backends that act themselves do so, restarts services, and reads everything
// again: the next plan must be empty. On any failure everything is put back.
// A plan with nothing to do does nothing at all.
func Apply(ctx context.Context, r Request, p *plan.Plan, o ApplyOptions) (Result, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if p.Empty() {
		if err := r.fresh(ctx, p); err != nil {
			return Result{}, err
		}
		return Result{Digest: p.Digest}, nil
	}
	unlock, err := lock(r.StateDir)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	if err := r.fresh(ctx, p); err != nil {
		return Result{}, err
	}
	a := &applying{Request: r, plan: p, options: o}
	if err := a.run(ctx); err != nil {
		if !a.changed {
			return Result{}, err
		}
		if undo := a.undo(context.WithoutCancel(ctx)); undo != nil {
			return Result{}, &UndoFailedError{Cause: err, Undo: undo}
		}
		return Result{}, &UndoneError{Cause: err}
	}
	return a.result, a.files.Close()
}

// fresh plans again and compares.
func (r *Request) fresh(ctx context.Context, p *plan.Plan) error {
	now, diags, err := Plan(ctx, *r)
	if err != nil {
		return err
	}
	if diags.HasErrors() {
		return diags.Err()
	}
	var changed []string
	for _, f := range now.Fingerprints {
		if f.Object != "objects" && !slices.Contains(p.Fingerprints, f) {
			changed = append(changed, f.Object)
		}
	}
	if now.Digest != p.Digest || !slices.Equal(now.Fingerprints, p.Fingerprints) {
		return &StaleError{Planned: p.Digest, Present: now.Digest, Changed: changed}
	}
	return nil
}

// applying is one apply under way.
type applying struct {
	Request
	plan      *plan.Plan
	options   ApplyOptions
	files     *files.Set
	snapshots []snapshot
	changed   bool
	result    Result
}

// snapshot is what an Applier has recorded of what it will touch.
type snapshot struct {
	name    string
	applier backend.Applier
	data    []byte
}

func (a *applying) run(ctx context.Context) error {
	a.result.Digest = a.plan.Digest
	changes := fileChanges(a.plan)
	a.options.Progress(fmt.Sprintf("staging %d files", len(changes)))
	set, err := files.Stage(a.Root, changes)
	if err != nil {
		return err
	}
	a.files = set
	if err := a.snapshot(ctx); err != nil {
		return errors.Join(err, set.Undo())
	}
	a.changed = true
	a.options.Progress(fmt.Sprintf("replacing %d files", len(changes)))
	if err := set.Commit(); err != nil {
		return err
	}
	a.result.Operations = len(changes)
	if err := a.own(ctx); err != nil {
		return err
	}
	if err := a.restarts(ctx); err != nil {
		return err
	}
	a.options.Progress("reading everything again")
	return a.verify(ctx)
}

func fileChanges(p *plan.Plan) []plan.FileChange {
	var out []plan.FileChange
	for _, s := range p.Stages {
		for _, op := range s.Operations {
			if op.File != nil {
				out = append(out, *op.File)
			}
		}
	}
	return out
}

// ownStages pairs each stage that has operations of its own with its Applier.
func (a *applying) ownStages() ([]ownStage, error) {
	var out []ownStage
	for _, s := range a.plan.Stages {
		own := slices.DeleteFunc(slices.Clone(s.Operations), func(o plan.Operation) bool { return o.Kind != plan.OperationOwn })
		if len(own) == 0 {
			continue
		}
		i := slices.IndexFunc(a.Backends, func(b Backend) bool { return b.Description.Name == s.Backend })
		if i < 0 {
			return nil, fmt.Errorf("the plan needs backend %q, which the host does not use", s.Backend)
		}
		applier, ok := a.Backends[i].Backend.(backend.Applier)
		if !ok {
			return nil, fmt.Errorf("backend %q plans operations of its own but cannot apply them", s.Backend)
		}
		out = append(out, ownStage{s.Backend, applier, backend.ApplyRequest{Setup: a.setup(a.Backends[i]), Operations: own}})
	}
	return out, nil
}

type ownStage struct {
	name    string
	applier backend.Applier
	request backend.ApplyRequest
}

func (a *applying) snapshot(ctx context.Context) error {
	stages, err := a.ownStages()
	if err != nil {
		return err
	}
	for _, s := range stages {
		data, err := s.applier.Snapshot(ctx, s.request)
		if err != nil {
			return fmt.Errorf("backend %q: snapshot: %w", s.name, err)
		}
		a.snapshots = append(a.snapshots, snapshot{s.name, s.applier, data})
	}
	return nil
}

// own lets each Applier carry out its operations.
func (a *applying) own(ctx context.Context) error {
	stages, err := a.ownStages()
	if err != nil {
		return err
	}
	for _, s := range stages {
		summary := make(map[string]string)
		for _, op := range s.request.Operations {
			summary[op.ID] = op.Summary
		}
		err := s.applier.Apply(ctx, s.request, func(p backend.Progress) {
			if !p.Done {
				a.options.Progress(summary[p.Operation])
			}
		})
		if err != nil {
			return fmt.Errorf("backend %q: %w", s.name, err)
		}
		a.result.Operations += len(s.request.Operations)
	}
	return nil
}

func (a *applying) restarts(ctx context.Context) error {
	if a.options.Services == nil {
		return nil
	}
	for _, r := range a.plan.Restarts {
		if r.Skipped != "" {
			continue
		}
		a.options.Progress("restarting " + r.Service)
		if err := a.options.Services.Restart(ctx, r.Service); err != nil {
			return fmt.Errorf("restarting %s: %w", r.Service, err)
		}
		a.result.Restarted = append(a.result.Restarted, r.Service)
	}
	return nil
}

// verify reads everything again; what still differs is named.
func (a *applying) verify(ctx context.Context) error {
	again, diags, err := Plan(ctx, a.Request)
	if err != nil {
		return fmt.Errorf("reading again: %w", err)
	}
	if diags.HasErrors() {
		return fmt.Errorf("reading again: %w", diags.Err())
	}
	var left []string
	for _, s := range again.Stages {
		for _, op := range s.Operations {
			left = append(left, op.Summary)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("the host is not as planned; still to do: %s", strings.Join(left, "; "))
	}
	return nil
}

// undo puts the kernel and the files back, then restarts what was restarted.
func (a *applying) undo(ctx context.Context) error {
	var errs []error
	for _, s := range slices.Backward(a.snapshots) {
		if err := s.applier.Restore(ctx, s.data); err != nil {
			errs = append(errs, fmt.Errorf("backend %q: restore: %w", s.name, err))
		}
	}
	errs = append(errs, a.files.Undo())
	for _, service := range a.result.Restarted {
		if err := a.options.Services.Restart(ctx, service); err != nil {
			errs = append(errs, fmt.Errorf("restarting %s: %w", service, err))
		}
	}
	return errors.Join(errs...)
}
