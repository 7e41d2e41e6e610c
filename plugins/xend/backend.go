// Package xend is the backend for Xen's configuration: it tells xend to leave
// the host's network alone, and says what else of Xen touches it.
package xend

import (
	"cmp"
	"context"

	"linkspan/core/backend"
	"linkspan/core/host"
)

// name is the backend's name.
const name = "xend"

// configFile is what xend reads unless XEND_CONFIG says otherwise
// (XendOptions.py, config_var).
const configFile = "/etc/xen/xend-config.sxp"

// New returns the backend.
func New() backend.Backend { return &xend{} }

type xend struct{}

// Describe says what the backend is.
func (*xend) Describe(context.Context) (backend.Description, error) {
	return backend.Description{
		Name: name, Version: "1.0.0", Phase: backend.Persist,
		Doc: "Tells xend to leave the host's network alone.",
		Schema: host.Schema{
			Doc: "Xen's own idea of the host's network.",
			Attributes: []host.Attribute{
				{Name: "managed", Type: host.TypeBool, Default: true, Doc: "Remark every network-script directive; false brings back exactly those that linkspan has remarked."},
				{Name: "config", Type: host.TypeString, Default: configFile, Doc: "xend's configuration, when XEND_CONFIG names another; below /etc/xen."},
				{Name: "restart", Type: host.TypeString, Words: []string{"auto", "never"}, Default: "auto", Doc: "\"never\" leaves the restart of xend to the operator."},
			},
		},
		Paths: []string{"/etc/xen/"},
	}, nil
}

// settings are the backend's block with its defaults.
type settings struct {
	managed bool
	path    string
	restart string
}

func settingsOf(config map[string]any) settings {
	s := settings{managed: true}
	if v, ok := config["managed"].(bool); ok {
		s.managed = v
	}
	s.path, _ = config["config"].(string) // the schema says string
	s.restart, _ = config["restart"].(string)
	s.path = cmp.Or(s.path, configFile)
	return s
}
