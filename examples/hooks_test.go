package examples

import (
	"os"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/backend/fileformat"
	"linkspan/core/hook/script"
	"linkspan/core/host"
	"linkspan/examples/hooks/switchport"
	"linkspan/plugins/backendtest"
)

func TestMain(m *testing.M) {
	if script.ServeIfAsked() {
		return
	}
	os.Exit(m.Run())
}

// TestHooksInterpreted: the interpreter takes every script, and its tests hold
// there as `go test` makes them hold natively.
func TestHooksInterpreted(t *testing.T) {
	for _, name := range []string{"drain", "gateway", "report", "webhook", "window", "ipam", "switchport"} {
		t.Run(name, func(t *testing.T) {
			s, err := script.Load("hooks", name)
			if err != nil {
				t.Fatal(err)
			}
			if got := script.CheckAny(t.Context(), s); len(got) > 0 {
				t.Error(got)
			}
			results, err := script.RunTests(t.Context(), s, func(line string) { t.Log(line) })
			if err != nil || len(results) == 0 {
				t.Fatalf("%d tests: %v", len(results), err)
			}
			for _, r := range results {
				if r.Failed || r.Skipped {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// TestScriptedBackendConforms: the backend keeps the contract, interpreted as
// well as compiled.
func TestScriptedBackendConforms(t *testing.T) {
	s, err := script.Load("hooks", "switchport")
	if err != nil {
		t.Fatal(err)
	}
	interpreted, err := script.NewBackend(s, nil, func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	cases := backendtest.Cases()
	for i := range cases {
		cases[i].Host.Backends = []host.Backend{{Name: "switchport", Config: map[string]any{"native": int64(1)}}}
		cases[i].MayBeInSync = true // without VLANs there is nothing to say
		cases[i].Small = i > 0
	}
	cases[0].Files = map[string]string{"/etc/switchport.conf": "# by hand\nport eth9 vlans 4\n"}
	cases[0].Keep = []string{"# by hand\nport eth9 vlans 4\n"}
	for name, b := range map[string]backend.Backend{"interpreted": interpreted, "compiled": fileformat.New(switchport.New())} {
		for _, c := range cases {
			t.Run(name+"/"+c.Name, func(t *testing.T) {
				for _, r := range backendtest.Check(t.Context(), b, c, t.TempDir()) {
					if r.Err != nil {
						t.Errorf("%s: %v\n%s", r.Rule.Name, r.Err, r.Rule.Why)
					}
				}
			})
		}
	}
}
