package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"linkspan/core/host"
	"linkspan/plugins"
	"linkspan/plugins/trust"
)

// pluginProtocol is the version of the plugin protocol.
func pluginProtocol() int { return plugins.ProtocolVersion }

func (a *app) pluginsCommand() *cobra.Command {
	c := &cobra.Command{Use: "plugins", Short: "The backends: list, schema, lock, verify, test", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(
		&cobra.Command{
			Use:   "list [DIR]",
			Short: "Lists the backends with what they say of themselves, and the lock file beside the definitions of them",
			Args:  cobra.MaximumNArgs(1),
			RunE:  func(c *cobra.Command, args []string) error { return a.pluginsList(c.Context(), first(args)) },
		},
		&cobra.Command{
			Use:   "schema NAME [DIR]",
			Short: "What the block of a backend takes",
			Args:  cobra.RangeArgs(1, 2),

			ValidArgsFunction: a.completeBackend,
			RunE: func(c *cobra.Command, args []string) error {
				return a.pluginsSchema(c.Context(), args[0], first(args[1:]))
			},
		},
		&cobra.Command{
			Use:   "lock [DIR]",
			Short: "Writes into linkspan.lock.hcl version and SHA-256 of the plugins that the definitions use",
			Args:  cobra.MaximumNArgs(1),
			RunE:  func(c *cobra.Command, args []string) error { return a.pluginsLock(c.Context(), first(args)) },
		},
		&cobra.Command{
			Use:   "verify [DIR]",
			Short: "Checks the plugins of linkspan.lock.hcl on this machine without starting them",
			Args:  cobra.MaximumNArgs(1),
			RunE:  func(_ *cobra.Command, args []string) error { return a.pluginsVerify(first(args)) },
		},
		a.pluginsTestCommand(),
	)
	return c
}

// completeBackend gives the shell the names of the backends, then directories.
func (a *app) completeBackend(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveFilterDirs
	}
	f, err := a.here("")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return trust.Discover(f.where), cobra.ShellCompDirectiveNoFileComp
}

// here is the finder for the definitions at path; "" is the present directory,
// which need not have any.
func (a *app) here(path string) (*finder, error) {
	if path == "" {
		path = "."
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("definitions: %w", err)
	}
	f, diags, err := a.newFinder(path, true)
	if err != nil {
		return nil, err
	}
	return f, a.refuse(diags)
}

// listed is one line of plugins list.
type listed struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Phase   string `json:"phase,omitempty"`
	Doc     string `json:"doc,omitempty"`
	Builtin bool   `json:"builtin"`
	Path    string `json:"path,omitempty"`
	Locked  bool   `json:"locked"`
	Fault   string `json:"fault,omitempty"` // why it cannot be used
}

// pluginsList asks every backend what it is. One that cannot be used is listed
// with the reason.
func (a *app) pluginsList(ctx context.Context, dir string) error {
	f, err := a.here(dir)
	if err != nil {
		return err
	}
	var all []listed
	for _, name := range trust.Discover(f.where) {
		all = append(all, f.listed(ctx, name))
	}
	if err := a.report(f.warned); err != nil {
		return err
	}
	if a.text() {
		for _, l := range all {
			a.showListed(l)
		}
	}
	return a.send("plugins", all)
}

func (f *finder) listed(ctx context.Context, name string) listed {
	spec, err := f.find(name)
	l := listed{Name: name, Path: spec.Path, Builtin: spec.Path == "" && err == nil, Locked: spec.SHA256 != ""}
	var unlocked *trust.UnlockedError
	if errors.As(err, &unlocked) {
		l.Fault = "it is not in " + unlocked.File
		return l
	}
	if err == nil {
		d, failed := f.describe(ctx, name)
		l.Version, l.Phase, l.Doc, err = d.Version, string(d.Phase), d.Doc, failed
	}
	if err != nil {
		l.Fault = err.Error()
	}
	return l
}

func (a *app) showListed(l listed) {
	where := "built-in"
	switch {
	case l.Builtin:
	case l.Locked:
		where = l.Path + " (locked)"
	default:
		where = l.Path + " (not locked)"
	}
	if l.Fault != "" {
		fmt.Fprintf(a.stdout, "%-10s cannot be used: %s\n", l.Name, l.Fault)
		return
	}
	fmt.Fprintf(a.stdout, "%-10s %-8s %-9s %s  %s\n", l.Name, l.Version, l.Phase, where, l.Doc)
}

// pluginsSchema shows what a backend's block takes.
func (a *app) pluginsSchema(ctx context.Context, name, dir string) error {
	f, err := a.here(dir)
	if err != nil {
		return err
	}
	d, err := f.describe(ctx, name)
	if err := errors.Join(a.report(f.warned), err); err != nil {
		return err
	}
	if a.text() {
		fmt.Fprintf(a.stdout, "backend %q %s, %s: %s\n", d.Name, d.Version, d.Phase, d.Doc)
		if d.Schema.Doc != "" {
			fmt.Fprintf(a.stdout, "\n%s\n", d.Schema.Doc)
		}
		for _, attribute := range d.Schema.Attributes {
			fmt.Fprintf(a.stdout, "\n  %s\n", attributeLine(attribute))
			if attribute.Doc != "" {
				fmt.Fprintf(a.stdout, "      %s\n", attribute.Doc)
			}
		}
		if d.Schema.InterfaceOptions {
			fmt.Fprintf(a.stdout, "\nInterfaces may have backend_options %q { KEY = \"value\" }.\n", d.Name)
		}
	}
	return a.send("backend", struct {
		Name   string      `json:"name"`
		Schema host.Schema `json:"schema"`
	}{d.Name, d.Schema})
}

// attributeLine gives `mode = string, one of "a", "b" (required)`.
func attributeLine(t host.Attribute) string {
	out := fmt.Sprintf("%s = %s", t.Name, t.Type)
	for i, w := range t.Words {
		if i == 0 {
			out += ", one of "
		} else {
			out += ", "
		}
		out += fmt.Sprintf("%q", w)
	}
	switch {
	case t.Required:
		out += " (required)"
	case t.Default != nil:
		if b, err := json.Marshal(t.Default); err == nil {
			out += fmt.Sprintf(" (default %s)", b)
		}
	}
	return out
}
