package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"linkspan/hcl/hostfile"
)

// completeFlags gives the shell what may follow flags and commands: hosts, tags,
// colours, saved plans.
func (a *app) completeFlags(root *cobra.Command) {
	complete := func(flag string, values func(args []string) []string) {
		err := root.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return values(args), cobra.ShellCompDirectiveNoFileComp
		})
		if err != nil {
			panic(err) // the flag is not there: a fault of the program
		}
	}
	complete("host", a.hostNames)
	complete("tag", a.hostTags)
	complete("color", func([]string) []string { return []string{"auto", "always", "never"} })
	for _, c := range root.Commands() {
		if c.Name() == "show" || c.Name() == "apply" {
			// Without a plan the shell goes on to files and directories of its own.
			c.ValidArgsFunction = func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
				return planFiles(begun), cobra.ShellCompDirectiveDefault
			}
		}
	}
}

// named loads the definitions that the command line names, or those of the
// present directory; what cannot be read is left out.
func (a *app) named(args []string) *hostfile.Site {
	dir := "."
	if len(args) > 0 {
		dir = args[0]
	}
	site, _ := hostfile.Load(dir, hostfile.Options{Vars: a.flags.vars, VarFiles: a.flags.varFiles, Environ: os.Environ(), Schema: a.schema})
	return site
}

func (a *app) hostNames(args []string) []string {
	var out []string
	for _, d := range a.named(args).Definitions {
		out = append(out, d.Host.Name)
	}
	slices.Sort(out)
	return out
}

func (a *app) hostTags(args []string) []string {
	var out []string
	for _, d := range a.named(args).Definitions {
		out = append(out, d.Host.Tags...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// planFiles are the saved plans whose names begin so.
func planFiles(begun string) []string {
	names, err := filepath.Glob(globLiteral(begun) + "*")
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(names, func(name string) bool { return !isPlan(name) })
}

// globLiteral escapes what filepath.Glob would take for a pattern.
func globLiteral(s string) string {
	var out []byte
	for _, c := range []byte(s) {
		if bytes.IndexByte([]byte(`*?[\`), c) >= 0 {
			out = append(out, '\\')
		}
		out = append(out, c)
	}
	return string(out)
}

// isPlan reports whether a file begins as saved plans do.
func isPlan(name string) bool {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() { // opening a pipe would wait
		return false
	}
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, 64))
	return err == nil && bytes.HasPrefix(head, []byte("{")) && bytes.Contains(head, []byte(`"format_version"`))
}
