package launch

import (
	"context"
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"linkspan/core/backend"
	"linkspan/plugins"
	"linkspan/plugins/internal/wire"
	"linkspan/plugins/trust"
)

// pipeSize is how much of a message is under way at once, in bytes.
const pipeSize = 64 << 10

// here serves a backend in this process: the same messages by the same protocol,
// in memory. What is not there is the start of a process and its handshake.
func (w *opened) here(ctx context.Context, spec trust.Spec, o Options, b backend.Backend) error {
	pipe, stop := bufconn.Listen(pipeSize), make(chan struct{})
	w.process = &process{ended: make(chan struct{}), stop: sync.OnceFunc(func() { close(stop) })}
	go func() {
		defer close(w.process.ended)
		plugins.ServeOn(pipe, b, stop)
	}()
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }
	conn, err := grpc.NewClient("passthrough:///"+spec.Name, append(callOptions(o), grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		return fmt.Errorf("backend %q in this process: %w", spec.Name, err)
	}
	w.conn, w.protocol = conn, o.newest
	cl := &client{name: spec.Name, path: "in this process", timeout: o.CallTimeout, step: o.StepTimeout, rpc: wire.NewBackendServiceClient(conn), process: w.process, log: &lastLine{to: o.Log, name: spec.Name}}
	return w.ask(ctx, spec, cl, nil)
}
