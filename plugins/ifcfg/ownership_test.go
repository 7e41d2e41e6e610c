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
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
)

// site is a root with files, its state directory, and a definition.
type site struct {
	t    *testing.T
	root string
	host host.Host
}

func newSite(t *testing.T, files map[string]string, interfaces ...host.Interface) *site {
	t.Helper()
	s := &site{t: t, root: t.TempDir()}
	for path, text := range files {
		if !strings.HasPrefix(path, "/") {
			path = reader.Dir + "/" + path
		}
		writeBelow(t, s.root, backend.File{Path: path, FileState: plan.FileState{Content: []byte(text)}})
	}
	s.declare(interfaces...)
	return s
}

func (s *site) declare(interfaces ...host.Interface) {
	slices.SortFunc(interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
	s.host.Name, s.host.Interfaces = "a", interfaces
}

// plan reads, renders and plans; errors are returned among the diagnostics.
func (s *site) plan(release string) (backend.PlanResponse, diag.List) {
	s.t.Helper()
	setup := backend.Setup{Host: s.host, Config: map[string]any{"release": release}, Root: s.root, StateDir: filepath.Join(s.root, "var/lib/linkspan")}
	read, err := New().Read(s.t.Context(), backend.ReadRequest{Setup: setup})
	if err != nil {
		s.t.Fatal(err)
	}
	rendered, err := New().Render(s.t.Context(), backend.RenderRequest{Setup: setup, Facts: read.Facts})
	if err != nil {
		s.t.Fatal(err)
	}
	diags := append(read.Diagnostics, rendered.Diagnostics...)
	if diags.HasErrors() {
		return backend.PlanResponse{}, diags
	}
	p, err := New().Plan(s.t.Context(), backend.PlanRequest{Setup: setup, Facts: read.Facts, Desired: rendered.Objects, Actual: read, Changes: plan.Diff(rendered.Objects, read.Objects)})
	if err != nil {
		s.t.Fatal(err)
	}
	return p, append(diags, p.Diagnostics...)
}

// apply plans, carries out, and holds that a second plan is empty.
func (s *site) apply(release string) backend.PlanResponse {
	s.t.Helper()
	p, diags := s.plan(release)
	if diags.HasErrors() {
		s.t.Fatal(diags)
	}
	carryOut(s.t, s.root, p)
	if again, diags := s.plan(release); len(again.Operations) > 0 || diags.HasErrors() {
		s.t.Fatalf("the second plan is not empty: %v %v", summaries(again), diags)
	}
	return p
}

func (s *site) read(name string) string {
	text, err := os.ReadFile(filepath.Join(s.root, reader.Dir, name))
	if err != nil {
		return "absent"
	}
	return string(text)
}

func summaries(p backend.PlanResponse) []string {
	var out []string
	for _, o := range p.Operations {
		out = append(out, o.Summary)
	}
	return out
}

func card(name string, addresses ...string) host.Interface {
	return host.Interface{Kind: host.KindEthernet, Name: name, Ethernet: &host.Ethernet{}, Addresses: prefixes(addresses...)}
}

func bridge(name string, ports ...string) host.Interface {
	b := &host.Bridge{}
	for _, p := range ports {
		b.Ports = append(b.Ports, host.BridgePort{Name: p})
	}
	return host.Interface{Kind: host.KindBridge, Name: name, Bridge: b}
}

// An interface that leaves the definition loses its file only if linkspan made
// it, and only when the definition says prune.
func TestOnlyOursIsRemoved(t *testing.T) {
	s := newSite(t, map[string]string{"ifcfg-eth0": "DEVICE=eth0\nONBOOT=yes\n", "ifcfg-eth9": "DEVICE=eth9\n"}, card("eth0"), bridge("br0", "eth0"), bridge("br1"))
	s.apply("rhel7")
	s.declare(bridge("br0"))
	p, diags := s.plan("rhel7")
	if has(diags, rule.Left) != 1 || strings.Contains(strings.Join(summaries(p), " "), "remove") {
		t.Fatalf("without prune br1 stays and is named: %v %v", summaries(p), diags)
	}
	s.host.Apply.Prune = true
	copied := filepath.Join(s.root, reader.Dir, "ifcfg-br7")
	if err := os.WriteFile(copied, []byte(strings.ReplaceAll(s.read("ifcfg-br1"), "br1", "br7")), 0o644); err != nil {
		t.Fatal(err)
	}
	p, _ = s.plan("rhel7")
	if got := summaries(p); !slices.Contains(got, "remove "+reader.Dir+"/ifcfg-br1") || strings.Count(strings.Join(got, " "), "remove") != 1 {
		t.Fatalf("only br1 was made by linkspan: %v", got)
	}
	for _, o := range p.Operations {
		if o.Summary == "remove "+reader.Dir+"/ifcfg-br1" && !strings.Contains(o.File.Note, "linkspan made its file") {
			t.Errorf("the plan does not say why: %q", o.File.Note)
		}
	}
	carryOut(t, s.root, p)
	for file, want := range map[string]bool{"ifcfg-eth0": true, "ifcfg-eth9": true, "ifcfg-br0": true, "ifcfg-br1": false, "ifcfg-br7": true} {
		if (s.read(file) != "absent") != want {
			t.Errorf("%s: %s", file, s.read(file))
		}
	}
}

// Without a ledger on the same root the header line alone tells.
func TestHeaderAlone(t *testing.T) {
	h := host.Host{Name: "a", Interfaces: []host.Interface{bridge("br0")}}
	root := t.TempDir()
	p, _ := planned(t, h, map[string]any{"release": "rhel6"}, root)
	if strings.Contains(strings.Join(summaries(p), " "), ledgerFile) {
		t.Errorf("a ledger without a state directory: %v", summaries(p))
	}
	carryOut(t, root, p)
	h.Interfaces, h.Apply.Prune = nil, true
	p, _ = planned(t, h, map[string]any{"release": "rhel6"}, root)
	if got := summaries(p); !slices.Equal(got, []string{"remove " + reader.FilePath("br0")}) {
		t.Errorf("the file that linkspan made stays: %v", got)
	}
}

// Taking over a hand-written file is a visible line, once; what linkspan does
// not manage stays byte for byte.
func TestAdoption(t *testing.T) {
	const text = "# the left card\nDEVICE=\"eth0\"\nSITE_RACK='row 4'   # keep\nBOOTPROTO=static\nIPADDR=10.0.0.2\nNETMASK=255.255.255.0\n"
	s := newSite(t, map[string]string{"ifcfg-eth0": text}, card("eth0", "10.0.0.3/24"))
	p := s.apply("rhel7")
	if n := strings.Count(effects(p), "takes over ifcfg-eth0"); n != 1 || p.Operations[0].File.Note != "" {
		t.Errorf("the adoption is told %d times, and the file's note is %q: %s", n, p.Operations[0].File.Note, effects(p))
	}
	for _, keep := range []string{"# the left card\nDEVICE=\"eth0\"\nSITE_RACK='row 4'   # keep\nBOOTPROTO=static\n"} {
		if !strings.Contains(s.read("ifcfg-eth0"), keep) {
			t.Errorf("lost %q:\n%s", keep, s.read("ifcfg-eth0"))
		}
	}
	s.declare(card("eth0", "10.0.0.4/24"))
	if p = s.apply("rhel7"); strings.Contains(effects(p), "takes over") {
		t.Errorf("adopted twice: %s", effects(p))
	}
	s.declare()
	s.host.Apply.Prune = true
	if p = s.apply("rhel7"); len(p.Operations) > 0 || s.read("ifcfg-eth0") == "absent" {
		t.Errorf("an adopted file is removed: %v", summaries(p))
	}
}

func effects(p backend.PlanResponse) string {
	var b strings.Builder
	for _, e := range p.Effects {
		b.WriteString(e.Text + "\n")
	}
	return b.String()
}

func has(l diag.List, rule diag.Rule) int {
	n := 0
	for _, d := range l {
		if d.Code == rule.Code {
			n++
		}
	}
	return n
}

// Aliases, route files and odd names on hosts that have them already.
func TestExistingFiles(t *testing.T) {
	for _, c := range []struct {
		title, release string
		files          map[string]string
		interfaces     []host.Interface
		changed        []string // files
	}{
		{"an alias in sync", "rhel5", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nNETMASK=255.255.255.0\n", "ifcfg-eth0:0": "DEVICE=eth0:0\nIPADDR=10.0.0.3\nNETMASK=255.255.255.0\n"},
			[]host.Interface{card("eth0", "10.0.0.2/24", "10.0.0.3/24")}, nil},
		{"an alias in sync where one file would do", "rhel7", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nPREFIX=24\n", "ifcfg-eth0:0": "DEVICE=eth0:0\nIPADDR=10.0.0.3\n"},
			[]host.Interface{card("eth0", "10.0.0.2/24", "10.0.0.3/24")}, nil},
		{"an alias that goes", "rhel5", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nNETMASK=255.255.255.0\n", "ifcfg-eth0:0": "DEVICE=eth0:0\nIPADDR=10.0.0.3\n"},
			[]host.Interface{card("eth0", "10.0.0.2/24")}, []string{"ifcfg-eth0", "ifcfg-eth0:0"}},
		{"an alias that comes", "rhel5", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nNETMASK=255.255.255.0\n"},
			[]host.Interface{card("eth0", "10.0.0.2/24", "10.0.0.3/24")}, []string{"ifcfg-eth0", "ifcfg-eth0:0"}},
		{"a file of another name", "rhel7", map[string]string{"ifcfg-uplink": "DEVICE=eth0\nIPADDR=10.0.0.2\nPREFIX=24\n"}, []host.Interface{card("eth0", "10.0.0.9/24")}, []string{"ifcfg-uplink"}},
		{"numbered routes in sync", "rhel6", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nPREFIX=24\n", "route-eth0": "ADDRESS0=10.8.0.0\nNETMASK0=255.255.0.0\nGATEWAY0=10.0.0.1\n"},
			[]host.Interface{withRoute(card("eth0", "10.0.0.2/24"), "10.8.0.0/16", "10.0.0.1")}, nil},
		{"routes that change", "rhel6", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nPREFIX=24\n", "route-eth0": "ADDRESS0=10.8.0.0\nNETMASK0=255.255.0.0\nGATEWAY0=10.0.0.1\n"},
			[]host.Interface{withRoute(card("eth0", "10.0.0.2/24"), "10.9.0.0/16", "10.0.0.1")}, []string{"ifcfg-eth0", "route-eth0"}},
		{"a gateway that another device takes away", "rhel7", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nPREFIX=24\nGATEWAY=10.0.0.1\n", reader.NetworkFile: "NETWORKING=yes\nGATEWAYDEV=eth7\n"},
			[]host.Interface{withGateway(card("eth0", "10.0.0.2/24"), "10.0.0.1")}, []string{"ifcfg-eth0", "network"}},
		{"a gateway of the whole host", "rhel7", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nPREFIX=24\n", reader.NetworkFile: "NETWORKING=yes\nGATEWAY=10.0.0.1\n"},
			[]host.Interface{card("eth0", "10.0.0.2/24")}, []string{"ifcfg-eth0", "network"}},
		{"a file that NetworkManager leaves alone", "nm", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nIPADDR=10.0.0.2\nPREFIX=24\nNM_CONTROLLED=no\n"}, []host.Interface{card("eth0", "10.0.0.2/24")}, []string{"ifcfg-eth0"}},
		{"a port of a bridge that nobody declares", "rhel7", map[string]string{"ifcfg-eth0": "DEVICE=eth0\nBRIDGE=br9\n"}, []host.Interface{card("eth0")}, []string{"ifcfg-eth0"}},
	} {
		t.Run(c.title, func(t *testing.T) {
			s := newSite(t, c.files, c.interfaces...)
			p := s.apply(c.release)
			var changed []string
			for _, o := range p.Operations {
				base := filepath.Base(o.File.Path)
				made := base == "network" && !o.File.Before.Exists // every host needs it
				if o.File.Path != ledgerFile && !made {
					changed = append(changed, base)
				}
			}
			slices.Sort(changed)
			if !slices.Equal(changed, c.changed) {
				t.Errorf("changed %v, want %v", changed, c.changed)
			}
		})
	}
}

func withRoute(i host.Interface, to, via string) host.Interface {
	i.Routes = []host.Route{route(to, via)}
	return i
}

func withGateway(i host.Interface, gateway string) host.Interface {
	i.Gateway = prefixes(gateway + "/32")[0].Addr()
	return i
}

// What a restart does is in the plan.
func TestEffects(t *testing.T) {
	b := bridge("br0", "eth0")
	b.Bridge.STP, b.Bridge.ForwardDelay = new(true), new(host.Centiseconds(400))
	for release, want := range map[string][]string{
		"rhel5.2": {"takes every interface down and up", "never delete them"},
		"rhel6":   {"takes every interface down and up", "the scripts delete the bridge unless a guest's port is on it"},
		"rhel7":   {"the scripts delete the bridge", "wait for twice the forward delay and 7 s more at each of br0"},
		"rhel8":   {"Never `ifdown` and `ifup` a single port", "wait for twice"},
		"nm":      {"nmcli connection up"},
	} {
		s := newSite(t, nil, card("eth0"), b)
		p := s.apply(release)
		for _, w := range want {
			if !strings.Contains(effects(p), w) {
				t.Errorf("%s: no effect says %q:\n%s", release, w, effects(p))
			}
		}
	}
}
