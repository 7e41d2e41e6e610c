package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/engine"
	"linkspan/core/engine/check"
	"linkspan/core/engine/journal"
	"linkspan/core/engine/service"
	"linkspan/core/plan"
)

type applyFlags struct {
	view.PlanOptions
	autoApprove bool
	expect      string
	confirm     time.Duration
	brief       bool // the plan has just been shown
	justPlanned bool // it was not read from a file
}

func (a *app) applyCommand() *cobra.Command {
	var f applyFlags
	c := &cobra.Command{
		Use:   "apply [DIR | PLAN [DIR]]",
		Short: "Plans, asks, and carries the plan out; or carries a saved plan out",
		Args:  cobra.MaximumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			a.withoutReader()
			if err := aboveZero(c, f.confirm); err != nil {
				return err
			}
			if len(args) > 0 && isSavedPlan(args[0]) {
				return a.applySaved(c.Context(), args, f)
			}
			if len(args) > 1 {
				return usage(fmt.Errorf("%q is no saved plan", args[0]))
			}
			return a.apply(c.Context(), first(args), f)
		},
	}
	planViewFlags(c, &f.PlanOptions)
	c.Flags().BoolVar(&f.autoApprove, "auto-approve", false, "do not ask")
	c.Flags().DurationVar(&f.confirm, "confirm", 0, "undo it after this `TIME` unless `linkspan confirm` is run, e.g. 2m; a second one moves the deadline")
	c.Flags().StringVar(&f.expect, "expect", "", "refuse unless the plan has this `DIGEST`")
	return c
}

// withoutReader lets the program go on when nobody reads any more what it says
// (`linkspan apply | head -1`): SIGPIPE would kill it, and a JSON line that cannot
// be written would end it.
func (a *app) withoutReader() {
	signal.Ignore(syscall.SIGPIPE)
	a.unread = true
}

// unheard drops an error that says that nobody reads the output any more.
func unheard(err error) error {
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.EIO) {
		return nil
	}
	return err
}

// aboveZero refuses a -confirm that waits for nobody: it would be an apply that
// nothing undoes.
func aboveZero(c *cobra.Command, confirm time.Duration) error {
	if c.Flags().Changed("confirm") && confirm <= 0 {
		return usage(fmt.Errorf("-confirm is a time above 0, e.g. 2m, not %s", confirm))
	}
	return nil
}

// isSavedPlan tells a saved plan, a regular file that is no definition, from a
// directory or an *.hcl file.
func isSavedPlan(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && !strings.HasSuffix(path, ".hcl")
}

// apply plans and carries the plan out.
func (a *app) apply(ctx context.Context, dir string, f applyFlags) error {
	s, err := a.openSession(ctx, dir)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := a.makePlan(ctx, s, f.brief)
	if err != nil {
		return err
	}
	f.justPlanned = true
	return a.carryOut(ctx, s, p, f)
}

// applySaved carries a saved plan out, for the host and root that it was made
// for, from the definitions in the second argument or the present directory.
func (a *app) applySaved(ctx context.Context, args []string, f applyFlags) error {
	p, err := readPlan(args[0])
	if err != nil {
		return err
	}
	dir := ""
	if len(args) == 2 {
		dir = args[1]
	}
	a.flags.host = p.Host
	if a.flags.root == "" {
		a.flags.root = p.Root
	}
	s, err := a.openSession(ctx, dir)
	if err != nil {
		return err
	}
	defer s.close()
	if s.request.Root != p.Root {
		return exit{code: exitRefused, err: fmt.Errorf("the plan was made for the root %q, not %q; nothing was changed", orSlash(p.Root), orSlash(s.request.Root))}
	}
	return a.carryOut(ctx, s, p, f)
}

func orSlash(root string) string {
	if root == "" {
		return "/"
	}
	return root
}

// carryOut shows the plan, asks, and applies it.
func (a *app) carryOut(ctx context.Context, s *session, p *plan.Plan, f applyFlags) error {
	if !f.brief {
		if err := unheard(a.showPlan(p, f.PlanOptions)); err != nil {
			return err
		}
	}
	if f.expect != "" && f.expect != p.Digest {
		return exit{code: exitRefused, err: fmt.Errorf("the plan is %s, as shown, not %s as expected; nothing was changed", p.Digest, f.expect)}
	}
	confirm, err := a.confirmation(s, f)
	if err != nil {
		return err
	}
	if p.Empty() && f.confirm > 0 {
		if run, err := engine.Extend(a.journals(), f.confirm, a.guard(p.Root)); !errors.Is(err, engine.ErrNothingPending) {
			return a.extended(run, f.confirm, err)
		}
	}
	if !p.Empty() {
		if confirm > 0 {
			fmt.Fprintf(a.stderr, "! undone after %s unless `linkspan confirm` is run, best from a new session\n", confirm)
		}
		if err := a.ask(f); err != nil {
			return err
		}
	}
	return a.applying(ctx, p, confirm, func(ctx context.Context, o engine.ApplyOptions) (engine.Result, error) {
		if err := s.hooks.Trusted(); err != nil && !p.Empty() {
			return engine.Result{}, err
		}
		o.Hooks = s.hooks
		o.JustPlanned = f.justPlanned
		return engine.Apply(ctx, s.request, p, o)
	})
}

