package diagram

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"linkspan/core/host"
	"linkspan/core/host/hosttest"
	"linkspan/core/plan"
)

// pairs is a bond with n VLANs, each with its bridge.
func pairs(n int) *host.Host {
	h := &host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Name: "bond0", Kind: host.KindBond, Bond: &host.Bond{Ports: []string{"eth0"}, Mode: "active-backup"}},
		{Name: "eth0", Kind: host.KindEthernet, Ethernet: &host.Ethernet{}},
	}}
	for i := 1; i <= n; i++ {
		v := fmt.Sprintf("bond0.%d", i)
		h.Interfaces = append(h.Interfaces,
			host.Interface{Name: v, Kind: host.KindVLAN, VLAN: &host.VLAN{Parent: "bond0", ID: i}},
			host.Interface{Name: fmt.Sprintf("xenbr%d", i), Kind: host.KindBridge, Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: v}}}})
	}
	return h
}

func labels(d *Diagram) string {
	var out []string
	for _, n := range d.Nodes {
		out = append(out, n.Sign+n.Label)
	}
	return strings.Join(out, " ")
}

func TestManySiblingsFold(t *testing.T) {
	if got, want := labels(New(Input{Host: pairs(2)})), "eth0 bond0 bond0.1 bond0.2 xenbr1 xenbr2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	d := New(Input{Host: pairs(4000), Guests: map[string][]string{"xenbr7": {"web1"}}})
	if got, want := labels(d), "eth0 bond0 4000 vlans 4000 bridges web1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if len(d.Edges) != 4 {
		t.Errorf("%d lines, want 4: %v", len(d.Edges), d.Edges)
	}
	if got, want := d.Nodes[2].Detail[0], "bond0.1 … bond0.4000"; got != want {
		t.Errorf("the fold is %q, want %q", got, want)
	}
}

func TestPlanIsLaidOver(t *testing.T) {
	p := plan.New(plan.Input{Stages: []plan.StageInput{{Stage: plan.Stage{Changes: []plan.Change{
		{Ref: plan.Ref{Class: plan.ClassInterface, Name: "xenbr1"}, Action: plan.Create, Type: "bridge"},
		{Ref: plan.Ref{Class: plan.ClassInterface, Name: "bond0.1"}, Action: plan.Update, Type: "vlan"},
		{Ref: plan.Ref{Class: plan.ClassInterface, Name: "xenbr9"}, Action: plan.Delete, Type: "bridge"},
		{Ref: plan.Ref{Class: "xend", Name: "/etc/xen/xend-config.sxp"}, Action: plan.Update, Type: "xend"},
	}}}}})
	if got, want := labels(New(Input{Host: pairs(1), Plan: p})), "eth0 bond0 ~bond0.1 +xenbr1 -xenbr9"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestFormsOfRandomHosts: every node is in every form, SVG is well-formed, and
// no two boxes lie on one another.
func TestFormsOfRandomHosts(t *testing.T) {
	for seed := range uint64(300) {
		h := hosttest.Random(rand.New(rand.NewPCG(seed, 3)), hosttest.Options{})
		d := New(Input{Host: &h})
		svg, dot, mermaid := d.SVG(), d.DOT(), d.Mermaid()
		if err := wellFormed(svg); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for _, n := range d.Nodes {
			for form, text := range map[string]string{"svg": svg, "dot": dot, "mermaid": mermaid} {
				if !strings.Contains(text, n.Label) {
					t.Fatalf("seed %d: %s is not in the %s", seed, n.Label, form)
				}
			}
		}
		noneOverlap(t, d)
	}
}

func wellFormed(text string) error {
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func noneOverlap(t *testing.T, d *Diagram) {
	t.Helper()
	boxes, width, height := d.layout()
	for a, x := range boxes {
		if x.x < 0 || x.y < 0 || x.x+boxWidth > width || x.y+x.height > height {
			t.Fatalf("%s is outside the picture", a)
		}
		for b, y := range boxes {
			if a != b && x.x == y.x && x.y < y.y+y.height && y.y < x.y+x.height {
				t.Fatalf("%s lies on %s", a, b)
			}
		}
	}
}

func TestHostileNames(t *testing.T) {
	d := &Diagram{Title: `a"]<b>&`, Nodes: []Node{{ID: `x"]; rm`, Kind: "guest", Rank: 4, Label: `<script>"]`, Sign: "+"}}}
	if err := wellFormed(d.SVG()); err != nil {
		t.Error(err)
	}
	if svg := d.SVG(); strings.Contains(svg, "<script>") {
		t.Errorf("a name became an element: %s", svg)
	}
	if dot := d.DOT(); !strings.Contains(dot, `"x\"]; rm"`) {
		t.Errorf("a name left its quotes: %s", dot)
	}
	if m := d.Mermaid(); strings.Contains(m, `"]`+"\n  ") || strings.Contains(m, "<script>") {
		t.Errorf("a name left its box: %s", m)
	}
}

func BenchmarkSVG4000(b *testing.B) {
	h := pairs(4000)
	for b.Loop() {
		New(Input{Host: h}).SVG()
	}
}
