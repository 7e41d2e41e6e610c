package plugins

import (
	"strconv"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// kept is what the calls of one plan have in common and need not carry, or need
// not be read, again: of a large host, moving it takes longer than all else.
type kept struct {
	mu       sync.Mutex
	message  *wire.Setup // that setup was read from
	setup    backend.Setup
	answers  int // that have got a token
	read     *wire.ReadResponse
	rendered *wire.RenderResponse
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
	m.Token, k.read = k.token(), m
	return m
}

// keepRendered gives the answer its token and keeps it instead of the last.
func (k *kept) keepRendered(m *wire.RenderResponse) *wire.RenderResponse {
	k.mu.Lock()
	defer k.mu.Unlock()
	m.Token, k.rendered = k.token(), m
	return m
}

// complete puts in what the tokens of a request stand for.
func (k *kept) complete(m *wire.PlanRequest) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	read, rendered := m.GetActualToken(), m.GetDesiredToken()
	if read != "" && read != k.read.GetToken() || rendered != "" && rendered != k.rendered.GetToken() {
		return status.Error(codes.FailedPrecondition, "the answers that the request names are not kept; send them")
	}
	if read != "" {
		m.Actual = k.read
	}
	if rendered != "" {
		m.Desired = k.rendered.GetObjects()
	}
	return nil
}
