package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/plan"
)

type showFlags struct {
	view.PlanOptions
	html, markdown bool
}

func (a *app) showCommand() *cobra.Command {
	var f showFlags
	c := &cobra.Command{
		Use:   "show PLAN…",
		Short: "Shows saved plans, for people, as a page or for a pull request; needs neither hosts nor plugins",
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.show(args, f) },
	}
	planViewFlags(c, &f.PlanOptions)
	c.Flags().BoolVar(&f.html, "html", false, "one self-contained HTML page")
	c.Flags().BoolVar(&f.markdown, "markdown", false, "Markdown that fits a comment on a pull request; hosts with the same plan are one section")
	return c
}

func (a *app) show(paths []string, f showFlags) error {
	if f.html && f.markdown {
		return usage(errors.New("-html and -markdown are two forms; choose one"))
	}
	var plans []*plan.Plan
	for _, path := range paths {
		p, err := readPlan(path)
		if err != nil {
			return err
		}
		plans = append(plans, p)
	}
	if !f.html && !f.markdown {
		for _, p := range plans {
			if err := a.showPlan(p, f.PlanOptions); err != nil {
				return err
			}
		}
		return nil
	}
	if a.text() {
		write := view.PlansHTML
		if f.markdown {
			write = view.PlansMarkdown
		}
		if err := write(a.stdout, plans); err != nil {
			return err
		}
	}
	for _, p := range plans {
		if err := a.send("plan", p); err != nil {
			return err
		}
	}
	return nil
}

// planViewFlags are the flags of every command that prints a plan.
func planViewFlags(c *cobra.Command, o *view.PlanOptions) {
	c.Flags().BoolVar(&o.Diff, "diff", false, "each file as a unified diff")
	c.Flags().BoolVar(&o.Verbose, "verbose", false, "unchanged settings too")
	c.Flags().BoolVar(&o.Summary, "summary", false, "one line an object")
}

func (a *app) showPlan(p *plan.Plan, o view.PlanOptions) error {
	if a.text() {
		view.Plan(a.stdout, a.style(), p, o)
	}
	return a.send("plan", p)
}

// readPlan reads a saved plan.
func readPlan(path string) (*plan.Plan, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("saved plan: %w", err)
	}
	defer f.Close()
	p, err := plan.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("saved plan %q: %w", path, err)
	}
	return p, nil
}

// writePlan saves a plan for the owner only: it may hold what files hold.
func writePlan(path string, p *plan.Plan) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	if err := plan.Encode(f, p); err != nil {
		f.Close()
		return fmt.Errorf("-out %q: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("-out: %w", err)
	}
	return nil
}
