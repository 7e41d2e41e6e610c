package engine

import (
	"context"

	"linkspan/core/plan"
)

// Hooks runs a host's hooks of one phase, in their order.
type Hooks interface {
	// Run runs them. An error stops the apply and undoes it, but for
	// "on_rollback", where it is only told.
	Run(ctx context.Context, e HookEvent) error
}

// HookEvent is what hooks are told.
type HookEvent struct {
	Phase   string // "pre_apply", "pre_restart", "post_restart", "post_apply", "check" or "on_rollback"
	Plan    *plan.Plan
	Reason  string   // of on_rollback: why
	Restart []string // services that are restarted, of pre_restart and post_restart
}
