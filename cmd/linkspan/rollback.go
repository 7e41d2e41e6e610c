package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/engine"
	"linkspan/core/engine/journal"
	"linkspan/core/host"
)

type rollbackFlags struct {
	view.PlanOptions
	autoApprove, keepChanged, resume bool
	confirm                          time.Duration
}

func (a *app) rollbackCommand() *cobra.Command {
	var f rollbackFlags
	c := &cobra.Command{
		Use:   "rollback [RUN] [DIR]",
		Short: "Undoes an apply: one that was cut off, one that waits to be confirmed, or an earlier one",
		Long: `Undoes an apply. Without a number it is the one that was cut off or waits to be
confirmed, or else the last that was kept. The plan is shown first. An earlier
apply can be undone as long as its files are still as it wrote them.

With -resume an apply that was cut off (killed, or by a power cut) is carried on
instead: what it had not yet done is done, everything is read again and checked,
and a failure undoes it as a whole. It needs the definitions, in DIR or here, and is
refused if they or the host have changed since the plan was made.`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			a.withoutReader()
			if err := aboveZero(c, f.confirm); err != nil {
				return err
			}
			if f.resume {
				return a.resume(c.Context(), args, f)
			}
			if len(args) > 1 {
				return usage(errors.New("only -resume needs definitions"))
			}
			return a.rollback(c.Context(), args, f)
		},
	}
	planViewFlags(c, &f.PlanOptions)
	c.Flags().BoolVar(&f.autoApprove, "auto-approve", false, "do not ask")
	c.Flags().DurationVar(&f.confirm, "confirm", 0, "undo the rollback after this `TIME` unless `linkspan confirm` is run, e.g. 2m")
	c.Flags().BoolVar(&f.keepChanged, "keep-changed", false, "leave files as they are that someone else has written meanwhile; the old ones are forgotten")
	c.Flags().BoolVar(&f.resume, "resume", false, "carry an apply that was cut off on, to its end")
	return c
}

func (a *app) rollback(ctx context.Context, args []string, f rollbackFlags) error {
	run, err := a.openRun(args)
	if err != nil {
		return err
	}
	if run.State() != journal.Done && run.State() != journal.Undone {
		return a.undoOpen(ctx, run, f)
	}
	p, err := engine.RollbackPlan(a.journals(), run)
	if err != nil {
		return exit{exitRefused, err}
	}
	r := engine.Request{Host: host.Host{Name: p.Host}, Root: p.Root, Netns: p.Netns, StateDir: a.stateDir()}
	var done func()
	if r.Backends, done, err = a.backendsOf(ctx, run); err != nil {
		return err
	}
	defer done()
	if err := unheard(a.showPlan(p, f.PlanOptions)); err != nil {
		return err
	}
	if err := a.ask(applyFlags{autoApprove: f.autoApprove}); err != nil {
		return err
	}
	return a.applying(ctx, p, f.confirm, func(ctx context.Context, o engine.ApplyOptions) (engine.Result, error) {
		hooks, err := a.keptHooks(run)
		if err != nil {
			return engine.Result{}, err
		}
		o.Hooks = hooks
		return engine.Rollback(ctx, engine.RollbackRequest{Request: r, Run: run, Plan: p}, o)
	})
}

// undoOpen undoes a run that is not over, from its journal.
func (a *app) undoOpen(ctx context.Context, run *journal.Run, f rollbackFlags) error {
	if a.text() {
		fmt.Fprintf(a.stdout, "Run %d (%s) is %s. What it changed is put back:\n", run.ID, view.Clean(run.Begin().Command), run.State())
		for _, i := range run.Begin().Files.Files {
			fmt.Fprintf(a.stdout, "  %s\n", view.Clean(i.Change.Path))
		}
		for _, s := range run.Begin().Snapshots {
			fmt.Fprintf(a.stdout, "  what the backend %q had recorded\n", s.Backend)
		}
	}
	if err := a.ask(applyFlags{autoApprove: f.autoApprove}); err != nil {
		return err
	}
	u := a.undoer(a.progress)
	u.KeepChanged = f.keepChanged
	undone, err := a.recoverRuns(ctx, u, func(r *journal.Run) bool { return r.ID == run.ID })
	if err == nil && len(undone) == 0 {
		err = fmt.Errorf("run %d is over meanwhile; `linkspan history` shows how it ended", run.ID)
	}
	return err
}
