package main

import (
	"context"
	"fmt"
	"os"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/plugins/trust"
)

// rehearsedProgram carries one command line out on the host of a rehearsal, in the
// process that carries out all of them. Built-in backends and guards are in it too,
// since in a rehearsal's kernel each process takes a quarter of a second to start:
// the messages to the backends and the guards' work are the same.
func rehearsedProgram(args []string) int {
	os.Args = append([]string{"linkspan"}, args...) // what the journal says of who is at work
	a := standard()
	a.served = builtinHere
	return run(args, a)
}

// builtinHere makes the backend of a plugin that is part of this executable.
func builtinHere(spec trust.Spec) backend.Backend {
	build, ok := builtins()[spec.Name]
	if !ok || spec.Path != "" || len(spec.Args) > 2 { // one more for a script's
		return nil
	}
	return build()
}

// guardHere is a guard in the program's own process.
type guardHere struct {
	stateDir string
	watch    func(ctx context.Context, run int) error
}

// Arm starts a guard and waits until it watches.
func (g guardHere) Arm(ctx context.Context, run int) error {
	ctx, late := context.WithTimeout(ctx, armTimeout)
	defer late()
	ctx, died := context.WithCancelCause(ctx)
	defer died(nil)
	go func() {
		if err := g.watch(context.Background(), run); err != nil {
			died(err)
			fmt.Fprintf(os.Stderr, "linkspan: the guard of run %d: %v\n", run, err)
		}
	}()
	return engine.WaitGuarded(ctx, g.stateDir, run)
}
