package netlink_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/rehearse/lab"
	"linkspan/plugins/netlink"
)

// told is what iproute2 tells of next hop objects and of the routes by them.
func told(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader("nexthop show\nroute show table all\nroute show table all root 2001:db8::/32\n")
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ip -batch: %v\n%s", err, b)
	}
	var out []string
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "id ") || strings.Contains(line, "nhid") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return strings.Join(out, "\n")
}

// objects are what a routing daemon has made on a link with the gateway
// 192.168.0.1: a next hop of each family, a group and routes by them.
func objects(link string) []string {
	return []string{
		"nexthop add id 5 via 192.168.0.1 dev " + link + " proto bird",
		"nexthop add id 6 via fe80::99 dev " + link + " proto bird",
		"nexthop add id 7 via 192.168.0.9 dev " + link + " proto zebra",
		"nexthop add id 3 group 5,20/7 proto bird",
		"nexthop add id 8 blackhole",
		"route add 10.5.0.0/16 nhid 5 proto bird",
		"route add 10.3.0.0/16 nhid 3 proto bird metric 20",
		"route add 10.4.0.0/16 nhid 3 proto bird table 100",
		"route add 10.8.0.0/16 nhid 8 proto bird",
		"route add 2001:db8:6::/64 nhid 6 proto bird",
	}
}

// TestNextHopObjectsAreKept: next hop objects of another program, which go with
// a link that goes down or loses its carrier, are there afterwards, on the link
// that has their gateway then, with the routes by them; and an undo brings them
// back to where they were.
func TestNextHopObjectsAreKept(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	const address, via = "192.168.0.2/24", "192.168.0.1"
	single := func(mode string) host.Host {
		b := gateway(with(bond("bond0", "eth0"), address), via)
		b.Bond.Mode = mode
		return hostWith(card("eth0"), card("eth1"), b)
	}
	for _, tt := range []struct {
		name, from, to string
		start, end     host.Host
	}{
		{"the address moves", "eth0", "eth1", starts()["eth0"], hostWith(card("eth0"), gateway(with(card("eth1"), address), via))},
		{"the link goes down", "bond0", "bond0", single("active-backup"), single("balance-xor")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			apply(t, tt.start)
			ip(t, objects(tt.from)...)
			before := told(t)
			shot := apply(t, tt.end)
			want := strings.ReplaceAll(before, " dev "+tt.from+" ", " dev "+tt.to+" ")
			if got := told(t); got != want || !strings.Contains(got, "2001:db8:6::/64 nhid 6") || !strings.Contains(got, "id 3 group 5,20/7") {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if err := netlink.New().(backend.Applier).Restore(t.Context(), shot); err != nil {
				t.Fatalf("restore: %v", err)
			}
			if got := told(t); got != before {
				t.Errorf("after the undo, got\n%s\nwant\n%s", got, before)
			}
			ip(t, "nexthop flush")
			apply(t, cleared(tt.start))
		})
	}
}

// TestRefusedNextHopsAreToldOf: another program's next hop objects, which the kernel
// does not take since their link loses its carrier, are told of, with their groups
// and routes, and stop neither the apply nor the undo.
func TestRefusedNextHopsAreToldOf(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	mode := func(mode string) host.Host {
		b := with(bond("bond0", "eth0"), "192.168.0.2/24")
		b.Bond.Mode = mode
		return hostWith(card("eth0"), card("eth1"), b)
	}
	apply(t, mode("active-backup"))
	ip(t, objects("bond0")...)
	end := mode("balance-xor")
	p, _ := planOf(t, end)
	r := backend.ApplyRequest{Setup: backend.Setup{Host: end}, Operations: p.Operations}
	a := netlink.New().(backend.Applier)
	shot, err := a.Snapshot(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	summary := make(map[string]string)
	for _, o := range p.Operations {
		summary[o.ID] = o.Summary
	}
	var warned []string
	err = a.Apply(t.Context(), r, func(p backend.Progress) {
		if p.Done && strings.HasPrefix(summary[p.Operation], "wait until bond0 has had a carrier") {
			plug(t, "down", "0")
		}
		if p.Warning != "" {
			warned = append(warned, p.Warning)
		}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, words(p))
	}
	mustTell(t, warned, "id 5 ", "id 6 ", "id 7 ", "id 3 ", "10.5.0.0/16", "10.3.0.0/16", "10.4.0.0/16", "2001:db8:6::/64")
	if left, changes := planOf(t, end); len(changes) > 0 {
		t.Errorf("the second plan is not empty: %+v\n%s", changes, words(left))
	}
	warned = nil
	plug(t, "up", "1")
	pulling := &looking{Context: t.Context(), f: func(n int) {
		if n == 3 { // after the messages and the wait for a carrier
			plug(t, "down", "0")
		}
	}}
	if err := backend.Restore(pulling, a, shot, func(text string) { warned = append(warned, text) }); err != nil {
		t.Fatalf("restore: %v", err)
	}
	mustTell(t, warned, "id 5 ", "id 6 ", "id 7 ", "id 3 ")
}

// TestNextHopsLostInPassingAreBack: what goes while an undo is under way, which its
// plan does not foresee, is there at its end.
func TestNextHopsLostInPassingAreBack(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	const address, via = "192.168.0.2/24", "192.168.0.1"
	apply(t, starts()["eth0"])
	ip(t, objects("eth0")...)
	before := told(t)
	shot := apply(t, hostWith(card("eth0"), gateway(with(card("eth1"), address), via)))
	lost := 0
	losing := &looking{Context: t.Context(), f: func(int) {
		if lost == 0 && strings.Contains(told(t), "id 5 via 192.168.0.1 dev eth0") {
			ip(t, "nexthop delete id 5", "nexthop delete id 6")
			lost++
		}
	}}
	if err := netlink.New().(backend.Applier).Restore(losing, shot); err != nil || lost == 0 {
		t.Fatalf("restore: %v, lost %d", err, lost)
	}
	if got := told(t); got != before {
		t.Errorf("got\n%s\nwant\n%s", got, before)
	}
}

// plug sets the switch's port to eth0 up or down and waits until bond0 knows.
func plug(t *testing.T, way, carrier string) {
	t.Helper()
	if out, err := exec.Command("ip", "-n", "peer", "link", "set", "w0", way).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for range 1000 {
		if b, err := os.ReadFile("/sys/class/net/bond0/carrier"); err == nil && strings.TrimSpace(string(b)) == carrier {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("bond0 does not get the carrier %s", carrier)
}

// looking is a context that calls f each time that it is asked whether it has ended,
// which is done before each stretch of messages and before each wait.
type looking struct {
	context.Context
	n int
	f func(n int)
}

func (l *looking) Err() error {
	l.n++
	l.f(l.n)
	return l.Context.Err()
}

// mustTell demands warnings of what is on bond0, and of nothing else.
func mustTell(t *testing.T, warned []string, wanted ...string) {
	t.Helper()
	got := strings.Join(warned, "\n")
	for _, want := range wanted {
		if !strings.Contains(got, want) {
			t.Errorf("nothing tells of %q", want)
		}
	}
	for _, w := range warned {
		if !strings.HasSuffix(w, "; it is left to the program that made it") || strings.Contains(w, "10.8.0.0/16") {
			t.Errorf("warned of %q", w)
		}
	}
	t.Logf("warned:\n%s", got)
}
