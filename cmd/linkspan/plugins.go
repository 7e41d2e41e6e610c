package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"linkspan/core/backend"
	"linkspan/plugins"
)

// pluginProtocol is the version of the plugin protocol.
func pluginProtocol() int { return plugins.ProtocolVersion }

func (a *app) pluginsCommand() *cobra.Command {
	c := &cobra.Command{Use: "plugins", Short: "The backends", Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "Lists the backends with what they say of themselves",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return a.pluginsList(c.Context()) },
	})
	return c
}

// listed is one line of plugins list.
type listed struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Phase   string `json:"phase"`
	Doc     string `json:"doc"`
	Builtin bool   `json:"builtin"`
}

// pluginsList starts every backend and asks it.
func (a *app) pluginsList(ctx context.Context) error {
	var specs []plugins.Spec
	for _, name := range builtinNames() {
		specs = append(specs, plugins.Builtin(name))
	}
	set, err := plugins.Open(ctx, specs, plugins.Options{})
	if err != nil {
		return err
	}
	defer set.Close()
	var all []listed
	set.Each(func(d backend.Description, _ backend.Backend) {
		all = append(all, listed{d.Name, d.Version, string(d.Phase), d.Doc, true})
	})
	if a.text() {
		for _, l := range all {
			fmt.Fprintf(a.stdout, "%-10s %-8s %-9s built-in  %s\n", l.Name, l.Version, l.Phase, l.Doc)
		}
	}
	return a.send("plugins", all)
}
