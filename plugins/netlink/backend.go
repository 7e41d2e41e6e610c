// Package netlink is the backend of the running kernel: it reads links,
// addresses, routes and neighbours through rtnetlink and changes them in an
// order that keeps the host reachable and the guests connected.
package netlink

import (
	"context"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/plugins/netlink/goal"
	"linkspan/plugins/netlink/rule"
)

// Name is the backend's name, as in `backend "netlink" {}`.
const Name = "netlink"

// Rules are the checks of this backend, for `linkspan explain`.
func Rules() []diag.Rule { return rule.All() }

type netlinkBackend struct{}

// New makes the backend. It is a backend.Applier as well.
func New() backend.Backend { return &netlinkBackend{} }

// Describe says what the backend is.
func (*netlinkBackend) Describe(context.Context) (backend.Description, error) {
	return backend.Description{
		Name: Name, Version: "1.0.0", Doc: "The running kernel, through rtnetlink.", Phase: backend.Activate,
		Schema:   goal.Schema(),
		Features: []string{backend.FeatureApply, backend.FeatureVolatile},
	}, nil
}
