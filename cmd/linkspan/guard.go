package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"linkspan/core/engine"
	"linkspan/core/engine/journal"
	"linkspan/core/engine/service"
	"linkspan/core/rehearse/uml"
)

// guardCommand is what armed guards run; people do not.
func (a *app) guardCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "guard RUN",
		Short:  "Watches over an apply and undoes it when its program dies or nobody confirms it",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := strconv.Atoi(args[0])
			if err != nil {
				return usage(fmt.Errorf("%q is no run: %w", args[0], err))
			}
			return a.watch(c.Context(), id)
		},
	}
}

// watch is what a guard does.
func (a *app) watch(ctx context.Context, run int) error {
	return engine.Watch(ctx, a.journals(), run, a.undoer(nil))
}

// undoer undoes runs with what is inside this executable.
func (a *app) undoer(progress func(string)) engine.Undoer {
	u := engine.Undoer{Applier: a.restorer, Progress: progress, Hooks: a.keptHooks, Dead: true}
	if a.root() == "" {
		u.Services = service.Host{}
	}
	return u
}

// hostGuard starts guards: as a transient unit where systemd runs, so that the
// end of the SSH session does not end them; else in a session of their own.
type hostGuard struct {
	stateDir, root string
}

// guard is the guard of a run below that root.
func (a *app) guard(root string) engine.Guard {
	if a.served != nil {
		return guardHere{stateDir: a.absolute(a.stateDir()), watch: a.watch}
	}
	return hostGuard{stateDir: a.absolute(a.stateDir()), root: root}
}

// armTimeout is how long a guard may take until it watches. It takes some
// milliseconds, but on a machine that has much else to do.
const armTimeout = time.Minute

// Arm starts a guard and waits until it watches.
func (g hostGuard) Arm(ctx context.Context, run int) error {
	ctx, late := context.WithTimeout(ctx, armTimeout)
	defer late()
	ctx, died := context.WithCancelCause(ctx)
	defer died(nil)
	args := []string{"guard", "-state-dir", g.stateDir, "-root", g.root, strconv.Itoa(run)}
	if g.root == "" {
		args = append(args[:3:3], strconv.Itoa(run))
	}
	if err := g.start(run, args, died); err != nil {
		return err
	}
	return engine.WaitGuarded(ctx, g.stateDir, run)
}

// start starts a guard; ended is told when it ends, where that can be known.
func (g hostGuard) start(run int, args []string, ended func(error)) error {
	if g.root == "" && systemdRuns() {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		// Only what systemd 219 of RHEL 7 knows: --no-block came with 220, --collect
		// with 236 (systemd-run(1)). A name of its own, since a guard that failed
		// keeps its.
		unit := []string{"--quiet", fmt.Sprintf("--unit=linkspan-guard-%d-%d", run, os.Getpid()), "--description=linkspan: undo of run " + strconv.Itoa(run), "--", self}
		said, err := exec.Command("systemd-run", append(unit, args...)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("systemd-run: %w: %s", err, strings.TrimSpace(string(said)))
		}
		return nil
	}
	log, err := os.OpenFile(filepath.Join(g.stateDir, "guard.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	c := exec.Command("/proc/self/exe", args...) // also when the file was replaced by an upgrade
	c.Args[0] = "linkspan"
	c.Dir, c.Stdout, c.Stderr = "/", log, log
	c.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}, uml.HandOn()...)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return err
	}
	go func() {
		if err := c.Wait(); err != nil {
			ended(fmt.Errorf("it ended with %w; %s says why", err, log.Name()))
		}
	}()
	return nil
}

// systemdRuns is sd_booted(3).
func systemdRuns() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

// who is at work: the user before sudo, and the command line.
func (a *app) who() engine.Who {
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if by := a.getenv("SUDO_USER"); by != "" {
		name = by + " as " + name
	}
	return engine.Who{User: name, Command: strings.Join(append([]string{"linkspan"}, os.Args[1:]...), " "), Program: version()}
}

// journals are the host's runs. Below -root they are of that tree, also when it
// has been moved since.
func (a *app) journals() journal.Store {
	s := journal.In(a.stateDir())
	if root := a.root(); root != "" {
		s.Root = a.absolute(root)
	}
	return s
}

// openRun is the run that a person means: the one of that number, or without
// one the run that is not over, or else the last that was kept.
func (a *app) openRun(args []string) (*journal.Run, error) {
	store := a.journals()
	if len(args) > 0 {
		id, err := strconv.Atoi(args[0])
		if err != nil {
			return nil, usage(fmt.Errorf("%q is no number of a run; `linkspan history` lists them", args[0]))
		}
		return store.Load(id)
	}
	all, err := store.All()
	if err != nil {
		return nil, err
	}
	var last *journal.Run
	for _, run := range all {
		switch run.State() {
		case journal.Undone:
		case journal.Done:
			if run.Begin().RollbackOf == 0 && !rolledBack(all, run.ID) {
				last = run
			}
		default:
			return run, nil
		}
	}
	if last == nil {
		return nil, errors.New("there is nothing to roll back; `linkspan history` lists what was done")
	}
	return last, nil
}

// rolledBack reports whether a later run has undone this one.
func rolledBack(all []*journal.Run, id int) bool {
	for _, r := range all {
		if r.Begin().RollbackOf == id && r.State() == journal.Done {
			return true
		}
	}
	return false
}
