package xend

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/plan"
)

// planOf plans for one state of xend's file, as it was read.
func planOf(t *testing.T, text string, block map[string]any, seen state, root string) backend.PlanResponse {
	t.Helper()
	opaque, err := json.Marshal(seen)
	if err != nil {
		t.Fatal(err)
	}
	out, err := New().Plan(context.Background(), backend.PlanRequest{
		Setup:   backend.Setup{Config: block, Root: root},
		Actual:  backend.ReadResponse{Files: []backend.File{{Path: configFile, FileState: plan.FileState{Exists: true, Mode: 0o640, Content: []byte(text)}}}, Opaque: opaque},
		Changes: []plan.Change{{Ref: plan.Ref{Class: name, Name: configFile}, Action: plan.Update}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRestart: xend is restarted before the network, only when its file
// changes, only if it runs, and not when its start would change the network.
func TestRestart(t *testing.T) {
	const active, ours = "(network-script network-bridge)\n", "#linkspan#(network-script network-bridge)\n"
	unmanaged := map[string]any{"managed": false}
	for _, c := range []struct {
		name, text string
		block      map[string]any
		seen       state
		root       string
		restarts   int
		skipped    string
	}{
		{"it runs", active, nil, state{Running: true}, "", 1, ""},
		{"it does not run", active, nil, state{}, "", 1, "not running"},
		{"never", active, map[string]any{"restart": "never"}, state{Running: true}, "", 1, "never"},
		{"nothing to do", ours, nil, state{Running: true}, "", 0, ""},
		{"another root", active, nil, state{}, "/srv/tree", 1, ""}, // skipped by the program, with its reason
		{"brought back", ours, unmanaged, state{Running: true}, "", 1, `would run "network-bridge"`},
		{"brought back without a value", "#linkspan#(network-script)\n", unmanaged, state{Running: true}, "", 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := planOf(t, c.text, c.block, c.seen, c.root)
			if len(out.Restarts) != c.restarts || len(out.Operations) != c.restarts {
				t.Fatalf("%+v", out)
			}
			if c.restarts == 0 {
				return
			}
			r := out.Restarts[0]
			if r.Service != "xend" || r.Order >= 20 || r.Replaceable || (c.skipped == "") != (r.Skipped == "") || !strings.Contains(r.Skipped, c.skipped) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestXendComesBeforeTheNetwork, as in the article.
func TestXendComesBeforeTheNetwork(t *testing.T) {
	out := planOf(t, "(network-script network-bridge)\n", nil, state{Running: true}, "")
	p := plan.New(plan.Input{Stages: []plan.StageInput{
		{Stage: plan.Stage{Backend: "ifcfg", Phase: "persist"}, Restarts: []plan.Restart{{Service: "network", Order: 20}}},
		{Stage: plan.Stage{Backend: "xend", Phase: "persist", Operations: out.Operations}, Restarts: out.Restarts},
	}})
	if len(p.Restarts) != 2 || p.Restarts[0].Service != "xend" || p.Restarts[1].Service != "network" {
		t.Errorf("%+v", p.Restarts)
	}
}

// TestPlanSaysWhenItCounts: the effect begins when xend next starts, and from
// 3.2 on any xend command runs the script until then.
func TestPlanSaysWhenItCounts(t *testing.T) {
	seen := state{Targets: map[string]string{configFile: "/srv/xen/config"}, Links: map[string]int{configFile: 2}}
	out := planOf(t, "(network-script a)\n(network-script b)\n", nil, seen, "")
	op := out.Operations[0]
	if op.File.Note != "2 directives remarked" || op.File.After.Mode != 0o640 {
		t.Errorf("%+v", op.File)
	}
	var said string
	for _, e := range op.Effects {
		said += e.Text + "\n"
	}
	for _, want := range []string{"when xend next starts", "from Xen 3.2 on any xend command", "stays until it is stopped by hand", "symlink: /srv/xen/config is replaced", "2 names (hard links)"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in\n%s", want, said)
		}
	}
	back := planOf(t, "#linkspan#(network-script 'network-bridge netdev=eth1')\n", map[string]any{"managed": false}, state{}, "")
	if e := back.Operations[0].Effects[0]; !strings.Contains(e.Text, `runs "network-bridge netdev=eth1" when it next starts`) {
		t.Errorf("%+v", e)
	}
}

// TestPlanSetsXL: the last assignment of each key is set, and one note names
// both.
func TestPlanSetsXL(t *testing.T) {
	text := "# default\nvif.default.bridge=\"a\"\nvif.default.bridge='b' # why\n"
	out, err := New().Plan(context.Background(), backend.PlanRequest{
		Actual: backend.ReadResponse{Files: []backend.File{{Path: xlFile, FileState: plan.FileState{Exists: true, Content: []byte(text)}}}},
		Changes: []plan.Change{{Ref: plan.Ref{Class: name, Name: xlFile}, Action: plan.Update, Settings: []plan.SettingChange{
			{Key: keyBridge, After: plan.Text("xenbr0")}, {Key: keyScript, After: plan.Text("vif-bridge")}}}},
	})
	if err != nil || len(out.Operations) != 1 || len(out.Restarts) != 0 {
		t.Fatalf("%+v, %v", out, err)
	}
	f := out.Operations[0].File
	want := "# default\nvif.default.bridge=\"a\"\nvif.default.bridge=\"xenbr0\" # why\nvif.default.script=\"vif-bridge\"\n"
	if string(f.After.Content) != want || f.Note != "vif.default.bridge and vif.default.script set" {
		t.Errorf("%q, %s", f.After.Content, f.Note)
	}
}
