package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"linkspan/core/engine"
)

func (a *app) confirmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "confirm",
		Short: "Keeps the last apply, which would else be undone at its deadline",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			run, err := engine.Confirm(a.journals(), a.progress)
			if err != nil {
				return applyError(err)
			}
			if a.text() {
				fmt.Fprintf(a.stdout, "Run %d stays.\n", run.ID)
			}
			return a.send("confirmed", map[string]int{"run": run.ID})
		},
	}
}
