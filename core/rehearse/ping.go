package rehearse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Times of the measurement.
const (
	period = 2 * time.Millisecond   // between two questions to one target
	margin = 200 * time.Millisecond // measured after the change, at least
	// marginBefore is how long it is asked who answers before the change.
	marginBefore = 100 * time.Millisecond
	// marginAsked is how many questions the margin has at least: where the machine
	// lets the kernel stand still, 200 ms may have none.
	marginAsked = 50
	// lateAfter is how many questions are asked before an answer is too late and
	// its question lost: those of a second. It is counted in questions and not in
	// time, because the time in which the whole kernel stood still delays nobody.
	lateAfter = 500
	// restTimes is how much longer than asking and hearing took it waits before it
	// asks again.
	// On a machine that is slow, those that ask would else leave no time to
	// anybody else, among them the kernel's thread that handles frames.
	restTimes = 5
	mostRest  = 20 * time.Millisecond
	// patience bounds waits for the peer itself to get the processor.
	patience = 30 * time.Second
)

// pinger asks targets from one namespace for echoes, each every 2 ms. It keeps
// to one thread; more of them would disturb one another on the one processor
// that the kernel has.
type pinger struct {
	targets []target
	fds     [2]int // IPv4, IPv6
	stop    chan struct{}
	done    chan struct{}

	mu    sync.Mutex
	asked [][]question // by target, in order
	err   error
}

// question is one echo request and its answer.
type question struct {
	sent     time.Time
	answered bool
	behind   int // questions asked between this one and its answer
}

func (q *question) lost() bool { return !q.answered || q.behind > lateAfter }

// startPinger begins to ask from the namespace.
func startPinger(ns netns.NsHandle, targets []target) (*pinger, error) {
	p := &pinger{targets: targets, stop: make(chan struct{}), done: make(chan struct{}), asked: make([][]question, len(targets))}
	ready := make(chan error)
	go func() {
		defer close(p.done)
		runtime.LockOSThread() // thrown away with its namespace
		err := p.open(ns)
		ready <- err
		if err == nil {
			p.run()
		}
	}()
	return p, <-ready
}

func (p *pinger) open(ns netns.NsHandle) error {
	if err := netns.Set(ns); err != nil {
		return fmt.Errorf("enter the namespace of the peer: %w", err)
	}
	if err := goFirst(); err != nil {
		return err
	}
	var err error
	if p.fds[0], err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMP); err != nil {
		return fmt.Errorf("open a socket for ICMP: %w", err)
	}
	if p.fds[1], err = unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, unix.IPPROTO_ICMPV6); err != nil {
		return fmt.Errorf("open a socket for ICMPv6: %w", err)
	}
	return nil
}

func (p *pinger) run() {
	defer unix.Close(p.fds[0])
	defer unix.Close(p.fds[1])
	buffer, next, begin := make([]byte, 2048), time.Now(), time.Now()
	busy := time.Duration(0) // since it last began to ask, without waits
	for {
		select {
		case <-p.stop:
			return
		default:
		}
		if now := time.Now(); !now.Before(next) {
			next = now.Add(max(period, min(restTimes*busy, mostRest)))
			busy = 0
			for i := range p.targets {
				p.ask(i)
			}
		}
		busy += time.Since(begin)
		p.wait(time.Until(next))
		begin = time.Now()
		p.hear(0, buffer)
		p.hear(1, buffer)
	}
}

// wait sleeps until something has come or the time is over.
func (p *pinger) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	fds := []unix.PollFd{{Fd: int32(p.fds[0]), Events: unix.POLLIN}, {Fd: int32(p.fds[1]), Events: unix.POLLIN}}
	t := unix.NsecToTimespec(int64(d))
	_, _ = unix.Ppoll(fds, &t, nil) // interrupted: the loop goes on
}

// ask sends one echo request (RFC 792, RFC 4443): the identifier is the
// target's number, the payload the question's.
func (p *pinger) ask(i int) {
	to := p.targets[i].To
	b := make([]byte, 16)
	p.mu.Lock()
	binary.BigEndian.PutUint16(b[4:], uint16(i+1))
	binary.BigEndian.PutUint64(b[8:], uint64(len(p.asked[i])))
	p.asked[i] = append(p.asked[i], question{sent: time.Now()})
	p.mu.Unlock()
	if to.Is6() {
		b[0] = 128
		_ = unix.Sendto(p.fds[1], b, 0, &unix.SockaddrInet6{Addr: to.As16()}) // a refusal is a loss
		return
	}
	b[0] = 8
	binary.BigEndian.PutUint16(b[2:], checksum(b))
	_ = unix.Sendto(p.fds[0], b, 0, &unix.SockaddrInet4{Addr: to.As4()})
}

