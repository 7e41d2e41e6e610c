package ifcfg

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/host/hosttest"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
)

// Reading what was rendered gives the host back, or the reader refuses by
// name: for every reader, nothing is dropped. LINKSPAN_HOSTS=100000 tries as
// many hosts for each.
func TestRoundTrip(t *testing.T) {
	hosts := 250
	if s := os.Getenv("LINKSPAN_HOSTS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		hosts = n
	}
	var written, refused atomic.Int64
	var wg sync.WaitGroup
	seeds := make(chan uint64)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for seed := range seeds {
				for _, rel := range append(reader.Names(), "") {
					if roundTrip(t, seed, rel) {
						written.Add(1)
					} else {
						refused.Add(1)
					}
				}
			}
		})
	}
	for seed := range uint64(hosts) {
		if t.Failed() {
			break
		}
		seeds <- seed
	}
	close(seeds)
	wg.Wait()
	t.Logf("%d written, %d refused by name", written.Load(), refused.Load())
	if w, r := int(written.Load()), int(refused.Load()); w < hosts || r < hosts/10 {
		t.Errorf("%d written, %d refused: the test does not try enough", w, r)
	}
}

func roundTrip(t *testing.T, seed uint64, rel string) bool {
	r := rand.New(rand.NewPCG(seed, 7))
	h := hosttest.Random(r, hosttest.Options{})
	if seed%2 == 1 {
		enrich(r, &h)
	}
	config := map[string]any{}
	if rel != "" {
		config["release"] = rel
	}
	rendered, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: h, Config: config}})
	if err != nil {
		t.Error(err)
		return false
	}
	if rendered.Diagnostics.HasErrors() {
		return false
	}
	reader, _ := readerOf(config, nil)
	s := memory(reader, rendered.Files)
	if c := plan.Diff(rendered.Objects, objects(readBack(reader, &h, rendered.Files))); len(c) > 0 {
		t.Errorf("seed %d, release %q: %+v", seed, rel, c)
	}
	s.Counts = func(string) bool { return true }
	s.Lint(&h)
	for _, d := range s.Diags {
		if d.Code == rule.NeverRead.Code && rel == "nm" { // the raw options, which Render has reported
			continue
		}
		t.Errorf("seed %d, release %q: linkspan's own file is found fault with: %s", seed, rel, d)
	}
	return true
}

// enrich adds what hosttest leaves out.
func enrich(r *rand.Rand, h *host.Host) {
	masters := h.Masters()
	chance := func(percent int) bool { return r.IntN(100) < percent }
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if chance(20) {
			i.Description = fmt.Sprintf("port %d of rack-%d (b)", n, r.IntN(9))
		}
		if chance(10) {
			i.MAC = fmt.Sprintf("52:54:00:00:%02x:%02x", n, r.IntN(256))
		}
		if i.Ethernet != nil && chance(10) {
			i.Ethernet.Match.MAC = fmt.Sprintf("52:54:01:00:%02x:%02x", n, r.IntN(256))
		}
		if i.Ethernet != nil && chance(10) {
			i.Ethernet.WakeOnLAN = new(chance(50))
		}
		if i.Ethernet != nil && chance(3) {
			i.Ethernet.Offload = map[string]bool{"gro": chance(50), "lro": chance(50)}
		}
		if chance(5) {
			i.Options = map[string]map[string]string{reader.Backend: {"LINKDELAY": "2", "HOTPLUG": "no"}}
		}
		if masters[i.Name] == "" {
			enrichAddresses(r, i, n)
		}
	}
}

func enrichAddresses(r *rand.Rand, i *host.Interface, n int) {
	chance := func(percent int) bool { return r.IntN(100) < percent }
	for k := range r.IntN(4) {
		if chance(30) {
			i.Addresses = append(i.Addresses, netip.PrefixFrom(netip.AddrFrom4([4]byte{172, byte(20 + k), byte(n), 2}), 16+r.IntN(12)))
		}
		if chance(20) {
			i.Addresses = append(i.Addresses, netip.MustParsePrefix(fmt.Sprintf("2001:db8:f%x:%x::2/64", k, n)))
		}
	}
	if chance(8) && !i.Gateway.IsValid() {
		i.DHCP4 = new(true)
	}
	if chance(5) {
		i.DHCP6 = new(true)
	}
	if chance(10) {
		i.AcceptRA = new(chance(50))
	}
	if chance(5) {
		i.Gateway6 = netip.MustParseAddr("fe80::1")
	}
	if chance(15) {
		i.DNS = host.DNS{Servers: []netip.Addr{netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("2001:db8::53")}[:r.IntN(3)], Search: []string{"example.com", "example.org"}[:r.IntN(3)]}
	}
	if chance(5) {
		i.State = host.Down
	}
}
