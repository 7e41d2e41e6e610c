// Package examples holds the example definitions and the hosts' files that go
// with them, for `linkspan demo` and for the tests.
package examples

import "embed"

// XenBondVLAN is the starting scenario below "xen-bond-vlan": site.hcl, the
// host's files before, and those after.
//
//go:embed xen-bond-vlan
var XenBondVLAN embed.FS

// ReportHook is the script of the hook that the demo runs.
//
//go:embed hooks/report/report.go
var ReportHook []byte
