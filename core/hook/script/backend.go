package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/types"
	"slices"
	"sync"
	"time"

	"linkspan/core/backend"
	"linkspan/core/backend/fileformat"
	"linkspan/core/diag"
	"linkspan/core/hook/script/symbols"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// What a script's New gives.
const (
	givesBackend = "backend.Backend"
	givesApplier = "backend.Applier"
	givesFormat  = "fileformat.Format"
)

// newForms are the forms of New, and what each gives.
var newForms = map[string]string{
	"func(hook.Env) backend.Backend":               givesBackend,
	"func(hook.Env) backend.Applier":               givesApplier,
	"func() (fileformat.About, fileformat.Format)": givesFormat,
}

// CheckBackend checks a script that is a backend.
func CheckBackend(s *Source) diag.List {
	_, out := checkBackend(s)
	return out
}

func checkBackend(s *Source) (gives string, out diag.List) {
	c := &checker{source: s, kind: symbols.Backend}
	if out := c.check(s.Files); out.HasErrors() {
		return "", out
	}
	where := c.node(c.files[0].Name)
	f, ok := c.pkg.Scope().Lookup("New").(*types.Func)
	if ok {
		short := func(p *types.Package) string { return p.Name() }
		s := f.Signature()
		form := types.TypeString(types.NewSignatureType(nil, nil, nil, unnamed(s.Params()), unnamed(s.Results()), s.Variadic()), short)
		if gives := newForms[form]; gives != "" {
			return gives, nil
		}
		where = c.at(c.fset.Position(f.Pos()), len("New"))
	}
	return "", diag.List{ruleNew.In(where, "package %s needs a function New: func New(env hook.Env) backend.Backend, or backend.Applier, or func New() (fileformat.About, fileformat.Format)", c.pkg.Name())}
}

// NewBackend makes the backend that a script is. Commands that it asks for run
// if they are allowed, when it reads and when it applies; log gets what it logs
// and prints.
func NewBackend(s *Source, allow []string, log func(string)) (backend.Backend, error) {
	gives, diags := checkBackend(s)
	if err := diags.Err(); err != nil {
		return nil, err
	}
	if s.Untrusted != nil {
		return nil, s.Untrusted
	}
	b := &scripted{source: s, allow: allow, log: log}
	switch gives {
	case givesApplier:
		return scriptedApplier{b}, nil
	case givesFormat:
		var about fileformat.About
		if err := b.call(context.Background(), asked{name: "About"}, &about); err != nil {
			return nil, err
		}
		return fileformat.New(about, scriptedFormat{b}), nil
	}
	return b, nil
}

// scripted is a backend whose methods are a script's. One call is made after
// the other; the process stays.
type scripted struct {
	source *Source
	allow  []string
	log    func(string)

	mu      sync.Mutex
	process *process
}

// asked is one call of a backend's method.
type asked struct {
	name     string
	argument any
	root     string                 // the host's "/", for what it reads
	acts     bool                   // it may ask for commands
	progress func(backend.Progress) // of Apply
}

