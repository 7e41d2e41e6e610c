package host

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyHost draws hosts as nobody means them: names that clash, circles, ports
// that are not there.
func anyHost(t *rapid.T) Host {
	names := []string{"a", "b", "c", "d", "eth0", "eth0.2", "", "a b", "a2345678901234567"}
	name := rapid.SampledFrom(names)
	var all []Interface
	for range rapid.IntRange(0, 12).Draw(t, "interfaces") {
		var i Interface
		own, others := name.Draw(t, "name"), strings.Join(rapid.SliceOfN(name, 0, 4).Draw(t, "lowers"), " ")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			i = card(own)
		case 1:
			i = bond(own, others, "primary", name.Draw(t, "primary"))
		case 2:
			i = vlan(own, name.Draw(t, "parent"), rapid.IntRange(-1, 4096).Draw(t, "id"))
		case 3:
			i = bridge(own, others)
		}
		if rapid.Bool().Draw(t, "sized") {
			i = mtu(i, rapid.IntRange(0, 70000).Draw(t, "mtu"))
		}
		if rapid.Bool().Draw(t, "addressed") {
			i = gateway(addressed(i, rapid.SampledFrom([]string{"10.0.0.2/24", "10.0.0.3/16", "10.0.0.0/24", "::/0", "2001:db8::2/64"}).Draw(t, "address")), "10.0.0.1")
		}
		i.State = rapid.SampledFrom([]State{"", Up, Down, Absent, "on"}).Draw(t, "state")
		all = append(all, i)
	}
	return hostWith(all...)
}

// Validate ends, changes nothing, says the same each time, and speaks of parts
// that the host has.
func TestValidateAnyHost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := anyHost(t)
		before := fmt.Sprintf("%+v", h)
		first, second := Validate(&h), Validate(&h)
		if fmt.Sprintf("%+v", h) != before {
			t.Fatal("the host was changed")
		}
		if fmt.Sprint(first) != fmt.Sprint(second) {
			t.Fatalf("said once\n%v\nand then\n%v", first, second)
		}
		for _, d := range first {
			part := slices.ContainsFunc(h.Interfaces, func(i Interface) bool { return strings.HasPrefix(d.Path, i.Path()) })
			if !part || d.Detail == "" || d.Summary == "" {
				t.Fatalf("%+v", d)
			}
		}
	})
}

// The order in which interfaces are declared does not matter, once sorted.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := anyHost(t)
		h.Interfaces = slices.CompactFunc(h.Interfaces, func(a, b Interface) bool { return a.Name == b.Name })
		mixed := Host{Name: h.Name, Backends: h.Backends, Interfaces: slices.Clone(h.Interfaces)}
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1)).Shuffle(len(mixed.Interfaces), func(a, b int) {
			mixed.Interfaces[a], mixed.Interfaces[b] = mixed.Interfaces[b], mixed.Interfaces[a]
		})
		sorted := hostWith(mixed.Interfaces...)
		if a, b := fmt.Sprint(Validate(&h)), fmt.Sprint(Validate(&sorted)); a != b {
			t.Fatalf("%s\n%s", a, b)
		}
	})
}

// manyVLANs is a host of one bond with n VLANs, each with its bridge.
func manyVLANs(n int) Host {
	all := []Interface{card("eth0"), card("eth1"), bond("bond0", "eth0 eth1")}
	for v := 1; v <= n; v++ {
		name := fmt.Sprintf("bond0.%d", v)
		all = append(all, mtu(vlan(name, "bond0", v), 1400), addressed(mtu(bridge(fmt.Sprintf("br%d", v), name), 1400), fmt.Sprintf("10.%d.%d.2/24", v/250, v%250)))
	}
	return hostWith(all...)
}

// Hosts that would take a walk over all ways, or over all pairs, a time beyond
// patience are judged as quickly as others.
func TestHostileShapes(t *testing.T) {
	ladder := []Interface{card("b0")} // 2^60 ways down
	for n := 1; n <= 60; n++ {
		below := fmt.Sprintf("b%d", n-1)
		ladder = append(ladder, bond(fmt.Sprintf("b%d", n), below+" "+below), mtu(bridge(fmt.Sprintf("c%d", n), below), 9000))
	}
	var wheel []Interface // each stands on the next and on the first: as many circles as members
	for n := range 20000 {
		wheel = append(wheel, bridge(fmt.Sprintf("w%05d", n), fmt.Sprintf("w%05d w00000", (n+1)%20000)))
	}
	for name, all := range map[string][]Interface{"ladder": ladder, "wheel": wheel} {
		h := hostWith(all...)
		size := 0
		for _, d := range Validate(&h) {
			size += len(d.Detail)
		}
		if size == 0 || size > 20<<20 {
			t.Errorf("%s: %d bytes of diagnostics", name, size)
		}
	}
}

func BenchmarkValidate(b *testing.B) {
	for _, n := range []int{2, 50, 500, 4000} {
		b.Run(fmt.Sprintf("vlans=%d", n), func(b *testing.B) {
			h := manyVLANs(n)
			b.ReportAllocs()
			for b.Loop() {
				if l := Validate(&h); len(l) > 0 {
					b.Fatal(l)
				}
			}
		})
	}
}
