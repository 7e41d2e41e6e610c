package backendtest

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"

	"linkspan/core/backend"
	"linkspan/core/plan"
)

// banner is motd as a backend with operations of its own: one that writes the
// file and one that marks it as read. With forget its snapshot is empty.
type banner struct {
	*motd
	forget bool
}

func (b *banner) Describe(ctx context.Context) (backend.Description, error) {
	d, err := b.motd.Describe(ctx)
	d.Phase, d.Features = backend.Activate, []string{backend.FeatureApply}
	return d, err
}

func (b *banner) Plan(ctx context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	out, err := b.motd.Plan(ctx, r)
	for i, op := range out.Operations {
		out.Operations[i] = plan.Operation{ID: op.ID, Kind: plan.OperationOwn, Summary: "set the banner", Data: op.File.After.Content}
	}
	return out, err
}

func (b *banner) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	for _, op := range r.Operations {
		progress(backend.Progress{Operation: op.ID})
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(r.Root, motdPath), op.Data, 0o644); err != nil {
			return err
		}
		progress(backend.Progress{Operation: op.ID, Done: true})
	}
	return ctx.Err()
}

// saved is what banner's snapshot holds.
type saved struct {
	Path    string
	Content []byte
}

func (b *banner) Snapshot(_ context.Context, r backend.ApplyRequest) ([]byte, error) {
	path := filepath.Join(r.Root, motdPath)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if b.forget {
		return nil, nil
	}
	return json.Marshal(saved{path, content})
}

func (b *banner) Restore(_ context.Context, snapshot []byte) error {
	if b.forget {
		return nil
	}
	var s saved
	if err := json.Unmarshal(snapshot, &s); err != nil {
		return err
	}
	return os.WriteFile(s.Path, s.Content, 0o644)
}
