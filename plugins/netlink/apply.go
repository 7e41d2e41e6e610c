package netlink

import (
	"context"
	"fmt"

	"linkspan/core/backend"
	"linkspan/plugins/netlink/apply"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// Apply carries the operations out. A stretch of operations without a wait
// goes to the kernel together: it handles them one after the other, and each
// answer is matched to its operation. When one is refused, those of the same
// stretch that stand after it have been tried as well.
func (*netlinkBackend) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	steps := make([]step.Step, len(r.Operations))
	for i, o := range r.Operations {
		s, err := step.Decode(o.Data)
		if err != nil {
			return fmt.Errorf("operation %s: %w", o.ID, err)
		}
		steps[i] = s
	}
	return rtnl.InNamespace(r.Netns, func() error {
		return apply.Run(ctx, steps, false, func(p apply.Progress) {
			out := backend.Progress{Operation: r.Operations[p.Step].ID, Done: p.Done, Warning: p.Warning}
			if p.Err != nil {
				out.Error = p.Err.Error()
			}
			progress(out)
		})
	})
}
