package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/engine"
	"linkspan/core/engine/journal"
	"linkspan/core/host"
)

var isNumber = regexp.MustCompile(`^[0-9]+$`)

// resume carries on a run that was cut off: the one of that number, or the one
// that is not over; with the definitions in the last argument or here.
func (a *app) resume(ctx context.Context, args []string, f rollbackFlags) error {
	if f.keepChanged {
		return usage(errors.New("-keep-changed is of an undo; -resume undoes nothing"))
	}
	numbers := args[:0:0]
	if len(args) > 0 && isNumber.MatchString(args[0]) {
		numbers, args = args[:1], args[1:]
	}
	if len(args) > 1 {
		return usage(fmt.Errorf("%q is no number of a run; `linkspan history` lists them", args[0]))
	}
	run, err := a.openRun(numbers)
	if err != nil {
		return err
	}
	paths, steps, err := engine.LeftOf(run)
	if err != nil {
		return applyError(err)
	}
	request, hooks, done, err := a.requestOf(ctx, run, first(args))
	if err != nil {
		return err
	}
	defer done()
	if a.text() {
		a.tellLeft(run, paths, steps)
	}
	if err := unheard(a.showPlan(run.Begin().Plan, f.PlanOptions)); err != nil {
		return err
	}
	if err := a.ask(applyFlags{autoApprove: f.autoApprove}); err != nil {
		return err
	}
	confirm := cmp.Or(f.confirm, run.Begin().Confirm)
	return a.applying(ctx, run.Begin().Plan, confirm, func(ctx context.Context, o engine.ApplyOptions) (engine.Result, error) {
		o.Hooks = hooks
		return engine.Resume(ctx, request, run.ID, o)
	})
}

func (a *app) tellLeft(run *journal.Run, paths, steps []string) {
	fmt.Fprintf(a.stdout, "Run %d (%s) was cut off. It is carried on; left to do of its plan below:\n", run.ID, view.Clean(run.Begin().Command))
	for _, left := range append(paths, steps...) {
		fmt.Fprintf(a.stdout, "  %s\n", view.Clean(left))
	}
	if len(paths)+len(steps) == 0 {
		fmt.Fprintln(a.stdout, "  to read everything again, and to check it")
	}
	fmt.Fprintln(a.stdout)
}

// requestOf is what a run is carried on with: the session of its host's
// definition; for a rollback, which has none, what is in the journal.
func (a *app) requestOf(ctx context.Context, run *journal.Run, dir string) (engine.Request, engine.Hooks, func(), error) {
	b := run.Begin()
	if b.RollbackOf != 0 {
		r := engine.Request{Host: host.Host{Name: b.Host}, Root: b.Root, Netns: b.Netns, StateDir: a.stateDir()}
		backends, done, err := a.backendsOf(ctx, run)
		if err != nil {
			return r, nil, nil, err
		}
		hooks, err := a.keptHooks(run)
		if err != nil {
			done()
			return r, nil, nil, err
		}
		r.Backends = backends
		return r, hooks, done, nil
	}
	a.flags.host, a.flags.netns = b.Host, b.Netns
	s, err := a.openSession(ctx, dir)
	if err != nil {
		return engine.Request{}, nil, nil, err
	}
	if err := s.hooks.Trusted(); err != nil {
		s.close()
		return engine.Request{}, nil, nil, err
	}
	return s.request, s.hooks, s.close, nil
}
