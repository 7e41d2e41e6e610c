package main

import (
	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
)

func (a *app) graphCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "graph [DIR]",
		Short: "The topology of a host as a tree",
		Args:  cobra.MaximumNArgs(1),
		RunE:  func(_ *cobra.Command, args []string) error { return a.graph(first(args)) },
	}
}

func (a *app) graph(dir string) error {
	_, d, err := a.definition(dir)
	if err != nil {
		return err
	}
	if a.text() {
		view.Graph(a.stdout, a.style(), &d.Host)
	}
	return a.send("host", d.Host)
}
