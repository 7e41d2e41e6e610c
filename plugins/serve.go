// Package plugins is the door of a backend's author: Serve is the whole main of
// a plugin, and an author never meets gRPC. The program's end is package launch,
// and which executables it trusts is package trust.
package plugins

//go:generate go test ./proto -run TestGenerated -update

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// ProtocolVersion is the protocol's major number.
const ProtocolVersion = wire.ProtocolVersion

// Serve serves a backend; it is the whole main of a plugin:
//
//	func main() { plugins.Serve(mybackend.New()) }
//
// It returns when the program is done with the plugin. Started by hand it says
// what it is and exits with 1.
//
// When the program dies, or wants the plugin to end, the context of every call
// ends; an Apply or Restore in hand is waited for, anything else is not.
func Serve(b backend.Backend) {
	// The program may die, or its terminal go, in the middle of an Apply: the
	// operation in hand is finished first.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP, syscall.SIGINT)
	go exitWithProgram()
	versions := make(map[int]plugin.PluginSet)
	for _, v := range wire.Versions(ProtocolVersion) {
		versions[v] = plugin.PluginSet{wire.Service: grpcPlugin{backend: b}}
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: versions,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr}),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return newServer(o, recovered, recoveredStream)
		},
	})
	endCalls() // those that the program no longer waits for
	finishActing(wire.FinishTime)
}

// ServeOn serves a backend to a program in this very process, by the same protocol
// on whatever the listener accepts. It returns when stop is closed, and all calls in
// hand then fail; the backend cannot tell it from a process of its own, but the
// program dies with it.
func ServeOn(l net.Listener, b backend.Backend, stop <-chan struct{}) {
	s := newServer(nil, answered, answeredStream)
	wire.RegisterBackendServiceServer(s, &server{backend: b})
	go func() {
		<-stop
		s.Stop()
	}()
	_ = s.Serve(l) // it ends with stop alone: a listener that fails is closed
}

func newServer(o []grpc.ServerOption, unary grpc.UnaryServerInterceptor, stream grpc.StreamServerInterceptor) *grpc.Server {
	return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(wire.MaxMessage), grpc.MaxSendMsgSize(wire.MaxMessage),
		grpc.ChainUnaryInterceptor(unary), grpc.ChainStreamInterceptor(stream))...)
}

// grpcPlugin is the plugin's end for go-plugin.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	backend backend.Backend
}

// GRPCServer registers the plugin's side.
func (p grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	wire.RegisterBackendServiceServer(s, &server{backend: p.backend})
	return nil
}

// GRPCClient refuses: a plugin asks nothing of the program.
func (grpcPlugin) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("the plugin's end is no client")
}

// ServeIfAsked serves a built-in backend if the command line is that of one:
// PROGRAM plugin-serve NAME. The program, and a test binary, call it first.
func ServeIfAsked(builtins map[string]func() backend.Backend) bool {
	if len(os.Args) != 3 || os.Args[1] != wire.ServeArgument {
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

// recovered answers a call of a plugin in a process of its own, see answered.
func recovered(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	ownStreams()
	return answered(ctx, request, info, handle)
}

func recoveredStream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	ownStreams()
	return answeredStream(srv, stream, info, handle)
}

// answered answers a call whose handler panics: the program then shows what
// the panic was about, and not that a connection broke.
func answered(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (out any, err error) {
	defer answerPanic(&err)
	return handle(ctx, request)
}

func answeredStream(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
	defer answerPanic(&err)
	return handle(srv, stream)
}

// ownStreams gives the plugin its streams back, which go-plugin replaces after
// the handshake by pipes that lose what is in them when the plugin dies: what it
// prints is its log.
var ownStreams = sync.OnceFunc(func() {
	os.Stderr = os.NewFile(2, "/dev/stderr")
	os.Stdout = os.Stderr
})
