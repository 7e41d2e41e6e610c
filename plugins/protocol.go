// Package plugins is both ends of the plugin protocol: Serve for the authors of
// backends, Open for the program. It is the only package that knows
// hashicorp/go-plugin; an author never meets gRPC.
package plugins

//go:generate protoc -I proto --go_out=.. --go_opt=module=linkspan --go-grpc_out=.. --go-grpc_opt=module=linkspan proto/linkspan/plugin/v1/backend.proto

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// ProtocolVersion is the protocol's major number. The program speaks it and,
// from 2 on, the one before.
const ProtocolVersion = 1

// supported are the versions that the program speaks, with what serves each.
func supported() map[int]plugin.PluginSet {
	out := make(map[int]plugin.PluginSet)
	for v := max(1, ProtocolVersion-1); v <= ProtocolVersion; v++ {
		out[v] = plugin.PluginSet{service: &grpcPlugin{}}
	}
	return out
}

// versionList names the versions that the program speaks.
func versionList() string {
	var out []string
	for _, v := range slices.Sorted(maps.Keys(supported())) {
		out = append(out, strconv.Itoa(v))
	}
	return strings.Join(out, " and ")
}

// MaxMessage bounds one message in bytes, in both directions: enough for
// 100,000 objects, and a plugin that sends more is broken.
const MaxMessage = 256 << 20

// handshake keeps a plugin that is started by hand from waiting for ever.
var handshake = plugin.HandshakeConfig{
	ProtocolVersion:  ProtocolVersion,
	MagicCookieKey:   "LINKSPAN_PLUGIN",
	MagicCookieValue: "started-by-linkspan",
}

// service is the name of the backend service among a plugin's services.
const service = "backend"

// grpcPlugin joins go-plugin with the two ends.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	backend backend.Backend // on the plugin's side
}

// GRPCServer registers the plugin's side.
func (p *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	if p.backend == nil {
		return errors.New("no backend to serve")
	}
	wire.RegisterBackendServiceServer(s, &server{backend: p.backend})
	return nil
}

// GRPCClient makes the program's side.
func (p *grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return wire.NewBackendServiceClient(conn), nil
}
