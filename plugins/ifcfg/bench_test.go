package ifcfg

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
)

// large is a host with as many VLANs on one bond, each with a bridge.
func large(pairs int) host.Host {
	h := host.Host{Name: "a", Interfaces: []host.Interface{
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}}, {Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
		{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}},
	}}
	for n := 1; n <= pairs; n++ {
		vlan := fmt.Sprintf("bond0.%d", n)
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindVLAN, Name: vlan, VLAN: &host.VLAN{Parent: "bond0", ID: n}},
			host.Interface{Kind: host.KindBridge, Name: fmt.Sprintf("xenbr%d", n), Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: vlan}}}, Addresses: prefixes(fmt.Sprintf("10.%d.%d.2/24", n/250, n%250))})
	}
	slices.SortFunc(h.Interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
	return h
}

// BenchmarkPlan reads, renders and plans 4,000 VLANs with a bridge each: on a
// host that has none of the files, one of which 40 changed, and one in sync.
func BenchmarkPlan(b *testing.B) {
	h := large(4000)
	config := map[string]any{"release": "rhel7"}
	for _, c := range []struct {
		title   string
		prepare func(root string)
	}{
		{"empty", func(string) {}},
		{"changed", func(root string) {
			writeAll(b, root, h, config)
			for n := 1; n <= 40; n++ {
				if err := os.WriteFile(filepath.Join(root, reader.FilePath(fmt.Sprintf("xenbr%d", n))), []byte("DEVICE=x\n"), 0o644); err != nil {
					b.Fatal(err)
				}
			}
		}},
		{"in_sync", func(root string) { writeAll(b, root, h, config) }},
	} {
		b.Run(c.title, func(b *testing.B) {
			root := b.TempDir()
			c.prepare(root)
			setup := backend.Setup{Host: h, Config: config, Root: root, StateDir: filepath.Join(root, "var/lib/linkspan")}
			for b.Loop() {
				planOnce(b, setup)
			}
		})
	}
}

func planOnce(b *testing.B, setup backend.Setup) {
	read, err := New().Read(b.Context(), backend.ReadRequest{Setup: setup})
	if err != nil {
		b.Fatal(err)
	}
	rendered, err := New().Render(b.Context(), backend.RenderRequest{Setup: setup, Facts: read.Facts})
	if err != nil {
		b.Fatal(err)
	}
	changes := plan.Diff(rendered.Objects, read.Objects)
	if _, err := New().Plan(b.Context(), backend.PlanRequest{Setup: setup, Facts: read.Facts, Desired: rendered.Objects, Actual: read, Changes: changes}); err != nil {
		b.Fatal(err)
	}
}

func writeAll(t testing.TB, root string, h host.Host, config map[string]any) {
	t.Helper()
	r, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: h, Config: config}})
	if err != nil || r.Diagnostics.HasErrors() {
		t.Fatal(err, r.Diagnostics)
	}
	for _, f := range r.Files {
		path := filepath.Join(root, f.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
