package backendtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/files"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// motd is a small backend: one line "host NAME" in a file. Fault chooses what
// it does wrong.
type motd struct {
	fault string
	calls int
}

const motdPath = "/etc/motd"

func (b *motd) is(fault string) bool { return b.fault == fault }

func (b *motd) Describe(context.Context) (backend.Description, error) {
	b.calls++
	d := backend.Description{Name: "motd", Version: "1.0.0", Doc: "The message of the day.", Phase: backend.Persist, Paths: []string{motdPath}}
	if b.is("describe is stable") {
		d.Version = fmt.Sprint(b.calls)
	}
	return d, nil
}

func object(name string) plan.Object {
	o := plan.Object{Ref: plan.Ref{Class: "motd", Name: motdPath}}
	o.Set("host", plan.Text(name))
	return o
}

func (b *motd) Read(_ context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	b.calls++
	if b.is("read leaves no trace") {
		if err := os.WriteFile(filepath.Join(r.Root, "cache"), []byte(fmt.Sprint(b.calls)), 0o600); err != nil {
			return backend.ReadResponse{}, err
		}
	}
	state, err := files.Read(r.Root, motdPath)
	if err != nil {
		return backend.ReadResponse{}, err
	}
	out := backend.ReadResponse{Files: []backend.File{{Path: motdPath, FileState: state}}}
	if b.is("read is repeatable") {
		out.Facts = map[string]string{"calls": fmt.Sprint(b.calls)}
	}
	for line := range strings.Lines(string(state.Content)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "host "); ok {
			out.Objects = []plan.Object{object(name)}
		}
	}
	return out, nil
}

func (b *motd) Render(_ context.Context, r backend.RenderRequest) (backend.RenderResponse, error) {
	b.calls++
	name := r.Host.Name
	switch b.fault {
	case "render is pure":
		name += fmt.Sprint(b.calls)
	case "apply reaches what is wanted":
		name = strings.ToUpper(name)
	}
	out := backend.RenderResponse{Objects: []plan.Object{object(name)}}
	if b.is("objects are canonical") {
		out.Objects = append(out.Objects, object(name))
	}
	return out, nil
}

func (b *motd) Plan(ctx context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	b.calls++
	if b.is("an ended call changes nothing") && ctx.Err() != nil {
		return backend.PlanResponse{}, os.WriteFile(filepath.Join(r.Root, "left"), nil, 0o600)
	}
	if len(r.Changes) == 0 && !b.is("apply twice is once") {
		return backend.PlanResponse{}, nil
	}
	before, text := r.Actual.Files[0].FileState, ""
	for line := range strings.Lines(string(before.Content)) {
		if !strings.HasPrefix(line, "host ") && !b.is("what is unknown is kept") {
			text += line
		}
	}
	text += "host " + strings.ToLower(r.Desired[0].Get("host").Text) + "\n"
	op := plan.Operation{ID: "1", Kind: plan.OperationFile, Summary: "write " + motdPath,
		File: &plan.FileChange{Path: motdPath, Before: before, After: plan.FileState{Exists: true, Content: []byte(text)}}}
	switch b.fault {
	case "plan is pure":
		op.Summary += fmt.Sprint(b.calls)
	case "plan says what it does":
		op.Summary = ""
	}
	return backend.PlanResponse{Operations: []plan.Operation{op}}, nil
}

func motdCase() Case {
	return Case{Name: "motd", Host: host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: "motd"}}},
		Files: map[string]string{motdPath: "# by hand\nhost old\n"}, Keep: []string{"# by hand\n"}}
}

func TestMain(m *testing.M) { Main(m, func() backend.Backend { return new(motd) }) }

func TestGoodBackend(t *testing.T) {
	in := motdCase()
	in.Name, in.InSync, in.Files = "in sync", true, map[string]string{motdPath: "host dom0-01\n"}
	in.Keep = nil
	Run(t, func() backend.Backend { return new(motd) }, []Case{motdCase(), in})
}

// TestEachFaultIsFound: a backend that breaks one rule is told so by the name
// of that rule, for every rule.
func TestEachFaultIsFound(t *testing.T) {
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			var broken []string
			for _, r := range Check(t.Context(), &motd{fault: rule.Name}, motdCase(), t.TempDir()) {
				if r.Err != nil {
					broken = append(broken, r.Rule.Name)
				}
			}
			for _, b := range broken {
				if b == rule.Name {
					return
				}
			}
			t.Errorf("found %q", broken)
		})
	}
}
