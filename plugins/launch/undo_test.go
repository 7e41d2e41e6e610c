package launch

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/trust"
)

// note is a backend for one file, in this process.
type note struct{ *fake }

func (note) Render(context.Context, backend.RenderRequest) (backend.RenderResponse, error) {
	return backend.RenderResponse{Objects: []plan.Object{{Ref: plan.Ref{Class: "note", Name: "x"}}}}, nil
}

func (note) Plan(context.Context, backend.PlanRequest) (backend.PlanResponse, error) {
	change := &plan.FileChange{Path: "/etc/x", After: plan.FileState{Exists: true, Content: []byte("new\n")}}
	return backend.PlanResponse{Operations: []plan.Operation{{ID: "1", Kind: plan.OperationFile, Summary: "write /etc/x", File: change}}}, nil
}

// TestFailsInApply: when a plugin dies in the middle of an apply, or hangs, its
// step fails with its name and its last words, it is started once more to restore
// what it had done, and the files of the other backends are as before.
func TestFailsInApply(t *testing.T) {
	for how, why := range map[string]string{"die in apply": "exit status 3", "hang in apply": "said nothing for 5s"} {
		t.Run(how, func(t *testing.T) { failInApply(t, how, why) })
	}
}

func failInApply(t *testing.T, how, why string) {
	dir, root := t.TempDir(), t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := bad(t, how, dir)
	set, err := Open(t.Context(), []trust.Spec{s}, Options{StepTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	n := note{&fake{name: "note"}}
	about, err := n.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := engine.Request{Host: host.Host{Name: "dom0-01"}, Root: root, StateDir: t.TempDir(), Backends: []engine.Backend{{Description: about, Backend: n}}}
	set.Each(func(d backend.Description, b backend.Backend) {
		d.Phase = backend.Activate
		r.Backends = append(r.Backends, engine.Backend{Description: d, Backend: planned{b.(backend.Applier)}})
	})
	p, diags, err := engine.Plan(t.Context(), r)
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	_, err = engine.Apply(t.Context(), r, p, engine.ApplyOptions{})
	if err == nil {
		t.Fatal("the apply has succeeded")
	}
	t.Log(err)
	for _, want := range []string{`plugin "bad"`, s.Path, why, "the switch is gone"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "restored")); err != nil {
		t.Errorf("it was not restored: %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "etc/x")); err == nil {
		t.Error("the other backend's file is still there")
	}
}

// planned is an Applier with two operations.
type planned struct{ backend.Applier }

func (planned) Render(context.Context, backend.RenderRequest) (backend.RenderResponse, error) {
	return backend.RenderResponse{Objects: []plan.Object{{Ref: plan.Ref{Class: "port", Name: "1"}}}}, nil
}

func (planned) Plan(context.Context, backend.PlanRequest) (backend.PlanResponse, error) {
	return backend.PlanResponse{Operations: []plan.Operation{
		{ID: "1", Kind: plan.OperationOwn, Summary: "first"}, {ID: "2", Kind: plan.OperationOwn, Summary: "second"},
	}}, nil
}
