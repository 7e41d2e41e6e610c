package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) validateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "validate [DIR]",
		Short: "Reads the definitions and checks every host; no host is touched",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return a.validate(c.Context(), first(args))
		},
	}
}

func (a *app) validate(ctx context.Context, dir string) error {
	site, diags, err := a.load(dir)
	if err != nil {
		return err
	}
	hosts := 0
	if site != nil && !diags.HasErrors() {
		hosts = len(site.Definitions)
		more, err := a.offlineEach(ctx, site, allOf(site), nil)
		if err != nil {
			return err
		}
		diags = append(append(diags, more...), a.compileHooks(ctx, site)...)
	}
	if err := a.report(diags); err != nil {
		return err
	}
	diags = diags.Sorted()
	errors, warnings := len(diags.Errors()), len(diags.Warnings())
	if err := a.send("validation", map[string]any{"valid": errors == 0, "hosts": hosts, "errors": errors, "warnings": warnings}); err != nil {
		return err
	}
	if errors > 0 {
		return exit{code: exitError, err: fmt.Errorf("%s and %s", count(errors, "error"), count(warnings, "warning"))}
	}
	if a.text() {
		fmt.Fprintf(a.stdout, "Valid: %s, %s.\n", count(hosts, "host"), count(warnings, "warning"))
	}
	return nil
}
