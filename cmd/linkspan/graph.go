package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/diagram"
	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// graphFormats are the forms of a topology.
var graphFormats = []string{"tree", "dot", "mermaid", "svg"}

type graphFlags struct {
	format string
	plan   bool
}

func (a *app) graphCommand() *cobra.Command {
	f := graphFlags{format: "tree"}
	c := &cobra.Command{
		Use:   "graph [DIR]",
		Short: "The topology of a host: a tree, or a picture as DOT, Mermaid or SVG",
		Args:  cobra.MaximumNArgs(1),
		RunE:  func(c *cobra.Command, args []string) error { return a.graph(c.Context(), first(args), f) },
	}
	c.Flags().StringVar(&f.format, "format", "tree", "`FORM`: "+strings.Join(graphFormats, ", "))
	c.Flags().BoolVar(&f.plan, "plan", false, "lay the plan's changes over it: + made, ~ changed, - removed")
	return c
}

func (a *app) graph(ctx context.Context, dir string, f graphFlags) error {
	if !slices.Contains(graphFormats, f.format) {
		return usage(fmt.Errorf("-format is one of %s, not %q", strings.Join(graphFormats, ", "), f.format))
	}
	h, p, err := a.graphed(ctx, dir, f.plan)
	if err != nil {
		return err
	}
	in := diagram.Input{Host: h, Plan: p}
	if a.text() {
		switch f.format {
		case "tree":
			view.Graph(a.stdout, a.style(), h, diagram.Signs(p))
		case "dot":
			fmt.Fprint(a.stdout, diagram.New(in).DOT())
		case "mermaid":
			fmt.Fprint(a.stdout, diagram.New(in).Mermaid())
		case "svg":
			fmt.Fprint(a.stdout, diagram.New(in).SVG())
		}
	}
	return a.send("host", h)
}

// graphed loads the host, and makes its plan if that is wanted; only then is
// the host itself looked at.
func (a *app) graphed(ctx context.Context, dir string, planned bool) (*host.Host, *plan.Plan, error) {
	if !planned {
		_, d, err := a.definition(dir)
		if err != nil {
			return nil, nil, err
		}
		return &d.Host, nil, nil
	}
	s, err := a.openSession(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	defer s.close()
	p, err := a.makePlan(ctx, s, true)
	if err != nil {
		return nil, nil, err
	}
	return &s.request.Host, p, nil
}
