package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"linkspan/core/host"
)

// Probe tries one check of a host once; nil is healthy.
type Probe func(ctx context.Context, c host.Check) error

// checkTimeout is how long a check may take to succeed when it does not say.
const checkTimeout = 30 * time.Second

// checkPause is between two tries of a check.
const checkPause = time.Second

// deciding returns the checks that hold now: one that fails before anything
// has changed says nothing about the change.
func (a *applying) deciding(ctx context.Context) []host.Check {
	var out []host.Check
	if a.options.Probe == nil {
		return nil
	}
	for _, c := range a.Host.Checks {
		once, cancel := context.WithTimeout(ctx, 3*time.Second)
		err := a.options.Probe(once, c)
		cancel()
		if err != nil {
			a.options.Progress(fmt.Sprintf("check %q fails already, and decides nothing: %v", c.Name, err))
			continue
		}
		out = append(out, c)
	}
	return out
}

// check tries each check until it holds or its time is over.
func (a *applying) check(ctx context.Context) error {
	for _, c := range a.checks {
		a.options.Progress(fmt.Sprintf("check %q", c.Name))
		limit := checkTimeout
		if c.Timeout != "" {
			d, err := time.ParseDuration(c.Timeout)
			if err != nil {
				return fmt.Errorf("check %q: %w", c.Name, err)
			}
			limit = d
		}
		if err := a.until(ctx, limit, func(ctx context.Context) error { return a.options.Probe(ctx, c) }); err != nil {
			return fmt.Errorf("check %q: %w", c.Name, err)
		}
	}
	return nil
}

// until retries f until it succeeds or the time is over.
func (a *applying) until(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := f(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", limit, errors.Join(err, context.Cause(ctx)))
		case <-time.After(checkPause):
		}
	}
}
