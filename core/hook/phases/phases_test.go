package phases

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/engine/journal"
	"linkspan/core/hook"
	"linkspan/core/hook/script"
	"linkspan/core/host"
	"linkspan/core/plan"
)

func TestMain(m *testing.M) {
	if script.ServeIfAsked() {
		return
	}
	os.Exit(m.Run())
}

// hooksOf makes hooks of these blocks; script NAME is the body of a Run.
func hooksOf(t *testing.T, bodies map[string]string, blocks ...host.Hook) (*Hooks, *strings.Builder) {
	t.Helper()
	dir := t.TempDir()
	for name, body := range bodies {
		text := "package x\n\nimport (\n\t\"context\"\n\t\"errors\"\n\n\t\"linkspan/core/hook\"\n)\n\nvar _ = errors.New\n\nfunc Run(ctx context.Context, env hook.Env, event hook.Event) error {\n" + body + "\n}\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	h, diags := Load(dir, host.Host{Name: "dom0-01", Hooks: blocks})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	var said strings.Builder
	h.Say = func(name, line string) { fmt.Fprintf(&said, "%s: %s\n", name, line) }
	h.Warn = func(err error) { fmt.Fprintf(&said, "warning: %v\n", err) }
	return h, &said
}

const tell = "\tenv.Log(\"%s %v %v %s\", event.Phase, event.Backends, event.Restarts, event.Outcome)\n\treturn nil"

func TestOrder(t *testing.T) {
	for _, tt := range []struct {
		hooks string // "name<after,after"
		want  string
	}{
		{"b a c", "a b c"},
		{"a10 a9", "a9 a10"},
		{"a<b b", "b a"},
		{"a<c b c<b", "b c a"},
		{"a<b,c b c", "b c a"},
		{"a<b b<a c", "c a b"}, // refused by validation; it ends all the same
	} {
		var hooks []host.Hook
		for of := range strings.FieldsSeq(tt.hooks) {
			name, after, _ := strings.Cut(of, "<")
			h := host.Hook{Name: name}
			if after != "" {
				h.After = strings.Split(after, ",")
			}
			hooks = append(hooks, h)
		}
		var got []string
		for _, h := range ordered(hooks) {
			got = append(got, h.Name)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.hooks, got, tt.want)
		}
	}
}

func TestFailure(t *testing.T) {
	bodies := map[string]string{"tell.go": tell, "fail.go": "\treturn errors.New(\"no\")"}
	on := []string{hook.PreApply}
	e := engine.HookEvent{Phase: hook.PreApply, Plan: plan.New(plan.Input{}), Journal: engine.Memory{}}

	h, said := hooksOf(t, bodies, host.Hook{Name: "a", On: on, Script: "fail.go"}, host.Hook{Name: "b", On: on, Script: "tell.go"})
	if err := h.Run(t.Context(), e); err == nil || err.Error() != `hook "a": no` || said.Len() > 0 {
		t.Errorf("%v, and %s", err, said)
	}
	h, said = hooksOf(t, bodies, host.Hook{Name: "a", On: on, Script: "fail.go", OnFailure: "continue"}, host.Hook{Name: "b", On: on, Script: "tell.go"})
	if err := h.Run(t.Context(), e); err != nil || !strings.Contains(said.String(), `warning: hook "a": no; it goes on`) || !strings.Contains(said.String(), "b: pre_apply") {
		t.Errorf("%v, and %s", err, said)
	}
}

// TestCheckIsRetried: a hook of phase check decides when it succeeds, or when
// its time is over.
func TestCheckIsRetried(t *testing.T) {
	bodies := map[string]string{"second.go": "\tif event.Values[\"seen\"] == \"\" {\n\t\tenv.Set(\"seen\", \"1\")\n\t\treturn errors.New(\"not yet\")\n\t}\n\tenv.Log(\"healthy\")\n\treturn nil", "never.go": "\tenv.Log(\"no\")\n\treturn errors.New(\"not healthy\")"}
	e := engine.HookEvent{Phase: hook.Check, Plan: plan.New(plan.Input{}), Journal: engine.Memory{}}
	h, said := hooksOf(t, bodies, host.Hook{Name: "a", On: []string{hook.Check}, Script: "second.go", Timeout: "1m"})
	if err := h.Run(t.Context(), e); err != nil || said.String() != "a: healthy\n" {
		t.Errorf("%v, and %s", err, said)
	}
	h, said = hooksOf(t, bodies, host.Hook{Name: "a", On: []string{hook.Check}, Script: "never.go", Timeout: "2500ms"})
	if err := h.Run(t.Context(), e); err == nil || !strings.Contains(err.Error(), "not healthy") || !strings.Contains(said.String(), "a: no\na: no\n") {
		t.Errorf("%v, and %s", err, said)
	}
}

