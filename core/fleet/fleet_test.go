package fleet

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"linkspan/core/diag"
	"linkspan/core/host"
)

// network is a host's VLAN with its bridge, as the tests spell it.
type network struct {
	bridge  string
	vlan    int
	address string
	gateway string
	mtu     int
}

// hostOf makes a host of one card, its networks, and more interfaces.
func hostOf(name string, networks []network, more ...host.Interface) *host.Host {
	card := host.Interface{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}, MTU: new(9000)}
	h := &host.Host{Name: name, Interfaces: append([]host.Interface{card}, more...), Backends: []host.Backend{{Name: "ifcfg"}}}
	for _, n := range networks {
		vlan := fmt.Sprintf("eth0.%d", n.vlan)
		b := host.Interface{Kind: host.KindBridge, Name: n.bridge, Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: vlan}}}}
		for a := range strings.FieldsSeq(n.address) {
			b.Addresses = append(b.Addresses, netip.MustParsePrefix(a))
		}
		if n.gateway != "" {
			b.Gateway = netip.MustParseAddr(n.gateway)
		}
		if n.mtu != 0 {
			b.MTU = new(n.mtu)
		}
		h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindVLAN, Name: vlan, VLAN: &host.VLAN{Parent: "eth0", ID: n.vlan}}, b)
	}
	slices.SortFunc(h.Interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
	return h
}

func members(hosts ...*host.Host) []Member {
	out := make([]Member, len(hosts))
	for n, h := range hosts {
		out[n] = Member{Host: h}
	}
	return out
}

// shown spells diagnostics as the table does: "CODE path < related path".
func shown(l diag.List) []string {
	var out []string
	for _, d := range l {
		text := d.Code + " " + d.Path
		for _, r := range d.Related {
			text += " < " + r.Path
		}
		out = append(out, text)
	}
	return out
}

func bridge(name, address string, ports ...string) host.Interface {
	i := host.Interface{Kind: host.KindBridge, Name: name, Bridge: &host.Bridge{}, Addresses: []netip.Prefix{netip.MustParsePrefix(address)}}
	for _, p := range ports {
		i.Bridge.Ports = append(i.Bridge.Ports, host.BridgePort{Name: p})
	}
	return i
}

func card(name, mac, match string) host.Interface {
	return host.Interface{Kind: host.KindEthernet, Name: name, MAC: mac, Ethernet: &host.Ethernet{Match: host.Match{MAC: match}}}
}

