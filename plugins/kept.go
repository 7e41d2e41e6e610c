package plugins

import (
	"sync"

	"google.golang.org/protobuf/proto"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// kept is the setup that the calls about one host have in common: of a large one,
// reading it takes a while.
type kept struct {
	mu      sync.Mutex
	message *wire.Setup // that setup was read from
	setup   backend.Setup
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
