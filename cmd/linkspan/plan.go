package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/engine"
	"linkspan/core/plan"
)

type planFlags struct {
	view.PlanOptions
	out          string
	detailedExit bool
}

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	c := &cobra.Command{
		Use:   "plan [DIR]",
		Short: "Compares a host with its definition and shows everything that would be done",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.plan(c.Context(), first(args), f)
		},
	}
	planViewFlags(c, &f.PlanOptions)
	c.Flags().StringVar(&f.out, "out", "", "save the plan in `FILE`, for apply")
	c.Flags().BoolVar(&f.detailedExit, "detailed-exitcode", false, "exit 2 when there are changes")
	return c
}

func (a *app) plan(ctx context.Context, dir string, f planFlags) error {
	s, err := a.openSession(ctx, dir)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := a.makePlan(ctx, s, false)
	if err != nil {
		return err
	}
	if f.out != "" {
		if err := writePlan(f.out, p); err != nil {
			return err
		}
	}
	if err := a.showPlan(p, f.PlanOptions); err != nil {
		return err
	}
	if f.out != "" && a.text() {
		fmt.Fprintf(a.stdout, "Saved in %s; `linkspan apply %s` carries out exactly this.\n", f.out, f.out)
	}
	if f.detailedExit && !p.Empty() {
		return said(exitChanges)
	}
	return nil
}

// makePlan plans and shows what the backends found, its errors alone when
// brief; an error ends the command.
func (a *app) makePlan(ctx context.Context, s *session, brief bool) (*plan.Plan, error) {
	p, diags, err := engine.Plan(ctx, s.request)
	if err != nil {
		return nil, err
	}
	if p != nil {
		diags = append(diags, s.judged(ctx, p)...)
	}
	if brief {
		diags = diags.Errors()
	}
	if err := a.refuse(s.definition.Resolve(diags)); err != nil {
		return nil, err
	}
	return p, nil
}