func (b *scripted) call(ctx context.Context, a asked, out any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	c := call{Name: a.name}
	if a.argument != nil {
		text, err := json.Marshal(a.argument)
		if err != nil {
			return err
		}
		c.Args = []json.RawMessage{text}
	}
	if at, ok := ctx.Deadline(); ok {
		c.Timeout = max(time.Until(at), time.Millisecond)
	}
	if b.process == nil {
		p, err := start(request{Kind: symbols.Backend, Dir: b.source.dir(), Files: b.source.Files}, false, b.log)
		if err != nil {
			return err
		}
		b.process = p
	}
	env := &HostEnv{Hook: host.Hook{Allow: b.allow}, Root: a.root, Say: b.log, Keep: func(string, string) {}, Record: func([]string) error {
		if !a.acts {
			return fmt.Errorf("%s is pure and runs nothing", a.name)
		}
		return nil
	}}
	m, err := b.process.call(ctx, c, func(m message) *reply {
		if m.Op == "progress" && a.progress != nil {
			var p backend.Progress
			if json.Unmarshal(m.Value, &p) == nil {
				a.progress(p)
			}
			return nil
		}
		return answer(ctx, m, env)
	})
	if err != nil {
		b.process = nil // it is gone; the next call has another
		return err
	}
	if m.Error != "" {
		return errors.New(short(m.Error))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(m.Value, out)
}

// Describe says what the backend is.
func (b *scripted) Describe(ctx context.Context) (d backend.Description, err error) {
	return d, b.call(ctx, asked{name: "Describe"}, &d)
}

// Read says what is there.
func (b *scripted) Read(ctx context.Context, r backend.ReadRequest) (out backend.ReadResponse, err error) {
	return out, b.call(ctx, asked{name: "Read", argument: r, root: r.Root, acts: true}, &out)
}

// Render says what the definition means.
func (b *scripted) Render(ctx context.Context, r backend.RenderRequest) (out backend.RenderResponse, err error) {
	return out, b.call(ctx, asked{name: "Render", argument: r, root: r.Root}, &out)
}

// Plan says which operations make the changes.
func (b *scripted) Plan(ctx context.Context, r backend.PlanRequest) (out backend.PlanResponse, err error) {
	return out, b.call(ctx, asked{name: "Plan", argument: r, root: r.Root}, &out)
}

// scriptedApplier is a scripted backend that acts itself.
type scriptedApplier struct{ *scripted }

// operationTime is how long one operation may take.
const operationTime = 10 * time.Minute

// Apply carries operations out, each in a call of its own: when ctx ends, the
// one at hand is finished.
func (b scriptedApplier) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	for _, o := range r.Operations {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		one := backend.ApplyRequest{Setup: r.Setup, Operations: []plan.Operation{o}}
		if err := b.operation(ctx, one, progress); err != nil {
			return err
		}
	}
	return nil
}

func (b scriptedApplier) operation(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), operationTime, fmt.Errorf("not done within %s", operationTime))
	defer cancel()
	return b.call(ctx, asked{name: "Apply", argument: r, root: r.Root, acts: true, progress: progress}, nil)
}

// Snapshot records what operations will touch.
func (b scriptedApplier) Snapshot(ctx context.Context, r backend.ApplyRequest) (out []byte, err error) {
	return out, b.call(ctx, asked{name: "Snapshot", argument: r, root: r.Root, acts: true}, &out)
}

// Restore brings it back.
func (b scriptedApplier) Restore(ctx context.Context, snapshot []byte) error {
	return b.call(ctx, asked{name: "Restore", argument: snapshot, acts: true}, nil)
}

// scriptedFormat is a file format whose methods are a script's. A fault of the
// script's is an error diagnostic, as the methods give none.
type scriptedFormat struct{ b *scripted }

// rendered is what Format.Render gives.
type rendered struct {
	Files       []fileformat.File
	Diagnostics diag.List
}

// parsed is what Format.Parse gives.
type parsed struct {
	Found       fileformat.Found
	Diagnostics diag.List
}

// Render gives the complete files of a definition.
func (f scriptedFormat) Render(d fileformat.Definition) ([]fileformat.File, diag.List) {
	var out rendered
	if err := f.call("FormatRender", d, &out); err != nil {
		return nil, diag.List{ruleBroken.At("", "%v", err)}
	}
	return out.Files, out.Diagnostics
}

// Parse says what files say.
func (f scriptedFormat) Parse(files []fileformat.File) (fileformat.Found, diag.List) {
	var out parsed
	if err := f.call("FormatParse", slices.Clip(files), &out); err != nil {
		return fileformat.Found{}, diag.List{ruleBroken.At("", "%v", err)}
	}
	return out.Found, out.Diagnostics
}

// formatTime is how long one call of a format's method may take.
const formatTime = 30 * time.Second

func (f scriptedFormat) call(name string, argument, out any) error {
	ctx, cancel := context.WithTimeoutCause(context.Background(), formatTime, fmt.Errorf("%s is not done within %s", name, formatTime))
	defer cancel()
	return f.b.call(ctx, asked{name: name, argument: argument}, out)
}