func TestValidate(t *testing.T) {
	plain := func(name, address string) *host.Host {
		return hostOf(name, []network{{bridge: "xenbr0", vlan: 2, address: address}})
	}
	sized := func(name string, mtu int) *host.Host {
		return hostOf(name, []network{{bridge: "xenbr0", vlan: 2, mtu: mtu}})
	}
	routed := func(name, address, gateway string) *host.Host {
		return hostOf(name, []network{{bridge: "xenbr0", vlan: 2, address: address, gateway: gateway}})
	}
	for _, c := range []struct {
		name  string
		hosts []*host.Host
		want  []string
	}{
		{"hosts that agree", []*host.Host{routed("a", "10.0.0.2/24", "10.0.0.1"), routed("b", "10.0.0.3/24", "10.0.0.1"), routed("c", "10.0.0.4/24", "10.0.0.1")}, nil},
		{"no hosts", nil, nil},
		{"one address", []*host.Host{plain("a", "10.0.0.2/24"), plain("b", "10.0.0.3/24"), plain("c", "10.0.0.2/24")},
			[]string{`LS3001 host["c"].bridge["xenbr0"].addresses[0] < host["a"].bridge["xenbr0"].addresses[0]`}},
		{"one address on three is said once", []*host.Host{plain("a", "10.0.0.2/24"), plain("b", "10.0.0.2/24"), plain("c", "10.0.0.2/24")},
			[]string{`LS3001 host["b"].bridge["xenbr0"].addresses[0] < host["a"].bridge["xenbr0"].addresses[0]`}},
		{"one address on two interfaces of one host is another rule's", []*host.Host{hostOf("a", []network{{bridge: "x", vlan: 2, address: "10.0.0.2/24"}, {bridge: "y", vlan: 3, address: "10.0.0.2/24"}})}, nil},
		{"one address inside each host", []*host.Host{hostOf("a", nil, bridge("virbr0", "192.168.122.1/24")), hostOf("b", nil, bridge("virbr0", "192.168.122.1/24"))}, nil},
		{"a link-local address", []*host.Host{hostOf("a", nil, bridge("br0", "fe80::1/64", "eth0")), hostOf("b", nil, bridge("br0", "fe80::1/64", "eth0"))}, nil},
		{"one MAC, and one MAC looked for", []*host.Host{hostOf("a", nil, card("eth1", "52:54:00:00:00:01", ""), card("eth2", "", "52:54:00:00:00:02")), hostOf("b", nil, card("eth1", "52:54:00:00:00:01", ""), card("eth2", "", "52:54:00:00:00:02"))},
			[]string{`LS3002 host["b"].ethernet["eth1"].mac < host["a"].ethernet["eth1"].mac`, `LS3002 host["b"].ethernet["eth2"].match.mac < host["a"].ethernet["eth2"].match.mac`}},
		{"names that differ by capitals", []*host.Host{hostOf("Dom0", nil), hostOf("dom0", nil)}, []string{`LS3003 host["dom0"] < host["Dom0"]`}},
		{"a short and a full name", []*host.Host{hostOf("dom0", nil), hostOf("dom0.example.com", nil)}, []string{`LS3003 host["dom0.example.com"] < host["dom0"]`}},
		{"one short name in two domains", []*host.Host{hostOf("dom0.example.com", nil), hostOf("dom0.example.org", nil)}, nil},
		{"one network, two prefixes: the odd one is reported", []*host.Host{plain("a", "10.9.0.2/24"), plain("b", "10.0.0.3/24"), plain("c", "10.0.0.4/24")},
			[]string{`LS3004 host["a"].bridge["xenbr0"].addresses[0] < host["b"].bridge["xenbr0"].addresses[0]`}},
		{"one prefix, two lengths", []*host.Host{plain("a", "10.0.0.2/24"), plain("b", "10.0.0.3/25")}, []string{`LS3004 host["b"].bridge["xenbr0"].addresses[0] < host["a"].bridge["xenbr0"].addresses[0]`}},
		{"another prefix besides", []*host.Host{plain("a", "10.0.0.2/24"), plain("b", "10.7.0.2/24 10.0.0.3/24")}, nil},
		{"another family besides", []*host.Host{plain("a", "10.0.0.2/24"), plain("b", "2001:db8::2/64")}, nil},
		{"two names on one VLAN", []*host.Host{plain("a", "10.0.0.2/24"), hostOf("b", []network{{bridge: "storage", vlan: 2, address: "10.5.0.2/24"}})}, nil},
		{"one name on two VLANs", []*host.Host{plain("a", "10.0.0.2/24"), hostOf("b", []network{{bridge: "xenbr0", vlan: 3, address: "10.5.0.2/24"}})}, nil},
		{"two gateways", []*host.Host{routed("a", "10.0.0.2/24", "10.0.0.1"), routed("b", "10.0.0.3/24", "10.0.0.11"), routed("c", "10.0.0.4/24", "10.0.0.1")},
			[]string{`LS3005 host["b"].bridge["xenbr0"].gateway < host["a"].bridge["xenbr0"].gateway`}},
		{"no gateway on one", []*host.Host{routed("a", "10.0.0.2/24", "10.0.0.1"), plain("b", "10.0.0.3/24")}, nil},
		{"two MTUs", []*host.Host{sized("a", 1500), sized("b", 9000), sized("c", 1500)}, []string{`LS3006 host["b"].bridge["xenbr0"].mtu < host["a"].bridge["xenbr0"].mtu`}},
		{"the card's MTU below, and one said", []*host.Host{sized("a", 0), sized("b", 9000)}, nil},
		{"the card's MTU below, and another said", []*host.Host{sized("a", 0), sized("b", 1500)}, []string{`LS3006 host["b"].bridge["xenbr0"].mtu < host["a"].ethernet["eth0"].mtu`}},
	} {
		if got := shown(Validate(members(c.hosts...))); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

// What is to be absent claims nothing.
func TestAbsent(t *testing.T) {
	a, b := hostOf("a", nil, bridge("br0", "10.0.0.2/24", "eth0")), hostOf("b", nil, bridge("br0", "10.0.0.2/24", "eth0"))
	b.Interfaces[0].State = host.Absent
	if b.Interfaces[0].Name != "br0" {
		t.Fatal(b.Interfaces[0].Name)
	}
	if got := Validate(members(a, b)); len(got) > 0 {
		t.Error(got)
	}
}

// A fault that many hosts share is said once, and the message counts them.
func TestManyHostsOneFault(t *testing.T) {
	var hosts []*host.Host
	for n := range 1000 {
		hosts = append(hosts, hostOf(fmt.Sprintf("h%04d", n), []network{{bridge: "xenbr0", vlan: 2, address: fmt.Sprintf("10.0.%d.2/24", n%250), mtu: 1500 + n%3}}))
	}
	got := Validate(members(hosts...))
	if len(got) > 250+1+2 {
		t.Errorf("%d diagnostics", len(got))
	}
	text := fmt.Sprint(got)
	for _, want := range []string{`10.0.0.2 is given to "h0000" and to "h0250" and 2 more hosts`, "and there are 248 other values", `1501 on "h0001" and 332 more hosts`} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing says %s", want)
		}
	}
}