// checksum is that of RFC 1071, of an even number of bytes.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// hear takes the answers that have come. IPv4 gives them with their header.
func (p *pinger) hear(family int, buffer []byte) {
	for {
		n, _, err := unix.Recvfrom(p.fds[family], buffer, 0)
		if err != nil {
			return
		}
		b, reply := buffer[:n], byte(129)
		if family == 0 {
			if n < 20 || n < int(b[0]&15)*4 {
				continue
			}
			b, reply = b[int(b[0]&15)*4:], 0
		}
		if len(b) >= 16 && b[0] == reply {
			p.note(int(binary.BigEndian.Uint16(b[4:]))-1, binary.BigEndian.Uint64(b[8:]))
		}
	}
}

func (p *pinger) note(i int, number uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i < 0 || i >= len(p.asked) || number >= uint64(len(p.asked[i])) {
		return
	}
	if q := &p.asked[i][number]; !q.answered {
		q.answered, q.behind = true, len(p.asked[i])-1-int(number)
	}
}

// end stops the pinger.
func (p *pinger) end() {
	select {
	case <-p.done:
	default:
		close(p.stop)
		<-p.done
	}
}

// answers reports whether a target has answered since then.
func (p *pinger) answers(i int, since time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.asked[i]) - 1; n >= 0 && p.asked[i][n].sent.After(since); n-- {
		if p.asked[i][n].answered {
			return true
		}
	}
	return false
}

// hasAsked reports whether every target has been asked so often since then.
func (p *pinger) hasAsked(times int, since time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, asked := range p.asked {
		if n := len(asked) - times; n < 0 || !asked[n].sent.After(since) {
			return false
		}
	}
	return true
}

// measure counts the questions that were sent from then to then.
func (p *pinger) measure(i int, from, to time.Time) Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stream{Kind: p.targets[i].Kind, Name: p.targets[i].Name}
	var answered, asked time.Time // when the last answered question, and the last one, was sent
	lost := false
	for _, q := range p.asked[i] {
		if q.sent.Before(from) || q.sent.After(to) {
			continue
		}
		if s.Sent++; !asked.IsZero() {
			s.Pause = max(s.Pause, q.sent.Sub(asked))
		}
		asked = q.sent
		if q.lost() {
			s.lose(q.sent, lost)
			lost = true
			continue
		}
		if lost && !answered.IsZero() {
			s.Gap = max(s.Gap, q.sent.Sub(answered))
		}
		answered, lost = q.sent, false
	}
	if lost && !answered.IsZero() {
		s.Gap = max(s.Gap, to.Sub(answered))
	}
	return s
}

// mostLosses bounds how many stretches of losses are told of one stream.
const mostLosses = 5

// lose counts a packet; again says that the one before it was lost too.
func (s *Stream) lose(at time.Time, again bool) {
	s.Lost++
	switch n := len(s.Losses); {
	case again && n > 0:
		s.Losses[n-1].Lost++
	case n < mostLosses:
		s.Losses = append(s.Losses, Loss{at: at, Lost: 1})
	}
}

// waits reports whether a question that was sent until then may still be
// answered in time.
func (p *pinger) waits(until time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, asked := range p.asked {
		for n := len(asked) - 1; n >= 0 && n >= len(asked)-1-lateAfter; n-- {
			if q := asked[n]; !q.answered && !q.sent.After(until) {
				return true
			}
		}
	}
	return false
}

// errSilent says that a target has not answered in time.
var errSilent = errors.New("no answer")

// reach asks until an address has answered, for at most the time given.
func reach(ns netns.NsHandle, to netip.Addr, within time.Duration) error {
	p, err := startPinger(ns, []target{{To: to}})
	if err != nil {
		return err
	}
	defer p.end()
	begin := time.Now()
	for time.Since(begin) < within {
		if p.answers(0, begin) {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errSilent
}
