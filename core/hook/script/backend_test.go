package script

import (
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/plugins/backendtest"
)

// switchText is a backend that acts itself: the "switch" is a file that it
// reads through its environment and writes by a command.
const switchText = `package site

import (
	"context"
	"fmt"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/hook"
	"linkspan/core/plan"
)

const state = "/etc/switch.state"

func New(env hook.Env) backend.Applier { return &site{env} }

type site struct{ env hook.Env }

func (s *site) Describe(ctx context.Context) (backend.Description, error) {
	return backend.Description{Name: "site", Version: "1", Doc: "A switch.", Phase: backend.Activate, Features: []string{backend.FeatureApply}}, nil
}

func objects(vlan string) []plan.Object {
	return []plan.Object{{Ref: plan.Ref{Class: "switch", Name: "port1"}, Type: "switch", Settings: []plan.Setting{{Key: "vlan", Value: plan.Text(vlan)}}}}
}

func (s *site) Read(ctx context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	text, err := s.env.ReadFile(state)
	if err != nil {
		return backend.ReadResponse{}, nil
	}
	return backend.ReadResponse{Objects: objects(strings.TrimSpace(string(text)))}, nil
}

func (s *site) Render(ctx context.Context, r backend.RenderRequest) (backend.RenderResponse, error) {
	if _, err := s.env.Run(ctx, "/bin/sh", "-c", "true"); err == nil {
		return backend.RenderResponse{}, fmt.Errorf("a command was run in Render")
	}
	return backend.RenderResponse{Objects: objects(fmt.Sprint(len(r.Host.Interfaces)))}, nil
}

func (s *site) Plan(ctx context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	var out backend.PlanResponse
	for i, c := range r.Changes {
		vlan := c.Settings[0].After.Text
		out.Operations = append(out.Operations, plan.Operation{ID: fmt.Sprint(i + 1), Kind: plan.OperationOwn, Summary: "set vlan " + vlan, Data: []byte(vlan)})
	}
	return out, nil
}

func (s *site) write(ctx context.Context, root, vlan string) error {
	_, err := s.env.Run(ctx, "/bin/sh", "-c", "if [ -n \"$2\" ]; then mkdir -p \"${1%/*}\" && echo \"$2\" > \"$1\"; else rm -f \"$1\"; fi", "sh", root+state, vlan)
	return err
}

func (s *site) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	for _, o := range r.Operations {
		progress(backend.Progress{Operation: o.ID})
		if err := s.write(ctx, r.Root, string(o.Data)); err != nil {
			return err
		}
		progress(backend.Progress{Operation: o.ID, Done: true})
	}
	return nil
}

func (s *site) Snapshot(ctx context.Context, r backend.ApplyRequest) ([]byte, error) {
	text, _ := s.env.ReadFile(state)
	return []byte(r.Root + "\n" + strings.TrimSpace(string(text))), nil
}

func (s *site) Restore(ctx context.Context, snapshot []byte) error {
	parts := strings.SplitN(string(snapshot), "\n", 2)
	return s.write(ctx, parts[0], parts[1])
}
`

func scriptedBackend(t *testing.T, text string, allow ...string) (backend.Backend, *strings.Builder, error) {
	t.Helper()
	var said strings.Builder
	b, err := NewBackend(&Source{Name: "site.go", Files: []File{{"site.go", text}}}, allow, func(line string) { said.WriteString(line + "\n") })
	return b, &said, err
}

// TestScriptedApplier: a script that implements the interface of a compiled
// backend is held to the same contract.
func TestScriptedApplier(t *testing.T) {
	b, said, err := scriptedBackend(t, switchText, "/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if _, acts := b.(backend.Applier); !acts {
		t.Fatal("it is no Applier")
	}
	h := host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: "site"}}, Interfaces: []host.Interface{{Name: "eth0", Kind: host.KindEthernet, Ethernet: &host.Ethernet{}}}}
	c := backendtest.Case{Name: "a port", Host: h, Files: map[string]string{"/etc/switch.state": "7\n"}}
	for _, r := range backendtest.Check(t.Context(), b, c, t.TempDir()) {
		if r.Err != nil || r.LeftOut != "" {
			t.Errorf("%s: %v %s\n%s", r.Rule.Name, r.Err, r.LeftOut, said)
		}
	}
	b, _, err = scriptedBackend(t, switchText)
	if err == nil {
		err = b.(backend.Applier).Restore(t.Context(), []byte("/nowhere\n7"))
	}
	if err == nil || !strings.Contains(err.Error(), `"/bin/sh" is not allowed`) {
		t.Errorf("a command that is not allowed: %v", err)
	}
}

// TestScriptedBackendFails: what is wrong is an error with its place, and the
// next call is served.
func TestScriptedBackendFails(t *testing.T) {
	replaced := func(old, new string) string { return strings.Replace(switchText, old, new, 1) }
	for _, tt := range []struct{ name, text, want string }{
		{"no New", replaced("func New(", "func Make("), "LS7019"},
		{"another New", replaced("func New(env hook.Env) backend.Applier { return &site{env} }", "func New() int { return 1 }"), "LS7019"},
		{"a method is missing", replaced("func (s *site) Restore(", "func (s *site) Restored("), "missing method Restore"},
		{"a package", replaced("import (", "import (\n\t\"os\""), "is not offered to backend scripts"},
		{"panics", replaced("\treturn backend.Description{", "\tvar m map[string]int\n\tm[\"a\"] = 1\n\treturn backend.Description{"), "nil map"},
		{"loops", replaced("\treturn backend.Description{", "\tfor ctx != nil {\n\t}\n\treturn backend.Description{"), "time is over"},
	} {
		b, _, err := scriptedBackend(t, tt.text)
		if err == nil {
			ctx, cancel := shortly(t)
			_, err = b.Describe(ctx)
			cancel()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
		if b == nil {
			continue
		}
		if _, err := b.Render(t.Context(), backend.RenderRequest{}); err != nil {
			t.Errorf("%s: afterwards: %v", tt.name, err)
		}
	}
}
