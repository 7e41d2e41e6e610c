package plan

import (
	"fmt"
	"testing"
)

// TestTouchedGuests: a bridge is touched by a change of itself or of anything
// that it stands on; its guests are shown, those of other bridges are not.
func TestTouchedGuests(t *testing.T) {
	guests := []Guest{
		{Name: "web10", Bridge: "xenbr0"}, {Name: "web2", Bridge: "xenbr0", Port: "vif3.0"}, {Name: "db1", Bridge: "xenbr1"},
		{Name: "lost", Unknown: "assigned by code"}, {Name: "nat1", Bridge: "virbr0"},
	}
	lowers := map[string][]string{"xenbr0": {"bond0.2"}, "bond0.2": {"bond0"}, "bond0": {"eth0"}, "xenbr1": {"bond1.3"}, "loop": {"pool"}, "pool": {"loop"}}
	change := func(kind, name string) Change {
		return Change{Ref: Ref{Class: ClassInterface, Name: name}, Type: kind, Action: Update}
	}
	for _, tt := range []struct {
		name    string
		changes []Change
		guests  []Guest
		want    string
	}{
		{"the card below", []Change{change("ethernet", "eth0")}, guests, "xenbr0: web2 web10;"},
		{"the bridge itself", []Change{change("bridge", "xenbr1")}, guests, "xenbr1: db1;"},
		{"a bridge without guests", []Change{change("bridge", "br9")}, guests, "br9:;"},
		{"another object of that name", []Change{{Ref: Ref{Class: "xend", Name: "eth0"}}}, guests, ""},
		{"no guest on the host", []Change{change("bridge", "xenbr1")}, nil, ""},
		{"a cycle ends", []Change{change("ethernet", "eth9")}, []Guest{{Name: "a", Bridge: "loop"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := New(Input{Stages: []StageInput{{Stage: Stage{Changes: tt.changes}}}, Guests: tt.guests, Lowers: lowers})
			got := ""
			for _, b := range p.Guests {
				got += b.Bridge + ":"
				for _, g := range b.Guests {
					got += " " + g.Name
				}
				got += ";"
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// TestGuestsAreNotInTheDigest: guests start and stop between a plan and its
// apply, and on hosts that are otherwise alike.
func TestGuestsAreNotInTheDigest(t *testing.T) {
	digests := make(map[string]bool)
	for n := range 3 {
		in := Input{Stages: []StageInput{{Stage: Stage{Changes: []Change{{Ref: Ref{Class: ClassInterface, Name: "br0"}, Type: "bridge"}}}}}}
		for g := range n {
			in.Guests = append(in.Guests, Guest{Name: fmt.Sprint("web", g), Bridge: "br0"})
		}
		digests[New(in).Digest] = true
	}
	if len(digests) != 1 {
		t.Errorf("%d digests", len(digests))
	}
}
