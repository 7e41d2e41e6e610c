// Command linkspan configures the network of virtualisation hosts from HCL
// definitions kept in git: it shows a plan and carries it out.
//
// One file a command; each computes a value and hands it to package view.
package main

import (
	"os"

	"linkspan/core/hook/script"
	"linkspan/core/rehearse"
	"linkspan/plugins"
)

func main() {
	collectLess()
	// Started again as a built-in backend or to run a script, before anything
	// else is set up: a start costs milliseconds and happens at every plan.
	if plugins.ServeIfAsked(builtins()) || script.ServeIfAsked() || serveScripted() {
		return
	}
	spareMemory.Store(spareOfProgram)
	rehearse.Main(rehearsedProgram) // returns at once but in a rehearsal's kernel
	os.Exit(run(os.Args[1:], standard()))
}
