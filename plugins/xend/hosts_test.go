package xend

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/xend/guest"
)

// TestHosts reads the hosts of testdata/host. Each is a tree of files, with
// what the kernel has (LIVE; without it the tree is that of another machine),
// what the definition says (DECLARED, BLOCK), and what is to be found
// (FINDINGS, GUESTS).
func TestHosts(t *testing.T) {
	files, err := filepath.Glob("testdata/host/*.txtar")
	if err != nil || len(files) < 15 {
		t.Fatalf("%d hosts, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			special := lay(t, a)
			dir := special["ROOT"]
			r := newReading(backend.Setup{Host: declared(special["DECLARED"]), Config: config(special["BLOCK"]), Root: dir})
			if live, ok := special["LIVE"]; ok {
				r.live = links(live)
			}
			got, err := r.response()
			if err != nil {
				t.Fatal(err)
			}
			compare(t, "FINDINGS", special, spellFindings(got.Diagnostics))
			compare(t, "GUESTS", special, spellGuests(got.Guests))
		})
	}
}

// lay writes the files of an archive below a fresh directory; the parts in
// capitals are for the test.
func lay(t *testing.T, a *txtar.Archive) map[string]string {
	t.Helper()
	special := map[string]string{"ROOT": t.TempDir()}
	for _, f := range a.Files {
		if f.Name == strings.ToUpper(f.Name) {
			special[f.Name] = string(f.Data)
			continue
		}
		name := filepath.Join(special["ROOT"], f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return special
}

func compare(t *testing.T, what string, special map[string]string, got string) {
	t.Helper()
	if want := special[what]; got != want {
		t.Errorf("%s\n%s\nwant\n%s", what, got, want)
	}
}

// declared makes a host of lines "kind name ports…".
func declared(lines string) host.Host {
	h := host.Host{Name: "dom0-01"}
	for line := range strings.Lines(lines) {
		w := strings.Fields(line)
		i := host.Interface{Kind: host.Kind(w[0]), Name: w[1]}
		switch w[0] {
		case "absent":
			i.Kind, i.State, i.Bridge = host.KindBridge, host.Absent, &host.Bridge{}
		case "bridge":
			i.Bridge = &host.Bridge{}
		case "bond":
			i.Bond = &host.Bond{Ports: w[2:]}
		case "ethernet":
			i.Ethernet = &host.Ethernet{}
		}
		h.Interfaces = append(h.Interfaces, i)
	}
	slices.SortFunc(h.Interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
	return h
}

func config(lines string) map[string]any {
	out := make(map[string]any)
	for line := range strings.Lines(lines) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		out[key] = value
		if value == "true" || value == "false" {
			out[key] = value == "true"
		}
	}
	return out
}

// links makes what the kernel has of lines "link NAME", "bridge NAME", "port
// NAME BRIDGE GUEST".
func links(lines string) *guest.Links {
	out := &guest.Links{}
	for line := range strings.Lines(lines) {
		w := append(strings.Fields(line), "", "")
		out.Names = append(out.Names, w[1])
		switch w[0] {
		case "bridge":
			out.Bridges = append(out.Bridges, w[1])
		case "port":
			out.Ports = append(out.Ports, guest.Port{Name: w[1], Bridge: w[2], Guest: w[3]})
		}
	}
	slices.Sort(out.Bridges)
	return out
}

func spellFindings(l diag.List) string {
	var lines []string
	for _, d := range l {
		lines = append(lines, fmt.Sprintf("%s %s %s: %s\n", d.Code, d.Severity, d.Range, d.Detail))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func spellGuests(guests []plan.Guest) string {
	var b strings.Builder
	for _, g := range guests {
		fmt.Fprintf(&b, "%s on %q", g.Name, g.Bridge)
		if g.Port != "" {
			fmt.Fprintf(&b, " by %s", g.Port)
		}
		if g.Default != "" {
			fmt.Fprintf(&b, ", %s", g.Default)
		}
		if g.Unknown != "" {
			fmt.Fprintf(&b, ": %s", g.Unknown)
		}
		b.WriteString("\n")
	}
	return b.String()
}
