// Package backendtest is the conformance kit: it holds any backend, built-in
// or a site's, in Go or behind a plugin, to the contract of package backend.
//
// In a Go test:
//
//	func TestMain(m *testing.M) { backendtest.Main(m, mybackend.New) }
//
//	func TestConformance(t *testing.T) {
//		backendtest.Run(t, mybackend.New, []backendtest.Case{{Name: "a bridge", Host: h, Files: before}})
//	}
//
// Each case is tried in this process, and again as a plugin over the wire.
package backendtest

import (
	"context"
	"os"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/plugins"
	"linkspan/plugins/launch"
	"linkspan/plugins/trust"
)

// Case is a definition and a host that does not yet match it.
type Case struct {
	Name string
	// Host is a valid host that uses the backend: Host.Backends names it, with
	// the body of its block.
	Host host.Host
	// Files are the host's files before, by absolute path.
	Files map[string]string
	// Keep are texts, usually whole lines, that are in Files, that the backend
	// does not know, and that must be there afterwards, byte for byte.
	Keep []string
	// InSync says that there is nothing to do already.
	InSync bool
	// MayBeInSync says that it is not known whether there is something to do.
	MayBeInSync bool
	// MayRefuse says that the backend may refuse the definition by an error
	// diagnostic; the rules about plan and apply are then left out.
	MayRefuse bool
	// Small leaves the rule about a big host out, for a case after the first.
	Small bool
}

// Main runs a package's tests with its test binary as the plugin of the given
// backends. It is the whole TestMain of a backend's package.
func Main(m *testing.M, backends ...func() backend.Backend) {
	builtins := make(map[string]func() backend.Backend)
	for _, make := range backends {
		d, err := make().Describe(context.Background())
		if err != nil {
			panic(err)
		}
		builtins[d.Name] = make
	}
	if plugins.ServeIfAsked(builtins) {
		return
	}
	os.Exit(m.Run())
}

// Run tries every case, directly and over the wire. The package's TestMain
// must be Main.
func Run(t *testing.T, newBackend func() backend.Backend, cases []Case) {
	t.Helper()
	t.Run("direct", func(t *testing.T) { run(t, newBackend(), cases) })
	t.Run("wire", func(t *testing.T) {
		d, err := newBackend().Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		set, err := launch.Open(t.Context(), []trust.Spec{trust.Builtin(d.Name)}, launch.Options{Grease: true})
		if err != nil {
			t.Fatal(err)
		}
		defer set.Close()
		set.Each(func(_ backend.Description, b backend.Backend) { run(t, b, cases) })
	})
}

func run(t *testing.T, b backend.Backend, cases []Case) {
	for i, c := range cases {
		c.Small = c.Small || i > 0
		t.Run(c.Name, func(t *testing.T) {
			for _, r := range Check(t.Context(), b, c, t.TempDir()) {
				if r.Err != nil {
					t.Errorf("%s: %v\n%s", r.Rule.Name, r.Err, r.Rule.Why)
				}
			}
		})
	}
}
