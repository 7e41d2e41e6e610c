package apply

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// FuzzDecodeStep: a plan that somebody has changed is refused or done, and
// never makes the backend panic or leave the place that an operation names.
func FuzzDecodeStep(f *testing.F) {
	ip, ra := netip.MustParsePrefix("192.0.2.2/24"), 1
	for _, s := range []step.Step{
		{Do: step.Create, Link: "bond0", New: &rtnl.Link{Kind: "bond", Bond: map[string]string{"mode": "1", "primary": "eth0"}}},
		{Do: step.Set, Link: "eth0", New: &rtnl.Link{Port: map[string]int{"cost": 5}}},
		{Do: step.Address, Link: "eth0", Address: &rtnl.Address{Link: "eth0", Prefix: ip}},
		{Do: step.Route, Route: &rtnl.Route{Link: "eth0", To: ip.Masked(), Hops: []rtnl.Hop{{Link: "eth0"}}}},
		{Do: step.NextHop, NextHop: &rtnl.NextHop{ID: 5, Link: "eth0", Members: []rtnl.Member{{ID: 6}}}},
		{Do: step.Rule, Rule: &rtnl.Rule{Head: make([]byte, 12)}}, {Do: step.Entry, Link: "eth0", Entry: &rtnl.Entry{MAC: "52:54:00:00:00:01"}},
		{Do: step.VLANs, Link: "eth0", VLANs: []rtnl.VLAN{{ID: 1, To: 5}}}, {Do: step.Neighbours, Link: "eth0", Neighbours: []rtnl.Neighbour{{MAC: "x"}}},
		{Do: step.AcceptRA, Link: "eth0", New: &rtnl.Link{AcceptRA: &ra}}, {Do: step.Wake, Link: "eth0", New: &rtnl.Link{Wake: &rtnl.Wake{On: 0x20}}},
		{Do: step.Pass, Link: "bond0", Ports: []string{"eth0", "eth1"}},
		{Do: step.Sysctl, Link: "eth0", New: &rtnl.Link{Sysctls: map[string]string{"ipv4/conf/rp_filter": "0"}}}, {Do: step.Announce, Announce: []rtnl.Address{{Prefix: ip}}},
	} {
		b, err := s.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"do":"address"}`))
	f.Add([]byte(`{"do":"accept-ra","link":"../../x","new":{"accept_ra":1}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := step.Decode(b)
		if err != nil {
			return
		}
		_ = s.String()
		_ = s.Touched()
		if strings.Contains(s.Link, "/") {
			t.Fatalf("%q is no name of a link", s.Link)
		}
		if s.IsMessage() {
			_, _ = (&encoder{index: rtnl.Indexes{"eth0": 2, "bond0": 3}, next: 9}).requests(s)
		}
	})
}

// TestBondWithoutMonitoringNeedsAPortWithALink: the driver says that it has a
// carrier, whatever its ports have.
func TestBondWithoutMonitoringNeedsAPortWithALink(t *testing.T) {
	for _, c := range []struct {
		miimon string
		linked bool
		want   string
	}{{"0", false, "no port of bond0 has a carrier (look at the cables of its cards)"}, {"0", true, ""}, {"100", false, ""}} {
		w := world.Of(&rtnl.Graph{Links: []rtnl.Link{
			{Name: "bond0", Kind: "bond", Up: true, Carrier: true, Bond: map[string]string{"mode": "0", "miimon": c.miimon}},
			{Name: "bond0.2", Kind: "vlan", Parent: "bond0", VLANID: 2, Up: true, Carrier: true},
			{Name: "eth0", Master: "bond0", Up: true, Carrier: c.linked},
		}})
		if got := lacks(w, "bond0.2", step.Step{}); got != c.want {
			t.Errorf("miimon %s, linked %t: %q, not %q", c.miimon, c.linked, got, c.want)
		}
	}
}

// TestWaitHoldsBeyondItsLimit: a link that is ready when the limit is over, which may
// have passed while the machine stood still, is given the time to hold; one that lacks
// something then fails, and does not on a way that is gone anyway.
func TestWaitHoldsBeyondItsLimit(t *testing.T) {
	with := func(carrier bool) *world.World {
		return world.Of(&rtnl.Graph{Links: []rtnl.Link{{Index: 1, Name: "eth0", Up: true, Carrier: carrier}}})
	}
	late := func(anyway bool) *wait {
		return &wait{Step: step.Step{Do: step.Ready, Link: "eth0", Milliseconds: 60, Limit: 1, Anyway: anyway}, end: time.Now().Add(-time.Hour)}
	}
	w := late(false)
	looks := 0
	for ; !w.over; looks++ {
		if err := w.look(with(true)); err != nil {
			t.Fatalf("look %d: %v", looks, err)
		}
		time.Sleep(look)
	}
	if looks < 4 {
		t.Errorf("it has held after %d looks", looks)
	}
	w = late(false)
	if err := w.look(with(true)); err != nil || w.over {
		t.Errorf("ready: %v, over: %v", err, w.over)
	}
	if err := w.look(with(false)); err == nil || !w.over || !strings.Contains(err.Error(), "eth0 has no carrier") {
		t.Errorf("not ready: %v, over: %v", err, w.over)
	}
	if w = late(true); w.look(with(false)) != nil || !w.over {
		t.Error("a wait that goes on anyway does not")
	}
}
