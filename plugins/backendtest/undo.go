package backendtest

import (
	"context"
	"fmt"
	"reflect"

	"linkspan/core/backend"
	"linkspan/core/plan"
)

// undoRestores cuts the backend's own operations short after each step and
// restores. A backend without operations of its own has nothing to undo: its
// files are the program's.
func undoRestores(t *trial) error {
	a, ok := t.backend.(backend.Applier)
	if !ok {
		return nil
	}
	own, err := t.ownOperations()
	if err != nil {
		return err
	}
	for steps := 0; steps <= 2*len(own); steps++ {
		if err := t.cutShort(a, own, steps); err != nil {
			return fmt.Errorf("ended after %d of %d steps: %w", steps, 2*len(own), err)
		}
	}
	return nil
}

// ownOperations are the operations that the backend itself carries out.
func (t *trial) ownOperations() ([]plan.Operation, error) {
	p, err := t.plan()
	if err != nil {
		return nil, err
	}
	var own []plan.Operation
	for _, s := range p.Stages {
		for _, op := range s.Operations {
			if op.Kind == plan.OperationOwn {
				own = append(own, op)
			}
		}
	}
	return own, nil
}

// cutShort applies until a number of steps was told of, restores twice, and
// compares what is there with what was.
func (t *trial) cutShort(a backend.Applier, own []plan.Operation, steps int) error {
	before, err := t.read()
	if err != nil {
		return err
	}
	r := backend.ApplyRequest{Setup: t.setup(), Operations: own}
	snapshot, err := a.Snapshot(t.ctx, r)
	if err != nil {
		return fmt.Errorf("snapshot: %w", err)
	}
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	told := 0
	if steps == 0 {
		cancel()
	}
	err = a.Apply(ctx, r, func(backend.Progress) {
		if told++; told == steps {
			cancel()
		}
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("apply: %w", err)
	}
	for range 2 {
		if err := a.Restore(t.ctx, snapshot); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
		after, err := t.read()
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(before.Objects, after.Objects) {
			return fmt.Errorf("there was\n%+v\nand after the undo there is\n%+v", before.Objects, after.Objects)
		}
	}
	return nil
}
