package netlink_test

import (
	"encoding/binary"
	"flag"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/host"
	"linkspan/core/rehearse/lab"
)

var zeroRuns = flag.Int("zero-runs", 1, "how often each way of the zero is gone")

// pinger asks an address every 2 ms from another namespace.
type pinger struct {
	to       netip.Addr
	stop     atomic.Bool
	done     chan struct{}
	answered []time.Time // by sequence number: zero when lost
	sent     []time.Time
	err      error
}

func startPinger(t *testing.T, netns, to string) *pinger {
	t.Helper()
	p := &pinger{to: netip.MustParseAddr(to), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		runtime.LockOSThread() // thrown away with its namespace
		p.err = p.run(netns)
	}()
	return p
}

func (p *pinger) run(netns string) error {
	ns, err := os.Open("/run/netns/" + netns)
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_NONBLOCK, unix.IPPROTO_ICMP)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	buffer, next := make([]byte, 2048), time.Now()
	id := uint16(p.to.As4()[3])
	var end time.Time
	for {
		if p.stop.Load() && end.IsZero() {
			end = time.Now().Add(300 * time.Millisecond)
		}
		if !end.IsZero() && time.Now().After(end) {
			return nil
		}
		if now := time.Now(); end.IsZero() && !now.Before(next) {
			p.ask(fd, id)
			next = now.Add(2 * time.Millisecond)
		}
		p.hear(fd, id, buffer)
		time.Sleep(200 * time.Microsecond)
	}
}

func (p *pinger) ask(fd int, id uint16) {
	b := make([]byte, 16)
	b[0] = 8
	binary.BigEndian.PutUint16(b[4:], id)
	binary.BigEndian.PutUint16(b[6:], uint16(len(p.sent)))
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	binary.BigEndian.PutUint16(b[2:], ^uint16(sum&0xffff+sum>>16))
	p.sent, p.answered = append(p.sent, time.Now()), append(p.answered, time.Time{})
	_ = unix.Sendto(fd, b, 0, &unix.SockaddrInet4{Addr: p.to.As4()}) // a refusal is a loss
}

func (p *pinger) hear(fd int, id uint16, b []byte) {
	for {
		n, _, err := unix.Recvfrom(fd, b, 0)
		if err != nil {
			return
		}
		if n < 28 || b[20] != 0 || binary.BigEndian.Uint16(b[24:]) != id {
			continue
		}
		if seq := int(binary.BigEndian.Uint16(b[26:])); seq < len(p.answered) {
			p.answered[seq] = time.Now()
		}
	}
}

// end stops the pinger and returns how many were sent and lost, and the
// longest time between two answers.
func (p *pinger) end(t *testing.T) (sent, lost int, gap time.Duration) {
	t.Helper()
	p.stop.Store(true)
	<-p.done
	if p.err != nil {
		t.Fatal(p.err)
	}
	last := time.Time{}
	for i, a := range p.answered {
		if a.IsZero() {
			lost++
			if lost == 1 {
				t.Logf("the first loss is %v after the start", p.sent[i].Sub(p.sent[0]))
			}
			continue
		}
		if !last.IsZero() {
			gap = max(gap, p.sent[i].Sub(last))
		}
		last = p.sent[i]
	}
	return len(p.sent), lost, gap
}

func TestNoPacketIsLostWithinTheVLAN(t *testing.T) {
	if !lab.InsideFor(t, time.Duration(3+*zeroRuns)*time.Minute) {
		return
	}
	world(t)
	for _, name := range []string{"eth0.2", "bond0.2"} {
		for range *zeroRuns {
			oneWay(t, name)
		}
	}
}

func oneWay(t *testing.T, name string) {
	start := starts()[name]
	var also []host.Interface
	if name == "eth0.2" {
		also = append(also, absent(vlan("eth0.2", "eth0", 2)))
	}
	back := start
	for _, i := range article().Interfaces {
		if _, kept := start.Interface(i.Name); !kept {
			back.Interfaces = append(back.Interfaces[:len(back.Interfaces):len(back.Interfaces)], absent(i))
		}
	}
	sortInterfaces(back.Interfaces)
	apply(t, start)
	time.Sleep(200 * time.Millisecond)
	for _, way := range []struct {
		name string
		to   host.Host
	}{{"there", article(also...)}, {"back", back}} {
		p := startPinger(t, "peer", "192.168.0.2")
		time.Sleep(300 * time.Millisecond)
		apply(t, way.to)
		time.Sleep(300 * time.Millisecond)
		sent, lost, gap := p.end(t)
		t.Logf("ZERO %s %s: %d sent, %d lost, longest gap %v", name, way.name, sent, lost, gap)
		if lost > 0 {
			t.Errorf("%s %s: %d of %d packets lost, longest gap %v", name, way.name, lost, sent, gap)
		}
	}
	apply(t, cleared(back))
}
