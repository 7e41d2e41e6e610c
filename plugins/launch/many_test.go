package launch

import (
	"context"
	"strconv"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/trust"
)

// manyObjects is how many objects a large backend has: every port of a rack's
// switches with its VLANs.
const manyObjects = 100_000

// many is a backend with many objects and an operation for each.
type many struct{ *fake }

func (many) objects() []plan.Object {
	keys := []string{"access", "address", "admin", "description", "mtu", "parent", "trunk", "uplink"}
	values := []string{"access", "10.0.0.1/24", "up", "rack 4, row 7", "9000", "none", "true", "52:54:00:00:00:01"}
	out := make([]plan.Object, manyObjects)
	for i := range out {
		n := strconv.Itoa(manyObjects + i)
		o := plan.Object{Ref: plan.Ref{Class: "port", Name: "rack" + n[1:4] + "/port" + n}, Type: "port", Path: `vlan["v` + n + `"]`}
		o.Settings = make([]plan.Setting, len(keys))
		for k, key := range keys {
			o.Settings[k] = plan.Setting{Key: key, Value: plan.Text(values[k])}
		}
		out[i] = o
	}
	return out
}

func (m many) Render(context.Context, backend.RenderRequest) (backend.RenderResponse, error) {
	return backend.RenderResponse{Objects: m.objects()}, nil
}

func (many) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	for _, op := range r.Operations {
		progress(backend.Progress{Operation: op.ID})
		progress(backend.Progress{Operation: op.ID, Done: true})
	}
	return ctx.Err()
}

func (many) Snapshot(context.Context, backend.ApplyRequest) ([]byte, error) { return nil, nil }
func (many) Restore(context.Context, []byte) error                          { return nil }

// carryOut takes many objects through Render, the difference with nothing, and
// Apply, and returns how much progress was told.
func carryOut(ctx context.Context, b backend.Backend) (told int, err error) {
	r, err := b.Render(ctx, backend.RenderRequest{})
	if err != nil {
		return 0, err
	}
	changes := plan.Diff(r.Objects, nil)
	operations := make([]plan.Operation, len(changes))
	for i, c := range changes {
		operations[i] = plan.Operation{ID: strconv.Itoa(i + 1), Kind: plan.OperationOwn, Summary: "make " + c.Name, Objects: []plan.Ref{c.Ref}, Data: []byte(c.Path)}
	}
	err = b.(backend.Applier).Apply(ctx, backend.ApplyRequest{Operations: operations}, func(backend.Progress) { told++ })
	return told, err
}

// TestManyObjects: a message has room for 100,000 objects, and the stream tells
// of each operation twice.
func TestManyObjects(t *testing.T) {
	set, err := Open(t.Context(), []trust.Spec{bad(t, "many")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer set.Close()
	set.Each(func(_ backend.Description, b backend.Backend) {
		if told, err := carryOut(t.Context(), b); err != nil || told != 2*manyObjects {
			t.Errorf("told %d times: %v", told, err)
		}
	})
}

// BenchmarkManyObjects is 100,000 objects of eight settings through Render, diff
// and Apply over the wire. Figures are in plugins/README.md.
func BenchmarkManyObjects(b *testing.B) {
	set, err := Open(b.Context(), []trust.Spec{bad(b, "many")}, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer set.Close()
	b.ReportAllocs()
	set.Each(func(_ backend.Description, one backend.Backend) {
		for b.Loop() {
			if _, err := carryOut(b.Context(), one); err != nil {
				b.Fatal(err)
			}
		}
	})
}
