// Package xend is the backend for Xen's configuration: it tells xend to leave
// the host's network alone, says what else of Xen touches it, and which guests
// are on which bridge.
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

// xlFile is what xl reads, at every command (xl.c, XL_GLOBAL_CONFIG).
const xlFile = "/etc/xen/xl.conf"

// The keys of xl.conf that decide about guests' bridges.
const (
	keyBridge = "vif.default.bridge"
	keyScript = "vif.default.script"
)

// New returns the backend.
func New() backend.Backend { return &xend{} }

type xend struct{}

// Describe says what the backend is.
func (*xend) Describe(context.Context) (backend.Description, error) {
	return backend.Description{
		Name: name, Version: "1.0.0", Phase: backend.Persist,
		Doc: "Tells xend to leave the host's network alone, and finds the guests.",
		Schema: host.Schema{
			Doc: "Xen's own idea of the host's network.",
			Attributes: []host.Attribute{
				{Name: "managed", Type: host.TypeBool, Default: true, Doc: "Remark every network-script directive; false brings back exactly those that linkspan has remarked."},
				{Name: "config", Type: host.TypeString, Default: configFile, Doc: "xend's configuration, when XEND_CONFIG names another; below /etc/xen."},
				{Name: "restart", Type: host.TypeString, Words: []string{"auto", "never"}, Default: "auto", Doc: "\"never\" leaves the restart of xend to the operator."},
				{Name: "restart_command", Type: host.TypeStringList, Doc: "A command of the site's that restarts it, without a shell: [\"/usr/local/sbin/restart-xend\"]."},
				{Name: "restart_timeout", Type: host.TypeString, Default: "10m", Doc: "How long the restart may take."},
				{Name: "vif_default_bridge", Type: host.TypeString, Doc: "vif.default.bridge of xl.conf: the bridge of guests that name none. Left as it is when not given."},
				{Name: "vif_default_script", Type: host.TypeString, Doc: "vif.default.script of xl.conf. Left as it is when not given."},
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
	xl      map[string]string // keys of xl.conf that are to be set
}

func settingsOf(config map[string]any) settings {
	s := settings{managed: true, xl: make(map[string]string)}
	if v, ok := config["managed"].(bool); ok {
		s.managed = v
	}
	s.path, _ = config["config"].(string) // the schema says string
	s.restart, _ = config["restart"].(string)
	s.path = cmp.Or(s.path, configFile)
	for attribute, key := range map[string]string{"vif_default_bridge": keyBridge, "vif_default_script": keyScript} {
		if v, _ := config[attribute].(string); v != "" {
			s.xl[key] = v
		}
	}
	return s
}
