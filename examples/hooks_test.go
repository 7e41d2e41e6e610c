package examples

import (
	"os"
	"testing"

	"linkspan/core/hook/script"
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
	for _, name := range []string{"drain", "gateway", "webhook", "window", "ipam"} {
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
