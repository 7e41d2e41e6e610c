// Package phases runs a host's hooks around a change: it reads their scripts,
// says which will run, gives each what it is told, and does what its block
// says when it fails.
package phases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"linkspan/core/diag"
	"linkspan/core/engine"
	"linkspan/core/hook"
	"linkspan/core/hook/script"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// Hooks are the hooks of one host, with their scripts.
type Hooks struct {
	Host host.Host // its hooks, tags, vars and interfaces
	Root string    // where the host's files are; "" is "/"
	// Say shows a line that a hook logs or prints.
	Say func(hook, line string)
	// Warn tells of a hook whose failure stops nothing.
	Warn func(err error)
	// Network tells the interfaces as they are; nil knows none.
	Network func(ctx context.Context) ([]plan.Object, error)

	sources map[string]*script.Source // by script
}

// Load reads the scripts of a host's hooks below dir. What cannot be read is
// among the diagnostics.
func Load(dir string, h host.Host) (*Hooks, diag.List) {
	hooks := &Hooks{Host: h, sources: make(map[string]*script.Source), Say: func(string, string) {}, Warn: func(error) {}}
	var out diag.List
	for _, k := range h.Hooks {
		if k.Script == "" || hooks.sources[k.Script] != nil {
			continue
		}
		s, err := script.Load(dir, k.Script)
		if err != nil {
			out = append(out, script.RuleSource.At(path(k.Name)+".script", "%v", err))
			continue
		}
		hooks.sources[k.Script] = s
	}
	return hooks, out
}

// path is a hook as diagnostics name it.
func path(name string) string { return fmt.Sprintf("hook[%q]", name) }

