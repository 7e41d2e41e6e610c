package main

import (
	"slices"

	"github.com/spf13/cobra"

	"linkspan/hcl/hostfile"
)

// completeFlags gives the shell what may follow flags: hosts, colours.
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
	complete("color", func([]string) []string { return []string{"auto", "always", "never"} })
}

// hostNames are the hosts of the definitions that the command line names, or
// of the present directory; nil when they cannot be read.
func (a *app) hostNames(args []string) []string {
	dir := "."
	if len(args) > 0 {
		dir = args[0]
	}
	site, _ := hostfile.Load(dir, hostfile.Options{Vars: a.flags.vars, VarFiles: a.flags.varFiles, Schema: a.schema})
	if site == nil {
		return nil
	}
	var out []string
	for i := range site.Definitions {
		out = append(out, site.Definitions[i].Host.Name)
	}
	slices.Sort(out)
	return out
}
