package main

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

type initFlags struct {
	fromHost bool
	release  string
}

func (a *app) initCommand() *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Writes a commented first definition, site.hcl, to change and keep in git",
		Args:  cobra.MaximumNArgs(1),
		RunE:  func(c *cobra.Command, args []string) error { return a.init(c.Context(), cmp.Or(first(args), "."), f) },
	}
	c.Flags().BoolVar(&f.fromHost, "from-host", false, "write the definition of this host, or of the tree below -root, as import does")
	c.Flags().StringVar(&f.release, "release", "", "with -from-host: who reads the files, e.g. rhel7 or nm")
	return c
}

//go:embed init.hcl
var firstDefinition string

// placeholder is the host's name in init.hcl.
const placeholder = "dom0-01"

// init writes DIR/site.hcl, unless there are definitions already.
func (a *app) init(ctx context.Context, dir string, f initFlags) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	have, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.hcl"))
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if len(have) > 0 {
		return exit{code: exitRefused, err: fmt.Errorf("%s is there already; nothing was written", strings.Join(have, ", "))}
	}
	path := filepath.Join(dir, "site.hcl")
	if f.fromHost {
		return a.importHost(ctx, importFlags{release: f.release, out: path})
	}
	name, _, _ := strings.Cut(hostName(a.root()), ".")
	name = cmp.Or(a.flags.host, name, placeholder)
	text := strings.ReplaceAll(firstDefinition, placeholder, name)
	if diags, err := a.checkText(text); err != nil || diags.HasErrors() {
		return fmt.Errorf("init: a definition for %q cannot be written: %w", name, cmp.Or(err, diags.Err()))
	}
	if err := writeNew(path, text); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if a.text() {
		fmt.Fprintf(a.stdout, "Wrote %s, for the host %q. Change it to what you have, and then:\n\n  linkspan validate %s\n  linkspan graph %s\n  linkspan plan -diff %s\n\n`linkspan init -from-host` writes what the host has now instead.\n", path, name, dir, dir, dir)
	}
	return a.send("init", map[string]string{"path": path, "host": name})
}

// escapeGlob takes a folder's name as it is.
func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(s)
}
