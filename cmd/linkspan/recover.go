package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/engine/journal"
	"linkspan/core/host"
	"linkspan/core/plan"
)

func (a *app) recoverCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "recover",
		Short: "Puts back what a crash or a power cut left half done; for a boot unit before the network",
		Long: `Puts back what a crash or a power cut has left half done, and undoes an apply that
nobody had confirmed before the reboot. With nothing to do it says nothing.
examples/boot has units that run it before the network starts.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			overdue := func(r *journal.Run) bool {
				if r.State() != journal.Pending {
					return true
				}
				left, err := engine.TimeLeft(r)
				return err == nil && left == 0
			}
			_, err := a.recoverRuns(c.Context(), a.undoer(a.progress), overdue)
			return err
		},
	}
}

// recoverRuns undoes the open runs that are chosen, and tells of each.
func (a *app) recoverRuns(ctx context.Context, u engine.Undoer, chosen func(*journal.Run) bool) ([]*journal.Run, error) {
	undone, err := engine.Recover(a.journals(), chosen, func(run *journal.Run) error {
		why := run.Why()
		if why == "" {
			why = "undone by `linkspan " + a.commandName + "`"
		}
		return u.Undo(context.WithoutCancel(ctx), run, why)
	})
	for _, run := range undone {
		if a.text() && run.State() == journal.Undone {
			fmt.Fprintf(a.stdout, "Run %d of %s is undone: everything is as before.\n", run.ID, run.Time().Local().Format("2006-01-02 15:04:05"))
		}
		if err := a.send("undone", lineOf(run)); err != nil {
			return undone, err
		}
	}
	if err != nil && len(undone) > 0 {
		return undone, exit{exitUndoFailed, err}
	}
	if err != nil {
		return undone, applyError(err)
	}
	return undone, nil
}

// progress tells one step on standard error. A terminal or a pipe that has
// gone is no reason to stop.
func (a *app) progress(step string) { fmt.Fprintf(a.stderr, "  %s\n", view.Clean(step)) }

// hostOf is a host of which only the name is known.
func hostOf(name string) host.Host { return host.Host{Name: name} }

// plannedBackends are the built-in backends of a plan's stages that act
// themselves, in this process.
func plannedBackends(ctx context.Context, p *plan.Plan) ([]engine.Backend, error) {
	var out []engine.Backend
	for _, s := range p.Stages {
		for _, op := range s.Operations {
			if op.Kind != plan.OperationOwn {
				continue
			}
			applier, err := builtinApplier(s.Backend)
			if err != nil {
				return nil, err
			}
			d, err := applier.Describe(ctx)
			if err != nil {
				return nil, err
			}
			out = append(out, engine.Backend{Description: d, Backend: backend.Backend(applier)})
			break
		}
	}
	return out, nil
}
