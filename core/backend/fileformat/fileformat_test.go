package fileformat

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/host"
	"linkspan/core/host/hosttest"
	"linkspan/plugins/backendtest"
)

func newEach() backend.Backend { return New(about(), sections{each: true}) }
func newOne() backend.Backend  { return New(about(), sections{}) }

func TestConformance(t *testing.T) {
	for name, make := range map[string]func() backend.Backend{"each": newEach, "one": newOne} {
		t.Run(name, func(t *testing.T) {
			for i, c := range backendtest.Cases() {
				c.Host.Backends, c.MayRefuse, c.Small = []host.Backend{{Name: "sections"}}, true, i > 0
				for _, r := range backendtest.Check(t.Context(), make(), c, t.TempDir()) {
					if r.Err != nil {
						t.Errorf("%s: %s: %v", c.Name, r.Rule.Name, r.Err)
					}
				}
			}
		})
	}
}

// site is a root with files and a backend that is applied to it.
type site struct {
	t       *testing.T
	root    string
	backend backend.Backend
}

func newSite(t *testing.T, b backend.Backend, files map[string]string) site {
	t.Helper()
	s := site{t, t.TempDir(), b}
	for name, text := range files {
		path := filepath.Join(s.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// apply applies a definition and returns what it said and the files after it.
func (s site) apply(h host.Host) (said string, files map[string]string) {
	s.t.Helper()
	d, err := s.backend.Describe(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	r := engine.Request{Host: h, Root: s.root, StateDir: s.t.TempDir(), Backends: []engine.Backend{{Description: d, Backend: s.backend}}}
	p, diags, err := engine.Plan(s.t.Context(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range diags {
		said += d.String() + "\n"
	}
	if p == nil {
		return said, s.files()
	}
	for _, stage := range p.Stages {
		for _, op := range stage.Operations {
			said += op.Summary + " " + op.File.Note + "\n"
		}
	}
	if _, err := engine.Apply(s.t.Context(), r, p, engine.ApplyOptions{}); err != nil {
		s.t.Fatal(err)
	}
	if p, _, err = engine.Plan(s.t.Context(), r); err != nil || !p.Empty() {
		s.t.Errorf("the second plan: %v, %+v", err, p)
	}
	return said, s.files()
}

func (s site) files() map[string]string {
	out := make(map[string]string)
	for _, path := range glob(s.t, filepath.Join(s.root, dir, "*")) {
		b, err := os.ReadFile(path)
		if err != nil {
			s.t.Fatal(err)
		}
		out[strings.TrimPrefix(path, s.root)] = string(b)
	}
	return out
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const headEth0 = "# Made by linkspan as /etc/sections/eth0. Lines that you add are kept.\n"

// TestEdits: what becomes of a file, for what is there and what is wanted.
func TestEdits(t *testing.T) {
	priority := 5
	bridge := newInterface(host.KindBridge, "br0")
	bridge.Bridge.Ports = []host.BridgePort{{Name: "eth0"}}
	withPriority := newInterface(host.KindBridge, "br0")
	withPriority.Bridge.Ports, withPriority.Bridge.Priority = bridge.Bridge.Ports, &priority
	absent := card("eth0")
	absent.State = host.Absent
	prune := hostOf(card("eth1"))
	prune.Apply.Prune = true
	described := card("eth0")
	described.Description = "uplink"
	const all, eth0, eth1 = dir + "all", dir + "eth0", dir + "eth1"
	for name, c := range map[string]struct {
		one           bool
		before, after map[string]string
		host          host.Host
		said          string
	}{
		"a new file": {host: hostOf(card("eth0", "192.0.2.1/24")), after: map[string]string{eth0: headEth0 + "[ethernet eth0]\naddress 192.0.2.1/24\n"}, said: "write " + eth0},
		"unknown lines stay": {host: hostOf(card("eth0", "192.0.2.2/24")), said: "edit " + eth0,
			before: map[string]string{eth0: headEth0 + "# for Ann\n[ethernet eth0]\naddress 192.0.2.1/24\n# why\ncolour green\n\n# the end\n"},
			after:  map[string]string{eth0: headEth0 + "# for Ann\n[ethernet eth0]\naddress 192.0.2.2/24\n# why\ncolour green\n\n# the end\n"}},
		"what the definition is silent about stays": {host: hostOf(card("eth0", "192.0.2.2/24")),
			before: map[string]string{eth0: headEth0 + "[ethernet eth0]\nmtu 9000\naddress 192.0.2.1/24\n"},
			after:  map[string]string{eth0: headEth0 + "[ethernet eth0]\nmtu 9000\naddress 192.0.2.2/24\n"}},
		"a spelling of its own gives way": {host: hostOf(card("eth0", "192.0.2.2/24")),
			before: map[string]string{eth0: headEth0 + "[ethernet eth0]\n  address 192.0.2.1/24\n"},
			after:  map[string]string{eth0: headEth0 + "[ethernet eth0]\naddress 192.0.2.2/24\n"}},
		"a file of somebody else is edited and stays his": {host: hostOf(card("eth0", "192.0.2.2/24")), said: "linkspan did not make it",
			before: map[string]string{eth0: "# mine\n[ethernet eth0]\naddress 192.0.2.1/24\ncolour green"},
			after:  map[string]string{eth0: "# mine\n[ethernet eth0]\naddress 192.0.2.2/24\ncolour green\n"}},
		"absent, made by linkspan": {host: hostOf(absent), before: map[string]string{eth0: headEth0 + "[ethernet eth0]\ncolour green\n"}, after: map[string]string{},
			said: "remove " + eth0 + " 1 lines"},
		"absent, made by somebody else": {host: hostOf(absent), before: map[string]string{dir + "hand": "# mine\n\n[ethernet eth0]\ncolour green\n\n[ethernet eth9]\nmtu 1400\n"},
			after: map[string]string{dir + "hand": "# mine\n\n[ethernet eth9]\nmtu 1400\n"}},
		"left the definition": {host: hostOf(card("eth1")), before: map[string]string{eth0: headEth0 + "[ethernet eth0]\n"}, said: "LS8013",
			after: map[string]string{eth0: headEth0 + "[ethernet eth0]\n", eth1: strings.ReplaceAll(headEth0, "eth0", "eth1") + "[ethernet eth1]\n"}},
		"pruned": {host: prune, before: map[string]string{eth0: headEth0 + "[ethernet eth0]\n", dir + "copy": headEth0 + "[ethernet eth7]\n"}, said: "remove " + eth0,
			after: map[string]string{eth1: strings.ReplaceAll(headEth0, "eth0", "eth1") + "[ethernet eth1]\n", dir + "copy": headEth0 + "[ethernet eth7]\n"}},
		"another file says it, too": {host: hostOf(card("eth0", "192.0.2.2/24")), before: map[string]string{dir + "hand": "[ethernet eth0]\n"}, said: "error LS8014",
			after: map[string]string{dir + "hand": "[ethernet eth0]\n"}},
		"not expressible": {host: hostOf(described), after: map[string]string{}, said: `error LS8010: not expressible in the files of this backend: "sections" cannot say description = "uplink"`},
		"not text":        {host: hostOf(card("eth0")), before: map[string]string{eth0: "\x00"}, after: map[string]string{eth0: "\x00"}, said: "error LS8011"},
		"a line in the way": {host: hostOf(withPriority, card("eth0")), before: map[string]string{dir + "br0": "[bridge br0]\nports eth0\npriority 7\npriority 7\n", eth0: "[ethernet eth0]\n"},
			after: map[string]string{dir + "br0": "[bridge br0]\nports eth0\npriority 7\npriority 7\n", eth0: "[ethernet eth0]\n"}, said: "error LS8012"},
		"one file keeps what others have put there": {one: true, host: hostOf(card("eth0", "192.0.2.2/24")),
			before: map[string]string{all: "[ethernet eth0]\naddress 192.0.2.1/24\n\n[ethernet eth9]\nmtu 1400\ncolour green\n"},
			after:  map[string]string{all: "[ethernet eth0]\naddress 192.0.2.2/24\n\n[ethernet eth9]\nmtu 1400\ncolour green\n"}},
		"one file, and an interface goes with its options": {one: true, host: hostOf(absent, card("eth1")), said: "1 lines that linkspan does not know",
			before: map[string]string{all: "[ethernet eth1]\nmtu 1400\n\n[ethernet eth0]\ncolour green\naddress 192.0.2.1/24\n"},
			after:  map[string]string{all: "[ethernet eth1]\nmtu 1400\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newEach()
			if c.one {
				b = newOne()
			}
			said, after := newSite(t, b, c.before).apply(c.host)
			if !strings.Contains(said, c.said) {
				t.Errorf("it said\n%s\nwithout %q", said, c.said)
			}
			if !maps.Equal(after, c.after) {
				t.Errorf("there is\n%q\nand not\n%q\nit said\n%s", after, c.after, said)
			}
		})
	}
}

// TestAnyToAny: from any host to any other, with lines of somebody else's in
// every section, the next plan is empty and these lines are there as long as
// their section is.
func TestAnyToAny(t *testing.T) {
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 7))
		b := New(about(), sections{each: seed%2 == 0})
		s := newSite(t, b, nil)
		s.apply(plainHost(r))
		for _, path := range glob(t, filepath.Join(s.root, dir, "*")) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(string(text), "]\n", "]\ncolour green\n# why\n")), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		before := strings.Join(slices.Sorted(maps.Values(s.files())), "")
		h := plainHost(r)
		_, files := s.apply(h)
		after := strings.Join(slices.Sorted(maps.Values(files)), "")
		for _, i := range h.Interfaces {
			head := "[" + string(i.Kind) + " " + i.Name + "]\n"
			if strings.Contains(before, head) && !strings.Contains(after, head+"colour green\n# why\n") {
				t.Fatalf("seed %d: %s has lost its lines:\n%s\nwas\n%s", seed, i.Name, after, before)
			}
		}
	}
}

// plainHost is a random host with what the format can say.
func plainHost(r *rand.Rand) host.Host {
	h := hosttest.Random(r, hosttest.Options{})
	var list []host.Interface
	for _, i := range h.Interfaces {
		plain := newInterface(i.Kind, i.Name)
		plain.MTU, plain.Addresses, plain.Gateway = i.MTU, i.Addresses, i.Gateway
		switch {
		case i.Bond != nil:
			plain.Bond.Ports, plain.Bond.Mode = i.Bond.Ports, i.Bond.Mode
		case i.VLAN != nil:
			plain.VLAN.Parent, plain.VLAN.ID = i.VLAN.Parent, i.VLAN.ID
		case i.Bridge != nil:
			for _, name := range i.Bridge.PortNames() {
				plain.Bridge.Ports = append(plain.Bridge.Ports, host.BridgePort{Name: name})
			}
		}
		list = append(list, plain)
	}
	return hostOf(list...)
}

// TestComplete: whatever attribute the definition does not say, the one that was
// found is taken, and nothing that it says is changed.
func TestComplete(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		found := hosttest.Random(r, hosttest.Options{})
		declared := host.Host{}
		for _, i := range found.Interfaces {
			declared.Interfaces = append(declared.Interfaces, newInterface(i.Kind, i.Name))
		}
		for n := range found.Interfaces {
			found.Interfaces[n].Description, found.Interfaces[n].MAC = "uplink", "52:54:00:12:34:56"
			found.Interfaces[n].Options = map[string]map[string]string{"sections": {"k": "v"}}
		}
		was := backend.InterfaceObjects(&found, "sections")
		full := complete(declared, found.Interfaces, func(string) bool { return true })
		for n, o := range backend.InterfaceObjects(&full, "sections") {
			for _, s := range o.Settings {
				if !slices.Contains(always, s.Key) && !s.Value.Equal(was[n].Get(s.Key)) {
					t.Fatalf("seed %d: %s of %s is %s, found was %s", seed, s.Key, o.Name, s.Value, was[n].Get(s.Key))
				}
			}
			for _, s := range was[n].Settings {
				port := strings.HasPrefix(s.Key, "port.")
				if !port && !slices.Contains(always, s.Key) && o.Get(s.Key).IsAbsent() {
					t.Fatalf("seed %d: %s of %s is lost", seed, s.Key, o.Name)
				}
			}
		}
		same := complete(found, found.Interfaces, func(string) bool { return true })
		if !reflect.DeepEqual(backend.InterfaceObjects(&same, "sections"), was) {
			t.Fatalf("seed %d: completed by itself a host changes", seed)
		}
	}
}

// always are the settings that a definition says in full.
var always = []string{"type", "state", "addresses", "dhcp4", "dhcp6", "gateway", "gateway6", "routes", "master", "ports", "parent", "id", "protocol"}
