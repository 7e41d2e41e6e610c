package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/fleet"
	"linkspan/core/fleet/tree"
	"linkspan/hcl/hostfile"
)

type renderFlags struct {
	out          string
	prune, check bool
}

func (a *app) renderCommand() *cobra.Command {
	var f renderFlags
	c := &cobra.Command{
		Use:   "render [DIR] -out DIR2",
		Short: "Writes every host's files below DIR2/HOST, offline, for review and for hosts too old to run linkspan",
		Long: "Writes every host's files below DIR2/HOST, so that a repository can keep them beside the definitions and review their changes.\n" +
			"Only files that differ are written. Files that an earlier render wrote and no definition gives any more are named, and removed with -prune;\n" +
			"what others put there is left alone. With -host (a name, or a pattern like 'dom0-*') or -tag only those hosts are rendered.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if f.out == "" {
				return usage(errors.New("render needs -out DIR"))
			}
			return a.render(c.Context(), first(args), f)
		},
	}
	c.Flags().StringVar(&f.out, "out", "", "the `DIR` that gets a folder for each host")
	c.Flags().BoolVar(&f.prune, "prune", false, "remove files that no definition gives any more")
	c.Flags().BoolVar(&f.check, "check", false, "write nothing; exit 3 if a file would be written or is stale")
	return c
}

// rendered is what a render did, for the JSON form.
type rendered struct {
	Hosts     int      `json:"hosts"`
	Files     int      `json:"files"`
	Written   []string `json:"written"` // with -check: those that would be
	Stale     []string `json:"stale"`   // there, but given by no definition
	Pruned    bool     `json:"pruned"`
	Checked   bool     `json:"checked"` // nothing was written
	Directory string   `json:"directory"`
}

func (a *app) render(ctx context.Context, dir string, f renderFlags) error {
	site, diags, err := a.load(dir)
	if err != nil {
		return err
	}
	if err := a.refuse(diags); err != nil {
		return err
	}
	chosen, diags := a.several(site)
	if err := a.refuse(diags); err != nil {
		return err
	}
	hosts, err := a.renderAll(ctx, site, chosen)
	if err != nil {
		return err
	}
	some := len(a.flags.hosts())+len(a.flags.tags) > 0
	did, err := tree.Write(ctx, f.out, hosts, tree.Options{Prune: f.prune, Check: f.check, Some: some})
	if err != nil {
		return fmt.Errorf("render -out: %w", err)
	}
	result := rendered{Hosts: len(hosts), Files: did.Files, Written: did.Written, Stale: did.Stale, Pruned: f.prune && !f.check, Checked: f.check, Directory: f.out}
	if a.text() {
		result.tell(a.stdout)
	}
	if err := a.send("render", result); err != nil {
		return err
	}
	if differ := len(result.Written) + len(result.Stale); f.check && differ > 0 {
		return exit{code: exitRefused, err: fmt.Errorf("%s below %s not as the definitions have it; `linkspan render` writes them", count(differ, "file"), f.out)}
	}
	return nil
}

// tell writes what was done, as text.
func (r rendered) tell(w io.Writer) {
	written, stale := "written", "stale, -prune removes it:"
	switch {
	case r.Checked:
		written = "to write"
		for _, name := range r.Written {
			fmt.Fprintf(w, "differs: %s\n", name)
		}
	case r.Pruned:
		stale = "removed:"
	}
	for _, name := range r.Stale {
		fmt.Fprintf(w, "%s %s\n", stale, name)
	}
	fmt.Fprintf(w, "%s, %s below %s; %d %s.\n", count(r.Hosts, "host"), count(r.Files, "file"), r.Directory, len(r.Written), written)
}

// renderAll renders the chosen hosts, several at a time, and ends with an error
// if a backend refuses one.
func (a *app) renderAll(ctx context.Context, site *hostfile.Site, chosen []int) ([]tree.Host, error) {
	hosts := make([]tree.Host, len(chosen))
	diags, err := a.offlineEach(ctx, site, chosen, func(n int, responses map[string]backend.RenderResponse) {
		hosts[n].Name = site.Definitions[chosen[n]].Host.Name
		for _, b := range slices.Sorted(maps.Keys(responses)) {
			for _, file := range responses[b].Files {
				hosts[n].Files = append(hosts[n].Files, tree.File{Path: strings.TrimPrefix(file.Path, "/"), Content: file.Content})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return hosts, a.refuse(diags)
}

// offlineEach renders hosts, several at a time, without looking at one, and
// returns what the backends refuse. take, unless
// it is nil, is called with the place in chosen, for several hosts at once.
func (a *app) offlineEach(ctx context.Context, site *hostfile.Site, chosen []int, take func(n int, responses map[string]backend.RenderResponse)) (diag.List, error) {
	backends, done, err := a.finder.offline(ctx, site)
	if err != nil {
		return nil, err
	}
	defer done()
	found := make([]diag.List, len(chosen))
	err = fleet.Each(ctx, len(chosen), func(ctx context.Context, n int) error {
		responses, diags, err := a.offline(ctx, &site.Definitions[chosen[n]], backends)
		if err != nil {
			return err
		}
		found[n] = diags
		if take != nil {
			take(n, responses)
		}
		return nil
	})
	return slices.Concat(found...), err
}
