package netlink

import (
	"context"
	"encoding/json"
	"fmt"

	"linkspan/core/backend"
	"linkspan/plugins/netlink/rtnl"
)

// facts are what Plan needs to know of the running system: they come back to
// it as the opaque part of what Read found.
type facts struct {
	Graph *rtnl.Graph `json:"graph"`
	Uses  []use       `json:"uses,omitempty"`
	// LiveNames tells that the kernel gives a link another name while it is up.
	LiveNames bool `json:"live_names,omitempty"`
}

// Read reads the kernel's state with one dump of each kind.
func (b *netlinkBackend) Read(_ context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	var out backend.ReadResponse
	if r.Root != "" && r.Root != "/" {
		return out, fmt.Errorf("root %q is no running system: its kernel cannot be read", r.Root)
	}
	f := facts{LiveNames: renamesLive()}
	err := rtnl.InNamespace(r.Netns, func() (err error) {
		if f.Graph, err = rtnl.Read(); err != nil {
			return err
		}
		return readCards(f.Graph, speaksOf(&r.Host))
	})
	if err != nil {
		return out, err
	}
	if r.Netns == "" {
		f.Uses = readUses()
	}
	w := worldOf(f.Graph)
	out.Objects = backend.InterfaceObjects(hostOf(w, &r.Host), Name)
	out.Diagnostics = findings(w, &r.Host)
	out.Opaque, err = json.Marshal(f)
	return out, err
}
