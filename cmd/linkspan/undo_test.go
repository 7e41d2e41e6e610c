package main

import (
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience is how long a script waits for what another process does.
const patience = 20 * time.Second

// waitFor ROOT STATE waits until the last run of that tree is in a state.
func waitFor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor ROOT STATE")
	}
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ts.Check(ts.Exec("linkspan", "history", "-root", args[0]))
		if strings.Contains(ts.ReadFile("stdout"), " "+args[1]+" ") {
			return
		}
	}
	ts.Fatalf("not %s within %s", args[1], patience)
}

// waitGone ROOT RUN waits until no guard watches over a run any more.
func waitGone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitgone ROOT RUN")
	}
	pattern := "linkspan guard .*" + args[0] + ".* " + args[1] + "$"
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ts.Exec("pgrep", "-f", pattern) != nil {
			return
		}
	}
	ts.Fatalf("the guard still lives after %s", patience)
}
