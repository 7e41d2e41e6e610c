package rehearse

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/host/hosttest"
)

// article is the end of the starting scenario.
func article() host.Host {
	vlan := func(name string, id int) host.Interface {
		return host.Interface{Kind: host.KindVLAN, Name: name, VLAN: &host.VLAN{Parent: "bond0", ID: id}}
	}
	first, second := bridgeOn("xenbr0", "bond0.2"), bridgeOn("xenbr1", "bond0.3")
	first.Addresses, first.Gateway = []netip.Prefix{netip.MustParsePrefix("192.168.0.2/24")}, netip.MustParseAddr("192.168.0.1")
	second.Addresses = []netip.Prefix{netip.MustParsePrefix("192.168.1.2/24")}
	bond := host.Interface{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}}
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{bond, vlan("bond0.2", 2), vlan("bond0.3", 3), cardNamed("eth0"), cardNamed("eth1"), first, second}}
	sortByName(h.Interfaces)
	return h
}

func TestStartsOfTheArticle(t *testing.T) {
	wants := map[string]string{ // start → the interface that carries the address
		"eth0": "eth0", "eth0.2": "eth0.2", "bond0": "bond0", "bond0.2": "bond0.2", "bridge": "xenbr0", "xend": "eth0",
	}
	starts := Starts(article())
	if len(starts) != len(wants) {
		t.Errorf("%d starts, want %d", len(starts), len(wants))
	}
	for _, s := range starts {
		i, ok := s.Host.Interface(wants[s.Name])
		if !ok || len(i.Addresses) != 1 || i.Addresses[0].String() != "192.168.0.2/24" || i.Gateway.String() != "192.168.0.1" {
			t.Errorf("%s: the address is not on %q: %+v", s.Name, wants[s.Name], s.Host.Interfaces)
		}
		if l := host.Validate(&s.Host); l.HasErrors() {
			t.Errorf("%s: %v", s.Name, l)
		}
	}
}

func TestWorldOfEachStart(t *testing.T) {
	type want struct {
		tags    [][]int // of each network
		cards   []string
		guests  []string
		streams []string
	}
	joined := [][]int{{0, 2}, {3}}
	apart := [][]int{{2}, {3}}
	wants := map[string]want{
		"eth0":    {joined, []string{"eth0", "eth1"}, nil, []string{"192.168.0.2"}},
		"eth0.2":  {apart, []string{"eth0", "eth1"}, nil, []string{"192.168.0.2"}},
		"bond0":   {joined, []string{"eth0", "eth1"}, nil, []string{"192.168.0.2"}},
		"bond0.2": {apart, []string{"eth0", "eth1"}, nil, []string{"192.168.0.2"}},
		"bridge":  {joined, []string{"eth0", "eth1"}, []string{"vif1.0", "vif2.0"}, []string{"192.168.0.2", "vif1.0", "vif2.0", "vif1.0 to vif2.0"}},
		"xend":    {joined, []string{"eth1", "peth0"}, []string{"vif1.0", "vif2.0"}, []string{"192.168.0.2", "vif1.0", "vif2.0", "vif1.0 to vif2.0"}},
	}
	for _, s := range Starts(article()) {
		t.Run(s.Name, func(t *testing.T) {
			wanted, _ := WithoutRest(article(), s.Host)
			w := surroundings(&s.Host, &wanted)
			var got want
			for _, n := range w.Nets {
				got.tags = append(got.tags, n.Tags)
			}
			for _, c := range w.Cards {
				got.cards = append(got.cards, c.Name)
			}
			for _, g := range w.Guests {
				got.guests = append(got.guests, g.Port)
			}
			for _, x := range w.Streams {
				got.streams = append(got.streams, x.Name)
			}
			if !reflect.DeepEqual(got, wants[s.Name]) {
				t.Errorf("got  %v\nwant %v", got, wants[s.Name])
			}
			if w.Streams[0].Kind != Operator {
				t.Errorf("the first stream is %v, not the operator's", w.Streams[0])
			}
			if !slices.Contains(w.Nets[0].Peers, netip.MustParsePrefix("192.168.0.1/24")) {
				t.Errorf("the peer is not the gateway: %v", w.Nets[0].Peers)
			}
		})
	}
}