// confirmation is how long a confirmation is waited for: as the flag says, or
// as the definition does when a person is there to confirm. Without one, the
// definition's checks decide.
func (a *app) confirmation(s *session, f applyFlags) (time.Duration, error) {
	said := s.request.Host.Apply.Confirm
	if f.confirm > 0 || said == "" || !a.interactive() {
		return f.confirm, nil
	}
	return time.ParseDuration(said)
}

func (a *app) extended(run *journal.Run, d time.Duration, err error) error {
	if err != nil {
		return applyError(err)
	}
	if a.text() {
		fmt.Fprintf(a.stdout, "Run %d is undone in %s unless `linkspan confirm` is run.\n", run.ID, d)
	}
	return a.send("extended", map[string]any{"run": run.ID, "seconds": d.Seconds()})
}

// applying carries something out so that neither a closed terminal nor a
// closed pipe stops it half-way, and an interrupt undoes it.
func (a *app) applying(ctx context.Context, p *plan.Plan, confirm time.Duration, carry func(context.Context, engine.ApplyOptions) (engine.Result, error)) error {
	signal.Ignore(syscall.SIGHUP)
	ctx, stop := a.interruptible(ctx)
	defer stop()
	o := engine.ApplyOptions{Progress: a.progress, Restorer: a.restorer, Confirm: confirm, Who: a.who()}
	if p.Root == "" {
		o.Services, o.Probe = service.Host{}, check.Probe
	}
	if p.Root == "" || confirm > 0 {
		o.Guard = a.guard(p.Root)
	}
	result, err := carry(ctx, o)
	if err != nil {
		return applyError(err)
	}
	if a.text() && !p.Empty() {
		add, change, remove := p.Counts()
		fmt.Fprintf(a.stdout, "\nApplied: %d added, %d changed, %d removed; read again, and it is as planned.\n", add, change, remove)
		a.tellValues(result.Values)
		a.tellWarnings("Warning: ", result.Warnings)
		if result.Deadline != nil {
			fmt.Fprintf(a.stdout, "It is undone in %s unless `linkspan confirm` is run, best from a new session.\n", confirm)
		}
	}
	if err := a.send("applied", result); err != nil {
		fmt.Fprintf(a.stderr, "linkspan: it was applied, but nobody heard of it: %v\n", err)
	}
	return nil
}

// interruptible gives a context that ends at the first SIGINT or SIGTERM: the
// step at hand is finished and everything is put back. A later one says so.
func (a *app) interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := onInterrupt(func(s os.Signal) {
		if ctx.Err() != nil {
			a.goesOn(s)
			return
		}
		cancel(fmt.Errorf("%s", s))
	})
	return ctx, func() { stop(); cancel(nil) }
}

// goesOn says that an undo is not interrupted.
func (a *app) goesOn(s os.Signal) {
	step, _ := a.step.Load().(string)
	fmt.Fprintf(a.stderr, "  %s: left to do from %q on, until everything is as before; if this program is killed, its guard or `linkspan rollback` does it\n", s, cmp.Or(step, "the beginning"))
}

// onInterrupt calls f at each SIGINT and SIGTERM, until stop is called.
func onInterrupt(f func(os.Signal)) (stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		for s := range signals {
			f(s)
		}
	}()
	return func() { signal.Stop(signals); close(signals) }
}

func (a *app) absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// applyError gives an error of an apply its exit code.
func applyError(err error) error {
	var (
		stale  *engine.StaleError
		locked *engine.LockedError
		undone *engine.UndoneError
		failed *engine.UndoFailedError
		open   *engine.OpenRunError
		resume *engine.NotResumableError
	)
	switch {
	case errors.As(err, &stale), errors.As(err, &open), errors.As(err, &resume), errors.Is(err, engine.ErrNothingPending):
		return exit{exitRefused, err}
	case errors.As(err, &locked):
		return exit{exitLocked, err}
	case errors.As(err, &failed):
		return exit{exitUndoFailed, err}
	case errors.As(err, &undone):
		return exit{exitUndone, err}
	}
	return fmt.Errorf("%w; nothing was changed", err)
}

// ask wants the word yes from a person.
func (a *app) ask(f applyFlags) error {
	if f.autoApprove {
		return nil
	}
	if !a.interactive() {
		return usage(errors.New("without a terminal nobody can say yes; use -auto-approve"))
	}
	fmt.Fprint(a.stderr, "\nCarry this plan out? Only \"yes\" does: ")
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	if strings.TrimSpace(answer) != "yes" {
		return exit{code: exitError, err: errors.New("not confirmed; nothing was changed")}
	}
	return nil
}
