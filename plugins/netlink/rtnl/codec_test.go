package rtnl

import (
	"net/netip"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLinkMessagesRoundTrip(t *testing.T) {
	x := Indexes{"eth0": 2, "bond0": 3}
	tests := []Link{
		{Kind: "bond", MAC: "52:54:00:00:00:01", MTU: 9000, Alias: "uplink", Queue: 500, Group: 7, Bond: map[string]string{"mode": "1", "miimon": "100",
			"arp_ip_target": "192.0.2.1,192.0.2.2", "ns_ip6_target": "2001:db8::1", "ad_actor_sys_prio": "7", "ad_actor_system": "02:00:00:00:00:01"}},
		{Kind: "vlan", Parent: "bond0", VLANID: 2, VLANProto: "802.1ad", VLANFlags: FlagGVRP, FlagMask: FlagGVRP | FlagReorder,
			QoSIn: []Priority{{1, 2}, {3, 4}}, QoSOut: []Priority{{5, 6}}},
		{Kind: "bridge", Bridge: map[string]int{"stp_state": 1, "forward_delay": 200, "priority": 4096, "vlan_filtering": 1, "multicast_query_interval": 12500}},
		{Port: map[string]int{"cost": 7, "isolated": 1, "group_fwd_mask": 16}},
		{BondPort: map[string]int{"queue_id": 3, "prio": -5}},
	}
	for _, want := range tests {
		r, err := x.NewLink("x0", 9, &want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeLink(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if want.Parent != "" && got.parent != 3 {
			t.Errorf("parent %d, want 3", got.parent)
		}
		l := got.Link
		want.Name, want.Index = "x0", 9
		l.Parent, l.FlagMask = want.Parent, want.FlagMask
		if !reflect.DeepEqual(l, want) {
			t.Errorf("got %+v, want %+v", l, want)
		}
	}
}

func TestAddressAndRouteMessagesRoundTrip(t *testing.T) {
	x := Indexes{"eth0": 7, "eth1": 8}
	names := map[int]string{7: "eth0", 8: "eth1"}
	for _, p := range []string{"192.0.2.1/24", "2001:db8::1/64", "10.0.0.1/32"} {
		want := Address{Prefix: netip.MustParsePrefix(p), Valid: 600, Preferred: 300, Flags: unix.IFA_F_NOPREFIXROUTE, Metric: 5, Protocol: 9}
		got, index, err := decodeAddress(encodeAddress(want, 7))
		if err != nil || index != 7 || got != want {
			t.Errorf("got %+v on %d (%v), want %+v", got, index, err, want)
		}
	}
	via := func(s string) netip.Addr { return netip.MustParsePrefix(s).Addr().Next() }
	for _, to := range []string{"0.0.0.0/0", "10.0.0.0/8", "::/0", "2001:db8::/32"} {
		for _, want := range []Route{
			{Link: "eth0", To: netip.MustParsePrefix(to), Via: via(to), Table: 1000, Metric: 7, Protocol: 4, Type: unix.RTN_UNICAST, OnLink: true},
			{To: netip.MustParsePrefix(to), Table: 254, Protocol: 12, Type: unix.RTN_UNICAST, Rest: []Attribute{{unix.RTA_METRICS, []byte{8, 0, 2, 0, 1, 2, 0, 0}}},
				Hops: []Hop{{Link: "eth0", Via: via(to)}, {Link: "eth1", Via: via(to), Weight: 4, OnLink: true, Rest: []Attribute{{unix.RTA_FLOW, []byte{1, 0, 0, 0}}}}}},
		} {
			body, err := x.route(want)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := decodeRoute(body, names); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v (%v), want %+v", got, err, want)
			}
		}
	}
}

func TestNextHopMessagesRoundTrip(t *testing.T) {
	x, names := Indexes{"eth0": 7}, map[int]string{7: "eth0"}
	for _, want := range []NextHop{
		{ID: 5, Link: "eth0", Via: netip.MustParseAddr("192.0.2.1"), Family: unix.AF_INET, Protocol: unix.RTPROT_BIRD, OnLink: true},
		{ID: 6, Link: "eth0", Via: netip.MustParseAddr("fe80::1"), Family: unix.AF_INET6},
		{ID: 7, Family: unix.AF_INET, Rest: []Attribute{{unix.NHA_BLACKHOLE, []byte{}}}},
		{ID: 8, Members: []Member{{ID: 5, Weight: 300}, {ID: 7}}, Rest: []Attribute{{unix.NHA_GROUP_TYPE, []byte{1, 0}},
			{unix.NLA_F_NESTED | nhaResilient, appendAttribute(nil, 1, []byte{128, 0})}}},
	} {
		r, err := x.ReplaceNextHop(want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeNextHop(r.Body, names); err != nil || !reflect.DeepEqual(got, want) || !got.Same(want) {
			t.Errorf("got %+v (%v), want %+v", got, err, want)
		}
	}
	// What the kernel tells of a route by an object beside the object's id.
	told := Route{Link: "eth0", Via: netip.MustParseAddr("192.0.2.1"), To: netip.MustParsePrefix("10.0.0.0/8"), Object: 5, Table: 254, Type: unix.RTN_UNICAST,
		Rest: []Attribute{{unix.RTA_ENCAP_TYPE, []byte{1, 0}}, {unix.NLA_F_NESTED | unix.RTA_ENCAP, []byte{}}}}
	body, err := x.route(told)
	if err != nil {
		t.Fatal(err)
	}
	want := Route{To: told.To, Object: 5, Table: 254, Type: unix.RTN_UNICAST}
	if got, err := decodeRoute(body, names); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v (%v), want %+v", got, err, want)
	}
}

func TestBridgeMessagesRoundTrip(t *testing.T) {
	want := []VLAN{{ID: 1, PVID: true, Untagged: true}, {ID: 5, To: 9}, {ID: 20, Untagged: true}}
	index, got, err := decodeVLANs(SetVLANs(4, want, false, false).Body)
	if err != nil || index != 4 || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v on %d (%v), want %+v", got, index, err, want)
	}
	rule := Rule{Family: unix.AF_INET, In: "eth0", Head: []byte{unix.AF_INET, 0, 0, 0, 100, 0, 0, 1, 0, 0, 0, 0}, Priority: 5, Rest: []Attribute{{unix.FRA_PRIORITY, []byte{5, 0, 0, 0}}}}
	if got, err := decodeRule(AddRule(rule).Body); err != nil || !reflect.DeepEqual(got, rule) {
		t.Errorf("got %+v (%v), want %+v", got, err, rule)
	}
}

// FuzzDecode: whatever the kernel, or something that plays it, sends, nothing
// panics.
func FuzzDecode(f *testing.F) {
	x := Indexes{"bond0": 3}
	for _, l := range []Link{{Kind: "bond", Bond: map[string]string{"mode": "1", "arp_ip_target": "192.0.2.1"}}, {Kind: "vlan", Parent: "bond0", VLANID: 2, QoSIn: []Priority{{1, 2}}},
		{Kind: "bridge", Bridge: map[string]int{"priority": 1}}, {Port: map[string]int{"cost": 1}}} {
		r, err := x.NewLink("x0", 9, &l)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Body)
		f.Add(appendMessage(nil, r, 1))
	}
	f.Add(encodeAddress(Address{Prefix: netip.MustParsePrefix("192.0.2.1/24")}, 7))
	for _, r := range []Route{{To: netip.MustParsePrefix("10.0.0.0/8")}, {To: netip.MustParsePrefix("10.0.0.0/8"), Hops: []Hop{{Link: "bond0", Via: netip.MustParseAddr("192.0.2.1")}, {Link: "bond0"}}}} {
		body, err := x.route(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Add(SetVLANs(4, []VLAN{{ID: 1, PVID: true}, {ID: 5, To: 9}}, false, false).Body)
	if e, err := AddEntry(3, Entry{MAC: "52:54:00:00:00:01", VLAN: 2, State: unix.NUD_NOARP}); err == nil {
		f.Add(e.Body)
	}
	if h, err := x.ReplaceNextHop(NextHop{ID: 5, Link: "bond0", Members: []Member{{ID: 6}}, Rest: []Attribute{{nhaResilient, appendAttribute(nil, 1, []byte{128, 0})}}}); err == nil {
		f.Add(h.Body)
	}
	f.Add(AddRule(Rule{Head: make([]byte, sizeofRuleHeader), In: "eth0"}).Body)
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = decodeLink(b)
		_, _, _ = decodeAddress(b)
		_, _ = decodeRoute(b, map[int]string{3: "bond0"})
		_, _, _, _ = decodeNeighbour(b)
		_, _, _, _ = decodeEntry(b)
		_, _, _ = decodeVLANs(b)
		_, _ = decodeRule(b)
		_, _ = decodeNextHop(b, map[int]string{3: "bond0"})
		_ = messages(b, func(h header, body []byte) error {
			_ = acknowledgement(h, body)
			return nil
		})
	})
}
