package host

import (
	"maps"
	"slices"
	"testing"
)

func TestLowers(t *testing.T) {
	for _, c := range []struct {
		of   Interface
		want []string
	}{
		{card("eth0"), nil},
		{bond("bond0", "eth1 eth0"), []string{"eth1", "eth0"}}, // in the order given
		{vlan("bond0.2", "bond0", 2), []string{"bond0"}},
		{vlan("orphan", "", 2), nil},
		{bridge("xenbr0", "bond0.2 eth2"), []string{"bond0.2", "eth2"}},
		{bridge("xenbr1", ""), nil},
	} {
		if got := c.of.Lowers(); !slices.Equal(got, c.want) {
			t.Errorf("%s stands on %q, want %q", c.of.Name, got, c.want)
		}
	}
}

// A VLAN has no ports; the master of a parent that is absent does not count; of
// two masters the first by name does.
func TestMasters(t *testing.T) {
	h := hostWith(card("eth0"), card("eth1"), card("eth2"), bond("bond0", "eth0 eth1"), vlan("bond0.2", "bond0", 2),
		bridge("xenbr0", "bond0.2"), bridge("xenbr1", "bond0.2 eth2"), absent(bridge("old", "eth2")))
	want := map[string]string{"eth0": "bond0", "eth1": "bond0", "bond0.2": "xenbr0", "eth2": "xenbr1"}
	if got := h.Masters(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDefaultRoutes(t *testing.T) {
	i := routed(gateway(gateway(card("eth0"), "10.0.0.1"), "2001:db8::1"), route("10.8.0.0/16", "10.0.0.1"), Route{To: route("0.0.0.0/0", "").To, Metric: 9})
	var got []string
	for _, r := range i.DefaultRoutes() {
		got = append(got, r.String())
	}
	want := []string{"default via 10.0.0.1", "::/0 via 2001:db8::1", "default metric 9"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Interface finds every interface of a sorted host, and no other.
func TestInterface(t *testing.T) {
	h := hostWith(card("eth0"), card("eth1"), bond("bond0", "eth0"), bridge("xenbr0", ""))
	for n := range h.Interfaces {
		if got, ok := h.Interface(h.Interfaces[n].Name); !ok || got != &h.Interfaces[n] {
			t.Errorf("%q is not found", h.Interfaces[n].Name)
		}
	}
	for _, name := range []string{"", "eth", "eth2", "xenbr00"} {
		if _, ok := h.Interface(name); ok {
			t.Errorf("%q is found", name)
		}
	}
}

func TestRouteString(t *testing.T) {
	r := Route{To: route("10.8.1.0/16", "").To, Via: route("0.0.0.0/0", "10.0.0.1").Via, Metric: 5, Table: 7, Source: route("0.0.0.0/0", "10.0.0.9").Via, OnLink: true}
	if got, want := r.String(), "10.8.0.0/16 via 10.0.0.1 metric 5 table 7 src 10.0.0.9 onlink"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSeconds(t *testing.T) {
	for text, want := range map[string]Centiseconds{"15": 1500, "2.5": 250, " 0.01 ": 1, "0": 0, "1e2": 10000} {
		got, err := ParseSeconds(text)
		if err != nil || got != want {
			t.Errorf("%q gives %d, %v", text, got, err)
		}
		if again, err := ParseSeconds(got.Seconds()); err != nil || again != got {
			t.Errorf("%d is spelt %q, which gives %d, %v", got, got.Seconds(), again, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "1.234", "NaN", "1000001", "+Inf"} {
		if got, err := ParseSeconds(text); err == nil {
			t.Errorf("%q gives %d", text, got)
		}
	}
}

// A mode is known by its name and by its number.
func TestBondMode(t *testing.T) {
	for n, name := range BondModes() {
		if got, ok := BondMode(string(rune('0' + n))); !ok || got != name {
			t.Errorf("%d is %q", n, got)
		}
		if got, ok := BondMode(name); !ok || got != name || BondModeNumber(got) != n {
			t.Errorf("%q is %q", name, got)
		}
	}
	for _, wrong := range []string{"", "7", "01", "+1", "Active-Backup"} {
		if got, ok := BondMode(wrong); ok {
			t.Errorf("%q is %q", wrong, got)
		}
	}
	if BondModeNumber("none") != -1 {
		t.Error("an unknown mode has a number")
	}
}
