package plugins

import (
	"bytes"
	"strconv"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/internal/wire"
)

// kept is what the calls of one plan have in common and need not carry, or need
// not be read, again: of a large host, moving it takes longer than all else.
type kept struct {
	mu       sync.Mutex
	message  *wire.Setup // that setup was read from
	setup    backend.Setup
	answers  int // that have got a token
	read     answer[wire.ReadResponse, backend.ReadResponse]
	rendered answer[wire.RenderResponse, backend.RenderResponse]
}

// answer is one that was sent: its message, until a request names it, and then
// what the program has understood.
type answer[M, V any] struct {
	token   string
	message *M
	value   V
}

func (a *answer[M, V]) take(convert func(*M) V) V {
	if a.message != nil {
		a.value, a.message = convert(a.message), nil
	}
	return a.value
}

// of reads a setup; calls share what was read.
func (k *kept) of(m *wire.Setup) (backend.Setup, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.message == nil || !proto.Equal(k.message, m) {
		setup, err := wire.ToSetup(m)
		if err != nil {
			return setup, err
		}
		k.message, k.setup = m, setup
	}
	return k.setup, nil
}

func (k *kept) token() string {
	k.answers++
	return strconv.Itoa(k.answers)
}

// keepRead gives the answer its token and keeps it instead of the last.
func (k *kept) keepRead(m *wire.ReadResponse) *wire.ReadResponse {
	k.mu.Lock()
	defer k.mu.Unlock()
	m.Token = k.token()
	k.read = answer[wire.ReadResponse, backend.ReadResponse]{token: m.Token, message: m}
	return m
}

// keepRendered gives the answer its token and keeps it instead of the last.
func (k *kept) keepRendered(m *wire.RenderResponse) *wire.RenderResponse {
	k.mu.Lock()
	defer k.mu.Unlock()
	m.Token = k.token()
	k.rendered = answer[wire.RenderResponse, backend.RenderResponse]{token: m.Token, message: m}
	return m
}

// request reads the message that asks for operations, with what its tokens stand
// for.
func (k *kept) request(m *wire.PlanRequest, setup backend.Setup) (backend.PlanRequest, error) {
	q := wire.ToPlanRequest(m, setup)
	if m.GetActualToken() == "" && m.GetDesiredToken() == "" {
		return q, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if m.GetActualToken() != k.read.token || m.GetDesiredToken() != k.rendered.token {
		return q, status.Error(codes.FailedPrecondition, "the answers that the request names are not kept; send them")
	}
	q.Actual, q.Desired = k.read.take(wire.ToReadResponse), k.rendered.take(wire.ToRenderResponse).Objects
	q.Changes = plan.Diff(q.Desired, q.Actual.Objects)
	if !bytes.Equal(wire.ChangesDigest(q.Changes), m.GetChangesDigest()) {
		return q, status.Error(codes.FailedPrecondition, "the plugin finds other changes; send them")
	}
	return q, nil
}
