package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/core/diag"
	"linkspan/hcl/hostfile"
)

type renderFlags struct {
	out   string
	prune bool
}

func (a *app) renderCommand() *cobra.Command {
	var f renderFlags
	c := &cobra.Command{
		Use:   "render [DIR] -out DIR2",
		Short: "Writes every host's files below DIR2/HOST, offline, for review and for hosts too old to run linkspan",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if f.out == "" {
				return usage(errors.New("render needs -out DIR"))
			}
			return a.render(c.Context(), first(args), f)
		},
	}
	c.Flags().StringVar(&f.out, "out", "", "the `DIR` that gets a folder for each host")
	c.Flags().BoolVar(&f.prune, "prune", false, "remove files that no definition gives any more")
	return c
}

// rendered is what a render did, for the JSON form.
type rendered struct {
	Hosts     int      `json:"hosts"`
	Files     int      `json:"files"`
	Written   []string `json:"written"`
	Stale     []string `json:"stale"` // there, but given by no definition
	Pruned    bool     `json:"pruned"`
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
	wanted, diags, err := a.renderAll(ctx, site)
	if err != nil {
		return err
	}
	if err := a.refuse(diags); err != nil {
		return err
	}
	result, err := writeTree(f.out, wanted, f.prune)
	if err != nil {
		return fmt.Errorf("render -out: %w", err)
	}
	result.Hosts = len(site.Definitions)
	if a.text() {
		fmt.Fprintf(a.stdout, "%s, %s below %s; %d written.\n", count(result.Hosts, "host"), count(result.Files, "file"), f.out, len(result.Written))
		for _, s := range result.Stale {
			what := "stale, -prune removes it:"
			if f.prune {
				what = "removed:"
			}
			fmt.Fprintf(a.stdout, "%s %s\n", what, s)
		}
	}
	return a.send("render", result)
}

// renderAll gives each file's content by its path below the output, e.g.
// "dom0-01/etc/sysconfig/network".
func (a *app) renderAll(ctx context.Context, site *hostfile.Site) (map[string][]byte, diag.List, error) {
	backends, done, err := a.finder.offline(ctx, site)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	out := make(map[string][]byte)
	var all diag.List
	for i := range site.Definitions {
		d := &site.Definitions[i]
		responses, diags, err := a.offline(ctx, d, backends)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, diags...)
		for _, r := range responses {
			for _, file := range r.Files {
				out[path.Join(d.Host.Name, file.Path)] = file.Content
			}
		}
	}
	return out, all, nil
}

// writeTree makes the tree below dir hold the wanted files; a file that has
// its content already is not opened for writing.
func writeTree(dir string, wanted map[string][]byte, prune bool) (rendered, error) {
	r := rendered{Files: len(wanted), Directory: dir, Pruned: prune, Written: []string{}, Stale: []string{}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return r, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return r, err
	}
	defer root.Close()
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		have, err := root.ReadFile(name)
		if err == nil && bytes.Equal(have, wanted[name]) {
			continue
		}
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return r, err
		}
		if err := root.WriteFile(name, wanted[name], 0o644); err != nil {
			return r, err
		}
		r.Written = append(r.Written, name)
	}
	r.Stale, err = staleFiles(root, wanted)
	if err != nil || !prune {
		return r, err
	}
	for _, name := range r.Stale {
		if err := root.Remove(name); err != nil {
			return r, err
		}
	}
	return r, nil
}

// staleFiles lists files below the hosts' folders that no definition gives.
// Files beside those folders (a README, .git) are nobody's concern.
func staleFiles(root *os.Root, wanted map[string][]byte) ([]string, error) {
	out := []string{}
	err := fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && name != ".":
			return fs.SkipDir
		case e.IsDir() || !strings.Contains(name, "/etc/"):
			return nil
		}
		if _, ok := wanted[name]; !ok {
			out = append(out, name)
		}
		return nil
	})
	slices.Sort(out)
	return out, err
}
