package main

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/engine"
	"linkspan/core/engine/journal"
)

func (a *app) recoverCommand() *cobra.Command {
	unit := ""
	c := &cobra.Command{
		Use:   "recover",
		Short: "Puts back what a crash or a power cut left half done; for a boot unit before the network",
		Long: `Puts back what a crash or a power cut has left half done, and undoes an apply that
nobody had confirmed before the reboot. With nothing to do it says nothing.

For a boot unit that runs it before the network starts:

  linkspan recover -print-unit systemd >/etc/systemd/system/linkspan-recover.service
  systemctl enable linkspan-recover

and on hosts without systemd:

  linkspan recover -print-unit sysv >/etc/init.d/linkspan-recover
  chmod 755 /etc/init.d/linkspan-recover && chkconfig --add linkspan-recover`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if unit != "" {
				return a.printUnit(unit)
			}
			overdue := func(r *journal.Run) bool {
				if r.State() != journal.Pending {
					return true
				}
				left, err := engine.TimeLeft(r)
				return err == nil && left == 0
			}
			a.withoutReader()
			_, err := a.recoverRuns(c.Context(), a.undoer(a.progress), overdue)
			return err
		},
	}
	c.Flags().StringVar(&unit, "print-unit", "", "print what runs it at boot, for `INIT`: systemd or sysv")
	return c
}

// recoverRuns undoes the open runs that are chosen, and tells of each. Neither a
// terminal that goes nor an interrupt stops it half-way.
func (a *app) recoverRuns(ctx context.Context, u engine.Undoer, chosen func(*journal.Run) bool) ([]*journal.Run, error) {
	signal.Ignore(syscall.SIGHUP)
	defer onInterrupt(a.goesOn)()
	u.Why = "undone by `linkspan " + a.commandName + "`"
	undone, err := u.Recover(context.WithoutCancel(ctx), a.journals(), chosen)
	for _, run := range undone {
		if a.text() && run.State() == journal.Undone {
			fmt.Fprintf(a.stdout, "Run %d of %s is undone: everything is as before.\n", run.ID, run.Time().Local().Format("2006-01-02 15:04:05"))
			a.tellWarnings("Warning: ", run.Warnings())
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
func (a *app) progress(step string) {
	a.step.Store(view.Clean(step))
	fmt.Fprintf(a.stderr, "  %s\n", view.Clean(step))
}
