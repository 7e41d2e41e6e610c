package netlink

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/survey"
)

// TestPlanNamesWhatDependsOnIt: the interface of an SSH session, of the default
// route and of a network file system is named when it or what it stands on
// changes, and the gap that a bond's mode costs is told with its reason.
func TestPlanNamesWhatDependsOnIt(t *testing.T) {
	ip := netip.MustParsePrefix("192.168.0.2/24")
	bond := rtnl.Link{Name: "bond0", Kind: "bond", Index: 4, Ether: true, Up: true, MAC: "52:54:00:00:00:e0", MTU: 1500, Bond: map[string]string{"mode": "1", "miimon": "100"}}
	g := &rtnl.Graph{
		Links: []rtnl.Link{bond, {Name: "bond0.2", Kind: "vlan", Index: 5, Parent: "bond0", VLANID: 2, VLANProto: "802.1q", Ether: true, Up: true, MTU: 1500},
			{Name: "eth0", Index: 2, Ether: true, Up: true, Master: "bond0", MTU: 1500}, {Name: "eth1", Index: 3, Ether: true, Up: true, Master: "bond0", MTU: 1500}},
		Addresses: []rtnl.Address{{Link: "bond0.2", Prefix: ip, Valid: rtnl.NeverExpires, Preferred: rtnl.NeverExpires}},
		Routes:    []rtnl.Route{{Link: "bond0.2", To: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("192.168.0.1"), Table: 254, Protocol: 4, Type: 1}},
	}
	h := host.Host{Interfaces: []host.Interface{
		{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "802.3ad", Options: map[string]string{"miimon": "100"}}},
		{Kind: host.KindVLAN, Name: "bond0.2", VLAN: &host.VLAN{Parent: "bond0", ID: 2}, Addresses: []netip.Prefix{ip}, Gateway: netip.MustParseAddr("192.168.0.1")},
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}}, {Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
	}}
	opaque, err := json.Marshal(facts{Graph: g, Uses: []survey.Use{{Of: "the NFS file system / from 192.168.0.9", Host: netip.MustParseAddr("192.168.0.9")},
		{Of: "an SSH session from 10.0.0.9 to 192.168.0.2", Here: ip.Addr()}}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New().Plan(t.Context(), backend.PlanRequest{Setup: backend.Setup{Host: h}, Actual: backend.ReadResponse{Opaque: opaque}, Changes: []plan.Change{{Ref: backend.Ref("bond0")}}})
	if err != nil || p.Diagnostics.HasErrors() {
		t.Fatal(err, p.Diagnostics)
	}
	var texts []string
	for _, e := range p.Effects {
		texts = append(texts, string(e.Kind)+": "+e.Text)
	}
	got := strings.Join(texts, "\n")
	for _, want := range []string{
		"operator: bond0.2 carries the default route via 192.168.0.1 dev bond0.2, and bond0 below it changes",
		"operator: bond0.2 carries the NFS file system / from 192.168.0.9, and bond0 below it changes",
		"operator: bond0.2 carries an SSH session from 10.0.0.9 to 192.168.0.2, and bond0 below it changes",
		"unreachable: 192.168.0.2 is not reachable for about 2s, from \"ip link set bond0 down\" on: the driver changes this option only of a bond that has no ports",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q among\n%s", want, got)
		}
	}
}

// TestSameVLANOfAnotherName is refused where the definition does not name it,
// and deleted first where it does.
func TestSameVLANOfAnotherName(t *testing.T) {
	g := &rtnl.Graph{Links: []rtnl.Link{{Name: "eth0", Index: 2, Ether: true, Up: true, MTU: 1500},
		{Name: "vlan2", Kind: "vlan", Index: 3, Parent: "eth0", VLANID: 2, VLANProto: "802.1q", Ether: true, Up: true, MTU: 1500}},
		Addresses: []rtnl.Address{{Link: "vlan2", Prefix: netip.MustParsePrefix("192.168.0.2/24"), Valid: rtnl.NeverExpires, Preferred: rtnl.NeverExpires}}}
	opaque, err := json.Marshal(facts{Graph: g})
	if err != nil {
		t.Fatal(err)
	}
	h := host.Host{Interfaces: []host.Interface{
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}},
		{Kind: host.KindVLAN, Name: "eth0.2", VLAN: &host.VLAN{Parent: "eth0", ID: 2}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.9.2/24")}},
	}}
	ask := func() backend.PlanResponse {
		p, err := New().Plan(t.Context(), backend.PlanRequest{Setup: backend.Setup{Host: h}, Actual: backend.ReadResponse{Opaque: opaque}, Changes: []plan.Change{{Ref: backend.Ref("eth0.2")}}})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if d := ask().Diagnostics; len(d) != 1 || d[0].Code != "LS6016" || !strings.Contains(d.Err().Error(), `"vlan2" is VLAN 2 on "eth0"`) {
		t.Errorf("got %v", d)
	}
	h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindVLAN, Name: "vlan2", State: host.Absent, VLAN: &host.VLAN{Parent: "eth0", ID: 2}})
	p := ask()
	var steps []string
	for _, o := range p.Operations {
		steps = append(steps, o.Summary)
	}
	gone, made := slices.Index(steps, "ip link delete vlan2"), slices.Index(steps, "ip link add link eth0 name eth0.2 type vlan protocol 802.1q id 2")
	if p.Diagnostics.HasErrors() || gone < 0 || made < gone {
		t.Errorf("%v\n%s", p.Diagnostics, strings.Join(steps, "\n"))
	}
}
