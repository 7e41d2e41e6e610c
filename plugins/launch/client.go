package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// client is the program's side of one plugin. Errors name the plugin, its path
// and what to do.
type client struct {
	name, path string
	timeout    time.Duration // of a call that changes nothing
	step       time.Duration // without a word while something is changed
	rpc        wire.BackendServiceClient
	process    *process
	log        *lastLine
	kept       kept
	compares   atomic.Bool // the plugin has Compare
}

// applierClient is the client of a plugin that has operations of its own.
type applierClient struct {
	*client
	// again starts the plugin once more. A nil one, that of a plugin that was
	// started again, stays dead.
	again func(context.Context) (backend.Backend, error)
}

var (
	_ backend.Comparer = (*client)(nil)
	_ backend.Warner   = applierClient{}
)

// PID is the number of the plugin's process; 0 is none of its own.
func (c *client) PID() int {
	if c.process.cmd == nil {
		return 0
	}
	return c.process.cmd.Process.Pid
}

// call bounds one call and explains its failure.
func (c *client) call(ctx context.Context, method string, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	return c.explain(method, f(ctx))
}

// change makes a call that changes something. Its length is bounded by ctx, and
// by how long the plugin says nothing: heard is called for every word of it.
// While the call may be under way the plugin is not killed, but for that.
func (c *client) change(method string, f func(heard func()) error) error {
	var stuck atomic.Bool
	timer := time.AfterFunc(c.step, func() {
		stuck.Store(true)
		c.process.killGroup() // what cannot be killed is left to the kernel
	})
	defer timer.Stop()
	c.process.busy.Add(1)
	err := f(func() { timer.Reset(c.step) })
	if code := status.Code(err); code != codes.Canceled && code != codes.DeadlineExceeded {
		c.process.busy.Add(-1)
	}
	if err != nil && stuck.Load() {
		return fmt.Errorf("plugin %q (%s): %s has said nothing for %s, and the plugin was ended%s", c.name, c.path, method, c.step, c.log.quoted())
	}
	return c.explain(method, err)
}

// Describe asks what the plugin is.
func (c *client) Describe(ctx context.Context) (out backend.Description, err error) {
	err = c.call(ctx, "Describe", func(ctx context.Context) error {
		m, err := c.rpc.Describe(ctx, &wire.DescribeRequest{})
		if err != nil {
			return err
		}
		out, err = wire.ToDescription(m)
		if n := slices.Index(out.Features, wire.FeatureCompare); n >= 0 {
			c.compares.Store(true)
			out.Features = slices.Concat(out.Features[:n], out.Features[n+1:])
		}
		return errors.Join(err, checkDescription(c.name, out))
	})
	return out, err
}

// Read asks what is there.
func (c *client) Read(ctx context.Context, r backend.ReadRequest) (out backend.ReadResponse, err error) {
	err = c.call(ctx, "Read", func(ctx context.Context) error {
		setup, err := c.kept.setup(r.Setup)
		if err != nil {
			return err
		}
		m, err := c.rpc.Read(ctx, &wire.ReadRequest{Setup: setup})
		if err != nil {
			return err
		}
		out = wire.ToReadResponse(m)
		return errors.Join(checkObjects(out.Objects), checkFiles(out.Files), checkGuests(out.Guests), checkDiagnostics(out.Diagnostics))
	})
	return out, err
}

// Render asks what the definition means.
func (c *client) Render(ctx context.Context, r backend.RenderRequest) (out backend.RenderResponse, err error) {
	err = c.call(ctx, "Render", func(ctx context.Context) error {
		setup, err := c.kept.setup(r.Setup)
		if err != nil {
			return err
		}
		m, err := c.rpc.Render(ctx, &wire.RenderRequest{Setup: setup, Facts: r.Facts})
		if err != nil {
			return err
		}
		out = wire.ToRenderResponse(m)
		return errors.Join(checkObjects(out.Objects), checkFiles(out.Files), checkDiagnostics(out.Diagnostics))
	})
	return out, err
}

