// Package launch is the program's end of the plugin protocol: it starts plugins,
// asks them, distrusts what they answer, and ends them. Plugins are started in
// sessions of their own, talk over a Unix socket in a directory that only this
// user can enter, and end with the program, however that ends.
package launch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
	"linkspan/plugins/trust"
)

// Options are how plugins are started.
type Options struct {
	StartTimeout time.Duration // until the handshake is done; 0 means a minute
	CallTimeout  time.Duration // of one call but Apply and Restore; 0 means 60 s
	StepTimeout  time.Duration // of Apply and Restore, without a word of progress; 0 means 10 min
	Log          io.Writer     // what plugins log, a line each; nil drops it
	// Grease adds to every request fields that no version of the protocol has:
	// a plugin must ignore them. The conformance kit sets it.
	Grease bool
	// Here gives the backend of a plugin that is served in this process, by the same
	// protocol, instead of being started: a rehearsal does so, where a start takes
	// as long as an apply. Nil, and a backend that is nil, start it.
	Here func(trust.Spec) backend.Backend

	newest int // protocol that is spoken, for tests; 0 means wire.ProtocolVersion
}

// Set is the plugins that were opened.
type Set struct {
	dir  string // of the sockets; only this user can enter it
	open []opened
}

// opened is one plugin that was started.
type opened struct {
	client      *plugin.Client   // of a process of its own
	conn        *grpc.ClientConn // of a backend in this process
	process     *process
	protocol    int
	description backend.Description
	backend     backend.Backend
	again       *opened // the same plugin, started once more for a Restore
}

// Open starts plugins, all at once, and asks each what it is. If one fails,
// all are ended and the error names it.
func Open(ctx context.Context, specs []trust.Spec, o Options) (*Set, error) {
	o.StartTimeout, o.CallTimeout = cmp.Or(o.StartTimeout, time.Minute), cmp.Or(o.CallTimeout, 60*time.Second)
	o.StepTimeout = cmp.Or(o.StepTimeout, 10*time.Minute)
	o.newest = cmp.Or(o.newest, wire.ProtocolVersion)
	if o.Log == nil {
		o.Log = io.Discard
	}
	dir, err := socketDir()
	if err != nil {
		return nil, err
	}
	s := &Set{dir: dir, open: make([]opened, len(specs))}
	errs := make([]error, len(specs))
	var wg sync.WaitGroup
	for i, spec := range specs {
		wg.Go(func() { errs[i] = s.open[i].start(ctx, spec, o, dir) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// start starts one plugin and asks what it is.
func (w *opened) start(ctx context.Context, spec trust.Spec, o Options, sockets string) error {
	if o.Here != nil {
		if b := o.Here(spec); b != nil {
			return w.here(ctx, spec, o, b)
		}
	}
	x, err := spec.Open()
	if err != nil {
		return fmt.Errorf("plugin %q (%s) was not started: %w", spec.Name, spec.Shown(), err)
	}
	log := &lastLine{to: o.Log, name: spec.Name}
	w.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake(),
		VersionedPlugins: versions(o.newest),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		SkipHostEnv:      true,
		StartTimeout:     o.StartTimeout,
		Logger:           hclog.NewNullLogger(), // what it has to say comes as an error as well
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: sockets},
		// AutoMTLS costs 35 ms a start, measured, and asks each author to do
		// cryptography; dial tells who is at the other end.
		GRPCDialOptions: w.dialOptions(o),
		RunnerFunc: func(_ hclog.Logger, c *exec.Cmd, dir string) (runner.Runner, error) {
			p, err := newProcess(x, c.Env, dir, log)
			w.process = p
			return p, err
		},
	})
	rpc, err := dispense(w.client)
	if err != nil {
		return attempt{spec, o, w.process, log}.failed(err)
	}
	w.protocol = w.client.NegotiatedVersion()
	cl := &client{name: spec.Name, path: spec.Shown(), timeout: o.CallTimeout, step: o.StepTimeout, rpc: rpc, process: w.process, log: log}
	return w.ask(ctx, spec, cl, func(ctx context.Context) (backend.Backend, error) {
		w.again = new(opened)
		err := w.again.start(ctx, spec, o, sockets)
		return w.again.backend, err
	})
}

// ask asks the plugin what it is. Again starts it once more.
func (w *opened) ask(ctx context.Context, spec trust.Spec, cl *client, again func(context.Context) (backend.Backend, error)) error {
	d, err := cl.Describe(ctx)
	if err != nil {
		return err
	}
	w.description, w.backend = d, cl
	if err := w.checkLocked(spec); err != nil {
		return err
	}
	if slices.Contains(d.Features, backend.FeatureApply) {
		w.backend = applierClient{client: cl, again: again}
	}
	return nil
}

func (w *opened) checkLocked(spec trust.Spec) error {
	switch {
	case spec.Version != "" && w.description.Version != spec.Version:
		return fmt.Errorf("plugin %q (%s): it is version %q, and %q is locked; run `linkspan plugins lock` if the change is wanted", spec.Name, spec.Shown(), w.description.Version, spec.Version)
	case spec.Protocol != 0 && w.protocol != spec.Protocol:
		return fmt.Errorf("plugin %q (%s): it speaks protocol %d, and %d is locked; run `linkspan plugins lock` if the change is wanted", spec.Name, spec.Shown(), w.protocol, spec.Protocol)
	}
	return nil
}

func (w *opened) dialOptions(o Options) []grpc.DialOption {
	dial := func(ctx context.Context, address string) (net.Conn, error) { return w.process.dial(ctx, address) }
	return append(callOptions(o), grpc.WithContextDialer(dial))
}

func callOptions(o Options) []grpc.DialOption {
	out := []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage))}
	if o.Grease {
		out = append(out, grpc.WithUnaryInterceptor(greaseUnary), grpc.WithStreamInterceptor(greaseStream))
	}
	return out
}

