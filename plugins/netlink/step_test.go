package netlink

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"linkspan/plugins/netlink/rtnl"
)

// FuzzDecodeStep: a plan that somebody has changed is refused or done, and
// never makes the backend panic or leave the place that an operation names.
func FuzzDecodeStep(f *testing.F) {
	ip, ra := netip.MustParsePrefix("192.0.2.2/24"), 1
	for _, s := range []step{
		{Do: doCreate, Link: "bond0", New: &rtnl.Link{Kind: "bond", Bond: map[string]string{"mode": "1", "primary": "eth0"}}},
		{Do: doSet, Link: "eth0", New: &rtnl.Link{Port: map[string]int{"cost": 5}}},
		{Do: doAddress, Link: "eth0", Address: &rtnl.Address{Link: "eth0", Prefix: ip}},
		{Do: doRoute, Route: &rtnl.Route{Link: "eth0", To: ip.Masked(), Hops: []rtnl.Hop{{Link: "eth0"}}}},
		{Do: doRule, Rule: &rtnl.Rule{Head: make([]byte, 12)}}, {Do: doEntry, Link: "eth0", Entry: &rtnl.Entry{MAC: "52:54:00:00:00:01"}},
		{Do: doVLANs, Link: "eth0", VLANs: []rtnl.VLAN{{ID: 1, To: 5}}}, {Do: doNeigh, Link: "eth0", Neighbours: []rtnl.Neighbour{{MAC: "x"}}},
		{Do: doAcceptRA, Link: "eth0", New: &rtnl.Link{AcceptRA: &ra}}, {Do: doWake, Link: "eth0", New: &rtnl.Link{Wake: &rtnl.Wake{On: 0x20}}},
		{Do: doPass, Link: "bond0", Ports: []string{"eth0", "eth1"}},
		{Do: doSysctl, Link: "eth0", New: &rtnl.Link{Sysctls: map[string]string{"ipv4/conf/rp_filter": "0"}}}, {Do: doAnnounce, Announce: []rtnl.Address{{Prefix: ip}}},
	} {
		b, err := s.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"do":"address"}`))
	f.Add([]byte(`{"do":"accept-ra","link":"../../x","new":{"accept_ra":1}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeStep(b)
		if err != nil {
			return
		}
		_ = s.String()
		_ = touched(s)
		if strings.Contains(s.Link, "/") {
			t.Fatalf("%q is no name of a link", s.Link)
		}
		if isMessage(s) {
			_, _ = (&encoder{index: rtnl.Indexes{"eth0": 2, "bond0": 3}, next: 9}).requests(s)
		}
	})
}

// FuzzUses: whatever the kernel's tables say, nothing panics.
func FuzzUses(f *testing.F) {
	f.Add("36 1 0:30 / / rw,relatime - nfs4 192.0.2.9:/root rw,addr=192.0.2.9")
	f.Add("   1: 0200A8C0:0016 0900000A:C001 01 00000000")
	f.Fuzz(func(t *testing.T, s string) {
		for _, u := range append(mounted(s), sessions(s)...) {
			if _, err := json.Marshal(u); err != nil {
				t.Fatal(err)
			}
		}
	})
}
