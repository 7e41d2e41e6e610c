package rehearse

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"linkspan/core/rehearse/uml"
)

// Main is called at the very start of a program that rehearses. On an ordinary
// machine it returns at once. In the rehearsal kernel it directs the rehearsal
// and ends the kernel where this process is the first one, and carries out with
// program what the director orders where it is the host's.
func Main(program func(args []string) (code int)) {
	if RunIfAsked(program) {
		os.Exit(0)
	}
	uml.Main(func() int {
		code, ours := Direct()
		if !ours {
			fmt.Fprintf(os.Stderr, "rehearsal: %q is nothing that is done in the kernel\n", os.Args[1:])
			return 1
		}
		return code
	})
}

// Direct directs a rehearsal if that is what this process was started for in
// the kernel, and says whether it was. A test binary whose live tests also
// rehearse calls it first in what it gives to uml.Main.
func Direct() (code int, ours bool) {
	if len(os.Args) != 2 || os.Args[1] != directing || !uml.Inside() {
		return 0, false
	}
	var r request
	b, err := os.ReadFile(filepath.Join(uml.SharePath, scenarioFile))
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rehearsal: the scenario:", err)
		return 1, true
	}
	d := &director{request: r}
	if err := d.run(); err != nil {
		d.report.Error = err.Error()
		if err := d.save(); err != nil {
			fmt.Fprintln(os.Stderr, "rehearsal:", err)
		}
		return 1, true
	}
	return 0, true
}

// RunIfAsked carries out one command line after the other with program, which
// gets the arguments without the program's name and returns the exit code, if
// that is what this process was started for in the kernel; and says whether it
// was. It returns when the director wants nothing more.
func RunIfAsked(program func(args []string) (code int)) (asked bool) {
	if len(os.Args) != 2 || os.Args[1] != obeying || uml.HandOn() == nil {
		return false
	}
	orders, answers := json.NewDecoder(os.Stdin), os.Stdout
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rehearsal:", err)
		os.Exit(1)
	}
	os.Stdin = nothing // nobody is there to be asked
	for {
		var args []string
		if orders.Decode(&args) != nil {
			return true // the director has closed it, or is no more
		}
		fmt.Fprintf(answers, "%c%d\n", endOfOutput, program(args))
	}
}
