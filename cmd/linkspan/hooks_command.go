package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/diag"
	"linkspan/core/hook/script"
	"linkspan/core/hook/script/gotest"
)

func (a *app) hooksCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "hooks",
		Short: "Checks and tests scripts of the site's own",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.hooksCheckCommand(), a.hooksModuleCommand(), a.hooksTestCommand())
	return c
}

func (a *app) hooksCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [DIR | SCRIPT…]",
		Short: "Checks scripts without running them and without a Go compiler",
		Long: `Checks scripts as the interpreter will see them: their syntax and types, what
they import, and what the interpreter would silently get wrong. Without an
argument, or with a directory of definitions, these are the scripts that the
definitions name.`,
		RunE: func(c *cobra.Command, args []string) error { return a.checkScripts(c.Context(), args) },
	}
}

// checkScripts checks scripts by name, or those of definitions.
func (a *app) checkScripts(ctx context.Context, args []string) error {
	if len(args) == 0 || len(args) == 1 && hasDefinitions(args[0]) {
		site, diags, err := a.load(first(args))
		if err != nil {
			return err
		}
		if !diags.HasErrors() {
			diags = append(diags, a.compileHooks(ctx, site)...)
		}
		if err := a.refuse(diags); err != nil {
			return err
		}
		return a.good(a.scriptNames(site))
	}
	a.sources = make(map[string][]byte)
	var diags diag.List
	for _, name := range args {
		s, err := loadScript(name)
		if err != nil {
			return err
		}
		maps.Copy(a.sources, s.Texts())
		diags = append(diags, script.CheckAny(ctx, s)...)
	}
	if err := a.refuse(diags); err != nil {
		return err
	}
	return a.good(args)
}

// good says that scripts were checked.
func (a *app) good(names []string) error {
	for _, name := range names {
		if a.text() {
			fmt.Fprintf(a.stdout, "%s is good.\n", view.Clean(name))
		}
	}
	if a.text() && len(names) == 0 {
		fmt.Fprintln(a.stdout, "The definitions name no script.")
	}
	return a.send("checked", map[string]any{"scripts": names})
}

func hasDefinitions(path string) bool {
	if strings.HasSuffix(path, ".hcl") {
		return true
	}
	found, err := filepath.Glob(filepath.Join(path, "*.hcl"))
	return err == nil && len(found) > 0
}

// loadScript reads a script by its path.
func loadScript(name string) (*script.Source, error) {
	if filepath.IsLocal(name) {
		return script.Load(".", name)
	}
	return script.Load(filepath.Dir(name), filepath.Base(name))
}

type hooksTestFlags struct {
	plan, definitions, phase, config, replies string
	native                                    bool
}

func (a *app) hooksTestCommand() *cobra.Command {
	var f hooksTestFlags
	c := &cobra.Command{
		Use:   "test SCRIPT",
		Short: "Runs a hook's tests, and the hook against a plan, without touching the host",
		Long: `Runs the *_test.go files beside a script, interpreted and, where Go is installed,
natively; and the hook itself against a plan, in an environment that only
remembers: what it would have run, logged and kept is printed. The plan is a
saved one (-plan), the present one of definitions (-definitions), or else, for
a hook without tests or with -phase, an example with two bridges and three
guests. The block of the definitions that names the script says in which phases
it runs, and with which config.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.testScript(c.Context(), args[0], f) },
	}
	c.Flags().StringVar(&f.plan, "plan", "", "a saved plan `FILE`")
	c.Flags().StringVar(&f.definitions, "definitions", "", "the definitions in `DIR`, for the present plan and the hook's block")
	c.Flags().StringVar(&f.phase, "phase", "", "run it in this `PHASE` only")
	c.Flags().StringVar(&f.config, "config", "", "its config as `JSON`, instead of that of its block")
	c.Flags().StringVar(&f.replies, "replies", "", "a JSON `FILE` with what commands say, what files have and how the network is")
	c.Flags().BoolVar(&f.native, "native", true, "run the tests natively as well, where Go is installed")
	return c
}

func (a *app) testScript(ctx context.Context, name string, f hooksTestFlags) error {
	s, err := loadScript(name)
	if err != nil {
		return err
	}
	a.sources = s.Texts()
	if err := a.refuse(script.CheckAny(ctx, s)); err != nil {
		return err
	}
	failed := false
	if len(s.Tests) > 0 {
		if failed, err = a.runTests(ctx, s, name, f.native); err != nil {
			return err
		}
	}
	if script.IsHook(s) && (len(s.Tests) == 0 || f.plan != "" || f.definitions != "" || f.phase != "") {
		t, err := a.trial(ctx, name, f)
		if err != nil {
			return err
		}
		failed = a.try(ctx, t, s) || failed
	}
	if failed {
		return exit{code: exitError, err: errors.New("it did not hold; no host was touched")}
	}
	return nil
}

// runTests runs the tests interpreted, and natively where that can be done.
func (a *app) runTests(ctx context.Context, s *script.Source, name string, native bool) (failed bool, err error) {
	results, err := script.RunTests(ctx, s, func(line string) { a.progress(line) })
	if err != nil {
		return false, err
	}
	for _, r := range results {
		failed = failed || r.Failed
		a.tellResult(r)
		if err := a.send("test", r); err != nil {
			return failed, err
		}
	}
	if !native {
		return failed, nil
	}
	why, bad, err := nativeTests(ctx, name, s)
	if a.text() && err == nil {
		fmt.Fprintf(a.stdout, "natively: %s\n", view.Clean(why))
	}
	return failed || bad, err
}

func (a *app) tellResult(r gotest.Result) {
	if !a.text() {
		return
	}
	state := "holds"
	switch {
	case r.Failed:
		state = "FAILS"
	case r.Skipped:
		state = "is skipped"
	}
	fmt.Fprintf(a.stdout, "%s %s\n", r.Name, state)
	for _, line := range r.Lines {
		fmt.Fprintf(a.stdout, "    %s\n", view.Clean(line))
	}
}

// nativeTests runs `go test` in the script's directory, if it is in a module
// and Go is installed; why says how it went.
func nativeTests(ctx context.Context, name string, s *script.Source) (why string, failed bool, err error) {
	tool, err := exec.LookPath("go")
	if err != nil {
		return "not run, Go is not installed", false, nil
	}
	dir := name
	if strings.HasSuffix(name, ".go") {
		dir = filepath.Dir(name)
	}
	if module, err := goTool(ctx, tool, dir, "env", "GOMOD"); err != nil || module == "" || module == os.DevNull {
		return "not run, the script is in no Go module", false, nil
	}
	out, err := goTool(ctx, tool, dir, "test", "-count=1", ".")
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return out, true, nil
	}
	return strings.Join(strings.Fields(out), " "), false, err
}

func goTool(ctx context.Context, tool, dir string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, tool, args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