// Plan asks for the operations.
func (c *client) Plan(ctx context.Context, r backend.PlanRequest) (out backend.PlanResponse, err error) {
	err = c.call(ctx, "Plan", func(ctx context.Context) error {
		setup, err := c.kept.setup(r.Setup)
		if err != nil {
			return err
		}
		m, err := c.rpc.Plan(ctx, wire.FromPlanRequest(r, setup))
		if err != nil {
			return err
		}
		out = wire.ToPlanResponse(m)
		return errors.Join(checkOperations(out.Operations), checkDiagnostics(out.Diagnostics))
	})
	return out, err
}

// Compare asks for all that a plan needs, or works it out where the plugin cannot.
func (c *client) Compare(ctx context.Context, r backend.CompareRequest) (out backend.Comparison, err error) {
	if !c.compares.Load() {
		return backend.CompareHere(ctx, c, r)
	}
	err = c.call(ctx, "Compare", func(ctx context.Context) error {
		setup, err := c.kept.setup(r.Setup)
		if err != nil {
			return err
		}
		m, err := c.rpc.Compare(ctx, &wire.CompareRequest{Setup: setup, LookOnly: r.LookOnly})
		if err != nil {
			return err
		}
		out = wire.ToComparison(m)
		return errors.Join(checkDigests(out.Digests), checkChanges(out.Changes), checkOperations(out.Operations), checkGuests(out.Guests), checkDiagnostics(out.Diagnostics))
	})
	return out, err
}

// Apply carries operations out. When ctx
// ends it returns at once; the plugin finishes the operation in hand, and a
// Restore waits for that.
func (c applierClient) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	return c.change("Apply", func(heard func()) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		setup, err := c.kept.setup(r.Setup)
		if err != nil {
			return err
		}
		stream, err := c.rpc.Apply(ctx, &wire.ApplyRequest{Setup: setup, Operations: wire.FromOperations(r.Operations)})
		if err != nil {
			return err
		}
		known := make(map[string]bool, len(r.Operations))
		for _, o := range r.Operations {
			known[o.ID] = true
		}
		return follow(stream, known, func(p backend.Progress) {
			heard()
			progress(p)
		})
	})
}

// follow hands on what the plugin tells of its operations.
func follow(stream grpc.ServerStreamingClient[wire.ApplyResponse], known map[string]bool, progress func(backend.Progress)) error {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !known[m.GetOperation()] {
			return fmt.Errorf("it tells of an operation %q that it was not given", m.GetOperation())
		}
		progress(backend.Progress{Operation: m.GetOperation(), Done: m.GetDone(), Error: m.GetError(), Warning: m.GetWarning()})
	}
}

// Snapshot records what the operations will touch.
func (c applierClient) Snapshot(ctx context.Context, r backend.ApplyRequest) (data []byte, err error) {
	err = c.call(ctx, "Snapshot", func(ctx context.Context) error {
		setup, err := c.kept.setup(r.Setup)
		if err != nil {
			return err
		}
		m, err := c.rpc.Snapshot(ctx, &wire.SnapshotRequest{Setup: setup, Operations: wire.FromOperations(r.Operations)})
		data = m.GetData()
		return err
	})
	return data, err
}

// Restore brings a recorded state back. A plugin that has died, perhaps of the very operation, is started once more for
// it: restoring twice is restoring once.
func (c applierClient) Restore(ctx context.Context, snapshot []byte) error {
	return c.RestoreWarning(ctx, snapshot, func(string) {})
}

// RestoreWarning is Restore, and hands on what the plugin warns of.
func (c applierClient) RestoreWarning(ctx context.Context, snapshot []byte, warn func(string)) error {
	err := c.change("Restore", func(func()) error {
		m, err := c.rpc.Restore(ctx, &wire.RestoreRequest{Data: snapshot})
		for _, text := range m.GetWarnings() {
			warn(text)
		}
		return err
	})
	if err == nil || ctx.Err() != nil || c.again == nil || !c.process.endsWithin(time.Second) {
		return err
	}
	b, failed := c.again(ctx)
	if failed != nil {
		return errors.Join(err, failed)
	}
	next, ok := b.(applierClient)
	if !ok {
		return err
	}
	return applierClient{client: next.client}.RestoreWarning(ctx, snapshot, warn)
}
