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

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
)

// name is the backend's name.
const name = "ifcfg"

// New returns the backend.
func New() backend.Backend { return &ifcfg{} }

type ifcfg struct{}

// Describe says what the backend is.
func (*ifcfg) Describe(context.Context) (backend.Description, error) {
	return backend.Description{
		Name: name, Version: "1.0.0", Phase: backend.Persist,
		Doc: "Writes and reads the ifcfg files of RHEL's network scripts.",
		Schema: host.Schema{
			Doc:              "The files of RHEL's network scripts.",
			InterfaceOptions: true,
			Attributes: []host.Attribute{
				{Name: "release", Type: host.TypeString, Words: readerNames(), Doc: "Who reads the files: the network scripts of a release (rhel5.2 for 5.0 to 5.3), or nm for NetworkManager; found from the host's /etc/redhat-release or /etc/os-release when not given."},
				{Name: "restart", Type: host.TypeString, Words: []string{"auto", "never"}, Default: "auto", Doc: "\"never\" leaves the restart of the network to the operator."},
			},
		},
		Paths: []string{scripts + "/", networkFile, modprobeFile, ledgerFile},
	}, nil
}

// readerOf chooses the reader: the definition's word, else what was found on
// the host, else what the releases have in common.
func readerOf(config map[string]any, facts map[string]string) (reader, diag.List) {
	wanted, _ := config["release"].(string) // the schema says string; absent gives ""
	if wanted == "" {
		wanted = facts["release"]
	}
	if wanted == "" {
		r, _ := readerNamed(anyRelease)
		if len(facts) == 0 {
			return r, nil // offline: nothing was looked for
		}
		return r, diag.List{ruleRelease.At(`backend["ifcfg"]`, "neither release is set nor do /etc/redhat-release and /etc/os-release tell; only what rhel5 to rhel8 read alike is written. The releases are %q", readerNames())}
	}
	r, ok := readerNamed(wanted)
	if !ok || wanted == anyRelease {
		r, _ = readerNamed(anyRelease)
		return r, diag.List{diag.Diagnostic{Severity: diag.Error, Code: ruleRelease.Code, Summary: ruleRelease.Summary, Path: `backend["ifcfg"].release`,
			Detail: fmt.Sprintf("release is one of %q, not %q.%s", readerNames(), wanted, diag.DidYouMean(wanted, readerNames()))}}
	}
	return r, nil
}
