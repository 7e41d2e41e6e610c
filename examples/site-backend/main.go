// Command linkspan-backend-ifupdown is a linkspan backend for Debian's
// /etc/network/interfaces.d, as a site would write one: the format in render.go
// and parse.go, a description here, and nothing else.
package main

import (
	"linkspan/core/backend"
	"linkspan/core/backend/fileformat"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins"
)

func main() { plugins.Serve(New()) }

// New returns the backend.
func New() backend.Backend {
	return fileformat.New(fileformat.About{
		Name:    "ifupdown",
		Version: "1.0.0",
		Doc:     "Writes and reads Debian's /etc/network/interfaces.d.",
		Schema: host.Schema{
			Doc: "Debian's ifupdown with the packages ifenslave, vlan and bridge-utils.",
			Attributes: []host.Attribute{
				{Name: "hotplug", Type: host.TypeBool, Default: false, Doc: "Bring cards up when they appear (allow-hotplug) and not at boot (auto)."},
			},
		},
		// interfaces itself is read to notice what it configures, and never written.
		Paths:    []string{"/etc/network/interfaces", "/etc/network/interfaces.d/"},
		Comment:  "#",
		Restarts: []plan.Restart{{Service: "networking", Order: 20, Replaceable: true, Why: "ifup reads the files when it brings an interface up"}},
	}, ifupdown{})
}
