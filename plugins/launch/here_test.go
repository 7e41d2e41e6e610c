package launch

import (
	"context"
	"strings"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/trust"
)

// moody is a backend that applies as its one operation says.
type moody struct {
	*fake
	restored []string
}

func (m *moody) Apply(_ context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	progress(backend.Progress{Operation: r.Operations[0].ID})
	switch r.Operations[0].Summary {
	case "panic":
		panic("no such port")
	case "hang":
		select {}
	}
	progress(backend.Progress{Operation: r.Operations[0].ID, Done: true})
	return nil
}

func (*moody) Snapshot(_ context.Context, r backend.ApplyRequest) ([]byte, error) {
	return []byte(r.Operations[0].Summary), nil
}

func (m *moody) Restore(_ context.Context, snapshot []byte) error {
	m.restored = append(m.restored, string(snapshot))
	return nil
}

// TestHere: a backend in this process is asked by the protocol as one in a process
// of its own is: its panics are errors, what hangs is given up, and it can be told to
// restore; but it has no process that could be waited for.
func TestHere(t *testing.T) {
	b := &moody{fake: &fake{name: "moody", features: []string{backend.FeatureApply}}}
	o := Options{StepTimeout: 300 * time.Millisecond, Grease: true, Here: func(s trust.Spec) backend.Backend {
		if s.Name == "moody" {
			return b
		}
		return nil
	}}
	set, err := Open(t.Context(), []trust.Spec{trust.Builtin("moody"), trust.Builtin("good")}, o)
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	pids := make(map[string]int)
	var here backend.Applier
	set.Each(func(d backend.Description, b backend.Backend) {
		pids[d.Name] = b.(interface{ PID() int }).PID()
		if a, ok := b.(backend.Applier); ok {
			here = a
		}
	})
	if pids["moody"] != 0 || pids["good"] == 0 {
		t.Errorf("processes: %v", pids)
	}
	for _, how := range []string{"well", "panic", "hang"} {
		r := backend.ApplyRequest{Operations: []plan.Operation{{ID: "1", Kind: plan.OperationOwn, Summary: how}}}
		snapshot, err := here.Snapshot(t.Context(), r)
		if err != nil || string(snapshot) != how {
			t.Fatalf("%s: snapshot %q, %v", how, snapshot, err)
		}
		done := false
		err = here.Apply(t.Context(), r, func(p backend.Progress) { done = done || p.Done })
		want := map[string]string{"panic": "no such port", "hang": "said nothing for 300ms"}[how]
		if (err == nil) != (how == "well") || err != nil && !strings.Contains(err.Error(), want) || done != (how == "well") {
			t.Errorf("%s: done %v, %v", how, done, err)
		}
		if how == "panic" {
			if err := here.Restore(t.Context(), snapshot); err != nil {
				t.Errorf("restore: %v", err)
			}
		}
	}
	if len(b.restored) != 1 || b.restored[0] != "panic" {
		t.Errorf("restored %q", b.restored)
	}
}
