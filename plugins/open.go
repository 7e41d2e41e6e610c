package plugins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// Spec says which plugin to start.
type Spec struct {
	Name string
	Path string   // the executable; "" for a built-in backend: this executable
	Args []string // after the path; set for built-in ones by Builtin
}

// Builtin is the spec of a built-in backend: this executable started again.
func Builtin(name string) Spec { return Spec{Name: name, Args: []string{serveArgument, name}} }

func (s Spec) builtin() bool { return s.Path == "" }

// Options are how plugins are started.
type Options struct {
	StartTimeout time.Duration // until the handshake is done; 0 means 10 s
	CallTimeout  time.Duration // of one call but Apply and Restore; 0 means 60 s
	Log          io.Writer     // what plugins log, a line each; nil drops it
	// Grease adds to every request fields that no version of the protocol has:
	// a plugin must ignore them. The conformance kit sets it.
	Grease bool
}

// Set is the plugins that were opened.
type Set struct {
	dir     string // of the sockets; only this user can enter it
	clients []*plugin.Client
	open    []opened
}

type opened struct {
	description backend.Description
	backend     backend.Backend
}

// Open starts plugins, all at once, and asks each what it is. If one fails,
// all are ended and the error names it.
func Open(ctx context.Context, specs []Spec, o Options) (*Set, error) {
	o.StartTimeout, o.CallTimeout = orDefault(o.StartTimeout, 10*time.Second), orDefault(o.CallTimeout, 60*time.Second)
	if o.Log == nil {
		o.Log = io.Discard
	}
	dir, err := socketDir()
	if err != nil {
		return nil, err
	}
	s := &Set{dir: dir, clients: make([]*plugin.Client, len(specs)), open: make([]opened, len(specs))}
	errs := make([]error, len(specs))
	var wg sync.WaitGroup
	for i, spec := range specs {
		wg.Go(func() { errs[i] = s.start(ctx, i, spec, o) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d == 0 {
		return fallback
	}
	return d
}

// start starts one plugin and asks what it is.
func (s *Set) start(ctx context.Context, i int, spec Spec, o Options) error {
	path := spec.Path
	if spec.builtin() {
		path = "/proc/self/exe" // also when the file was replaced by an upgrade
	}
	log := &lastLine{to: o.Log, name: spec.Name}
	c := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          plugin.PluginSet{service: &grpcPlugin{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         !spec.builtin(), // 35 to 50 ms a start against 6, measured
		SkipHostEnv:      true,
		StartTimeout:     o.StartTimeout,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Info, Output: log}),
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: s.dir},
		GRPCDialOptions:  dialOptions(o),
		RunnerFunc: func(_ hclog.Logger, c *exec.Cmd, _ string) (runner.Runner, error) {
			return newProcess(path, spec.Args, c.Env)
		},
	})
	s.clients[i] = c
	rpc, err := dispense(c)
	if err != nil {
		return fmt.Errorf("plugin %q (%s) did not start: %w", spec.Name, path, tidy(err))
	}
	cl := &client{name: spec.Name, path: path, timeout: o.CallTimeout, rpc: rpc, log: log.last}
	d, err := cl.Describe(ctx)
	if err != nil {
		return err
	}
	s.open[i] = opened{d, cl}
	if slices.Contains(d.Features, backend.FeatureApply) {
		s.open[i].backend = applierClient{cl}
	}
	return nil
}

func dialOptions(o Options) []grpc.DialOption {
	out := []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage))}
	if o.Grease {
		out = append(out, grpc.WithUnaryInterceptor(greaseUnary), grpc.WithStreamInterceptor(greaseStream))
	}
	return out
}

func dispense(c *plugin.Client) (wire.BackendServiceClient, error) {
	protocol, err := c.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense(service)
	if err != nil {
		return nil, err
	}
	rpc, ok := raw.(wire.BackendServiceClient)
	if !ok {
		return nil, fmt.Errorf("it serves %T", raw)
	}
	return rpc, nil
}

// tidy puts go-plugin's message on one line.
func tidy(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }

// Each calls f for each opened plugin in the order of the specs.
func (s *Set) Each(f func(backend.Description, backend.Backend)) {
	for _, o := range s.open {
		f(o.description, o.backend)
	}
}

// Close ends all plugins and removes their sockets.
func (s *Set) Close() {
	var wg sync.WaitGroup
	for _, c := range s.clients {
		if c != nil {
			wg.Go(c.Kill)
		}
	}
	wg.Wait()
	os.RemoveAll(s.dir) // what is left there is nobody's
}

// lastLine passes a plugin's log on, bounded, and remembers its last line.
type lastLine struct {
	mu   sync.Mutex
	to   io.Writer
	name string
	line string
	n    int
}

// maxLog bounds what one plugin may log: a flood harms nobody.
const maxLog = 1 << 20

func (l *lastLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSpace(string(p))
	if text != "" {
		l.line = text[max(0, len(text)-500):]
	}
	if l.n += len(p); l.n <= maxLog {
		fmt.Fprintf(l.to, "%s: %s\n", l.name, text) // a log that cannot be written is no reason to stop
	}
	return len(p), nil
}

func (l *lastLine) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.line
}
