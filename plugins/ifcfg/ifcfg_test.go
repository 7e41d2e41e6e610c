package ifcfg

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/hcl/hostfile"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
)

// scenario is the starting example's definition.
func scenario(t testing.TB) host.Host {
	t.Helper()
	site, diags := hostfile.Load("../../examples/xen-bond-vlan", hostfile.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return site.Definitions[0].Host
}

// planned reads, renders, compares and plans against a root.
func planned(t testing.TB, h host.Host, config map[string]any, root string) (backend.PlanResponse, backend.ReadResponse) {
	t.Helper()
	setup := backend.Setup{Host: h, Config: config, Root: root}
	b := New()
	read, err := b.Read(t.Context(), backend.ReadRequest{Setup: setup})
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := b.Render(t.Context(), backend.RenderRequest{Setup: setup, Facts: read.Facts})
	if err != nil {
		t.Fatal(err)
	}
	if rendered.Diagnostics.HasErrors() {
		t.Fatal(rendered.Diagnostics)
	}
	out, err := b.Plan(t.Context(), backend.PlanRequest{Setup: setup, Facts: read.Facts, Desired: rendered.Objects, Actual: read,
		Changes: plan.Diff(rendered.Objects, read.Objects)})
	if err != nil {
		t.Fatal(err)
	}
	if out.Diagnostics.HasErrors() {
		t.Fatal(out.Diagnostics)
	}
	return out, read
}

// carryOut writes a plan's files.
func carryOut(t testing.TB, root string, p backend.PlanResponse) {
	t.Helper()
	for _, op := range p.Operations {
		path := filepath.Join(root, op.File.Path)
		if !op.File.After.Exists {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, op.File.After.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestScenario(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("../../examples/xen-bond-vlan/before")); err != nil {
		t.Fatal(err)
	}
	h := scenario(t)
	p, read := planned(t, h, nil, root)
	if read.Facts["release"] != "rhel5" {
		t.Errorf("release %q", read.Facts["release"])
	}
	if !slices.ContainsFunc(read.Diagnostics.Sorted(), func(d diag.Diagnostic) bool { return d.Code == rule.Curly.Code }) {
		t.Errorf("the typographic quotes are not reported: %v", read.Diagnostics)
	}
	if said := effects(p); !strings.Contains(said, "BONDING_MASTER, VLAN_ID: for NetworkManager") {
		t.Errorf("keys with one reason do not share a line:\n%s", said)
	}
	carryOut(t, root, p)
	again, read := planned(t, h, nil, root)
	if len(again.Operations) > 0 || len(read.Diagnostics) > 0 {
		t.Errorf("the second plan is not empty: %v %v", again.Operations, read.Diagnostics)
	}
	for file, lines := range map[string][]string{
		"ifcfg-bond0":   {"BONDING_OPTS=\"mode=active-backup miimon=100\""},
		"ifcfg-bond0.2": {"VLAN=yes", "BRIDGE=xenbr0", "PHYSDEV=bond0"},
		"ifcfg-xenbr0":  {"TYPE=Bridge", "IPADDR=192.168.0.2", "NETMASK=255.255.255.0", "GATEWAY=192.168.0.1"},
		"ifcfg-eth0":    {"MASTER=bond0", "SLAVE=yes", "ISALIAS=no"},
	} {
		text, err := os.ReadFile(filepath.Join(root, reader.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if !slices.Contains(strings.Split(string(text), "\n"), l) {
				t.Errorf("%s has no line %s:\n%s", file, l, text)
			}
		}
		if strings.Contains(string(text), "IPADDR") && file == "ifcfg-bond0.2" {
			t.Errorf("the address is still in %s", file)
		}
	}
}
