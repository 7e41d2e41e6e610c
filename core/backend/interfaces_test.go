package backend

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"linkspan/core/host"
	"linkspan/core/host/hosttest"
	"linkspan/core/plan"
)

func TestInterfaceObjectsOfTheScenario(t *testing.T) {
	miimon := map[string]string{"miimon": "100"}
	h := &host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Name: "bond0", Kind: host.KindBond, Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "active-backup", Options: miimon}},
		{Name: "bond0.2", Kind: host.KindVLAN, VLAN: &host.VLAN{Parent: "bond0", ID: 2}},
		{Name: "xenbr0", Kind: host.KindBridge, Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: "bond0.2"}}},
			Addresses: []netip.Prefix{netip.MustParsePrefix("2001:db8::2/64"), netip.MustParsePrefix("192.168.0.2/24")}},
	}}
	objects := InterfaceObjects(h, "ifcfg")
	get := func(name, key string) string {
		i := slices.IndexFunc(objects, func(o plan.Object) bool { return o.Name == name })
		if i < 0 {
			t.Fatalf("no object %q", name)
		}
		return objects[i].Get(key).String()
	}
	for _, tt := range []struct{ name, key, want string }{
		{"bond0", "ports", `["eth0", "eth1"]`},
		{"bond0", "miimon", "100"},
		{"bond0", "mode", `"active-backup"`},
		{"bond0", "addresses", "(none)"},
		{"bond0.2", "parent", `"bond0"`},
		{"bond0.2", "protocol", `"802.1q"`},
		{"bond0.2", "master", `"xenbr0"`},
		{"bond0.2", "addresses", "(none)"},
		{"xenbr0", "addresses", `["192.168.0.2/24", "2001:db8::2/64"]`},
	} {
		if got := get(tt.name, tt.key); got != tt.want {
			t.Errorf("%s of %s is %s, want %s", tt.key, tt.name, got, tt.want)
		}
	}
	if want := []plan.Ref{Ref("eth0"), Ref("eth1")}; !slices.Equal(objects[0].DependsOn, want) {
		t.Errorf("bond0 depends on %v, want %v", objects[0].DependsOn, want)
	}
}

// TestInterfaceObjectsAreCanonical: for random hosts the objects are sorted,
// have sorted settings, are the same at each call, differ from those of no
// host that differs, and leave the host as it was.
func TestInterfaceObjectsAreCanonical(t *testing.T) {
	for seed := range uint64(500) {
		h := hosttest.Random(rand.New(rand.NewPCG(seed, 1)), hosttest.Options{})
		before := reflect.ValueOf(h)
		first, second := InterfaceObjects(&h, "ifcfg"), InterfaceObjects(&h, "ifcfg")
		if !reflect.DeepEqual(first, second) {
			t.Fatalf("seed %d: two calls, two answers", seed)
		}
		if !reflect.DeepEqual(before.Interface(), h) {
			t.Fatalf("seed %d: the host was changed", seed)
		}
		if changes := plan.Diff(first, second); len(changes) > 0 {
			t.Fatalf("seed %d: an object differs from itself: %v", seed, changes)
		}
		if !slices.IsSortedFunc(first, func(a, b plan.Object) int { return compareNames(a.Name, b.Name) }) {
			t.Fatalf("seed %d: objects are not sorted", seed)
		}
		for _, o := range first {
			if !slices.IsSortedFunc(o.Settings, func(a, b plan.Setting) int { return compareNames(a.Key, b.Key) }) {
				t.Fatalf("seed %d: settings of %s are not sorted", seed, o.Name)
			}
		}
		if len(first) != len(h.Interfaces) {
			t.Fatalf("seed %d: %d interfaces, %d objects", seed, len(h.Interfaces), len(first))
		}
	}
}

func compareNames(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// TestEveryAttributeShows: a change of any attribute of the model changes the
// objects, so that no backend can lose one on the way (a new attribute that
// nobody spells fails here).
func TestEveryAttributeShows(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(200) {
		h := hosttest.Random(rand.New(rand.NewPCG(seed, 2)), hosttest.Options{})
		for n := range h.Interfaces {
			i := &h.Interfaces[n]
			i.Description, i.MAC = "rack 4", "52:54:00:12:34:56"
			i.Gateway6, i.AcceptRA, i.DHCP4, i.DHCP6 = netip.MustParseAddr("2001:db8::1"), new(true), new(true), new(true)
			i.DNS = host.DNS{Servers: []netip.Addr{i.Gateway6}, Search: []string{"example.net"}}
			before := InterfaceObjects(&h, "ifcfg")
			for _, f := range reflect.VisibleFields(reflect.TypeOf(*i)) {
				v := reflect.ValueOf(i).Elem().FieldByIndex(f.Index)
				if ignored[f.Name] || v.IsZero() || v.Kind() == reflect.Pointer && v.Type().Elem().Kind() == reflect.Struct {
					continue
				}
				old := reflect.New(v.Type()).Elem()
				old.Set(v)
				v.SetZero()
				if reflect.DeepEqual(before, InterfaceObjects(&h, "ifcfg")) {
					t.Fatalf("seed %d: %s of %s can vanish without a trace", seed, f.Name, i.Name)
				}
				v.Set(old)
				seen[f.Name] = true
			}
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[host.Interface]()) {
		part := f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct
		if !part && !ignored[f.Name] && !seen[f.Name] {
			t.Errorf("no host had %s", f.Name)
		}
	}
}

// ignored are fields that say how the definition was written, or are spelt
// by others.
var ignored = map[string]bool{"State": true, "Options": true, "Implied": true}
