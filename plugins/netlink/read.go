package netlink

import (
	"context"
	"encoding/json"
	"fmt"

	"linkspan/core/backend"
	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/check"
	"linkspan/plugins/netlink/rename"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/survey"
	"linkspan/plugins/netlink/world"
)

// facts are what Plan needs to know of the running system: they come back to
// it as the opaque part of what Read found.
type facts struct {
	Graph *rtnl.Graph  `json:"graph"`
	Uses  []survey.Use `json:"uses,omitempty"`
	// LiveNames tells that the kernel gives a link another name while it is up.
	LiveNames bool `json:"live_names,omitempty"`
}

// Read reads the kernel's state with one dump of each kind.
func (b *netlinkBackend) Read(_ context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	var out backend.ReadResponse
	if r.Root != "" && r.Root != "/" {
		return out, fmt.Errorf("root %q is no running system: its kernel cannot be read", r.Root)
	}
	f := facts{LiveNames: rename.WhileUp()}
	err := rtnl.InNamespace(r.Netns, func() (err error) {
		if f.Graph, err = rtnl.Read(); err != nil {
			return err
		}
		return card.Read(f.Graph, survey.SpeaksOf(&r.Host))
	})
	if err != nil {
		return out, err
	}
	if r.Netns == "" {
		f.Uses = survey.ReadUses()
	}
	w := world.Of(f.Graph)
	out.Objects = backend.InterfaceObjects(survey.Host(w, &r.Host), Name)
	out.Diagnostics = check.Findings(w, &r.Host)
	out.Opaque, err = json.Marshal(f)
	return out, err
}
