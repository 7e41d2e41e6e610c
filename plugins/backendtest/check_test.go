package backendtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/files"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// motd is a small backend: one line "host NAME" in a file. Fault chooses what
// it does wrong.
type motd struct {
	fault  string
	calls  atomic.Int32
	flight atomic.Int32
}

const motdPath = "/etc/motd"

// next gives another answer each time.
func (b *motd) next() string { return fmt.Sprint(b.calls.Add(1)) }

func (b *motd) is(fault string) bool { return b.fault == fault }

func (b *motd) Describe(context.Context) (backend.Description, error) {
	d := backend.Description{Name: "motd", Version: "1.0.0", Doc: "The message of the day.", Phase: backend.Persist, Paths: []string{motdPath}}
	if b.is("describe is stable") {
		d.Version = b.next()
	}
	return d, nil
}

func object(name string) plan.Object {
	o := plan.Object{Ref: plan.Ref{Class: "motd", Name: motdPath}}
	o.Set("host", plan.Text(name))
	return o
}

func (b *motd) Read(_ context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	if b.is("read leaves no trace") {
		if err := os.WriteFile(filepath.Join(r.Root, "cache"), []byte(b.next()), 0o600); err != nil {
			return backend.ReadResponse{}, err
		}
	}
	state, err := files.Read(r.Root, motdPath)
	if err != nil {
		return backend.ReadResponse{}, err
	}
	out := backend.ReadResponse{Files: []backend.File{{Path: motdPath, FileState: state}}}
	if b.is("read is repeatable") {
		out.Facts = map[string]string{"calls": b.next()}
	}
	for line := range strings.Lines(string(state.Content)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "host "); ok {
			out.Objects = []plan.Object{object(name)}
		}
	}
	return out, nil
}

func (b *motd) Render(_ context.Context, r backend.RenderRequest) (backend.RenderResponse, error) {
	name := r.Host.Name
	if b.flight.Add(1) > 1 && b.is("several calls at once") {
		name += "+"
	}
	time.Sleep(b.pause())
	b.flight.Add(-1)
	if _, ok := r.Config["linkspan_future_word"]; ok && b.is("words of the future do no harm") {
		return backend.RenderResponse{}, errors.New("what is that")
	}
	switch b.fault {
	case "render is pure":
		name += b.next()
	case "apply reaches what is wanted":
		name = strings.ToUpper(name)
	}
	out := backend.RenderResponse{Objects: []plan.Object{object(name)}}
	if b.is("refuse") {
		out.Diagnostics = diag.List{{Severity: diag.Error, Code: "X1", Summary: "no such thing here"}}
	}
	if b.is("objects are canonical") || b.is(ruleBig) && len(r.Host.Interfaces) > bigPairs {
		out.Objects = append(out.Objects, object(name))
	}
	return out, nil
}

// pause makes calls meet each other where that is the fault.
func (b *motd) pause() time.Duration {
	if b.is("several calls at once") {
		return 5 * time.Millisecond
	}
	return 0
}

func (b *motd) Plan(ctx context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
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
		op.Summary += b.next()
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

// faulty is a backend that breaks one rule.
func faulty(rule string) backend.Backend {
	switch rule {
	case "undo restores after any step":
		return &banner{motd: &motd{}, forget: true}
	case "a comparison is the sum of its parts":
		return silent{&motd{}}
	}
	return &motd{fault: rule}
}

// silent is a backend whose comparison keeps its operations for itself.
type silent struct{ *motd }

func (b silent) Compare(ctx context.Context, r backend.CompareRequest) (backend.Comparison, error) {
	c, err := backend.CompareHere(ctx, b.motd, r)
	c.Operations = nil
	return c, err
}

func TestGoodApplier(t *testing.T) {
	for _, r := range Check(t.Context(), &banner{motd: &motd{}}, motdCase(), t.TempDir()) {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Rule.Name, r.Err)
		}
	}
}

// TestRefusal: a case that may be refused leaves out the rules that need a
// plan, and one that may not breaks a rule.
func TestRefusal(t *testing.T) {
	for _, may := range []bool{true, false} {
		c := motdCase()
		c.MayRefuse = may
		leftOut, broken := 0, 0
		for _, r := range Check(t.Context(), &motd{fault: "refuse"}, c, t.TempDir()) {
			if r.LeftOut != "" {
				leftOut++
			}
			if r.Err != nil {
				broken++
			}
		}
		if (leftOut > 0) != may || (broken == 0) != may {
			t.Errorf("MayRefuse %v: %d left out, %d broken", may, leftOut, broken)
		}
	}
}

// TestEachFaultIsFound: a backend that breaks one rule is told so by the name
// of that rule, for every rule.
func TestEachFaultIsFound(t *testing.T) {
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			var broken []string
			for _, r := range Check(t.Context(), faulty(rule.Name), motdCase(), t.TempDir()) {
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
