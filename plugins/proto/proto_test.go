package proto

import (
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/host/hosttest"
)

// TestProtoTellsAll: the proto file, which is all that an author in another
// language has, names every key of a host's JSON and of an interface's settings.
func TestProtoTellsAll(t *testing.T) {
	raw, err := os.ReadFile("linkspan/plugin/v1/backend.proto")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, key := range slices.Sorted(maps.Keys(jsonKeys(reflect.TypeFor[host.Host](), map[string]bool{}))) {
		if !strings.Contains(text, `"`+key+`"`) {
			t.Errorf("it does not tell of %q in host_json", key)
		}
	}
	bond := make(map[string]bool)
	for _, o := range host.BondOptions() {
		bond[o.Name] = true // "each bond option by its name"
	}
	for seed := range uint64(100) {
		h := hosttest.Random(rand.New(rand.NewPCG(seed, 9)), hosttest.Options{})
		for _, o := range backend.InterfaceObjects(&h, "ifcfg") {
			for _, s := range o.Settings {
				key := s.Key
				if parts := strings.Split(key, "."); len(parts) > 1 {
					key = parts[len(parts)-1]
					if parts[0] != "port" && parts[0] != "dns" { // offload.FEATURE, backend_options.KEY
						key = parts[0] + "."
					}
				}
				if !bond[key] && !strings.Contains(text, key) {
					t.Errorf("it does not tell of the setting %q", s.Key)
				}
			}
		}
	}
}

// jsonKeys collects the keys of a type's JSON and of all that it holds.
func jsonKeys(of reflect.Type, into map[string]bool) map[string]bool {
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		jsonKeys(of.Elem(), into)
	case reflect.Struct:
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			if name == "" { // of another module's type, which spells itself
				continue
			}
			into[name] = true
			jsonKeys(of.Field(i).Type, into)
		}
	}
	return into
}