func TestValidate(t *testing.T) {
	bodies := map[string]string{
		"deny.go":  "\treturn errors.Join(hook.Deny(`bridge[\"xenbr0\"]`, \"not %s\", event.Plan.Changes[0].Name), hook.Deny(\"\", \"not today\"))",
		"break.go": "\treturn errors.New(\"broken\")",
		"run.go":   "\t_, err := env.Run(ctx, \"/bin/true\")\n\treturn err",
	}
	p := plan.New(plan.Input{Stages: []plan.StageInput{{Stage: plan.Stage{Backend: "ifcfg", Changes: []plan.Change{{Ref: plan.Ref{Class: "interface", Name: "xenbr0"}}},
		Operations: []plan.Operation{{ID: "1", Kind: plan.OperationOwn}}}}}})
	on := []string{hook.Validate}
	h, _ := hooksOf(t, bodies, host.Hook{Name: "a", On: on, Script: "deny.go"}, host.Hook{Name: "b", On: on, Script: "break.go", OnFailure: "continue"},
		host.Hook{Name: "c", On: on, Script: "run.go", Allow: []string{"/bin/true"}})
	got := h.Validate(t.Context(), p)
	if len(got) != 4 || got[0].Code != "LS7008" || got[0].Path != `bridge["xenbr0"]` || got[0].Detail != "not xenbr0" || got[0].Source != `hook "a"` ||
		got[1].Detail != "not today" || got[2].Code != "LS7017" || got[2].Severity != "warning" || !strings.Contains(got[3].Detail, "nothing is run") {
		t.Errorf("%v", got)
	}
	if got := h.Validate(t.Context(), plan.New(plan.Input{})); len(got) > 0 {
		t.Errorf("of a plan with nothing to do: %v", got)
	}
}

// switchBackend is a backend that changes one setting of one port itself.
type switchBackend struct {
	vlan string
	fail bool
}

func (s *switchBackend) Describe(context.Context) (backend.Description, error) {
	return backend.Description{Name: "switch", Version: "1", Phase: backend.Activate, Features: []string{backend.FeatureApply}}, nil
}

func (s *switchBackend) objects(vlan string) []plan.Object {
	return []plan.Object{{Ref: plan.Ref{Class: plan.ClassInterface, Name: "port1"}, Type: "ethernet", Settings: []plan.Setting{{Key: "id", Value: plan.Text(vlan)}}}}
}

func (s *switchBackend) Read(context.Context, backend.ReadRequest) (backend.ReadResponse, error) {
	return backend.ReadResponse{Objects: s.objects(s.vlan)}, nil
}

func (s *switchBackend) Render(context.Context, backend.RenderRequest) (backend.RenderResponse, error) {
	return backend.RenderResponse{Objects: s.objects("2")}, nil
}

func (s *switchBackend) Plan(_ context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	if len(r.Changes) == 0 {
		return backend.PlanResponse{}, nil
	}
	return backend.PlanResponse{Operations: []plan.Operation{{ID: "1", Kind: plan.OperationOwn, Summary: "set vlan 2"}}}, nil
}

func (s *switchBackend) Apply(context.Context, backend.ApplyRequest, func(backend.Progress)) error {
	if s.vlan = "2"; s.fail {
		return errors.New("the switch is deaf")
	}
	return nil
}

func (s *switchBackend) Snapshot(context.Context, backend.ApplyRequest) ([]byte, error) {
	return []byte(s.vlan), nil
}

func (s *switchBackend) Restore(_ context.Context, snapshot []byte) error {
	s.vlan = string(snapshot)
	return nil
}

