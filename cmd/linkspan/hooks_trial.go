package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/diag"
	"linkspan/core/hook"
	"linkspan/core/hook/hooktest"
	"linkspan/core/hook/phases"
	"linkspan/core/hook/script"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/hcl/hostfile"
)

// trial is a hook that is tried, and what it is told.
type trial struct {
	hook    host.Hook
	about   string // "plan ls1-… of dom0-01"
	event   func(phase string) hook.Event
	replies replies
}

// replies are a hook's surroundings, as the -replies file has them.
type replies struct {
	Commands map[string]hook.Output `json:"commands"` // by the whole command line
	Files    map[string]string      `json:"files"`
	Network  []hook.Interface       `json:"network"`
	Values   map[string]string      `json:"values"` // what earlier hooks have kept
}

// trial finds out what the hook is to be tried with.
func (a *app) trial(ctx context.Context, name string, f hooksTestFlags) (*trial, error) {
	t := &trial{hook: host.Hook{Name: strings.TrimSuffix(filepath.Base(name), ".go")}, about: "an example plan of dom0-01", event: hooktest.Event}
	if f.replies != "" {
		text, err := os.ReadFile(f.replies)
		if err == nil {
			err = json.Unmarshal(text, &t.replies)
		}
		if err != nil {
			return nil, fmt.Errorf("-replies %s: %w", f.replies, err)
		}
	}
	if err := a.trialPlan(ctx, t, name, f); err != nil {
		return nil, err
	}
	if f.config != "" {
		if err := json.Unmarshal([]byte(f.config), &t.hook.Config); err != nil {
			return nil, usage(fmt.Errorf("-config is no JSON: %w", err))
		}
	}
	if f.phase != "" {
		if !slices.Contains(host.HookPhases(), f.phase) {
			return nil, usage(fmt.Errorf("%q is no phase; the phases are %q%s", f.phase, host.HookPhases(), diag.DidYouMean(f.phase, host.HookPhases())))
		}
		t.hook.On = []string{f.phase}
	}
	if len(t.hook.On) == 0 {
		t.hook.On = []string{hook.PreRestart}
	}
	return t, nil
}

// trialPlan takes the plan, and the hook's block where there is one.
func (a *app) trialPlan(ctx context.Context, t *trial, name string, f hooksTestFlags) error {
	hooks := &phases.Hooks{}
	if f.definitions != "" {
		s, err := a.openSession(ctx, f.definitions)
		if err != nil {
			return err
		}
		defer s.close()
		hooks = s.hooks
		if k, ok := blockOf(s, name); ok {
			t.hook = k
		}
		if f.plan == "" {
			p, err := a.makePlan(ctx, s, true)
			if err != nil {
				return err
			}
			t.use(hooks, p)
		}
	}
	if f.plan != "" {
		p, err := readPlan(f.plan)
		if err != nil {
			return err
		}
		if hooks.Host.Name == "" {
			hooks.Host = host.Host{Name: p.Host}
		}
		t.use(hooks, p)
	}
	return nil
}

// use takes a plan as what the hook is told.
func (t *trial) use(hooks *phases.Hooks, p *plan.Plan) {
	t.about = fmt.Sprintf("plan %s of %s", p.Digest, p.Host)
	t.event = func(phase string) hook.Event { return hooks.Event(phase, p) }
}

// blockOf is the hook's block of the definitions that names the script.
func blockOf(s *session, name string) (host.Hook, bool) {
	given, err := filepath.Abs(name)
	if err != nil {
		return host.Hook{}, false
	}
	for _, k := range s.definition.Host.Hooks {
		if named, err := filepath.Abs(filepath.Join(s.dir, k.Script)); err == nil && named == given {
			return k, true
		}
	}
	return host.Hook{}, false
}

// try runs the hook in each of its phases and says what it would have done.
func (a *app) try(ctx context.Context, t *trial, s *script.Source) (failed bool) {
	kept := maps.Clone(t.replies.Values)
	for _, phase := range t.hook.On {
		event := t.event(phase)
		event.DryRun = true
		event.Values = maps.Clone(kept)
		env := &shownEnv{Env: t.env(), say: func(what, line string) {
			if a.text() {
				fmt.Fprintf(a.stdout, "  %-5s %s\n", what, view.Clean(line))
			}
		}}
		if a.text() {
			fmt.Fprintf(a.stdout, "%s in %s, with %s:\n", view.Clean(t.hook.Name), phase, t.about)
		}
		err := script.Run(ctx, script.Job{Hook: t.hook, Source: s, Event: event, Env: env})
		if kept == nil {
			kept = make(map[string]string)
		}
		maps.Copy(kept, env.Values())
		switch {
		case err != nil:
			failed = true
			env.say("FAILS", err.Error())
		default:
			env.say("done", "")
		}
		result := map[string]any{"phase": phase, "commands": env.Commands(), "logs": env.Logs(), "values": env.Values(), "error": ""}
		if err != nil {
			result["error"] = err.Error()
		}
		if err := a.send("hook", result); err != nil {
			fmt.Fprintf(a.stderr, "linkspan: %v\n", err)
		}
	}
	return failed
}

// env is the environment that the replies describe.
func (t *trial) env() *hooktest.Env {
	env := hooktest.New()
	if t.hook.Allow != nil {
		env.Allow(t.hook.Allow...)
	}
	for command, out := range t.replies.Commands {
		env.Reply(command, out)
	}
	for path, content := range t.replies.Files {
		env.File(path, content)
	}
	env.Interfaces(t.replies.Network...)
	return env
}

// shownEnv shows what a hook does as it does it.
type shownEnv struct {
	*hooktest.Env
	say func(what, line string)
}

// Log shows a line.
func (e *shownEnv) Log(format string, args ...any) {
	e.Env.Log(format, args...)
	e.say("log", fmt.Sprintf(format, args...))
}

// Run shows a command.
func (e *shownEnv) Run(ctx context.Context, path string, args ...string) (hook.Output, error) {
	e.say("run", strings.Join(append([]string{path}, args...), " "))
	return e.Env.Run(ctx, path, args...)
}

// Set shows a value.
func (e *shownEnv) Set(key, value string) {
	e.Env.Set(key, value)
	e.say("keep", key+" = "+value)
}

// scriptNames are the scripts that definitions name, each once.
func (a *app) scriptNames(site *hostfile.Site) []string {
	out := slices.Collect(maps.Keys(a.functions))
	for _, s := range a.finder.scripted {
		out = append(out, s.spec.Args[3])
	}
	for i := range site.Definitions {
		for _, k := range site.Definitions[i].Host.Hooks {
			if !slices.Contains(out, k.Script) {
				out = append(out, k.Script)
			}
		}
	}
	slices.Sort(out)
	return out
}
