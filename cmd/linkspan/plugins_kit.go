package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/plugins/backendtest"
	"linkspan/plugins/launch"
	"linkspan/plugins/trust"
)

func (a *app) pluginsTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "test NAME [DIR]",
		Short: "Holds a backend to the contract: the conformance kit, for plugins in any language",
		Long: "Tries every rule of the contract on each host of the definitions in DIR that uses the backend, in a scratch directory;\n" +
			"without DIR on the hosts that the kit brings. With -root the scratch directory begins as a copy of that tree.\n" +
			"Nothing on this machine is changed.",
		Args: cobra.RangeArgs(1, 2),

		ValidArgsFunction: a.completeBackend,
		RunE: func(c *cobra.Command, args []string) error {
			return a.pluginsTest(c.Context(), args[0], first(args[1:]))
		},
	}
}

// kept is how one rule was kept in one case.
type kept struct {
	Case    string `json:"case"`
	Rule    string `json:"rule"`
	Fault   string `json:"fault,omitempty"`
	Why     string `json:"why,omitempty"`
	LeftOut string `json:"left_out,omitempty"`
}

// pluginsTest runs the kit against a plugin, and says what to mend.
func (a *app) pluginsTest(ctx context.Context, name, dir string) error {
	cases, err := a.kitCases(name, dir)
	if err != nil {
		return err
	}
	f := a.finder
	spec, err := f.find(name)
	if err := errors.Join(a.report(f.warned), err); err != nil {
		return err
	}
	options := launch.Options{Grease: true}
	if a.flags.log {
		options.Log = a.stderr
	}
	set, err := launch.Open(ctx, []trust.Spec{spec}, options)
	if err != nil {
		return err
	}
	defer set.Close()
	broken := 0
	set.Each(func(d backend.Description, b backend.Backend) {
		if d.Phase != backend.Persist {
			err = fmt.Errorf("backend %q changes what runs, and the kit applies: it is tried by its own tests, with backendtest.Run, where that harms nobody", name)
			return
		}
		for i, c := range cases {
			c.Small = i > 0
			n, failed := a.tryCase(ctx, b, c)
			broken, err = broken+n, errors.Join(err, failed)
		}
	})
	if err != nil {
		return err
	}
	if broken > 0 {
		return exit{code: exitError, err: fmt.Errorf("%s broken", plural(broken, "rule is", "rules are"))}
	}
	if a.text() {
		fmt.Fprintf(a.stdout, "Backend %q keeps the contract in %s.\n", name, count(len(cases), "case"))
	}
	return nil
}

// tryCase tries one case and returns how many rules are broken.
func (a *app) tryCase(ctx context.Context, b backend.Backend, c backendtest.Case) (int, error) {
	dir, err := os.MkdirTemp("", "linkspan-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	broken := 0
	if a.text() {
		fmt.Fprintf(a.stdout, "%s\n", c.Name)
	}
	for _, r := range backendtest.Check(ctx, b, c, dir) {
		k := kept{Case: c.Name, Rule: r.Rule.Name, LeftOut: r.LeftOut}
		if r.Err != nil {
			k.Fault, k.Why = r.Err.Error(), r.Rule.Why
			broken++
		}
		a.showKept(k)
		if err := a.send("rule", k); err != nil {
			return broken, err
		}
	}
	return broken, nil
}

func (a *app) showKept(k kept) {
	if !a.text() {
		return
	}
	switch {
	case k.Fault != "":
		fmt.Fprintf(a.stdout, "  BROKEN    %s\n", k.Rule)
		for line := range strings.Lines(k.Fault) {
			fmt.Fprintf(a.stdout, "            %s\n", view.Clean(strings.TrimRight(line, "\n")))
		}
		fmt.Fprintf(a.stdout, "            What it is for: %s\n", k.Why)
	case k.LeftOut != "":
		fmt.Fprintf(a.stdout, "  left out  %s: %s\n", k.Rule, view.Clean(k.LeftOut))
	default:
		fmt.Fprintf(a.stdout, "  kept      %s\n", k.Rule)
	}
}

// kitCases are the hosts of the definitions that use the backend, or those of
// the kit.
func (a *app) kitCases(name, dir string) ([]backendtest.Case, error) {
	files, err := treeFiles(a.root())
	if err != nil {
		return nil, err
	}
	if dir == "" {
		if a.finder, err = a.here(""); err != nil {
			return nil, err
		}
		return kitHosts(name, files), nil
	}
	site, diags, err := a.load(dir)
	if err != nil {
		return nil, err
	}
	if err := a.refuse(diags); err != nil {
		return nil, err
	}
	var out []backendtest.Case
	for i := range site.Definitions {
		h := site.Definitions[i].Host
		if _, uses := h.Backend(name); uses && (a.flags.host == "" || a.flags.host == h.Name) {
			out = append(out, backendtest.Case{Name: "host " + h.Name, Host: h, Files: files, MayBeInSync: true})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no host of %s uses the backend %q", dir, name)
	}
	return out, nil
}

func kitHosts(name string, files map[string]string) []backendtest.Case {
	var out []backendtest.Case
	for _, c := range backendtest.Cases() {
		c.Host.Backends = []host.Backend{{Name: name}}
		c.Files, c.MayRefuse, c.MayBeInSync = files, true, true
		out = append(out, c)
	}
	return out
}

// maxFixture bounds a file of a -root tree that is copied for the kit, in bytes.
const maxFixture = 1 << 20

// treeFiles reads the regular files of a tree; none for "".
func treeFiles(root string) (map[string]string, error) {
	out := make(map[string]string)
	if root == "" {
		return out, nil
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if info.Size() > maxFixture {
			return fmt.Errorf("-root: %s has more than %d bytes; the kit wants a small tree", path, maxFixture)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		out["/"+rel] = string(content)
		return err
	})
	return out, err
}
