package engine

import (
	"context"

	"linkspan/core/plan"
)

// Interfaces are the network interfaces as they are now: those of the backends
// that read what runs, else of those that read what is persisted. One that two
// backends know comes once.
func Interfaces(ctx context.Context, r Request) ([]plan.Object, error) {
	s, diags, err := ReadStatus(ctx, r)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, diags.Err()
	}
	objects := s.Live
	if len(objects) == 0 {
		objects = s.Persisted
	}
	seen := make(map[plan.Ref]bool)
	var out []plan.Object
	for _, o := range objects {
		if o.Class == plan.ClassInterface && !seen[o.Ref] {
			seen[o.Ref] = true
			out = append(out, o)
		}
	}
	return out, nil
}
