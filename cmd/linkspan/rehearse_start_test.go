package main

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/core/rehearse"
)

// TestSavedHost: the present network comes from HCL, from a list of objects,
// and from the lines of status; anything else is refused.
func TestSavedHost(t *testing.T) {
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Kind: host.KindEthernet, Name: "eth0", State: host.Up, Ethernet: &host.Ethernet{}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24")}},
	}}
	objects, err := json.Marshal(backend.InterfaceObjects(&h, ""))
	if err != nil {
		t.Fatal(err)
	}
	status, err := json.Marshal(map[string]any{"type": "status", "status": map[string]any{"live": backend.InterfaceObjects(&h, "")}})
	if err != nil {
		t.Fatal(err)
	}
	version := `{"type":"version","format_version":"1.0"}` + "\n"
	tests := []struct{ name, file, text, fault string }{
		{"HCL", "now.hcl", "host \"dom0-01\" {\n  ethernet \"eth0\" { addresses = [\"192.0.2.2/24\"] }\n}\n", ""},
		{"a list of objects", "now.json", string(objects), ""},
		{"status", "now.json", version + string(status) + "\n", ""},
		{"HCL of another host", "now.hcl", "host \"dom0-02\" {}\n", `does not define the host "dom0-01"`},
		{"wrong HCL", "now.hcl", "host \"dom0-01\" {\n", "Unclosed"},
		{"no JSON", "now.json", "eth0: up\n", "neither HCL nor JSON"},
		{"JSON of something else", "now.json", version, "no interfaces"},
		{"an address that is none", "now.json", strings.ReplaceAll(string(objects), "192.0.2.2/24", "192.0.2.2/99"), "192.0.2.2/99"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), tt.file)
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := savedHost(path, "dom0-01")
		if tt.fault != "" {
			if err == nil || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tt.fault)) {
				t.Errorf("%s: %v, want %q", tt.name, err, tt.fault)
			}
			continue
		}
		if err != nil || len(got.Interfaces) != 1 || got.Interfaces[0].Addresses[0].String() != "192.0.2.2/24" {
			t.Errorf("%s: %+v, %v", tt.name, got, err)
		}
	}
}

// TestSavedGuests: guests' ports come with the bridges that they are on.
func TestSavedGuests(t *testing.T) {
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{{Kind: host.KindBridge, Name: "xenbr0", State: host.Up, Bridge: &host.Bridge{}}}}
	status, err := json.Marshal(map[string]any{"type": "status", "status": map[string]any{"live": backend.InterfaceObjects(&h, ""), "guests": []plan.Guest{
		{Name: "web1", Port: "vif1.0", Bridge: "xenbr0"}, {Name: "web2", Port: "vif2.0", Bridge: "xenbr9"}, {Name: "off", Bridge: "xenbr0"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "now.json")
	if err := os.WriteFile(path, status, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := savedHost(path, "dom0-01")
	if err != nil || !slices.Equal(got.Interfaces[0].Ports(), []string{"vif1.0"}) {
		t.Errorf("%+v, %v", got.Interfaces, err)
	}
}

// FuzzSavedObjects: whatever a file has, it is refused or gives interfaces of
// kinds that there are.
func FuzzSavedObjects(f *testing.F) {
	f.Add([]byte(`[{"class":"interface","name":"eth0","type":"ethernet","settings":[{"key":"type","value":{"form":"text","text":"ethernet"}}]}]`))
	f.Add([]byte(`[{"class":"interface","name":"b","settings":[{"key":"routes","value":{"form":"list","list":["default via"]}},{"key":"type","value":{"form":"text","text":"bridge"}}]}]`))
	f.Add([]byte(`{"type":"status","status":{"live":[{"class":"interface","name":"eth0"}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, _, err := savedObjects(b)
		if err != nil {
			return
		}
		h, err := rehearse.HostOf("dom0-01", objects)
		if err != nil {
			return
		}
		for _, i := range h.Interfaces {
			if !slices.Contains(host.Kinds(), i.Kind) {
				t.Errorf("%q is of kind %q", i.Name, i.Kind)
			}
		}
	})
}
