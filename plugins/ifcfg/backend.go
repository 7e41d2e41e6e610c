// Package ifcfg is the backend for RHEL's network scripts: the files below
// /etc/sysconfig/network-scripts as the scripts of each release read them.
//
// The right answer is not a text that looks like someone's example but files
// whose meaning for their reader is the definition: reading, comparing and
// writing all go through what the release's scripts honour.
package ifcfg

import (
	"context"
	"fmt"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
)

// New returns the backend.
func New() backend.Backend { return &ifcfg{} }

type ifcfg struct{}

// Rules lists the rules of this backend, by code.
func Rules() []diag.Rule { return rule.All() }

// Describe says what the backend is.
func (*ifcfg) Describe(context.Context) (backend.Description, error) {
	return backend.Description{
		Name: reader.Backend, Version: "1.0.0", Phase: backend.Persist,
		Doc: "Writes and reads the ifcfg files of RHEL's network scripts.",
		Schema: host.Schema{
			Doc:              "The files of RHEL's network scripts.",
			InterfaceOptions: true,
			Attributes: []host.Attribute{
				{Name: "release", Type: host.TypeString, Words: reader.Names(), Doc: "Who reads the files: the network scripts of a release (rhel5.2 for 5.0 to 5.3), or nm for NetworkManager; found from the host's /etc/redhat-release or /etc/os-release when not given."},
				{Name: "restart", Type: host.TypeString, Words: []string{"auto", "interfaces", "never"}, Default: "auto", Doc: "\"never\" leaves the restart of the network to the operator; \"interfaces\" takes only those that change down and up."},
				{Name: "restart_command", Type: host.TypeStringList, Doc: "A command of the site's that restarts it, without a shell: [\"/usr/local/sbin/restart-network\"]."},
				{Name: "restart_timeout", Type: host.TypeString, Default: "10m", Doc: "How long the restart may take."},
			},
		},
		Paths: []string{reader.Dir + "/", reader.NetworkFile, reader.ModprobeFile, ledgerFile},
	}, nil
}

// readerOf chooses the reader: the definition's word, else what was found on
// the host, else what the releases have in common.
func readerOf(config map[string]any, facts map[string]string) (reader.Reader, diag.List) {
	wanted, _ := config["release"].(string) // the schema says string; absent gives ""
	if wanted == "" {
		wanted = facts["release"]
	}
	if wanted == "" {
		r, _ := reader.Named(reader.AnyRelease)
		if len(facts) == 0 {
			return r, nil // offline: nothing was looked for
		}
		return r, diag.List{rule.Release.At(`backend["ifcfg"]`, "release is not set, and neither /etc/redhat-release nor /etc/os-release tells it; only what rhel5 to rhel8 read alike is written. Set release to one of %s", releases())}
	}
	r, ok := reader.Named(wanted)
	if !ok || wanted == reader.AnyRelease {
		r, _ = reader.Named(reader.AnyRelease)
		return r, diag.List{diag.Diagnostic{Severity: diag.Error, Code: rule.Release.Code, Summary: rule.Release.Summary, Path: `backend["ifcfg"].release`,
			Detail: fmt.Sprintf("release is one of %s, not %q.%s", releases(), wanted, diag.DidYouMean(wanted, reader.Names()))}}
	}
	return r, nil
}

func releases() string { return strings.Join(reader.Names(), ", ") }
