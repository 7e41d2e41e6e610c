package main

import "github.com/spf13/cobra"

// commands are the program's commands, each in the file of its name.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.demoCommand(),
		a.initCommand(),
		a.importCommand(),
		a.validateCommand(),
		a.fmtCommand(),
		a.planCommand(),
		a.applyCommand(),
		a.confirmCommand(),
		a.statusCommand(),
		a.rollbackCommand(),
		a.historyCommand(),
		a.recoverCommand(),
		a.guardCommand(),
		a.rehearseCommand(),
		a.showCommand(),
		a.renderCommand(),
		a.graphCommand(),
		a.explainCommand(),
		a.consoleCommand(),
		a.schemaCommand(),
		a.hooksCommand(),
		a.pluginsCommand(),
		a.versionCommand(),
	}
}

// first returns the only argument, or "".
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
