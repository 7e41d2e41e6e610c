package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/engine/journal"
	"linkspan/core/plan"
)

// ownStage is the part of a plan that one backend carries out itself.
type ownStage struct {
	name     string
	volatile bool // a reboot undoes what it does
	backend  Backend
	applier  backend.Applier
	request  backend.ApplyRequest
}

// ownStages pairs each stage that has operations of its own with its Applier.
func (a *applying) ownStages() ([]ownStage, error) {
	var out []ownStage
	for _, s := range a.plan.Stages {
		own := slices.DeleteFunc(slices.Clone(s.Operations), func(o plan.Operation) bool { return o.Kind != plan.OperationOwn })
		if len(own) == 0 {
			continue
		}
		applier, err := a.applier(s.Backend)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(a.Backends, func(b Backend) bool { return b.Description.Name == s.Backend })
		volatile := slices.Contains(a.Backends[i].Description.Features, backend.FeatureVolatile)
		out = append(out, ownStage{s.Backend, volatile, a.Backends[i], applier, backend.ApplyRequest{Setup: a.setup(a.Backends[i]), Operations: own}})
	}
	return out, nil
}

func (a *applying) snapshots(ctx context.Context) ([]journal.Snapshot, error) {
	var out []journal.Snapshot
	for _, s := range a.stages {
		if was := a.rolledBack[s.name]; was != nil {
			s.request.Operations = was // a rollback touches what they touched
		}
		data, err := s.applier.Snapshot(ctx, s.request)
		if err != nil {
			return nil, fmt.Errorf("backend %q: snapshot: %w", s.name, err)
		}
		snapshot := journal.Snapshot{Backend: s.name, Data: data, Volatile: s.volatile, Script: s.backend.Script}
		if s.backend.Executable != "" {
			kept, err := journal.In(a.StateDir).KeepPlugin(s.backend.Executable)
			if err != nil {
				return nil, fmt.Errorf("backend %q: %w", s.name, err)
			}
			snapshot.Plugin = &kept
		}
		out = append(out, snapshot)
	}
	return out, nil
}

// activate makes the change live: backends that act themselves, then services
// that read files only when they start, with hooks around them if there is
// anything to do.
func (a *applying) activate(ctx context.Context) error {
	restarts := a.restarts()
	names := namesOf(restarts)
	owed := slices.Contains(a.run.Begun("hooks "), "pre_restart") // before it was cut off; see Resume
	if len(a.stages) == 0 && len(restarts) == 0 && !owed {
		return nil
	}
	if err := a.hooks(ctx, "pre_restart", names); err != nil {
		return err
	}
	for _, s := range a.stages {
		if err := a.begins(ctx, "backend "+s.name, !s.volatile); err != nil {
			return err
		}
		if err := a.own(ctx, s); err != nil {
			return fmt.Errorf("backend %q: %w", s.name, err)
		}
		a.result.Operations += len(s.request.Operations)
		if err := a.ended("backend " + s.name); err != nil {
			return err
		}
	}
	for _, r := range restarts {
		if slices.Contains(a.run.Ended("restart "), r.Service) {
			continue // before it was cut off; see Resume
		}
		if err := a.restart(ctx, r); err != nil {
			return err
		}
	}
	return a.hooks(ctx, "post_restart", names)
}

// begins writes down that a step begins which files do not show. It is on the
// disk when begins returns if what the step does outlives a power cut; where it
// does not, as with the kernel's state and with what runs, nobody will need to
// know of it then.
func (a *applying) begins(ctx context.Context, step string, outlives bool) error {
	if err := stopped(ctx, step); err != nil {
		return err
	}
	return a.run.Append(journal.Record{Kind: journal.KindStep, Step: step}, outlives)
}

func (a *applying) ended(step string) error {
	return a.run.Append(journal.Record{Kind: journal.KindStep, Step: step, Done: true}, false)
}

// own lets one backend carry out its operations, or, in a rollback, restore
// what it had recorded. Once it has begun, an interrupt waits for its end.
func (a *applying) own(ctx context.Context, s ownStage) error {
	ctx = context.WithoutCancel(ctx)
	warn := warner(a.run, s.name, a.options.Progress)
	if data, ok := a.restoring[s.name]; ok {
		a.options.Progress("restoring what " + s.name + " had changed")
		return backend.Restore(ctx, s.applier, data, warn)
	}
	summary := make(map[string]string, len(s.request.Operations))
	for _, op := range s.request.Operations {
		summary[op.ID] = op.Summary
	}
	return s.applier.Apply(ctx, s.request, func(p backend.Progress) {
		if !p.Done {
			a.options.Progress(summary[p.Operation])
		}
		if p.Warning != "" {
			warn(p.Warning)
		}
	})
}

// verify reads everything again; what still differs is named.
func (r *Request) verify(ctx context.Context) error {
	again, diags, err := Plan(ctx, *r)
	if err != nil {
		return fmt.Errorf("reading again: %w", err)
	}
	if diags.HasErrors() {
		return fmt.Errorf("reading again: %w", diags.Err())
	}
	var left []string
	for _, s := range again.Stages {
		for _, c := range s.Changes {
			for _, sc := range c.Settings {
				left = append(left, fmt.Sprintf("%s: %s is %s, not %s%s", c.Name, sc.Key, sc.Before, sc.After, at(c.Origin.String())))
			}
		}
		if len(s.Changes) == 0 {
			for _, op := range s.Operations {
				left = append(left, op.Summary)
			}
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("the host is not as planned: %s", strings.Join(left, "; "))
	}
	return nil
}

// at adds a place, if one is known.
func at(place string) string {
	if place == "" {
		return ""
	}
	return " (" + place + ")"
}
