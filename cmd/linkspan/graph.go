package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/diagram"
	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/engine"
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
		Long: `The topology of a host, with the guests under their bridges.

Guests are looked for where the host is at hand: on this machine when it is the
host, below -root or in -netns, and with -plan. With -host of another machine the
picture is that of the definition.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.graph(c.Context(), first(args), f) },
	}
	c.Flags().StringVar(&f.format, "format", "tree", "`FORM`: "+strings.Join(graphFormats, ", "))
	c.Flags().BoolVar(&f.plan, "plan", false, "lay the plan's changes over it: + made, ~ changed, - removed")
	return c
}

func (a *app) graph(ctx context.Context, dir string, f graphFlags) error {
	if !slices.Contains(graphFormats, f.format) {
		return usage(fmt.Errorf("-format is one of %s, not %q", strings.Join(graphFormats, ", "), f.format))
	}
	in, guests, err := a.graphed(ctx, dir, f.plan)
	if err != nil {
		return err
	}
	in.Guests = diagram.Guests(guests)
	if a.text() {
		switch f.format {
		case "tree":
			view.Graph(a.stdout, a.style(), in)
		case "dot":
			fmt.Fprint(a.stdout, diagram.New(in).DOT())
		case "mermaid":
			fmt.Fprint(a.stdout, diagram.New(in).Mermaid())
		case "svg":
			fmt.Fprint(a.stdout, diagram.New(in).SVG())
		}
	}
	for _, g := range guests {
		if err := a.send("guest", g); err != nil {
			return err
		}
	}
	return a.send("host", in.Host)
}

// graphed loads the host, and makes its plan if that is wanted. The host itself
// is looked at, for its guests, when it is at hand: this machine, a namespace of
// it, or the tree below -root; with the name of another host it may be any.
func (a *app) graphed(ctx context.Context, dir string, planned bool) (diagram.Input, []plan.Guest, error) {
	elsewhere := a.flags.host != "" && a.flags.host != hostName("") && a.root() == "" && a.flags.netns == ""
	if !planned && elsewhere {
		_, d, err := a.definition(dir)
		if err != nil {
			return diagram.Input{}, nil, err
		}
		return diagram.Input{Host: &d.Host}, nil, nil
	}
	s, err := a.openSession(ctx, dir)
	if err != nil {
		return diagram.Input{}, nil, err
	}
	defer s.close()
	in := diagram.Input{Host: &s.request.Host}
	if planned {
		if in.Plan, err = a.makePlan(ctx, s, true); err != nil {
			return in, nil, err
		}
	}
	guests, err := engine.Guests(ctx, s.request)
	return in, guests, err
}