// TestReversed: the way back to a start names each interface once, and a bridge
// that is to go has no guest, who would keep it.
func TestReversed(t *testing.T) {
	for _, s := range Starts(article()) {
		wanted, _ := WithoutRest(s.Host, article())
		var names []string
		for _, i := range wanted.Interfaces {
			if slices.Contains(names, i.Name) {
				t.Errorf("to %s: %s is there twice", s.Name, i.Name)
			}
			names = append(names, i.Name)
		}
		start := article()
		for _, g := range surroundings(&start, &wanted).Guests {
			if i, _ := wanted.Interface(g.Bridge); i.Wanted() == host.Absent {
				t.Errorf("to %s: %s is on %s, which is to go", s.Name, g.Port, g.Bridge)
			}
		}
	}
}

func TestGuestsOfTheStartKeepTheirPorts(t *testing.T) {
	start := host.Host{Name: "dom0-01", Interfaces: []host.Interface{cardNamed("eth0"), cardNamed("tap7"), bridgeOn("xenbr0", "eth0")}}
	bridge := &start.Interfaces[2]
	bridge.Bridge.Ports = append(bridge.Bridge.Ports, host.BridgePort{Name: "tap7"})
	bridge.Addresses = []netip.Prefix{netip.MustParsePrefix("192.168.0.2/24")}
	wanted := article()
	w := surroundings(&start, &wanted)
	if len(w.Guests) != 1 || w.Guests[0].Port != "tap7" || w.Guests[0].Bridge != "xenbr0" {
		t.Errorf("guests: %+v", w.Guests)
	}
	if slices.ContainsFunc(w.Cards, func(c card) bool { return c.Name == "tap7" }) {
		t.Errorf("a guest's port is among the cards: %v", w.Cards)
	}
}

func randomHost(t *rapid.T, name string) host.Host {
	seed := rapid.Uint64().Draw(t, name)
	return hosttest.Random(rand.New(rand.NewPCG(seed, 1)), hosttest.Options{})
}

// TestWorldsNeverShareAnAddress: whatever two networks a host has before and
// after, nobody around it has an address of the host or of another.
func TestWorldsNeverShareAnAddress(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start, wanted := randomHost(t, "start"), randomHost(t, "wanted")
		w := surroundings(&start, &wanted)
		taken := make(map[netip.Addr]bool)
		for _, h := range []host.Host{start, wanted} {
			for _, i := range h.Interfaces {
				for _, a := range i.Addresses {
					taken[a.Addr()] = true
				}
			}
		}
		note := func(who string, a netip.Addr) {
			if taken[a] {
				t.Fatalf("%s has %s, which somebody else has", who, a)
			}
			taken[a] = true
		}
		for _, n := range w.Nets {
			for _, p := range n.Peers {
				note("the peer", p.Addr())
			}
		}
		for _, g := range append(slices.Clone(w.Guests), w.Late...) {
			note(g.Port, g.Address.Addr())
		}
		if len(w.Streams) > mostTargets {
			t.Fatalf("%d streams", len(w.Streams))
		}
	})
}

// TestHostOfObjects: what a backend has read, spelt as objects, comes back as
// the same objects.
func TestHostOfObjects(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := randomHost(t, "host")
		h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i host.Interface) bool { return i.Wanted() == host.Absent })
		objects := backend.InterfaceObjects(&h, "")
		got, err := HostOf(h.Name, objects)
		if err != nil {
			t.Fatal(err)
		}
		again := backend.InterfaceObjects(&got, "")
		for n := range objects {
			for k := range objects[n].Settings {
				s := objects[n].Settings[k]
				if !again[n].Get(s.Key).Equal(s.Value) {
					t.Fatalf("%s: %s is %v, was %v", objects[n].Ref, s.Key, again[n].Get(s.Key), s.Value)
				}
			}
		}
	})
}
