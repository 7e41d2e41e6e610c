package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/host"
	"linkspan/core/rehearse"
	"linkspan/core/rehearse/uml"
	"linkspan/hcl/hostfile"
	"linkspan/hcl/writer"
	"linkspan/plugins/netlink"
)

type rehearseFlags struct {
	from, start        string
	shell, keep, fetch bool
	undo, verbose      bool
	reverse            bool
	runs               int
	linkDelay          time.Duration
	on                 rehearse.Machine // nil: User-Mode Linux, or what there is
}

func (a *app) rehearseCommand() *cobra.Command {
	f := rehearseFlags{undo: true}
	c := &cobra.Command{
		Use:   "rehearse [DIR]",
		Short: "Carries the plan out on a scratch kernel and measures what is lost; needs no privilege",
		Long: `Boots a Linux kernel as an ordinary process (User-Mode Linux), makes the host's
present network in it with a switch and a peer around it, carries the plan out
there, plans again, rolls back, and counts the packets that were lost.

The present network is read from this machine's kernel, from the files of a
-root tree (a folder "before" beside the definition is one), or from -from FILE:
what ` + "`linkspan status -json`" + ` printed on the host, or a definition of it in HCL.
With -start it is one of those from which hosts usually come: the address on the
first card, on a VLAN of it, on the bond, on a VLAN of the bond, "bridge" or
"xend"; "all" rehearses them one after the other. With -reverse as well, the
definition's network is the present one, and the start is what is wanted.

Exit codes: 0 nothing lost and all as planned, 1 the plan was refused or there was
no rehearsal, 2 packets were lost or the end is not as planned, 5 applied and
undone, 6 the undo failed.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if (f.shell || f.keep) && !c.Flags().Changed("undo") {
				f.undo = false // what there is to look at is the new network
			}
			return a.rehearse(c.Context(), first(args), f)
		},
	}
	c.Flags().StringVar(&f.from, "from", "", "the present network from `FILE`: JSON of status, or HCL")
	c.Flags().StringVar(&f.start, "start", "", "the present network by `NAME`, or all; see above")
	c.Flags().BoolVar(&f.reverse, "reverse", false, "with -start: from the definition's network to that one")
	c.Flags().IntVar(&f.runs, "runs", 1, "rehearse `N` times, each on a kernel of its own")
	c.Flags().BoolVar(&f.undo, "undo", true, "roll back as well, and compare with what was before; not by default with -shell and -keep")
	c.Flags().DurationVar(&f.linkDelay, "link-delay", 0, "how long a card's `TIME` to find its link is, once it was down, e.g. 2s")
	c.Flags().BoolVar(&f.shell, "shell", false, "open a shell in the kernel at the end")
	c.Flags().BoolVar(&f.keep, "keep", false, "leave the kernel running until Ctrl-C, and say how to enter it")
	c.Flags().BoolVar(&f.fetch, "fetch", false, "fetch the kernel with apt-get into the cache if it is not there")
	c.Flags().BoolVar(&f.verbose, "verbose", false, "show the network at the end of each run")
	return c
}

func (f rehearseFlags) check() error {
	switch {
	case f.runs < 1:
		return fmt.Errorf("-runs is at least 1, not %d", f.runs)
	case f.from != "" && f.start != "":
		return errors.New("-from and -start both say what the present network is")
	case f.reverse && f.start == "":
		return errors.New("-reverse turns a -start around, and there is none")
	case (f.shell || f.keep) && f.runs > 1:
		return errors.New("-shell and -keep are for one run")
	case f.shell && f.keep:
		return errors.New("-shell and -keep exclude one another")
	case f.shell && !term.IsTerminal(int(os.Stdin.Fd())):
		return errors.New("-shell needs a terminal on standard input; with -keep a shell waits on one of its own")
	case f.linkDelay < 0:
		return errors.New("-link-delay is not negative")
	}
	return nil
}

// rehearse rehearses the change from each start as often as asked for.
func (a *app) rehearse(ctx context.Context, dir string, f rehearseFlags) error {
	if err := f.check(); err != nil {
		return usage(err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	d, err := a.rehearsedHost(dir)
	if err != nil {
		return err
	}
	scenarios, err := a.scenarios(ctx, d, dir, f)
	if err != nil {
		return err
	}
	if err := f.findMachine(ctx, a.getenv); err != nil {
		return err
	}
	if _, shared := f.on.(uml.Namespaces); shared {
		for n := range scenarios {
			scenarios[n].Remarks = append(scenarios[n].Remarks, "held in namespaces of this machine's own kernel")
		}
	}
	var reports []rehearse.Report
	for _, s := range scenarios {
		for run := range f.runs {
			r, err := a.rehearseOnce(ctx, s, f)
			if f.keep && err == nil {
				return rehearsed([]rehearse.Report{r}) // shown already
			}
			if ctx.Err() != nil {
				return exit{code: exitError, err: errors.New("interrupted; the kernel is gone, and nothing was changed")}
			}
			if err != nil {
				return fmt.Errorf("rehearse from %s, run %d: %w", s.Name, run+1, err)
			}
			reports = append(reports, r)
			if err := a.send("rehearsal", outcome{r, r.Outcome()}); err != nil {
				return err
			}
		}
	}
	if a.text() {
		view.Rehearsals(a.stdout, a.style(), reports, view.RehearsalOptions{Host: d.Host.Name, Verbose: f.verbose})
	}
	return rehearsed(reports)
}

// outcome is a report in the JSON form, with what it comes to.
type outcome struct {
	rehearse.Report
	Outcome rehearse.Outcome `json:"outcome"`
}

// rehearsedHost chooses the host: an only one is meant also when this machine
// has another name, as a rehearsal may be held anywhere.
func (a *app) rehearsedHost(dir string) (*hostfile.Definition, error) {
	if a.flags.host == "" {
		site, diags, err := a.load(dir)
		if err == nil && !diags.HasErrors() && len(site.Definitions) == 1 {
			a.flags.host = site.Definitions[0].Host.Name
		}
	}
	_, d, err := a.definition(dir)
	return d, err
}

// rehearseOnce is one run. While it lasts, a terminal shows what is done.
func (a *app) rehearseOnce(ctx context.Context, s rehearse.Scenario, f rehearseFlags) (rehearse.Report, error) {
	status := view.NewStatus(a.stderr, a.getenv)
	defer status.End()
	o := rehearse.Options{On: f.on, Shell: f.shell, Keep: f.keep, Progress: func(step string) { status.Show("rehearsal from " + s.Name + ": " + step) }}
	o.Kept = func(r rehearse.Report, terminal string) {
		status.End()
		view.Rehearsals(a.stdout, a.style(), []rehearse.Report{r}, view.RehearsalOptions{Host: s.Wanted.Name, Verbose: f.verbose})
		fmt.Fprintf(a.stderr, "\nThe kernel keeps running; a shell in it waits at %s, e.g. `screen %s`. Ctrl-C here ends it.\n", terminal, terminal)
	}
	o.Progress("booting")
	return rehearse.Run(ctx, s, o)
}

// rehearsed gives the exit code of the worst report.
func rehearsed(reports []rehearse.Report) error {
	code := exitDone
	for _, r := range reports {
		code = max(code, map[rehearse.Outcome]int{
			rehearse.Good: exitDone, rehearse.Losses: exitChanges, rehearse.Differs: exitChanges, rehearse.Refused: exitError,
			rehearse.Failed: exitError, rehearse.Undone: exitUndone, rehearse.UndoFailed: exitUndoFailed,
		}[r.Outcome()])
	}
	if code == exitDone {
		return nil
	}
	return said(code)
}

// findMachine finds the kernel, or fetches it where that is allowed. Without
// it, and if nobody said which one is meant, namespaces of the running kernel
// do, where that has all that is needed.
func (f *rehearseFlags) findMachine(ctx context.Context, getenv func(string) string) error {
	if f.on != nil {
		return nil
	}
	prefix := getenv("LINKSPAN_UML_PREFIX")
	k, err := uml.Locate(prefix)
	if errors.Is(err, uml.ErrMissing) && f.fetch {
		dir, dirErr := uml.CacheDir()
		if dirErr != nil {
			return dirErr
		}
		k, err = uml.Fetch(ctx, dir)
	}
	if err == nil {
		f.on = k
		return nil
	}
	if !errors.Is(err, uml.ErrMissing) {
		return err
	}
	if prefix == "" && !f.shell && !f.keep {
		if n, err := uml.FindNamespaces(ctx); err == nil {
			f.on = n
			return nil
		}
	}
	return fmt.Errorf("%w; with -fetch linkspan downloads it into its cache (40 MB, nothing is installed), or install the package", err)
}

// rehearsable leaves in a definition what can be rehearsed: the backends of
// this program, with the kernel's among them. Hooks and checks speak to the
// world outside, which is not there.
func rehearsable(h host.Host) (host.Host, []string) {
	var remarks []string
	known := builtinNames()
	h.Backends = slices.DeleteFunc(slices.Clone(h.Backends), func(b host.Backend) bool {
		if slices.Contains(known, b.Name) {
			return false
		}
		remarks = append(remarks, fmt.Sprintf("backend %q is not part of linkspan and was left out", b.Name))
		return true
	})
	if _, ok := h.Backend(netlink.Name); !ok {
		h.Backends = append(h.Backends, host.Backend{Name: netlink.Name})
		remarks = append(remarks, `the definition has no backend "netlink": it was added, in place of the network's restart`)
	}
	if len(h.Hooks) > 0 {
		remarks = append(remarks, fmt.Sprintf("%s not run: %v", plural(len(h.Hooks), "hook was", "hooks were"), hookNames(h.Hooks)))
	}
	if len(h.Checks) > 0 {
		remarks = append(remarks, plural(len(h.Checks), "check of the definition was", "checks of the definition were")+" not made")
	}
	h.Hooks, h.Checks, h.Apply.Confirm = nil, nil, ""
	return h, remarks
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func hookNames(hooks []host.Hook) []string {
	var out []string
	for _, h := range hooks {
		out = append(out, h.Name)
	}
	return out
}

// scenario puts together what Run needs, from a start and its files.
func scenario(d *hostfile.Definition, name string, start host.Host, f rehearseFlags) rehearse.Scenario {
	wanted, remarks := rehearsable(d.Host)
	return rehearse.Scenario{Name: name, Start: start, Wanted: wanted, Remarks: remarks, Definition: writer.Host(wanted), Undo: f.undo, LinkDelay: f.linkDelay, Sysctls: redHatSysctls()}
}