// clientPlugin is the program's end for go-plugin.
type clientPlugin struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer refuses: the program serves nothing.
func (clientPlugin) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the program's end serves no backend")
}

// GRPCClient makes the program's side.
func (clientPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return wire.NewBackendServiceClient(conn), nil
}

// versions are the protocol versions that the program speaks, with what speaks
// each.
func versions(newest int) map[int]plugin.PluginSet {
	out := make(map[int]plugin.PluginSet)
	for _, v := range wire.Versions(newest) {
		out[v] = plugin.PluginSet{wire.Service: clientPlugin{}}
	}
	return out
}

func dispense(c *plugin.Client) (wire.BackendServiceClient, error) {
	protocol, err := c.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(wire.Service)
	if err != nil {
		return nil, err
	}
	rpc, ok := raw.(wire.BackendServiceClient)
	if !ok {
		return nil, fmt.Errorf("it serves %T", raw)
	}
	return rpc, nil
}

// Each calls f for each opened plugin in the order of the specs.
func (s *Set) Each(f func(backend.Description, backend.Backend)) {
	for _, o := range s.open {
		f(o.description, o.backend)
	}
}

// Protocols are the versions of the protocol that are spoken with the plugins,
// in the order of the specs.
func (s *Set) Protocols() []int {
	out := make([]int, len(s.open))
	for i, o := range s.open {
		out[i] = o.protocol
	}
	return out
}

// closeTime is how long a plugin may take to end when it is asked to; go-plugin
// itself gives it 2 s of that.
const closeTime = 3 * time.Second

// Close ends all plugins and removes their sockets. It waits for operations in
// hand, and for nothing else.
func (s *Set) Close() {
	var wg sync.WaitGroup
	for i := range s.open {
		wg.Go(s.open[i].close)
	}
	wg.Wait()
	os.RemoveAll(s.dir) // what is left there is nobody's
}

func (w *opened) close() {
	if w.again != nil {
		w.again.close()
	}
	if w.conn != nil {
		w.conn.Close() // nothing more is asked
		w.process.stop()
	}
	if w.client == nil || w.process == nil {
		return
	}
	done := make(chan struct{})
	go func() { w.client.Kill(); close(done) }()
	select {
	case <-done:
		return
	case <-time.After(closeTime): // it does not even answer that
	}
	w.process.Kill(context.Background()) // what cannot be killed is left to the kernel
	select {
	case <-done:
	case <-time.After(closeTime):
	}
}
