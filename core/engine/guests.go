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
	reads, errs := make([]backend.ReadResponse, len(r.Backends)), make([]error, len(r.Backends))
	var wg sync.WaitGroup
	for i, b := range r.Backends {
		wg.Go(func() { reads[i], errs[i] = b.Backend.Read(ctx, backend.ReadRequest{Setup: r.setup(b)}) })
	}
	wg.Wait()
	var out []plan.Guest
	for i, b := range r.Backends {
		if errs[i] != nil {
			return nil, fmt.Errorf("backend %q: %w", b.Description.Name, errs[i])
		}
		out = append(out, reads[i].Guests...)
	}
	return out, nil
}
