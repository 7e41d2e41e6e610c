package script

import (
	"context"
	"encoding/json"
	"fmt"

	"linkspan/core/backend"
	"linkspan/core/backend/fileformat"
	"linkspan/core/diag"
	"linkspan/core/hook"
)

// made is the backend, or the format, that a script's New has made.
type made struct {
	backend backend.Backend
	applier backend.Applier
	about   fileformat.About
	format  fileformat.Format
}

// make calls the script's New, once.
func (s *loaded) make() (*made, error) {
	if s.made != nil {
		return s.made, nil
	}
	v, err := s.eval(s.name + ".New")
	if err != nil {
		return nil, err
	}
	m := &made{}
	switch n := v.Interface().(type) {
	case func(hook.Env) backend.Backend:
		m.backend = n(&env{s.pipe})
	case func(hook.Env) backend.Applier:
		m.applier = n(&env{s.pipe})
		m.backend = m.applier
	case func() (fileformat.About, fileformat.Format):
		m.about, m.format = n()
	default:
		return nil, fmt.Errorf("New is %s", v.Type())
	}
	s.made = m
	return m, nil
}

// backend calls one method, in the script's process.
func (s *loaded) backend(ctx context.Context, c call) message {
	m, err := s.make()
	if err != nil {
		return done(err)
	}
	call, ok := m.methods(s.pipe)[c.Name]
	if !ok {
		return done(fmt.Errorf("a scripted backend has no %s", c.Name))
	}
	var argument json.RawMessage
	if len(c.Args) > 0 {
		argument = c.Args[0]
	}
	value, err := call(ctx, argument)
	if err != nil {
		return done(err)
	}
	out := done(nil)
	if out.Value, err = json.Marshal(value); err != nil {
		return done(fmt.Errorf("%s: %w", c.Name, err))
	}
	return out
}

// method is a method with its argument and result as JSON.
type method func(ctx context.Context, argument json.RawMessage) (any, error)

// of makes a method of a function with one argument.
func of[A, R any](f func(context.Context, A) (R, error)) method {
	return func(ctx context.Context, argument json.RawMessage) (any, error) {
		var a A
		if err := json.Unmarshal(argument, &a); err != nil {
			return nil, err
		}
		return f(ctx, a)
	}
}

// methods are those that the script has.
func (m *made) methods(p *pipe) map[string]method {
	out := make(map[string]method)
	if b := m.backend; b != nil {
		out["Describe"] = func(ctx context.Context, _ json.RawMessage) (any, error) { return b.Describe(ctx) }
		out["Read"], out["Render"], out["Plan"] = of(b.Read), of(b.Render), of(b.Plan)
	}
	if a := m.applier; a != nil {
		out["Apply"] = of(func(ctx context.Context, r backend.ApplyRequest) (any, error) {
			return nil, a.Apply(ctx, r, func(g backend.Progress) {
				if text, err := json.Marshal(g); err == nil {
					p.tell(message{Op: "progress", Value: text})
				}
			})
		})
		out["Snapshot"] = of(a.Snapshot)
		out["Restore"] = of(func(ctx context.Context, snapshot []byte) (any, error) { return nil, a.Restore(ctx, snapshot) })
	}
	if f := m.format; f != nil {
		out["About"] = func(context.Context, json.RawMessage) (any, error) { return m.about, nil }
		out["FormatRender"] = of(func(_ context.Context, d fileformat.Definition) (rendered, error) {
			files, diags := f.Render(d)
			return rendered{files, diags}, nil
		})
		out["FormatParse"] = of(func(_ context.Context, files []fileformat.File) (parsed, error) {
			found, diags := f.Parse(files)
			return parsed{found, diag.List(diags)}, nil
		})
	}
	return out
}
