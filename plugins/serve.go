package plugins

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// serveArgument is the word after the program's name that makes it a built-in
// backend.
const serveArgument = "plugin-serve"

// aliveFD is the descriptor of a pipe whose other end the program holds: its
// end says that the program has died, however it died.
const aliveFD = 3

// Serve serves a backend; it is the whole main of a plugin:
//
//	func main() { plugins.Serve(mybackend.New()) }
//
// It returns when the program is done with the plugin. Started by hand it says
// what it is and exits with 1.
func Serve(b backend.Backend) {
	// The program may die, or its terminal go, in the middle of an Apply: the
	// operation at hand is finished first.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP, syscall.SIGINT)
	go exitWithProgram()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{service: &grpcPlugin{backend: b}},
		Logger:          hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(MaxMessage), grpc.MaxSendMsgSize(MaxMessage))...)
		},
	})
}

// ServeIfAsked serves a built-in backend if the command line is that of one:
// PROGRAM plugin-serve NAME. The program, and a test binary, call it first.
func ServeIfAsked(builtins map[string]func() backend.Backend) bool {
	if len(os.Args) != 3 || os.Args[1] != serveArgument {
		return false
	}
	make, ok := builtins[os.Args[2]]
	if !ok {
		fmt.Fprintf(os.Stderr, "linkspan: no built-in backend is called %q\n", os.Args[2])
		os.Exit(1)
	}
	Serve(make())
	return true
}

// exitGrace is how long calls at hand may take when the program has died.
const exitGrace = 500 * time.Millisecond

// exitWithProgram ends the plugin when the program has died. A plugin that was
// started without the pipe has none to wait for.
func exitWithProgram() {
	if os.Getenv("LINKSPAN_PLUGIN_ALIVE_FD") == "" {
		return
	}
	f := os.NewFile(aliveFD, "alive")
	io.Copy(io.Discard, f) // ends with the program, whatever the error
	died()
	time.Sleep(exitGrace)
	os.Exit(1)
}

// programDied is done when the program has died; calls end with it.
var programDied, died = context.WithCancel(context.Background())

// server is the plugin's side: messages in, calls of the backend, messages out.
type server struct {
	wire.UnimplementedBackendServiceServer
	backend backend.Backend
}

// within joins a call's context with the program's life.
func within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(programDied, cancel)
	return ctx, func() { stop(); cancel() }
}

func (s *server) Describe(ctx context.Context, _ *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	ctx, done := within(ctx)
	defer done()
	d, err := s.backend.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return wire.FromDescription(d)
}

func (s *server) Read(ctx context.Context, m *wire.ReadRequest) (*wire.ReadResponse, error) {
	ctx, done := within(ctx)
	defer done()
	setup, err := wire.ToSetup(m.GetSetup())
	if err != nil {
		return nil, err
	}
	r, err := s.backend.Read(ctx, backend.ReadRequest{Setup: setup})
	return wire.FromReadResponse(r), err
}

func (s *server) Render(ctx context.Context, m *wire.RenderRequest) (*wire.RenderResponse, error) {
	ctx, done := within(ctx)
	defer done()
	setup, err := wire.ToSetup(m.GetSetup())
	if err != nil {
		return nil, err
	}
	r, err := s.backend.Render(ctx, backend.RenderRequest{Setup: setup, Facts: m.GetFacts()})
	return wire.FromRenderResponse(r), err
}

func (s *server) Plan(ctx context.Context, m *wire.PlanRequest) (*wire.PlanResponse, error) {
	ctx, done := within(ctx)
	defer done()
	q, err := wire.ToPlanRequest(m)
	if err != nil {
		return nil, err
	}
	r, err := s.backend.Plan(ctx, q)
	return wire.FromPlanResponse(r), err
}

// applier returns the backend as an Applier.
func (s *server) applier() (backend.Applier, error) {
	a, ok := s.backend.(backend.Applier)
	if !ok {
		return nil, status.Error(codes.Unimplemented, "the backend has no operations of its own")
	}
	return a, nil
}

func (s *server) Apply(m *wire.ApplyRequest, stream grpc.ServerStreamingServer[wire.ApplyResponse]) error {
	ctx, done := within(stream.Context())
	defer done()
	a, err := s.applier()
	if err != nil {
		return err
	}
	setup, err := wire.ToSetup(m.GetSetup())
	if err != nil {
		return err
	}
	return a.Apply(ctx, backend.ApplyRequest{Setup: setup, Operations: wire.ToOperations(m.GetOperations())}, func(p backend.Progress) {
		// A program that no longer listens has ended the call's context.
		_ = stream.Send(&wire.ApplyResponse{Operation: p.Operation, Done: p.Done, Error: p.Error})
	})
}

func (s *server) Snapshot(ctx context.Context, m *wire.SnapshotRequest) (*wire.SnapshotResponse, error) {
	ctx, done := within(ctx)
	defer done()
	a, err := s.applier()
	if err != nil {
		return nil, err
	}
	setup, err := wire.ToSetup(m.GetSetup())
	if err != nil {
		return nil, err
	}
	data, err := a.Snapshot(ctx, backend.ApplyRequest{Setup: setup, Operations: wire.ToOperations(m.GetOperations())})
	return &wire.SnapshotResponse{Data: data}, err
}

func (s *server) Restore(ctx context.Context, m *wire.RestoreRequest) (*wire.RestoreResponse, error) {
	a, err := s.applier()
	if err != nil {
		return nil, err
	}
	return &wire.RestoreResponse{}, a.Restore(context.WithoutCancel(ctx), m.GetData())
}
