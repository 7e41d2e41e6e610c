package launch

import (
	"context"
	"math/rand/v2"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Grease keeps the protocol able to grow, as RFC 8701 does for TLS: messages
// carry fields that no version has, so that a plugin that stumbles over one is
// found by its author and not by the next version.

// greaseField is the first of a thousand field numbers that the protocol will
// never use.
const greaseField = 1 << 20

func greaseUnary(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption) error {
	return invoke(ctx, method, greased(request), reply, conn, o...)
}

func greaseStream(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := open(ctx, desc, conn, method, o...)
	return greasedStream{s}, err
}

type greasedStream struct{ grpc.ClientStream }

// SendMsg sends the message with grease in it.
func (s greasedStream) SendMsg(m any) error { return s.ClientStream.SendMsg(greased(m)) }

// greased returns a copy of a message with unknown fields in it and in each
// message that it holds.
func greased(m any) any {
	p, ok := m.(proto.Message)
	if !ok {
		return m
	}
	p = proto.Clone(p)
	grease(p.ProtoReflect())
	return p
}

func grease(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap() || f.Message() == nil:
		case f.IsList():
			for i := range v.List().Len() {
				grease(v.List().Get(i).Message())
			}
		default:
			grease(v.Message())
		}
		return true
	})
	number := protowire.Number(greaseField + rand.N(1000))
	b := protowire.AppendTag(m.GetUnknown(), number, protowire.BytesType)
	b = protowire.AppendString(b, "a field of the future")
	b = protowire.AppendTag(b, number+1, protowire.VarintType)
	m.SetUnknown(protowire.AppendVarint(b, rand.Uint64()))
}
