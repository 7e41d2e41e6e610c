package main

import (
	"net/netip"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/backend/fileformat"
	"linkspan/core/host"
	"linkspan/plugins/backendtest"
)

// TestMain lets the kit start this test as the plugin.
func TestMain(m *testing.M) { backendtest.Main(m, New) }

// old is a host as its last administrator has left it.
const old = `# The primary network interface
auto eth0
iface eth0 inet static
    address 192.0.2.10
    netmask 255.255.255.0
    gateway 192.0.2.1
    # for the old switch
    ethtool-link-speed-duplex 100 full
`

// TestConformance holds the backend to the contract, in this process and as a
// plugin over the wire.
func TestConformance(t *testing.T) {
	uses := []host.Backend{{Name: "ifupdown"}}
	var cases []backendtest.Case
	for _, c := range backendtest.Cases() {
		c.Host.Backends = uses
		cases = append(cases, c)
	}
	adopted := host.Host{Name: "dom0-04", Backends: uses, Interfaces: []host.Interface{{
		Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}, Gateway: netip.MustParseAddr("192.0.2.1"),
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.11/24")},
	}}}
	cases = append(cases, backendtest.Case{Name: "a file of somebody else", Host: adopted, Files: map[string]string{file: old, "/etc/network/interfaces": "source interfaces.d/*\n"},
		Keep: []string{"# The primary network interface\n", "    # for the old switch\n    ethtool-link-speed-duplex 100 full\n"}})
	backendtest.Run(t, New, cases)
}

// TestParse: what others write, and what it means.
func TestParse(t *testing.T) {
	found, diags := ifupdown{}.Parse([]fileformat.File{{Path: "/etc/network/interfaces", Text: `
auto lo br0
iface lo inet loopback
iface vlan7 inet manual
  vlan-raw-device eth1
iface bond0 inet manual
  bond-slaves eth0 \
    eth1
  bond-mode 1
  bond-arp-ip-target 192.0.2.1 192.0.2.2
iface br0 inet static
  address 192.0.2.10
  netmask 255.255.255.128
  bridge-ports bond0 vlan7
  bridge_stp yes
iface br0 inet6 static
  address 2001:db8::10/64
  gateway 2001:db8::1
`}})
	if len(diags) != 1 || diags[0].Code != "IFUPDOWN1" {
		t.Errorf("a file that does not source interfaces.d: %v", diags)
	}
	h := host.Host{Interfaces: found.Interfaces}
	said := map[string]string{}
	for _, o := range backend.InterfaceObjects(&h, "ifupdown") {
		for _, s := range o.Settings {
			said[o.Name+" "+s.Key] = s.Value.String()
		}
	}
	for key, want := range map[string]string{
		"vlan7 parent": `"eth1"`, "vlan7 id": "7", "vlan7 state": `"down"`,
		"bond0 ports": `["eth0", "eth1"]`, "bond0 mode": `"active-backup"`, "bond0 arp_ip_targets": `["192.0.2.1", "192.0.2.2"]`,
		"br0 state": `"up"`, "br0 addresses": `["192.0.2.10/25", "2001:db8::10/64"]`, "br0 gateway6": `"2001:db8::1"`,
		"br0 ports": `["bond0", "vlan7"]`, "br0 stp": "true",
	} {
		if said[key] != want {
			t.Errorf("%s is %s, not %s", key, said[key], want)
		}
	}
	if len(found.Interfaces) != 3 {
		t.Errorf("%d interfaces in %v", len(found.Interfaces), found.Interfaces)
	}
}

// TestRefuses: what ifupdown has no word for is refused where the definition
// says it.
func TestRefuses(t *testing.T) {
	h := host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: "ifupdown"}}, Interfaces: []host.Interface{{
		Kind: host.KindBridge, Name: "br0", Bridge: &host.Bridge{VLANFiltering: new(bool)},
	}}}
	r, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: h}})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Diagnostics) != 1 || r.Diagnostics[0].Path != `bridge["br0"].vlan_filtering` {
		t.Errorf("%v", r.Diagnostics)
	}
}

// TestInjection: a value with a newline cannot add a line of its own.
func TestInjection(t *testing.T) {
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{{
		Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}, Description: "x\n    up rm -rf /",
	}}}
	r, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: h}})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Diagnostics.HasErrors() {
		t.Errorf("it was rendered:\n%s", r.Files[0].Content)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(old)
	f.Add("auto a\niface a.2 inet6 static\n address ::1\n netmask 300\n bond-mode 9\n bridge_pathcost x\n")
	f.Fuzz(func(t *testing.T, text string) {
		found, _ := ifupdown{}.Parse([]fileformat.File{{Path: file, Text: text}})
		seen := map[string]bool{}
		for _, i := range found.Interfaces {
			if seen[i.Name] || strings.ContainsAny(i.Name, " \n") {
				t.Errorf("the name %q of %q", i.Name, text)
			}
			seen[i.Name] = true
		}
		rendered, _ := ifupdown{}.Render(fileformat.Definition{Host: host.Host{Interfaces: found.Interfaces}})
		ifupdown{}.Parse(rendered)
	})
}
