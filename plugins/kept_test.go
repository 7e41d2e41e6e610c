package plugins

import (
	"context"
	"reflect"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/internal/wire"
)

// recorder answers as told, and notes what it is asked to plan.
type recorder struct {
	read     backend.ReadResponse
	rendered backend.RenderResponse
	asked    []backend.PlanRequest
}

func (r *recorder) Describe(context.Context) (backend.Description, error) {
	return backend.Description{}, nil
}

func (r *recorder) Read(context.Context, backend.ReadRequest) (backend.ReadResponse, error) {
	return r.read, nil
}

func (r *recorder) Render(context.Context, backend.RenderRequest) (backend.RenderResponse, error) {
	return r.rendered, nil
}

func (r *recorder) Plan(_ context.Context, q backend.PlanRequest) (backend.PlanResponse, error) {
	r.asked = append(r.asked, q)
	return backend.PlanResponse{}, nil
}

// TestKept: a request that names the answers means the same as one that carries
// them, and one that names others is sent back.
func TestKept(t *testing.T) {
	ctx := context.Background()
	object := func(name, mtu string) plan.Object {
		o := plan.Object{Ref: backend.Ref(name), Type: "bridge"}
		o.Set("mtu", plan.Text(mtu))
		return o
	}
	b := &recorder{
		// A name that is no UTF-8 is changed on its way to the program.
		read:     backend.ReadResponse{Objects: []plan.Object{object("xenbr\xff0", "1500"), object("xenbr1", "1500")}, Opaque: []byte("more")},
		rendered: backend.RenderResponse{Objects: []plan.Object{object("xenbr1", "9000"), object("xenbr2", "1500")}},
	}
	s := &server{backend: b}
	setup, err := wire.FromSetup(backend.Setup{Host: host.Host{Name: "dom0"}})
	if err != nil {
		t.Fatal(err)
	}
	read, err := s.Read(ctx, &wire.ReadRequest{Setup: setup})
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := s.Render(ctx, &wire.RenderRequest{Setup: setup})
	if err != nil {
		t.Fatal(err)
	}
	have := backend.PlanRequest{Setup: backend.Setup{Host: host.Host{Name: "dom0"}}, Actual: wire.ToReadResponse(read), Desired: wire.ToRenderResponse(rendered).Objects}
	have.Changes = plan.Diff(have.Desired, have.Actual.Objects)
	if len(have.Changes) != 2 {
		t.Fatalf("%d changes", len(have.Changes))
	}
	short := &wire.PlanRequest{Setup: setup, ActualToken: read.GetToken(), DesiredToken: rendered.GetToken(), ChangesDigest: wire.ChangesDigest(have.Changes)}
	for range 2 { // what is kept serves more than one request
		for _, q := range []*wire.PlanRequest{wire.FromPlanRequest(have, setup), short} {
			if _, err := s.Plan(ctx, proto.CloneOf(q)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, asked := range b.asked {
		if !reflect.DeepEqual(asked, have) {
			t.Errorf("request %d is understood as\n%+v\nand not as\n%+v", i, asked, have)
		}
	}
	other := wire.ChangesDigest(have.Changes[:1])
	for name, spoil := range map[string]func(*wire.PlanRequest){
		"the answer to another Read":   func(q *wire.PlanRequest) { q.ActualToken += "0" },
		"the answer to another Render": func(q *wire.PlanRequest) { q.DesiredToken = "" },
		"other changes":                func(q *wire.PlanRequest) { q.ChangesDigest = other },
	} {
		q := proto.CloneOf(short)
		spoil(q)
		if _, err := s.Plan(ctx, q); status.Code(err) != codes.FailedPrecondition {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.Read(ctx, &wire.ReadRequest{Setup: setup}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Plan(ctx, short); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("the answer before the last: %v", err)
	}
}
