package phases

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/hook"
	"linkspan/core/plan"
)

// Event is what a hook of that phase of the plan is told, but for what its own
// block says.
func (h *Hooks) Event(phase string, p *plan.Plan) hook.Event {
	return h.event(engine.HookEvent{Phase: phase, Plan: p, Journal: engine.Memory{}})
}

// event puts what the engine tells into the words of package hook: copies.
func (h *Hooks) event(e engine.HookEvent) hook.Event {
	out := hook.Event{
		Phase: e.Phase, Host: h.Host.Name, Tags: slices.Clone(h.Host.Tags), Vars: maps.Clone(h.Host.Vars),
		Reason: e.Reason, Restarts: slices.Clone(e.Restarts), Backends: slices.Clone(e.Backends), Values: e.Journal.Values(),
		Plan: planOf(e.Plan),
	}
	out.Plan.Network = interfaces(backend.InterfaceObjects(&h.Host, ""))
	switch e.Phase {
	case hook.Check, hook.PostApply:
		out.Outcome = "applied"
	case hook.OnRollback:
		out.Outcome = "undone"
	}
	return out
}

func planOf(p *plan.Plan) hook.Plan {
	out := hook.Plan{Digest: p.Digest}
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			out.Changes = append(out.Changes, hook.Change{Backend: s.Backend, Type: c.Type, Name: c.Name, Action: string(c.Action)})
		}
		for _, op := range s.Operations {
			if op.File != nil {
				out.Files = append(out.Files, op.File.Path)
			} else {
				out.Operations = append(out.Operations, op.Summary)
			}
		}
	}
	for _, r := range p.Restarts {
		if r.Skipped == "" {
			out.Restarts = append(out.Restarts, r.Service)
		}
	}
	for _, e := range p.Effects {
		out.Effects = append(out.Effects, e.Text)
	}
	out.Bridges = bridges(p)
	return out
}

// bridges are those that the plan touches: which have guests, or change
// themselves.
func bridges(p *plan.Plan) []hook.Bridge {
	guests := make(map[string][]string)
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			if c.Type == "bridge" {
				guests[c.Name] = nil
			}
		}
	}
	for _, b := range p.Guests {
		for _, g := range b.Guests {
			if !slices.Contains(guests[b.Bridge], g.Name) {
				guests[b.Bridge] = append(guests[b.Bridge], g.Name)
			}
		}
	}
	var out []hook.Bridge
	for _, name := range slices.SortedFunc(maps.Keys(guests), plan.CompareNatural) {
		out = append(out, hook.Bridge{Name: name, Guests: guests[name]})
	}
	return out
}

// interfaces puts objects into the words of package hook.
func interfaces(objects []plan.Object) []hook.Interface {
	var out []hook.Interface
	for _, o := range objects {
		if o.Class != plan.ClassInterface || o.Absent {
			continue
		}
		i := hook.Interface{Name: o.Name, Type: cmp.Or(o.Get("type").Text, o.Type), Addresses: o.Get("addresses").List, Ports: o.Get("ports").List, Parent: o.Get("parent").Text}
		i.MTU, _ = strconv.Atoi(o.Get("mtu").Text) // "": not said
		out = append(out, i)
	}
	return out
}
