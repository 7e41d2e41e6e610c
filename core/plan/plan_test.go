package plan

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"linkspan/core/diag"
)

// input is a small plan with one file backend and one that acts.
func input() Input {
	bond := Change{Ref: Ref{ClassInterface, "bond0.2"}, Action: Update, Path: "vlan bond0.2", Settings: []SettingChange{
		{Key: "addresses", Before: List("192.168.0.2/24")},
	}}
	bridge := Change{Ref: Ref{ClassInterface, "xenbr0"}, Action: Create, Path: "bridge xenbr0", Settings: []SettingChange{
		{Key: "addresses", After: List("192.168.0.2/24")},
	}}
	file := Operation{ID: "1", Kind: OperationFile, Summary: "write /etc/x", File: &FileChange{Path: "/etc/x", After: FileState{Exists: true, Content: []byte("a\n")}}}
	own := Operation{ID: "1", Kind: OperationOwn, Summary: "ip link add xenbr0 type bridge"}
	return Input{
		Host: "dom0-01",
		Stages: []StageInput{
			{Stage: Stage{Backend: "netlink", Phase: "activate", Operations: []Operation{own}}, Activates: true},
			{Stage: Stage{Backend: "xend", Phase: "persist"}, Restarts: []Restart{{Service: "xend", Order: 10}}},
			{Stage: Stage{Backend: "ifcfg", Phase: "persist", Changes: []Change{bond, bridge}, Operations: []Operation{file}},
				Restarts: []Restart{{Service: "network", Order: 20, Replaceable: true}, {Service: "xend", Order: 10, Why: "again"}}},
		},
		Positions: map[string]diag.Range{"bridge xenbr0": {File: "site.hcl", Start: diag.Position{Line: 7, Column: 3}}},
	}
}

func TestNew(t *testing.T) {
	p := New(input())
	var order []string
	for _, s := range p.Stages {
		order = append(order, s.Backend)
	}
	if want := []string{"ifcfg", "xend", "netlink"}; !slices.Equal(order, want) {
		t.Errorf("stages %v, want %v: persist before activate, then by name", order, want)
	}
	if got := p.Stages[0].Changes[1].Origin.Start.Line; got != 7 {
		t.Errorf("the bridge's origin is line %d, want 7", got)
	}
	if got := p.Stages[0].Changes[1].Settings[0].Note; got != "moves from bond0.2" {
		t.Errorf("the address's note is %q", got)
	}
	if len(p.Restarts) != 2 || p.Restarts[0].Service != "xend" || p.Restarts[1].Service != "network" {
		t.Fatalf("restarts %+v: each service once, xend before the network", p.Restarts)
	}
	if p.Restarts[1].Skipped == "" {
		t.Error("the network is restarted although the kernel is changed live")
	}
	if p.Empty() {
		t.Error("the plan is empty")
	}
}

func TestNewBelowRootRestartsNothing(t *testing.T) {
	in := input()
	in.Root = "/mnt/host"
	for _, r := range New(in).Restarts {
		if r.Skipped == "" {
			t.Errorf("%s would be restarted for another root", r.Service)
		}
	}
}

func TestOperatorsAddress(t *testing.T) {
	in := input()
	in.Operator = "192.168.0.2"
	var said []string
	for _, e := range New(in).Effects {
		if e.Kind == EffectOperator {
			said = append(said, e.Text)
		}
	}
	want := []string{
		"bond0.2 loses 192.168.0.2/24, the address of this SSH session",
		"xenbr0 takes over 192.168.0.2/24, the address of this SSH session",
	}
	if !slices.Equal(said, want) {
		t.Errorf("%q, want %q", said, want)
	}
	in.Operator = "192.168.0.20"
	if n := len(New(in).Effects); n != 0 {
		t.Errorf("%d effects for an address that stays out of it", n)
	}
	in.Operator = "10.0.0.1"
	in.Stages[2].Changes[1].Unchanged = []Setting{{"addresses", List("10.0.0.1/8")}}
	in.Stages[2].Changes[1].Settings = []SettingChange{{Key: "mtu", After: Number(9000)}}
	if e := New(in).Effects; len(e) != 1 || e[0].Text != "xenbr0 carries 10.0.0.1/8, the address of this SSH session, and changes" {
		t.Errorf("%+v", e)
	}
}

