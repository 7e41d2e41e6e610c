package engine

import (
	"context"
	"fmt"
	"sync"

	"linkspan/core/backend"
	"linkspan/core/plan"
)

// Guests asks every backend for the guests that it knows of. What the backends
// find wrong is not told here; a plan tells it.
func Guests(ctx context.Context, r Request) ([]plan.Guest, error) {
	found, errs := make([]backend.Comparison, len(r.Backends)), make([]error, len(r.Backends))
	var wg sync.WaitGroup
	for i, b := range r.Backends {
		wg.Go(func() {
			found[i], errs[i] = backend.Compare(ctx, b.Backend, backend.CompareRequest{Setup: r.setup(b), LookOnly: true})
		})
	}
	wg.Wait()
	var out []plan.Guest
	for i, b := range r.Backends {
		if errs[i] != nil {
			return nil, fmt.Errorf("backend %q: %w", b.Description.Name, errs[i])
		}
		out = append(out, found[i].Guests...)
	}
	return out, nil
}
