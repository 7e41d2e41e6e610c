package launch

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/internal/wire"
)

// forgetful gives tokens and, when told to, has forgotten what they stand for.
type forgetful struct {
	wire.BackendServiceClient
	forgets bool
	asked   []*wire.PlanRequest
}

func (f *forgetful) Read(context.Context, *wire.ReadRequest, ...grpc.CallOption) (*wire.ReadResponse, error) {
	return &wire.ReadResponse{Objects: wire.FromObjects([]plan.Object{{Ref: backend.Ref("bond0"), Type: "bond"}}), Token: "1"}, nil
}

func (f *forgetful) Render(context.Context, *wire.RenderRequest, ...grpc.CallOption) (*wire.RenderResponse, error) {
	return &wire.RenderResponse{Objects: wire.FromObjects([]plan.Object{{Ref: backend.Ref("xenbr0"), Type: "bridge"}}), Token: "2"}, nil
}

func (f *forgetful) Plan(_ context.Context, q *wire.PlanRequest, _ ...grpc.CallOption) (*wire.PlanResponse, error) {
	f.asked = append(f.asked, q)
	if f.forgets && q.GetActualToken() != "" {
		return nil, status.Error(codes.FailedPrecondition, "not kept")
	}
	return &wire.PlanResponse{}, nil
}

// TestKeptAnswers: a plan names the answers that the plugin has kept, and carries
// them where it has not, or where they are others.
func TestKeptAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		forgets, changed bool
		carried          []bool // by each request, the objects
	}{
		"kept":          {carried: []bool{false}},
		"forgotten":     {forgets: true, carried: []bool{false, true}},
		"other objects": {changed: true, carried: []bool{true}},
	} {
		t.Run(name, func(t *testing.T) {
			rpc := &forgetful{forgets: c.forgets}
			plugin := &client{name: "switch", timeout: time.Minute, rpc: rpc, log: new(lastLine)}
			setup := backend.Setup{Host: host.Host{Name: "dom0"}}
			read, err := plugin.Read(t.Context(), backend.ReadRequest{Setup: setup})
			if err != nil {
				t.Fatal(err)
			}
			rendered, err := plugin.Render(t.Context(), backend.RenderRequest{Setup: setup})
			if err != nil {
				t.Fatal(err)
			}
			q := backend.PlanRequest{Setup: setup, Actual: read, Desired: rendered.Objects}
			if c.changed {
				q.Desired = append(q.Desired[:1:1], plan.Object{Ref: backend.Ref("xenbr1"), Type: "bridge"})
			}
			q.Changes = plan.Diff(q.Desired, q.Actual.Objects)
			if _, err := plugin.Plan(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			if len(rpc.asked) != len(c.carried) {
				t.Fatalf("%d requests, not %d", len(rpc.asked), len(c.carried))
			}
			for i, m := range rpc.asked {
				if carried := len(m.GetDesired()) == len(q.Desired) && len(m.GetActual().GetObjects()) == 1; carried != c.carried[i] {
					t.Errorf("request %d: %v", i, m)
				}
			}
		})
	}
}
