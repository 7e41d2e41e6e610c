package engine

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"linkspan/core/engine/journal"
	"linkspan/core/plan"
)

// Hooks runs a host's hooks of one phase, in their order.
type Hooks interface {
	// Run runs them. An error stops the apply and undoes it, but for
	// "on_rollback", where it is only told.
	Run(ctx context.Context, e HookEvent) error
	// Keep gives what another process needs to run them without the
	// definitions.
	Keep() (json.RawMessage, error)
}

// HookEvent is what hooks are told.
type HookEvent struct {
	Phase    string // "validate", "pre_apply", "pre_restart", "post_restart", "check", "post_apply" or "on_rollback"
	Plan     *plan.Plan
	Reason   string      // of on_rollback: why
	Restarts []string    // services that are restarted, of pre_restart and post_restart
	Backends []string    // those that act themselves, of pre_restart and post_restart
	Journal  HookJournal // where hooks write what they do
}

// HookJournal is where hooks write what they do, and read what those before
// them have kept.
type HookJournal interface {
	// Command is told of a command before it runs. What cannot be written is
	// not run.
	Command(hook string, command []string) error
	// Keep keeps a value; an empty one is forgotten.
	Keep(hook, key, value string) error
	// Values are all that is kept: a copy.
	Values() map[string]string
}

// runHooks is the journal of a run as hooks see it.
type runHooks struct{ run *journal.Run }

// Command writes a command down, on the disk.
func (j runHooks) Command(hook string, command []string) error {
	return j.run.Append(journal.Record{Kind: journal.KindCommand, Hook: hook, Command: command}, true)
}

// Keep writes a value down.
func (j runHooks) Keep(hook, key, value string) error {
	return j.run.Append(journal.Record{Kind: journal.KindValue, Hook: hook, Key: key, Value: value}, false)
}

// Values are what the run has kept.
func (j runHooks) Values() map[string]string { return j.run.Values() }

// Memory keeps values of hooks that run outside of an apply, where none has a
// command.
type Memory map[string]string

// Command takes everything.
func (m Memory) Command(string, []string) error { return nil }

// Keep keeps a value.
func (m Memory) Keep(_, key, value string) error {
	m[key] = value
	return nil
}

// Values are a copy of them.
func (m Memory) Values() map[string]string { return maps.Clone(m) }

// rollbackPhases are those whose hooks run in the rollback of a run that was
// kept: around what acts on the host, and at its end.
var rollbackPhases = map[string]bool{"pre_restart": true, "post_restart": true, "on_rollback": true}

// hooks runs the hooks of one phase.
func (a *applying) hooks(ctx context.Context, phase string, restarts []string) error {
	if a.options.Hooks == nil || a.rollbackOf != 0 && !rollbackPhases[phase] {
		return nil
	}
	step := "hooks " + phase
	there := slices.ContainsFunc(a.plan.Hooks, func(h plan.Hook) bool { return slices.Contains(h.On, phase) })
	if !there || phase != "check" && slices.Contains(a.run.Ended("hooks "), phase) { // before it was cut off; see Resume
		return nil
	}
	if err := a.begins(ctx, step, false); err != nil {
		return err
	}
	e := HookEvent{Phase: phase, Plan: a.plan, Restarts: restarts, Journal: runHooks{a.run}}
	if phase == "pre_restart" || phase == "post_restart" {
		for _, s := range a.run.Begin().Snapshots {
			e.Backends = append(e.Backends, s.Backend)
		}
	}
	if phase == "on_rollback" {
		e.Reason = "rolled back by hand"
	}
	if phase != "check" { // once they have begun, an interrupt waits for their end, but not for what they wait for
		ctx = context.WithoutCancel(ctx)
	}
	if err := a.options.Hooks.Run(ctx, e); err != nil {
		return err
	}
	return a.ended(step)
}

// validate asks the site's policy once more: a saved plan may have been made
// at another time of the day.
func (a *applying) validate(ctx context.Context) error {
	if a.options.Hooks == nil {
		return nil
	}
	return a.options.Hooks.Run(ctx, HookEvent{Phase: "validate", Plan: a.plan, Journal: Memory{}})
}
