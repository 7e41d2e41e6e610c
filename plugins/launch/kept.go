package launch

import (
	"reflect"
	"sync"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/internal/wire"
)

// kept is what the calls of one plan have in common: the message of their setup,
// and the answers that a Plan is about, which the plugin may have kept. Of a
// large host, moving them takes longer than all else. What is the very same
// memory is found equal at once.
type kept struct {
	mu           sync.Mutex
	message      *wire.Setup // of last
	last         backend.Setup
	actual       backend.ReadResponse
	actualToken  string // of actual; "" when the plugin has not kept it
	desired      []plan.Object
	desiredToken string
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

func (k *kept) read(r backend.ReadResponse, token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.actual, k.actualToken = r, token
}

func (k *kept) rendered(objects []plan.Object, token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.desired, k.desiredToken = objects, token
}

// request makes the message of a request, and says whether it names answers that
// the plugin has kept instead of carrying them.
func (k *kept) request(r backend.PlanRequest, setup *wire.Setup) (*wire.PlanRequest, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.actualToken == "" || k.desiredToken == "" || !reflect.DeepEqual(k.actual, r.Actual) || !reflect.DeepEqual(k.desired, r.Desired) {
		return wire.FromPlanRequest(r, setup), false
	}
	return &wire.PlanRequest{Setup: setup, Facts: r.Facts, ActualToken: k.actualToken, DesiredToken: k.desiredToken, ChangesDigest: wire.ChangesDigest(r.Changes)}, true
}
