package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/core/diag"
	"linkspan/hcl/hostfile"
	"linkspan/hcl/writer"
	"linkspan/plugins/ifcfg"
	"linkspan/plugins/xend"
)

type importFlags struct{ release, out string }

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import",
		Short: "The definition of this host, or of the tree below -root, from its files; its plan is empty",
		Long: "Prints the HCL of what the host's ifcfg files mean to those who read them: the network scripts of its release, or NetworkManager.\n" +
			"On a Xen host whose xend leaves the network alone, the definition says that it does.\n" +
			"Keys that the language has no word for go to backend_options; what cannot be taken over is named, and stays as it is.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.importHost(c.Context(), f) },
	}
	c.Flags().StringVar(&f.release, "release", "", "who reads the files, e.g. rhel7 or nm (default: found from the host)")
	c.Flags().StringVar(&f.out, "out", "", "write the definition to `FILE`, which must not be there yet")
	return c
}

// imported is a definition made from a host, for the JSON form.
type imported struct {
	Host       string `json:"host"`
	Release    string `json:"release,omitempty"` // who reads the files
	Interfaces int    `json:"interfaces"`
	Definition string `json:"definition"` // HCL
}

func (a *app) importHost(ctx context.Context, f importFlags) error {
	d, diags, err := a.definitionOfHost(ctx, f.release)
	if err != nil {
		return fmt.Errorf("import: %w", err)
	}
	if d == nil {
		return a.refuse(diags)
	}
	if f.out != "" {
		if err := writeNew(f.out, d.Definition); err != nil {
			return fmt.Errorf("import -out: %w", err)
		}
		if a.text() {
			fmt.Fprintf(a.stdout, "%s of host %q written to %s.\n", count(d.Interfaces, "interface"), d.Host, f.out)
		}
	} else if a.text() {
		fmt.Fprint(a.stdout, d.Definition)
	}
	if err := a.send("import", d); err != nil {
		return err
	}
	return a.faults(diags)
}

// faults shows diagnostics; what the host does against a rule of the language
// makes the definition one that must be mended before it can be planned.
func (a *app) faults(diags diag.List) error {
	if err := a.report(diags); err != nil {
		return err
	}
	if n := len(diags.Errors()); n > 0 {
		return exit{code: exitError, err: fmt.Errorf("the host as it is has %s; mend the definition before planning from it", count(n, "error"))}
	}
	return nil
}

// definitionOfHost makes the definition of the host below -root, and says what
// is wrong with its files and with the definition; nil when there is none.
func (a *app) definitionOfHost(ctx context.Context, release string) (*imported, diag.List, error) {
	in, err := ifcfg.Import(a.root(), release)
	if err != nil {
		return nil, nil, err
	}
	if in.Host.Backends == nil {
		return nil, in.Diagnostics, nil // a release that is none
	}
	name, _, _ := strings.Cut(hostName(a.root()), ".")
	in.Host.Name = cmp.Or(a.flags.host, name, "host")
	xen, found, err := xend.Import(ctx, a.root(), in.Host)
	if err != nil {
		return nil, nil, err
	}
	in.Diagnostics = append(in.Diagnostics, found...)
	if xen != nil {
		in.Host.Backends = append(in.Host.Backends, *xen)
	}
	text := string(writer.Host(in.Host))
	diags, err := a.checkText(text)
	if err != nil {
		return nil, nil, err
	}
	return &imported{Host: in.Host.Name, Release: in.Release, Interfaces: len(in.Host.Interfaces), Definition: text}, append(in.Diagnostics, diags...), nil
}

// checkText reads a definition as plan would and says what is wrong with it.
func (a *app) checkText(text string) (diag.List, error) {
	dir, err := os.MkdirTemp("", "linkspan-import-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "imported.hcl"), []byte(text), 0o600); err != nil {
		return nil, err
	}
	site, diags := hostfile.Load(dir, hostfile.Options{Schema: a.schema})
	diags = append(diags, site.Check(diags)...)
	for i := range diags { // the text is on standard output, not in a file
		diags[i].Range = diag.Range{}
	}
	return diags, nil
}

// writeNew writes a file that must not be there yet.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; nothing was written", path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
