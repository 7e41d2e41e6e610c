package plugins

import (
	"context"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// server is the plugin's side: messages in, calls of the backend, messages out.
type server struct {
	wire.UnimplementedBackendServiceServer
	backend backend.Backend
	// act lets one call at a time change something: a Restore comes after the
	// Apply that the program has given up.
	act  sync.Mutex
	kept kept
}

// Describe answers what the backend is.
func (s *server) Describe(ctx context.Context, _ *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	ctx, done := within(ctx)
	defer done()
	d, err := s.backend.Describe(ctx)
	if err != nil {
		return nil, err
	}
	d.Features = append(slices.Clone(d.Features), wire.FeatureCompare)
	return wire.FromDescription(d)
}

// Read answers what is there.
func (s *server) Read(ctx context.Context, m *wire.ReadRequest) (*wire.ReadResponse, error) {
	ctx, done := within(ctx)
	defer done()
	setup, err := s.kept.of(m.GetSetup())
	if err != nil {
		return nil, err
	}
	r, err := s.backend.Read(ctx, backend.ReadRequest{Setup: setup})
	if err != nil {
		return nil, err
	}
	return wire.FromReadResponse(r), nil
}

// Render answers what the definition means.
func (s *server) Render(ctx context.Context, m *wire.RenderRequest) (*wire.RenderResponse, error) {
	ctx, done := within(ctx)
	defer done()
	setup, err := s.kept.of(m.GetSetup())
	if err != nil {
		return nil, err
	}
	r, err := s.backend.Render(ctx, backend.RenderRequest{Setup: setup, Facts: m.GetFacts()})
	if err != nil {
		return nil, err
	}
	return wire.FromRenderResponse(r), nil
}

// Plan answers which operations lead there.
func (s *server) Plan(ctx context.Context, m *wire.PlanRequest) (*wire.PlanResponse, error) {
	ctx, done := within(ctx)
	defer done()
	setup, err := s.kept.of(m.GetSetup())
	if err != nil {
		return nil, err
	}
	r, err := s.backend.Plan(ctx, wire.ToPlanRequest(m, setup))
	return wire.FromPlanResponse(r), err
}

// Compare answers what differs, and which operations lead there.
func (s *server) Compare(ctx context.Context, m *wire.CompareRequest) (*wire.CompareResponse, error) {
	ctx, done := within(ctx)
	defer done()
	setup, err := s.kept.of(m.GetSetup())
	if err != nil {
		return nil, err
	}
	c, err := backend.Compare(ctx, s.backend, backend.CompareRequest{Setup: setup, LookOnly: m.GetLookOnly()})
	if err != nil {
		return nil, err
	}
	return wire.FromComparison(c), nil
}

// begin returns the backend as an Applier whose turn it is to change
// something, and what ends the turn.
func (s *server) begin() (backend.Applier, func(), error) {
	a, ok := s.backend.(backend.Applier)
	if !ok {
		return nil, nil, status.Error(codes.Unimplemented, "the backend has no operations of its own")
	}
	acting.Add(1)
	s.act.Lock()
	return a, func() { s.act.Unlock(); acting.Add(-1) }, nil
}

// Apply carries operations out.
func (s *server) Apply(m *wire.ApplyRequest, stream grpc.ServerStreamingServer[wire.ApplyResponse]) error {
	ctx, done := within(stream.Context())
	defer done()
	a, end, err := s.begin()
	if err != nil {
		return err
	}
	defer end()
	setup, err := s.kept.of(m.GetSetup())
	if err != nil {
		return err
	}
	return a.Apply(ctx, backend.ApplyRequest{Setup: setup, Operations: wire.ToOperations(m.GetOperations())}, func(p backend.Progress) {
		// A program that no longer listens has ended the call's context.
		_ = stream.Send(&wire.ApplyResponse{Operation: p.Operation, Done: p.Done, Error: p.Error, Warning: p.Warning})
	})
}

// Snapshot records what operations will touch.
func (s *server) Snapshot(ctx context.Context, m *wire.SnapshotRequest) (*wire.SnapshotResponse, error) {
	ctx, done := within(ctx)
	defer done()
	a, end, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	setup, err := s.kept.of(m.GetSetup())
	if err != nil {
		return nil, err
	}
	data, err := a.Snapshot(ctx, backend.ApplyRequest{Setup: setup, Operations: wire.ToOperations(m.GetOperations())})
	return &wire.SnapshotResponse{Data: data}, err
}

// Restore brings a recorded state back, to its end even when the program dies.
func (s *server) Restore(ctx context.Context, m *wire.RestoreRequest) (*wire.RestoreResponse, error) {
	a, end, err := s.begin()
	if err != nil {
		return nil, err
	}
	defer end()
	out := &wire.RestoreResponse{}
	err = backend.Restore(context.WithoutCancel(ctx), a, m.GetData(), func(text string) { out.Warnings = append(out.Warnings, text) })
	return out, err
}
