package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins"
	"linkspan/plugins/internal/wire"
)

// TestMain makes the test binary every program that the tests start: plugins,
// good and bad ones, and a program that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "misbehave" {
		misbehave(os.Args[2], os.Args[3:])
		os.Exit(0)
	}
	if len(os.Args) > 2 && os.Args[1] == "program" {
		program(os.Args[2:])
	}
	if plugins.ServeIfAsked(map[string]func() backend.Backend{
		"good": func() backend.Backend { return &fake{name: "good"} },
	}) {
		return
	}
	syscall.Umask(0o022) // what others may write is not started
	os.Exit(m.Run())
}

// fake is a backend whose answers a test chooses.
type fake struct {
	name     string
	features []string
	read     func(context.Context, backend.ReadRequest) (backend.ReadResponse, error)
}

func (f *fake) Describe(context.Context) (backend.Description, error) {
	return backend.Description{Name: f.name, Version: "1.0.0", Doc: "A test.", Phase: backend.Persist, Features: f.features, Paths: []string{"/etc/x"}}, nil
}

func (f *fake) Read(ctx context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	if f.read == nil {
		return backend.ReadResponse{}, nil
	}
	return f.read(ctx, r)
}

func (f *fake) Render(context.Context, backend.RenderRequest) (backend.RenderResponse, error) {
	return backend.RenderResponse{}, nil
}

func (f *fake) Plan(context.Context, backend.PlanRequest) (backend.PlanResponse, error) {
	return backend.PlanResponse{}, nil
}

// misbehaviours are what a plugin can do wrong.
var misbehaviours = map[string]func(args []string){
	"well":      func([]string) { plugins.Serve(&fake{name: "bad"}) },
	"die":       func([]string) { fmt.Fprintln(os.Stderr, "cannot find the switch"); os.Exit(3) },
	"be silent": func([]string) { time.Sleep(time.Hour) },
	"garbage":   func([]string) { fmt.Println("hello, I am a plugin"); time.Sleep(time.Hour) },
	"long line": func([]string) { fmt.Print(strings.Repeat("x", 1<<20)); time.Sleep(time.Hour) },
	"chatty":    func([]string) { fmt.Println("said before"); plugins.Serve(&fake{name: "bad"}) },
	"tcp":       func([]string) { fmt.Println("1|1|tcp|127.0.0.1:9|grpc"); time.Sleep(time.Hour) },
	"elsewhere": func([]string) { fmt.Println("1|1|unix|/run/other.sock|grpc"); time.Sleep(time.Hour) },
	"nobody": func([]string) {
		fmt.Printf("1|1|unix|%s/x|grpc\n", os.Getenv(plugin.EnvUnixSocketDir))
		time.Sleep(time.Hour)
	},
	"version 7": func([]string) { serveVersions(7) },
	"versions": func(args []string) {
		var list []int
		for _, a := range args {
			v, err := strconv.Atoi(a)
			if err != nil {
				panic(err)
			}
			list = append(list, v)
		}
		serveVersions(list...)
	},
	"other name":  func([]string) { plugins.Serve(&fake{name: "worse"}) },
	"die in read": func([]string) { serveRead(func() { fmt.Fprintln(os.Stderr, "the switch is gone"); os.Exit(3) }) },
	"panic":       func([]string) { serveRead(func() { panic("no such port") }) },
	"hang":        func([]string) { serveRead(func() { select {} }) },
	"stop":        func([]string) { serveRead(func() { syscall.Kill(os.Getpid(), syscall.SIGSTOP); select {} }) },
	"flood":       func([]string) { serveRead(flood) },
	"twice":       func([]string) { plugins.Serve(&fake{name: "bad", read: twice}) },
	"huge":        func([]string) { serveHuge() },
	"unsorted form": func([]string) {
		plugins.Serve(&fake{name: "bad", read: func(context.Context, backend.ReadRequest) (backend.ReadResponse, error) {
			o := plan.Object{Ref: plan.Ref{Class: "x", Name: "y"}, Settings: []plan.Setting{{Key: "k", Value: plan.Value{Form: "colour", Text: "red"}}}}
			return backend.ReadResponse{Objects: []plan.Object{o}}, nil
		}})
	},
	"children": func(args []string) { serveRead(func() { leaveChild(args[0]) }) },
	"slowly":   func(args []string) { plugins.Serve(newSlow(args)) },
	"nonsense": func([]string) { serveNonsense() },
	"die in apply": func(args []string) {
		plugins.Serve(failing{newSlow([]string{args[0], "0s"}), func() { os.Exit(3) }})
	},
	"hang in apply": func(args []string) {
		plugins.Serve(failing{newSlow([]string{args[0], "0s"}), func() { select {} }})
	},
	"tell": func(args []string) { serveRead(func() { tell(args[0]) }) },
	"many": func([]string) { plugins.Serve(many{&fake{name: "bad", features: []string{backend.FeatureApply}}}) },
}