// The places of both hosts come from their own definitions.
func TestPlaces(t *testing.T) {
	at := func(file string) func(diag.List) diag.List {
		return func(l diag.List) diag.List {
			for n := range l {
				l[n].Range = diag.Range{File: file, Start: diag.Position{Line: len(l[n].Path)}}
				l[n].Related = append(l[n].Related, diag.Related{Message: "used here", Range: diag.Range{File: file + "-use"}})
			}
			return l
		}
	}
	hosts := []Member{{hostOf("a", []network{{"xenbr0", 2, "10.0.0.2/24", "", 0}}), at("a.hcl")}, {hostOf("b", []network{{"xenbr0", 2, "10.0.0.2/24", "", 0}}), at("b.hcl")}}
	got := Validate(hosts)
	if len(got) != 1 || got[0].Range.File != "b.hcl" || len(got[0].Related) != 3 || got[0].Related[0].Range.File != "a.hcl" {
		t.Fatalf("%+v", got)
	}
	if uses := got[0].Related[1].Range.File + " " + got[0].Related[2].Range.File; uses != "b.hcl-use a.hcl-use" {
		t.Error(uses)
	}
}

func BenchmarkValidate(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		b.Run(fmt.Sprintf("hosts=%d", n), func(b *testing.B) {
			var hosts []*host.Host
			for k := range n {
				var all []network
				for v := 2; v <= 30; v++ {
					all = append(all, network{bridge: fmt.Sprintf("xenbr%d", v), vlan: v, address: fmt.Sprintf("10.%d.%d.%d/16", v, k/250, 2+k%250)})
				}
				hosts = append(hosts, hostOf(fmt.Sprintf("h%05d", k), all))
			}
			fleet := members(hosts...)
			b.ReportAllocs()
			for b.Loop() {
				if l := Validate(fleet); len(l) > 0 {
					b.Fatal(l)
				}
			}
		})
	}
}
