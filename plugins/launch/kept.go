package launch

import (
	"reflect"
	"sync"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
)

// kept is the message of the setup that the calls about one host have in common:
// of a large one, making it takes a while. What is the very same memory is found
// equal at once.
type kept struct {
	mu      sync.Mutex
	message *wire.Setup // of last
	last    backend.Setup
}

func (k *kept) setup(s backend.Setup) (*wire.Setup, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.message == nil || !reflect.DeepEqual(k.last, s) {
		m, err := wire.FromSetup(s)
		if err != nil {
			return nil, err
		}
		k.last, k.message = s, m
	}
	return k.message, nil
}
