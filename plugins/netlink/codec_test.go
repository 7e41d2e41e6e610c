package netlink

import (
	"net/netip"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLinkMessagesRoundTrip(t *testing.T) {
	e := &encoder{index: map[string]int{"eth0": 2, "bond0": 3}, next: 9}
	tests := []link{
		{Kind: "bond", MAC: "52:54:00:00:00:01", MTU: 9000, Alias: "uplink", Bond: map[string]string{"mode": "1", "miimon": "100", "arp_ip_target": "192.0.2.1,192.0.2.2", "ad_actor_sys_prio": "7", "ad_actor_system": "02:00:00:00:00:01"}},
		{Kind: "vlan", Parent: "bond0", VLANID: 2, VLANProto: "802.1ad", VLANFlags: flagGVRP, FlagMask: flagGVRP | flagReorder},
		{Kind: "bridge", Bridge: map[string]int{"stp_state": 1, "forward_delay": 200, "priority": 4096, "vlan_filtering": 1}},
	}
	for _, want := range tests {
		want.Name = "x0"
		rs, err := e.create(step{Do: doCreate, Link: "x0", New: &want})
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeLink(rs[0].body)
		if err != nil {
			t.Fatal(err)
		}
		l := got.link
		l.Index, l.Parent, l.FlagMask = 0, want.Parent, want.FlagMask
		if l.Alias != want.Alias || l.MAC != want.MAC || l.MTU != want.MTU || l.VLANID != want.VLANID || l.VLANProto != want.VLANProto ||
			l.VLANFlags != want.VLANFlags || !reflect.DeepEqual(l.Bond, want.Bond) || !reflect.DeepEqual(l.Bridge, want.Bridge) {
			t.Errorf("got %+v, want %+v", l, want)
		}
		if want.Parent != "" && got.parent != 3 {
			t.Errorf("parent %d, want 3", got.parent)
		}
	}
}

func TestAddressAndRouteMessagesRoundTrip(t *testing.T) {
	for _, p := range []string{"192.0.2.1/24", "2001:db8::1/64", "10.0.0.1/32"} {
		want := address{Prefix: netip.MustParsePrefix(p), Valid: 600, Preferred: 300, Flags: unix.IFA_F_NOPREFIXROUTE, Metric: 5}
		got, index, err := decodeAddress(encodeAddress(want, 7))
		if err != nil || index != 7 || got != want {
			t.Errorf("got %+v on %d (%v), want %+v", got, index, err, want)
		}
	}
	for _, to := range []string{"0.0.0.0/0", "10.0.0.0/8", "::/0", "2001:db8::/32"} {
		want := route{To: netip.MustParsePrefix(to), Via: netip.MustParsePrefix(to).Addr().Next(), Table: 1000, Metric: 7, Protocol: 4, Type: unix.RTN_UNICAST, OnLink: true}
		got, index, err := decodeRoute(encodeRoute(want, 7))
		if err != nil || index != 7 || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v on %d (%v), want %+v", got, index, err, want)
		}
	}
}

// FuzzDecode: whatever the kernel, or something that plays it, sends, nothing
// panics.
func FuzzDecode(f *testing.F) {
	e := &encoder{index: map[string]int{"bond0": 3}, next: 9}
	for _, l := range []link{{Kind: "bond", Bond: map[string]string{"mode": "1", "arp_ip_target": "192.0.2.1"}}, {Kind: "vlan", Parent: "bond0", VLANID: 2}, {Kind: "bridge", Bridge: map[string]int{"priority": 1}}} {
		rs, err := e.create(step{Do: doCreate, Link: "x0", New: &l})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(rs[0].body)
		f.Add(appendMessage(nil, rs[0], 1))
	}
	f.Add(encodeAddress(address{Prefix: netip.MustParsePrefix("192.0.2.1/24")}, 7))
	f.Add(encodeRoute(route{To: netip.MustParsePrefix("10.0.0.0/8")}, 7))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = decodeLink(b)
		_, _, _ = decodeAddress(b)
		_, _, _ = decodeRoute(b)
		_, _, _, _ = decodeNeighbour(b)
		_ = messages(b, func(h header, body []byte) error {
			_ = acknowledgement(h, body)
			return nil
		})
	})
}
