package world_test

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// routed is a bridge and a card with next hop objects and routes by them.
func routed() *world.World {
	link := func(name, kind, master string) rtnl.Link {
		return rtnl.Link{Name: name, Kind: kind, Master: master, Up: true, Carrier: true, Ether: true, MTU: 1500}
	}
	hop := func(id uint32, link, via string) rtnl.NextHop {
		return rtnl.NextHop{ID: id, Link: link, Via: netip.MustParseAddr(via), Family: unix.AF_INET}
	}
	route := func(to string, id uint32) rtnl.Route {
		return rtnl.Route{To: netip.MustParsePrefix(to), Object: id, Table: unix.RT_TABLE_MAIN, Protocol: unix.RTPROT_BIRD, Type: unix.RTN_UNICAST}
	}
	return world.Of(&rtnl.Graph{
		Links:     []rtnl.Link{link("br0", "bridge", ""), link("eth0", "", "br0"), link("eth1", "", ""), link("eth2", "", "")},
		Addresses: []rtnl.Address{{Link: "br0", Prefix: netip.MustParsePrefix("10.0.0.2/24"), Valid: rtnl.NeverExpires}, {Link: "eth1", Prefix: netip.MustParsePrefix("10.1.0.2/24"), Valid: rtnl.NeverExpires}},
		NextHops:  []rtnl.NextHop{{ID: 3, Members: []rtnl.Member{{ID: 5}, {ID: 6}}}, hop(5, "br0", "10.0.0.1"), hop(6, "eth1", "10.1.0.1"), {ID: 8, Family: unix.AF_INET}},
		Routes:    []rtnl.Route{route("10.3.0.0/16", 3), route("10.5.0.0/16", 5), route("10.6.0.0/16", 6), route("10.8.0.0/16", 8)},
	})
}

// left are the objects and the routes by them that are in the world still.
func left(w *world.World) string {
	var out []string
	for _, h := range w.NextHops() {
		out = append(out, spellMembers(h))
	}
	for _, s := range w.Slots() {
		for _, r := range w.Routes(s) {
			out = append(out, r.To.String())
		}
	}
	return strings.Join(out, " ")
}

func spellMembers(h rtnl.NextHop) string {
	out := string(rune('0' + h.ID))
	for _, m := range h.Members {
		out += "/" + string(rune('0'+m.ID))
	}
	return out
}

// TestNextHopsGoWithTheirLink: as Linux 6.1 has it.
func TestNextHopsGoWithTheirLink(t *testing.T) {
	address := rtnl.Address{Link: "br0", Prefix: netip.MustParsePrefix("10.0.0.2/24")}
	for name, tt := range map[string]struct {
		steps      []step.Step
		want, told string
	}{
		"down":              {[]step.Step{{Do: step.Down, Link: "br0"}}, "6 8 3/6 10.3.0.0/16 10.6.0.0/16 10.8.0.0/16", "the next hop id 3 group 5/6 goes on without 5"},
		"deleted":           {[]step.Step{{Do: step.Delete, Link: "br0"}}, "6 8 3/6 10.3.0.0/16 10.6.0.0/16 10.8.0.0/16", "the next hop id 5 via 10.0.0.1 dev br0 goes"},
		"no carrier":        {[]step.Step{{Do: step.Master, Link: "eth0"}}, "6 8 3/6 10.3.0.0/16 10.6.0.0/16 10.8.0.0/16", "the route 10.5.0.0/16 nhid 5 goes"},
		"port goes down":    {[]step.Step{{Do: step.Down, Link: "eth0"}}, "6 8 3/6 10.3.0.0/16 10.6.0.0/16 10.8.0.0/16", "the route 10.5.0.0/16 nhid 5 goes"},
		"another port":      {[]step.Step{{Do: step.Master, Link: "eth2", Master: "br0"}, {Do: step.Master, Link: "eth0"}}, "5 6 8 3/5/6 10.3.0.0/16 10.5.0.0/16 10.6.0.0/16 10.8.0.0/16", ""},
		"all of a group":    {[]step.Step{{Do: step.Down, Link: "br0"}, {Do: step.Down, Link: "eth1"}}, "8 10.8.0.0/16", "the next hop id 3 group 6 goes"},
		"the last address":  {[]step.Step{{Do: step.NoAddress, Link: "br0", Address: &address}}, "5 6 8 3/5/6 10.3.0.0/16 10.5.0.0/16 10.6.0.0/16 10.8.0.0/16", ""},
		"another is put up": {[]step.Step{{Do: step.Up, Link: "eth2"}}, "5 6 8 3/5/6 10.3.0.0/16 10.5.0.0/16 10.6.0.0/16 10.8.0.0/16", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := routed()
			var told []string
			for _, s := range tt.steps {
				w.Do(s, func(e plan.Effect) { told = append(told, e.Text) })
			}
			if got := left(w); got != tt.want {
				t.Errorf("left are %s, want %s", got, tt.want)
			}
			if all := strings.Join(told, "\n"); !strings.Contains(all, tt.told) || tt.told == "" && strings.Contains(all, "hop") {
				t.Errorf("told %q, want %q", all, tt.told)
			}
		})
	}
}

// TestLinksOfRoutesByObjects: a route by an object uses the object's links.
func TestLinksOfRoutesByObjects(t *testing.T) {
	w := routed()
	for to, want := range map[string]string{"10.3.0.0/16": "br0 eth1", "10.5.0.0/16": "br0", "10.8.0.0/16": ""} {
		r := w.Routes(rtnl.Slot{To: netip.MustParsePrefix(to), Table: unix.RT_TABLE_MAIN})[0]
		if got := strings.Join(w.LinksOf(r), " "); got != want {
			t.Errorf("%s: %q, want %q", to, got, want)
		}
	}
}