// world is a host with that backend and hooks in every phase.
func world(t *testing.T, b *switchBackend, bodies map[string]string, blocks ...host.Hook) (engine.Request, *Hooks, *strings.Builder) {
	t.Helper()
	h, said := hooksOf(t, bodies, blocks...)
	d, err := b.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := engine.Request{Host: h.Host, StateDir: t.TempDir(), Root: t.TempDir(), Backends: []engine.Backend{{Description: d, Backend: b}}}
	if r.Hooks, err = h.Planned(); err != nil {
		t.Fatal(err)
	}
	h.Network = func(ctx context.Context) ([]plan.Object, error) { return engine.Interfaces(ctx, r) }
	return r, h, said
}

func apply(t *testing.T, r engine.Request, h *Hooks) (*plan.Plan, error) {
	t.Helper()
	p, diags, err := engine.Plan(t.Context(), r)
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	_, err = engine.Apply(t.Context(), r, p, engine.ApplyOptions{Hooks: h})
	return p, err
}

var everywhere = host.HookPhases()

func TestPhasesOfAnApply(t *testing.T) {
	r, h, said := world(t, &switchBackend{vlan: "1"}, map[string]string{"tell.go": tell}, host.Hook{Name: "a", On: everywhere, Script: "tell.go"})
	p, err := apply(t, r, h)
	want := "a: validate [] [] \na: pre_apply [] [] \na: pre_restart [switch] [] \na: post_restart [switch] [] \na: check [] [] applied\na: post_apply [] [] applied\n"
	if err != nil || said.String() != want {
		t.Errorf("%v\n%s", err, said)
	}
	if len(p.Hooks) != 1 || len(p.Hooks[0].On) != 7 || len(p.Hooks[0].Digest) != 64 {
		t.Errorf("%+v", p.Hooks)
	}
	said.Reset()
	if p, err := apply(t, r, h); err != nil || said.Len() > 0 || len(p.Hooks) > 0 {
		t.Errorf("in sync: %v %s", err, said)
	}

	// A rollback by hand runs those around what acts, and tells of its end.
	run, err := journal.In(r.StateDir).Load(1)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := Kept(run.Begin().Hooks)
	if err != nil {
		t.Fatal(err)
	}
	kept.Say = h.Say
	back, err := engine.RollbackPlan(journal.In(r.StateDir), run)
	if err != nil || len(back.Hooks) != 1 || !slices.Equal(back.Hooks[0].On, []string{"pre_restart", "post_restart", "on_rollback"}) {
		t.Fatalf("%v %+v", err, back.Hooks)
	}
	if _, err := engine.Rollback(t.Context(), engine.RollbackRequest{Request: r, Run: run, Plan: back}, engine.ApplyOptions{Hooks: kept}); err != nil {
		t.Fatal(err)
	}
	if want := "a: pre_restart [switch] [] \na: post_restart [switch] [] \na: on_rollback [] [] undone\n"; said.String() != want {
		t.Errorf("%s", said)
	}
}

// TestUndoTellsHooks: when a step fails, and when a hook does, everything is
// put back and the hooks of on_rollback are told, with what was kept.
func TestUndoTellsHooks(t *testing.T) {
	keep := "\tif event.Phase == hook.OnRollback {\n\t\tenv.Log(\"%s drained %s: %s\", event.Phase, event.Values[\"drained\"], event.Reason)\n\t\treturn nil\n\t}\n\tenv.Set(\"drained\", \"web1\")\n\t_, err := env.Run(ctx, \"/bin/true\")\n\treturn err"
	bodies := map[string]string{"keep.go": keep, "fail.go": "\treturn errors.New(\"no\")"}
	drain := host.Hook{Name: "drain", On: []string{hook.PreApply, hook.OnRollback}, Script: "keep.go", Allow: []string{"/bin/true"}}
	for _, tt := range []struct {
		phase string // whose hook fails
		want  string
	}{
		{hook.PreApply, `hook "x": no`}, // nothing is changed yet, but a command was run
		{hook.PreRestart, `hook "x": no`},
		{hook.PostRestart, `hook "x": no`},
		{hook.PostApply, `hook "x": no`},
		{"", "the switch is deaf"},
	} {
		b := &switchBackend{vlan: "1", fail: tt.phase == ""}
		r, h, said := world(t, b, bodies, drain, host.Hook{Name: "x", On: []string{tt.phase}, Script: "fail.go"})
		_, err := apply(t, r, h)
		var undone *engine.UndoneError
		if !errors.As(err, &undone) || !strings.Contains(err.Error(), tt.want) || b.vlan != "1" {
			t.Errorf("%s: %v, vlan %s", tt.phase, err, b.vlan)
		}
		if !strings.Contains(said.String(), "drain: on_rollback drained web1: ") || !strings.Contains(said.String(), tt.want) {
			t.Errorf("%s: %s", tt.phase, said)
		}
		runs, err := journal.In(r.StateDir).All()
		if err != nil || len(runs) != 1 || runs[0].State() != journal.Undone || !runs[0].Acted() {
			t.Errorf("%s: %v %v", tt.phase, runs, err)
		}
	}
}

