package xend

import (
	"context"
	"fmt"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/xend/sxp"
)

// Import says which block for Xen the definition of the host below root ("" is
// the real one) has: one whose plan is empty. It is nil on a host without xend,
// and where xend still changes the network; a warning says so then.
func Import(ctx context.Context, root string, h host.Host) (*host.Backend, diag.List, error) {
	setup := backend.Setup{Host: h, Root: root}
	read, err := New().Read(ctx, backend.ReadRequest{Setup: setup})
	if err != nil || len(read.Objects) == 0 || read.Diagnostics.HasErrors() {
		return nil, read.Diagnostics, err
	}
	wanted, err := New().Render(ctx, backend.RenderRequest{Setup: setup, Facts: read.Facts})
	if err != nil {
		return nil, nil, err
	}
	diags := append(read.Diagnostics, wanted.Diagnostics...)
	for _, c := range plan.Diff(wanted.Objects, read.Objects) {
		for _, s := range c.Settings {
			if s.Key == sxp.Directive {
				return nil, append(diags, ruleRuns.In(diag.Range{File: c.Name}, "xend runs %s when it starts", strings.Join(s.Before.List, " and "))), nil
			}
		}
		return nil, diags, fmt.Errorf("%s %s differs from itself", c.Action, c.Ref)
	}
	return &host.Backend{Name: name}, diags, nil
}