func misbehave(how string, args []string) {
	f, ok := misbehaviours[how]
	if !ok {
		panic("no such misbehaviour: " + how)
	}
	f(args)
}

func serveRead(f func()) {
	plugins.Serve(&fake{name: "bad", read: func(context.Context, backend.ReadRequest) (backend.ReadResponse, error) {
		f()
		return backend.ReadResponse{}, nil
	}})
}

func flood() {
	line := append(bytes.Repeat([]byte("so much to tell \x1b[31m"), 50), '\n')
	for range 20 << 20 / len(line) {
		syscall.Write(2, line)
	}
}

func twice(context.Context, backend.ReadRequest) (backend.ReadResponse, error) {
	o := plan.Object{Ref: plan.Ref{Class: "x", Name: "y"}}
	return backend.ReadResponse{Objects: []plan.Object{o, o}}, nil
}

// leaveChild starts a process that outlives it and holds its log open, and
// writes its number into a file.
func leaveChild(into string) {
	c := exec.Command("sleep", "600")
	c.Stderr = os.NewFile(2, "stderr")
	if err := c.Start(); err != nil {
		panic(err)
	}
	if err := os.WriteFile(into, []byte(fmt.Sprint(c.Process.Pid)), 0o600); err != nil {
		panic(err)
	}
}

// hugeCodec makes each answer to Read a message of 1 GiB without having it.
type hugeCodec struct{ encoding.CodecV2 }

func (c hugeCodec) Marshal(v any) (mem.BufferSlice, error) {
	if _, ok := v.(*wire.ReadResponse); !ok {
		return c.CodecV2.Marshal(v)
	}
	part := mem.SliceBuffer(make([]byte, 1<<20))
	out := make(mem.BufferSlice, 1<<10)
	for i := range out {
		out[i] = part
	}
	return out, nil
}

// raw is a backend below the door: of other versions, and with other messages.
type raw struct {
	plugin.NetRPCUnsupportedPlugin
	wire.UnimplementedBackendServiceServer
}

func (raw) Describe(context.Context, *wire.DescribeRequest) (*wire.DescribeResponse, error) {
	return &wire.DescribeResponse{Name: "bad", Version: "1.0.0", Phase: "persist"}, nil
}

func (raw) Read(context.Context, *wire.ReadRequest) (*wire.ReadResponse, error) {
	return &wire.ReadResponse{}, nil
}

func (r raw) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	wire.RegisterBackendServiceServer(s, r)
	return nil
}

func (raw) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("no client")
}

// serveVersions serves other versions of the protocol.
func serveVersions(versions ...int) {
	sets := make(map[int]plugin.PluginSet)
	for _, v := range versions {
		sets[v] = plugin.PluginSet{wire.Service: raw{}}
	}
	plugin.Serve(&plugin.ServeConfig{HandshakeConfig: wire.Handshake(), VersionedPlugins: sets, GRPCServer: plugin.DefaultGRPCServer})
}

// failing is an Applier that does not come to its second operation.
type failing struct {
	*slow
	fail func()
}

func (d failing) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	if err := d.slow.Apply(ctx, backend.ApplyRequest{Operations: r.Operations[:1]}, progress); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "the switch is gone")
	d.fail()
	return nil
}

// nonsenseCodec answers Read with what is no message.
type nonsenseCodec struct{ encoding.CodecV2 }

func (c nonsenseCodec) Marshal(v any) (mem.BufferSlice, error) {
	if _, ok := v.(*wire.ReadResponse); !ok {
		return c.CodecV2.Marshal(v)
	}
	return mem.BufferSlice{mem.SliceBuffer(bytes.Repeat([]byte{0xff}, 100))}, nil
}

func serveNonsense() { serveCodec(nonsenseCodec{encoding.GetCodecV2(proto.Name)}) }

func serveHuge() { serveCodec(hugeCodec{encoding.GetCodecV2(proto.Name)}) }

func serveCodec(codec encoding.CodecV2) {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake(),
		Plugins:         plugin.PluginSet{wire.Service: raw{}},
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.ForceServerCodecV2(codec), grpc.MaxSendMsgSize(2<<30))...)
		},
	})
}
