package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/engine"
	"linkspan/core/engine/journal"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [DIR]",
		Short: "What is declared, persisted and live, side by side; and how the last apply stands",
		Long: `What is declared, persisted and live, interface by interface, and how the last
apply stands: whether it waits to be confirmed, and how many seconds are left.
Ends with 2 when a view differs from the definition.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.status(c.Context(), first(args)) },
	}
}

// standing is the last run, and the one that waits.
type standing struct {
	*engine.Status
	Last    *historyLine `json:"last,omitempty"`
	Pending *pendingRun  `json:"pending,omitempty"`
}

type pendingRun struct {
	Run     int     `json:"run"`
	Seconds float64 `json:"seconds_left"`
	Guarded bool    `json:"guarded"` // its guard lives
}

func (a *app) status(ctx context.Context, dir string) error {
	s, err := a.openSession(ctx, dir)
	if err != nil {
		return err
	}
	defer s.close()
	st, diags, err := engine.ReadStatus(ctx, s.request)
	if err != nil {
		return err
	}
	if err := a.refuse(s.definition.Resolve(diags)); err != nil {
		return err
	}
	out := standing{Status: st}
	if err := a.lastRuns(&out); err != nil {
		return err
	}
	if a.text() {
		view.SideBySide(a.stdout, a.style(), st)
		a.showStanding(out)
	}
	if err := a.send("status", out); err != nil {
		return err
	}
	if st.Drift {
		return said(exitChanges)
	}
	return nil
}

// lastRuns finds the last run and the one that waits. Who may not read the
// journals still sees the rest.
func (a *app) lastRuns(out *standing) error {
	store := a.journals()
	all, err := store.All()
	if errors.Is(err, os.ErrPermission) {
		return nil
	}
	if err != nil || len(all) == 0 {
		return err
	}
	last := all[len(all)-1]
	line := lineOf(last)
	out.Last = &line
	if last.State() != journal.Pending {
		return nil
	}
	left, err := engine.TimeLeft(last)
	if err != nil {
		return err
	}
	out.Pending = &pendingRun{last.ID, left.Seconds(), engine.Guarded(store.StateDir(), last.ID)}
	return nil
}

func (a *app) showStanding(s standing) {
	switch {
	case s.Pending != nil:
		fmt.Fprintf(a.stdout, "Run %d waits to be confirmed: it is undone in %.0f s unless `linkspan confirm` is run.\n", s.Pending.Run, s.Pending.Seconds)
		if !s.Pending.Guarded {
			fmt.Fprintln(a.stdout, "Nobody watches over it any more; `linkspan recover` undoes it when its time is over.")
		}
	case s.Last != nil && s.Last.State == string(journal.Unfinished):
		fmt.Fprintf(a.stdout, "Run %d of %s is unfinished: still under way, or cut off; then `linkspan rollback` puts back what it changed, and `linkspan rollback -resume` carries it on.\n",
			s.Last.Run, s.Last.Time.Local().Format(time.DateTime))
	case s.Last != nil && s.Last.State == string(journal.UndoFailed):
		fmt.Fprintf(a.stdout, "Run %d of %s could not be undone: %s. Mend that and run `linkspan rollback`.\n",
			s.Last.Run, s.Last.Time.Local().Format(time.DateTime), view.Clean(s.Last.Why))
	case s.Last != nil:
		fmt.Fprintf(a.stdout, "The last apply, run %d of %s, is %s.\n", s.Last.Run, s.Last.Time.Local().Format(time.DateTime), s.Last.State)
	default:
		fmt.Fprintln(a.stdout, "Nothing has been applied here yet.")
	}
}
