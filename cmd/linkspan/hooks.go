package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/engine"
	"linkspan/core/engine/journal"
	"linkspan/core/hook/phases"
	"linkspan/core/hook/script"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/hcl/hostfile"
)

// checkHooks reads and checks the scripts of every host's hooks, each once.
func (a *app) checkHooks(site *hostfile.Site) diag.List {
	var out diag.List
	checked := make(map[string]bool)
	for i := range site.Definitions {
		d := &site.Definitions[i]
		if len(d.Host.Hooks) == 0 {
			continue
		}
		hooks, diags := phases.Load(site.Dir, d.Host)
		out = append(out, d.Resolve(diags)...)
		for _, s := range hooks.Sources() {
			if !checked[s.Name] {
				checked[s.Name] = true
				maps.Copy(a.sources, s.Texts())
				out = append(out, script.Check(s)...)
			}
		}
	}
	return out
}

// compileHooks lets the interpreter itself look at every script.
func (a *app) compileHooks(ctx context.Context, site *hostfile.Site) diag.List {
	var out diag.List
	tried := make(map[string]bool)
	for i := range site.Definitions {
		hooks, _ := phases.Load(site.Dir, site.Definitions[i].Host) // what cannot be read was told
		for _, s := range hooks.Sources() {
			if !tried[s.Name] {
				tried[s.Name] = true
				out = append(out, script.Compile(ctx, s)...)
			}
		}
	}
	return out
}

// useHooks gives a session its host's hooks.
func (a *app) useHooks(s *session, dir string) error {
	hooks, diags := phases.Load(dir, s.definition.Host)
	if err := a.refuse(diags); err != nil {
		return err
	}
	hooks.Root = s.request.Root
	hooks.Say, hooks.Warn = a.hookSays, func(err error) { a.progress(err.Error()) }
	hooks.Network = func(ctx context.Context) ([]plan.Object, error) { return engine.Interfaces(ctx, s.request) }
	planned, err := hooks.Planned()
	if err != nil {
		return err
	}
	s.request.Hooks, s.hooks = planned, hooks
	return nil
}

func (a *app) hookSays(hook, line string) { a.progress(fmt.Sprintf("hook %s: %s", hook, line)) }

// judged is what the site's policy says of a plan, and whether its hooks would
// be run.
func (s *session) judged(ctx context.Context, p *plan.Plan) diag.List {
	out := s.hooks.Validate(ctx, p)
	if err := s.hooks.Trusted(); err != nil && !p.Empty() {
		d := script.RuleSource.At("", "%v", err)
		d.Severity = diag.Warning // of a plan; an apply refuses it
		out = append(out, d)
	}
	return out
}

// keptHooks are the hooks that a run has kept, for its undo.
func (a *app) keptHooks(run *journal.Run) (engine.Hooks, error) {
	hooks, err := phases.Kept(run.Begin().Hooks)
	if hooks == nil || err != nil {
		return nil, err
	}
	hooks.Root = run.Begin().Root
	hooks.Say, hooks.Warn = a.hookSays, func(err error) { a.progress(err.Error()) }
	hooks.Network = func(ctx context.Context) ([]plan.Object, error) { return keptInterfaces(ctx, run.Begin().Plan) }
	return hooks, nil
}

// keptInterfaces are the kernel's interfaces as they are now, for the hooks of an
// undo. A built-in backend of the plan reads them in this process: neither the
// definitions nor a subprocess are needed. Backends of files read only what a
// definition names, so they are not asked.
func keptInterfaces(ctx context.Context, p *plan.Plan) ([]plan.Object, error) {
	r := engine.Request{Host: host.Host{Name: p.Host}, Root: p.Root, Netns: p.Netns}
	for _, stage := range p.Stages {
		create, ok := builtins()[stage.Backend]
		if !ok {
			continue
		}
		b := create()
		d, err := b.Describe(ctx)
		if err != nil {
			return nil, err
		}
		if d.Phase == backend.Activate {
			r.Backends = append(r.Backends, engine.Backend{Description: d, Backend: b})
		}
	}
	if len(r.Backends) == 0 {
		return nil, errors.New("the interfaces are not known here: no backend of the plan reads the kernel, and there is no definition at an undo")
	}
	return engine.Interfaces(ctx, r)
}

// tellValues shows what hooks have kept for the report.
func (a *app) tellValues(values map[string]string) {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, fmt.Sprintf("%s = %s", key, values[key]))
	}
	if len(parts) > 0 {
		fmt.Fprintf(a.stdout, "Hooks report %s.\n", view.Clean(strings.Join(parts, ", ")))
	}
}
