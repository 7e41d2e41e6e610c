// Package netlink is the backend of the running kernel: it reads links,
// addresses, routes and neighbours through rtnetlink and changes them in an
// order that keeps the host reachable and the guests connected.
package netlink

import (
	"context"

	"linkspan/core/backend"
)

// Name is the backend's name, as in `backend "netlink" {}`.
const Name = "netlink"

type netlinkBackend struct{}

// New makes the backend. It is a backend.Applier as well.
func New() backend.Backend { return &netlinkBackend{} }

// Describe says what the backend is.
func (*netlinkBackend) Describe(context.Context) (backend.Description, error) {
	return backend.Description{
		Name: Name, Version: "1.0.0", Doc: "The running kernel, through rtnetlink.", Phase: backend.Activate,
		Schema:   schema(),
		Features: []string{backend.FeatureApply, backend.FeatureVolatile},
	}, nil
}