// TestNothingRun: a hook that fails before anything was changed or run leaves
// no trace.
func TestNothingRun(t *testing.T) {
	b := &switchBackend{vlan: "1"}
	r, h, said := world(t, b, map[string]string{"fail.go": "\treturn errors.New(\"no\")", "tell.go": tell},
		host.Hook{Name: "x", On: []string{hook.PreApply}, Script: "fail.go"}, host.Hook{Name: "y", On: []string{hook.OnRollback}, Script: "tell.go"})
	_, err := apply(t, r, h)
	var undone *engine.UndoneError
	runs, all := journal.In(r.StateDir).All()
	if err == nil || errors.As(err, &undone) || len(runs) > 0 || all != nil || b.vlan != "1" || said.Len() > 0 {
		t.Errorf("%v %v %v %s", err, runs, all, said)
	}
}

func TestEvent(t *testing.T) {
	file := plan.FileChange{Path: "/etc/x"}
	p := plan.New(plan.Input{
		Stages: []plan.StageInput{{
			Stage: plan.Stage{Backend: "ifcfg", Changes: []plan.Change{{Ref: plan.Ref{Class: "interface", Name: "xenbr0"}, Type: "bridge", Action: plan.Update}},
				Operations: []plan.Operation{{ID: "1", Kind: plan.OperationFile, File: &file}, {ID: "2", Kind: plan.OperationOwn, Summary: "ip link add"}}},
			Restarts: []plan.Restart{{Service: "network", Order: 20}, {Service: "xend", Skipped: "it does not run"}},
			Effects:  []plan.Effect{{Text: "something"}},
		}},
		Guests: []plan.Guest{{Name: "web2", Port: "vif2.0", Bridge: "xenbr0"}, {Name: "web1", Port: "vif1.0", Bridge: "xenbr0"}, {Name: "web1", Port: "vif1.1", Bridge: "xenbr0"}, {Name: "db", Bridge: "xenbr9"}},
	})
	h := &Hooks{Host: host.Host{Name: "dom0-01", Tags: []string{"a"}, Vars: map[string]any{"rack": 4.0}, Interfaces: []host.Interface{
		{Name: "xenbr0", Kind: host.KindBridge, Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: "bond0.2"}}}, MTU: new(1500)}}}}
	got := h.Event(hook.PreRestart, p)
	want := `{Phase:pre_restart Host:dom0-01 Tags:[a] Vars:map[rack:4] DryRun:false Plan:{Digest:` + p.Digest + ` Changes:[{Backend:ifcfg Type:bridge Name:xenbr0 Action:update}] Files:[/etc/x] Operations:[ip link add] Restarts:[network] Bridges:[{Name:xenbr0 Guests:[web1 web2]}] Effects:[something] Network:[{Name:xenbr0 Type:bridge Addresses:[] Ports:[bond0.2] Parent: MTU:1500}]} Restarts:[] Backends:[] Outcome: Reason: Config:[] Env:map[] Values:map[]}`
	if fmt.Sprintf("%+v", got) != want {
		t.Errorf("%+v\nwant\n%s", got, want)
	}
}

// TestNetwork: a hook sees the interfaces as they are at that time.
func TestNetwork(t *testing.T) {
	look := "\tn, err := env.Network(ctx)\n\tif err != nil {\n\t\treturn err\n\t}\n\tenv.Log(\"%s %s\", n[0].Name, n[0].Type)\n\treturn nil"
	r, h, said := world(t, &switchBackend{vlan: "1"}, map[string]string{"look.go": look}, host.Hook{Name: "a", On: []string{hook.PreApply}, Script: "look.go"})
	if _, err := apply(t, r, h); err != nil || said.String() != "a: port1 ethernet\n" {
		t.Errorf("%v %s", err, said)
	}
}
