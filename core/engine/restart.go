package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"linkspan/core/plan"
)

// Services restarts what reads the files only when it starts.
type Services interface {
	// Restart restarts one service as the plan says; see plan.Restart.
	Restart(ctx context.Context, r plan.Restart) error
}

// How an operator says it in the block of a backend whose schema has these
// attributes; they mean the same for each.
const (
	attributeRestart = "restart"         // "auto", "interfaces" or "never"
	attributeCommand = "restart_command" // list: a command of the site's instead, without a shell
	attributeTimeout = "restart_timeout" // e.g. "15m"
)

// asSaid fills in how the restarts of a backend are done.
func asSaid(config map[string]any, changes []plan.Change, restarts []plan.Restart) ([]plan.Restart, error) {
	out := slices.Clone(restarts)
	for i := range out {
		r := &out[i]
		if text, ok := config[attributeTimeout].(string); ok && text != "" {
			d, err := time.ParseDuration(text)
			if err != nil || d <= 0 {
				return nil, fmt.Errorf("%s is a time such as \"15m\", not %q", attributeTimeout, text)
			}
			r.Timeout = d
		}
		r.Command = words(config[attributeCommand])
		if config[attributeRestart] != "interfaces" || len(r.Command) > 0 || r.Skipped != "" {
			continue
		}
		names, gone := concerned(changes)
		if gone {
			r.Why += "; an interface goes, and ifdown needs the file that goes with it: so all is restarted"
			continue
		}
		r.Interfaces = names
	}
	return out, nil
}

func words(v any) []string {
	switch list := v.(type) {
	case []string:
		return list
	case []any:
		var out []string
		for _, w := range list {
			out = append(out, fmt.Sprint(w))
		}
		return out
	}
	return nil
}

// concerned are the interfaces that change, the lower ones first, as changes are
// in order; gone tells that one is removed.
func concerned(changes []plan.Change) (names []string, gone bool) {
	for _, c := range changes {
		if c.Class != plan.ClassInterface {
			continue
		}
		gone = gone || c.Action == plan.Delete
		names = append(names, c.Name)
	}
	return names, gone
}

// restarts are the services that will be restarted, in order; also those that
// were already when the run was cut off.
func (a *applying) restarts() []plan.Restart {
	if a.options.Services == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a.plan.Restarts), func(r plan.Restart) bool { return r.Skipped != "" })
}

func namesOf(restarts []plan.Restart) []string {
	var out []string
	for _, r := range restarts {
		out = append(out, r.Service)
	}
	return out
}

// restart restarts one service, with its step in the journal.
func (a *applying) restart(ctx context.Context, r plan.Restart) error {
	a.options.Progress(r.How())
	if err := a.begins(ctx, "restart "+r.Service, false); err != nil {
		return err
	}
	// Once it has begun, an interrupt waits for its end: it has a time-out of its own.
	if err := a.options.Services.Restart(context.WithoutCancel(ctx), r); err != nil {
		return fmt.Errorf("restarting %s: %w", r.Service, err)
	}
	a.result.Restarted = append(a.result.Restarted, r.Service)
	return a.ended("restart " + r.Service)
}

// restartAs is how an undo restarts a service that the plan of a run restarts.
func restartAs(p *plan.Plan, service string) plan.Restart {
	for _, r := range p.Restarts {
		if r.Service == service {
			return backFrom(p, r)
		}
	}
	return plan.Restart{Service: service}
}

// backFrom is how a restart is done when its plan is turned around: an interface
// that the plan made has no file any more, without which ifdown and ifup do
// nothing, so all is restarted.
func backFrom(p *plan.Plan, r plan.Restart) plan.Restart {
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			if c.Action == plan.Create && slices.Contains(r.Interfaces, c.Name) {
				r.Interfaces = nil
				return r
			}
		}
	}
	return r
}
