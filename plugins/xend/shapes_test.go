package xend

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/xend/sxp"
)

// planned makes the plan of a host whose only backend this is.
func planned(t *testing.T, root string, block map[string]any) *plan.Plan {
	t.Helper()
	b := New()
	about, err := b.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	h := host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: name, Config: block}}}
	p, diags, err := engine.Plan(context.Background(), engine.Request{Host: h, Root: root, Backends: []engine.Backend{{Description: about, Backend: b}}})
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	return p
}

// carryOut writes what a plan wants to have written.
func carryOut(t *testing.T, root string, p *plan.Plan) {
	t.Helper()
	for _, s := range p.Stages {
		for _, op := range s.Operations {
			if err := os.WriteFile(filepath.Join(root, op.File.Path), op.File.After.Content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestShapes: on a file in the shape of each release's and distribution's
// default exactly the active directive is remarked; a second plan is empty; and
// managed = false brings the file back to the byte.
func TestShapes(t *testing.T) {
	files, err := filepath.Glob("testdata/shape/*.sxp")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d shapes, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".sxp"), func(t *testing.T) {
			if strings.Contains(file, "2.0.6") {
				refusesXen2(t, file)
				return
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			root := t.TempDir()
			config := filepath.Join(root, configFile)
			if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(config, src, 0o644); err != nil {
				t.Fatal(err)
			}
			text := string(src)
			var want strings.Builder
			for line := range strings.Lines(text) {
				if strings.HasPrefix(line, "(network-script") {
					want.WriteString(sxp.Mark)
				}
				want.WriteString(line)
			}
			carryOut(t, root, planned(t, root, nil))
			has(t, config, want.String())
			if p := planned(t, root, nil); !p.Empty() {
				t.Errorf("a second plan has something to do: %v", p.Stages)
			}
			carryOut(t, root, planned(t, root, map[string]any{"managed": false}))
			has(t, config, text)
		})
	}
}

func has(t *testing.T, file, want string) {
	t.Helper()
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
	}
}

// refusesXen2: the xend of 2.0 runs its script without a directive as well.
func refusesXen2(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc/xen"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, configFile), src, 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := New().Read(context.Background(), backend.ReadRequest{Setup: backend.Setup{Root: root}})
	if err != nil || !got.Diagnostics.HasErrors() || got.Diagnostics.Errors()[0].Code != ruleXen2.Code {
		t.Errorf("%v, %v", got.Diagnostics, err)
	}
}