// Sources are the scripts, by name.
func (h *Hooks) Sources() []*script.Source {
	var out []*script.Source
	for _, k := range h.Host.Hooks {
		if s := h.sources[k.Script]; s != nil && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Trusted refuses scripts that others than root could have written, when they
// would run as root's.
func (h *Hooks) Trusted() error {
	var errs []error
	for _, s := range h.Sources() {
		errs = append(errs, s.Untrusted)
	}
	return errors.Join(errs...)
}

// Planned are the hooks as a plan shows them, in the order in which they run.
func (h *Hooks) Planned() ([]plan.Hook, error) {
	var out []plan.Hook
	for _, k := range ordered(h.Host.Hooks) {
		s := h.sources[k.Script]
		if s == nil {
			return nil, fmt.Errorf("hook %q: its script %q was not read", k.Name, k.Script)
		}
		block, err := json.Marshal(k)
		if err != nil {
			return nil, fmt.Errorf("hook %q: %w", k.Name, err)
		}
		sum := sha256.Sum256(block)
		p := plan.Hook{Name: k.Name, Script: k.Script, Digest: s.Digest(), Settings: hex.EncodeToString(sum[:]),
			Allow: k.Allow, Privileged: k.Privileged, Continue: k.OnFailure == "continue"}
		for _, phase := range host.HookPhases() {
			if slices.Contains(k.On, phase) {
				p.On = append(p.On, phase)
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// ordered sorts hooks by name, but each after those that it names.
func ordered(hooks []host.Hook) []host.Hook {
	left := slices.SortedFunc(slices.Values(hooks), func(a, b host.Hook) int { return plan.CompareNatural(a.Name, b.Name) })
	var out []host.Hook
	for len(left) > 0 {
		waits := func(h host.Hook) bool {
			return slices.ContainsFunc(left, func(other host.Hook) bool { return other.Name != h.Name && slices.Contains(h.After, other.Name) })
		}
		next := max(0, slices.IndexFunc(left, func(h host.Hook) bool { return !waits(h) })) // validation refuses circles
		out = append(out, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return out
}

// Run runs the hooks of one phase, in their order. The first that fails ends
// it, unless its block says on_failure = "continue".
func (h *Hooks) Run(ctx context.Context, e engine.HookEvent) error {
	for _, k := range ordered(h.Host.Hooks) {
		if !slices.Contains(k.On, e.Phase) {
			continue
		}
		err := h.one(ctx, k, e)
		if err == nil {
			continue
		}
		if k.OnFailure != "continue" || ctx.Err() != nil {
			return err
		}
		h.Warn(fmt.Errorf("%w; it goes on, as its block says", err))
	}
	return nil
}

// Validate asks the hooks of phase validate whether they let the plan be; a
// refusal points at the part of the definition that it names.
func (h *Hooks) Validate(ctx context.Context, p *plan.Plan) diag.List {
	e := engine.HookEvent{Phase: hook.Validate, Plan: p, Journal: engine.Memory{}}
	var out diag.List
	for _, k := range ordered(h.Host.Hooks) {
		if p.Empty() || !slices.Contains(k.On, hook.Validate) {
			continue
		}
		out = append(out, refusals(k, h.one(ctx, k, e))...)
	}
	return out
}

func refusals(k host.Hook, err error) diag.List {
	var denied *script.DeniedError
	var out diag.List
	switch {
	case err == nil:
		return nil
	case errors.As(err, &denied):
		for _, d := range denied.Denials {
			out = append(out, script.RuleDenied.At(d.Path, "%s", d.Detail))
		}
	default:
		out = diag.List{script.RuleFailed.At(path(k.Name), "%v", err)}
	}
	for i := range out {
		out[i].Source = fmt.Sprintf("hook %q", k.Name)
		if k.OnFailure == "continue" {
			out[i].Severity = diag.Warning
		}
	}
	return out
}

// checkPause is between two tries of a hook of phase check.
const checkPause = time.Second

// one runs one hook; of phase check again and again until it succeeds or its
// time is over.
func (h *Hooks) one(ctx context.Context, k host.Hook, e engine.HookEvent) error {
	src := h.sources[k.Script]
	if src == nil {
		return fmt.Errorf("hook %q: its script %q was not read", k.Name, k.Script)
	}
	if src.Untrusted != nil && e.Phase != hook.Validate {
		return fmt.Errorf("hook %q: %w", k.Name, src.Untrusted)
	}
	limit, err := script.Timeout(k)
	if err != nil {
		return err
	}
	end := time.Now().Add(limit)
	for {
		err := script.Run(ctx, script.Job{Hook: k, Source: src, Event: h.event(e), Env: h.env(k, e)})
		left := time.Until(end)
		if err == nil || e.Phase != hook.Check || left <= checkPause {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(checkPause):
		}
		k.Timeout = (left - checkPause).String()
	}
}

// env is what a hook can do.
func (h *Hooks) env(k host.Hook, e engine.HookEvent) *script.HostEnv {
	return &script.HostEnv{
		Hook: k, Root: h.Root, Silent: e.Phase == hook.Validate,
		Say: func(line string) { h.Say(k.Name, line) },
		Record: func(command []string) error {
			return e.Journal.Command(k.Name, command)
		},
		Keep: func(key, value string) {
			if err := e.Journal.Keep(k.Name, key, value); err != nil {
				h.Warn(fmt.Errorf("hook %q: %q is not kept: %w", k.Name, key, err))
			}
		},
		Ask: func(ctx context.Context) ([]hook.Interface, error) {
			if h.Network == nil {
				return nil, errors.New("the interfaces are not known here")
			}
			objects, err := h.Network(ctx)
			return interfaces(objects), err
		},
	}
}

// kept is what another process needs to run the hooks.
type kept struct {
	Host    host.Host                 `json:"host"`
	Root    string                    `json:"root,omitempty"`
	Sources map[string]*script.Source `json:"sources"`
}

// Keep gives what another process needs to run the hooks.
func (h *Hooks) Keep() (json.RawMessage, error) {
	if len(h.Host.Hooks) == 0 {
		return nil, nil
	}
	about := host.Host{Name: h.Host.Name, Tags: h.Host.Tags, Vars: h.Host.Vars, Interfaces: h.Host.Interfaces, Hooks: h.Host.Hooks}
	return json.Marshal(kept{Host: about, Root: h.Root, Sources: h.sources})
}

// Kept are the hooks of what Keep gave; nil for none.
func Kept(data json.RawMessage) (*Hooks, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, fmt.Errorf("hooks of the journal: %w", err)
	}
	return &Hooks{Host: k.Host, Root: k.Root, sources: k.Sources, Say: func(string, string) {}, Warn: func(error) {}}, nil
}
