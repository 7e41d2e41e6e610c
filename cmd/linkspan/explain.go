package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/core/backend/fileformat"
	"linkspan/core/diag"
	"linkspan/core/fleet"
	"linkspan/core/hook/script"
	"linkspan/core/host"
	"linkspan/hcl/rule"
	"linkspan/plugins/ifcfg"
	"linkspan/plugins/netlink"
	"linkspan/plugins/trust"
	"linkspan/plugins/xend"
)

// rules are all checks of the program.
func rules() []diag.Rule {
	var out []diag.Rule
	for _, of := range []func() []diag.Rule{rule.All, host.Rules, fleet.Rules, script.Rules, ifcfg.Rules, netlink.Rules, xend.Rules, trust.Rules, fileformat.Rules} {
		out = append(out, of()...)
	}
	slices.SortStableFunc(out, func(a, b diag.Rule) int { return strings.Compare(a.Code, b.Code) })
	return out
}

func (a *app) explainCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "explain CODE",
		Short: "What a diagnostic means, with an example of wrong and right",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleCodes(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if all == (len(args) == 1) {
				return usage(errors.New("explain takes one CODE, or -all"))
			}
			if all {
				return a.explainAll()
			}
			code := strings.ToUpper(args[0])
			for _, r := range rules() {
				if r.Code == code {
					a.explain(r)
					return a.send("rule", r)
				}
			}
			return usage(fmt.Errorf("no diagnostic has the code %q%s", args[0], diag.DidYouMean(code, ruleCodes())))
		},
	}
	c.Flags().BoolVar(&all, "all", false, "list the codes of all diagnostics")
	return c
}

// explainAll lists every rule in a line.
func (a *app) explainAll() error {
	for _, r := range rules() {
		if a.text() {
			fmt.Fprintf(a.stdout, "%s  %-7s  %s\n", r.Code, r.Severity, r.Summary)
		}
		if err := a.send("rule", r); err != nil {
			return err
		}
	}
	return nil
}

func ruleCodes() []string {
	var out []string
	for _, r := range rules() {
		out = append(out, r.Code)
	}
	return out
}

func (a *app) explain(r diag.Rule) {
	if !a.text() {
		return
	}
	fmt.Fprintf(a.stdout, "%s (%s): %s\n\n%s\n", r.Code, r.Severity, r.Summary, r.Explain)
	for _, e := range []struct{ title, text string }{{"Wrong", r.Wrong}, {"Right", r.Right}} {
		if e.text == "" {
			continue
		}
		fmt.Fprintf(a.stdout, "\n%s:\n\n", e.title)
		for line := range strings.SplitSeq(strings.Trim(e.text, "\n"), "\n") {
			fmt.Fprintln(a.stdout, strings.TrimRight("    "+line, " "))
		}
	}
}
