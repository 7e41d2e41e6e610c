package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// crashed turns a panic into an error that says what to report and where the
// journal is. A deferred call of it in run is the program's only recover.
func (a *app) crashed(args []string, code *int) {
	v := recover()
	if v == nil {
		return
	}
	*code = exitError
	fmt.Fprintf(a.stderr, `linkspan: this is a fault of linkspan itself: %v

Please report it with what follows and with the definitions, if you may show them:

  command   linkspan %s
  version   %s, %s %s/%s

%s
If an apply was under way, what it has done is in the journal below %s;
its guard puts everything back, and so does `+"`linkspan rollback`"+`.
`, v, strings.Join(args, " "), version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, debug.Stack(), a.stateDir())
}