func TestNewLeavesItsInputAlone(t *testing.T) {
	in := input()
	before, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	first := New(in)
	second := New(in)
	after, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("New changed its input")
	}
	if first.Digest != second.Digest {
		t.Error("the same input gives two plans")
	}
}

func TestDigest(t *testing.T) {
	base := New(input()).Digest
	if len(base) != len("ls1-")+16 || !strings.HasPrefix(base, "ls1-") {
		t.Fatalf("digest %q", base)
	}
	for _, tt := range []struct {
		name string
		edit func(*Input)
		same bool
	}{
		{"another host's name", func(in *Input) { in.Host = "dom0-02" }, true},
		{"another place in the source", func(in *Input) { in.Positions = nil }, true},
		{"another file content", func(in *Input) { in.Stages[2].Operations[0].File.After.Content = []byte("b\n") }, false},
		{"another setting", func(in *Input) { in.Stages[2].Changes[1].Settings[0].After = List("192.168.0.3/24") }, false},
		{"another hook", func(in *Input) { in.Hooks = []Hook{{Name: "drain", On: []string{"pre_apply"}, Digest: "00"}} }, false},
		{"another operation", func(in *Input) { in.Stages[0].Operations[0].Summary = "ip link add xenbr1 type bridge" }, false},
		{"one restart less", func(in *Input) { in.Stages[2].Restarts = nil }, false},
	} {
		in := input()
		tt.edit(&in)
		if same := New(in).Digest == base; same != tt.same {
			t.Errorf("%s: the digest is the same: %v, want %v", tt.name, same, tt.same)
		}
	}
}

// saved is a plan's saved form.
func saved(t testing.TB, p *Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSavedPlanReadsItself(t *testing.T) {
	first := saved(t, New(input()))
	p, err := Decode(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	if second := saved(t, p); !bytes.Equal(first, second) {
		t.Errorf("saved again it differs:\n%s\n%s", first, second)
	}
}

func TestDecodeRefuses(t *testing.T) {
	good := string(saved(t, New(input())))
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", "not a saved plan"},
		{"another file", "host \"dom0-01\" {}\n", "not a saved plan"},
		{"cut off", good[:len(good)/2], "not a saved plan"},
		{"a later major version", strings.Replace(good, `"format_version": "1.0"`, `"format_version": "2.0"`, 1), "make the plan again"},
		{"changed by hand", strings.Replace(good, "192.168.0.2/24", "192.168.0.9/24", 1), "changed after it was made"},
		{"something after it", good + "{}", "follows the plan"},
	} {
		if _, err := Decode(strings.NewReader(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", tt.name, err, tt.want)
		}
	}
	later := strings.Replace(good, `"format_version": "1.0"`, `"format_version": "1.7", "from_the_future": {}`, 1)
	if _, err := Decode(strings.NewReader(later)); err != nil {
		t.Errorf("a later minor version: %v, want it read", err)
	}
}

// FuzzDecode: no file makes Decode panic, and what it accepts it writes again
// as it reads it.
func FuzzDecode(f *testing.F) {
	f.Add(saved(f, New(input())))
	f.Add(saved(f, New(Input{})))
	f.Add([]byte(`{"format_version":"1.0","stages":null,"digest":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := Decode(bytes.NewReader(saved(t, p)))
		if err != nil || again.Digest != p.Digest {
			t.Errorf("written again: %v", err)
		}
		p.Empty()
		p.Counts()
	})
}
