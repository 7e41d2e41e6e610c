package ifcfg

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/hcl/hostfile"
	"linkspan/hcl/writer"
	"linkspan/plugins/ifcfg/rule"
)

// TestImport: what is imported of each host of the corpus, written as HCL and
// read again, has an empty plan, and what is left out is named.
func TestImport(t *testing.T) {
	total, left := 0, 0
	for _, tree := range corpus(t) {
		t.Run(tree.name, func(t *testing.T) {
			root := t.TempDir()
			for _, f := range tree.files {
				writeBelow(t, root, f)
			}
			in, err := Import(root, tree.release)
			if err != nil {
				t.Fatal(err)
			}
			total += len(in.Host.Interfaces)
			left += has(in.Diagnostics, rule.LeftOut)
			h := reloaded(t, in.Host)
			setup := backend.Setup{Host: h, Config: h.Backends[0].Config, Root: root, StateDir: filepath.Join(root, "var/lib/linkspan")}
			read, err := New().Read(t.Context(), backend.ReadRequest{Setup: setup})
			if err != nil {
				t.Fatal(err)
			}
			rendered, err := New().Render(t.Context(), backend.RenderRequest{Setup: setup, Facts: read.Facts})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range rendered.Diagnostics.Errors() {
				t.Errorf("the reader's own host is refused: %s", d)
			}
			for _, c := range plan.Diff(rendered.Objects, read.Objects) {
				t.Errorf("%s %s: %+v", c.Action, c.Name, c.Settings)
			}
		})
	}
	t.Logf("%d interfaces imported, %d things left out", total, left)
	if total < 120 {
		t.Errorf("only %d interfaces", total)
	}
}

// reloaded writes a definition and loads it again.
func reloaded(t *testing.T, h host.Host) host.Host {
	t.Helper()
	h.Name = "imported"
	path := filepath.Join(t.TempDir(), "site.hcl")
	if err := os.WriteFile(path, writer.Host(h), 0o644); err != nil {
		t.Fatal(err)
	}
	site, diags := hostfile.Load(path, hostfile.Options{})
	if diags.HasErrors() || len(site.Definitions) != 1 {
		t.Fatalf("%v\n%s", diags, writer.Host(h))
	}
	return site.Definitions[0].Host
}

// What has no word of its own goes to backend_options, and comes back.
func TestImportKeepsKeys(t *testing.T) {
	s := newSite(t, map[string]string{"ifcfg-eth0": "# description: left card\nDEVICE=eth0\nLINKDELAY=5\nSITE_RACK='row 4'\nUSERCTL=yes\nARPCHECK=no\nPATH=/tmp\nODD='$(id)'\nIPADDR=10.0.0.2\nPREFIX=24\n"})
	in, err := Import(s.root, "rhel7")
	if err != nil {
		t.Fatal(err)
	}
	text := string(writer.Host(in.Host))
	for _, want := range []string{"LINKDELAY = \"5\"", "SITE_RACK = \"row 4\"", "USERCTL   = \"yes\"", "ARPCHECK  = \"no\"", "description = \"left card\"", `"10.0.0.2/24"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, never := range []string{"PATH", "ODD"} {
		if strings.Contains(text, never) {
			t.Errorf("%s in\n%s", never, text)
		}
	}
}
