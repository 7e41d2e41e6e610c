package rtnl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/core/rehearse/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// connTo is a Conn, which does not wait between its dumps, to what serves the
// other end of its socket, until that end is closed, in the kernel's place.
func connTo(t *testing.T, serve func(fd int)) *Conn {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &Conn{fd: fds[0], buffer: make([]byte, 1<<18)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(fds[1])
	}()
	t.Cleanup(func() {
		c.Close()
		<-done // the number of a closed socket may be another's at once
		unix.Close(fds[1])
	})
	return c
}

// part is one message of a dump.
func part(kind, flags uint16, seq uint32, body string) []byte {
	b := appendMessage(nil, Request{Kind: kind, Body: []byte(body)}, seq)
	hostOrder.PutUint16(b[6:], flags|unix.NLM_F_MULTI)
	return b
}

// play answers each question with the next of the dumps, the last one again and
// again, and counts the questions.
func play(fd int, asked *atomic.Int64, dumps [][][]byte) {
	b := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(fd, b, 0)
		if err != nil || n < nlmsgHeader {
			return
		}
		seq := hostOrder.Uint32(b[8:])
		dump := dumps[min(int(asked.Add(1)), len(dumps))-1]
		for _, p := range dump {
			answer := slices.Clone(p)
			hostOrder.PutUint32(answer[8:], seq-hostOrder.Uint32(answer[8:]))
			if unix.Send(fd, answer, 0) != nil {
				return
			}
		}
	}
}

// TestInterruptedDumpIsReadAgain: whichever part of it says so; and nothing of
// it is used.
func TestInterruptedDumpIsReadAgain(t *testing.T) {
	const intr = unix.NLM_F_DUMP_INTR
	end := part(unix.NLMSG_DONE, 0, 0, "\x00\x00\x00\x00")
	whole := [][]byte{part(unix.RTM_NEWLINK, 0, 0, "one."), part(unix.RTM_NEWLINK, 0, 0, "two."), end}
	atFirst := [][]byte{part(unix.RTM_NEWLINK, intr, 0, "old."), part(unix.RTM_NEWLINK, 0, 0, "two."), end}
	atLast := [][]byte{part(unix.RTM_NEWLINK, 0, 0, "old."), part(unix.RTM_NEWLINK, intr, 0, "two."), end}
	atEnd := [][]byte{part(unix.RTM_NEWLINK, 0, 0, "old."), part(unix.NLMSG_DONE, intr, 0, "\x00\x00\x00\x00")}
	late := append([][]byte{part(unix.RTM_NEWLINK, intr, 1, "of the dump before")}, whole...)
	for name, tt := range map[string]struct {
		dumps [][][]byte
		asked int64
	}{
		"not interrupted":                     {[][][]byte{whole}, 1},
		"in the first part":                   {[][][]byte{atFirst, whole}, 2},
		"in the last part":                    {[][][]byte{atLast, whole}, 2},
		"at the end":                          {[][][]byte{atEnd, whole}, 2},
		"three times":                         {[][][]byte{atFirst, atEnd, atLast, whole}, 4},
		"a part of the one before comes late": {[][][]byte{atFirst, late}, 2},
		"as often as may be, but once":        {append(slices.Repeat([][][]byte{atEnd}, dumps-1), whole), dumps},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			c := connTo(t, func(fd int) { play(fd, &asked, tt.dumps) })
			var got []string
			err := c.dump(unix.RTM_GETLINK, nil, func(b []byte) error {
				got = append(got, string(b))
				return nil
			})
			if err != nil || asked.Load() != tt.asked || strings.Join(got, " ") != "one. two." {
				t.Errorf("%d questions brought %q (%v), want %d", asked.Load(), got, err, tt.asked)
			}
		})
	}
}

// TestDumpThatNeverSettles says what to do, and hands nothing on.
func TestDumpThatNeverSettles(t *testing.T) {
	never := [][][]byte{{part(unix.RTM_NEWLINK, unix.NLM_F_DUMP_INTR, 0, "old."), part(unix.NLMSG_DONE, 0, 0, "\x00\x00\x00\x00")}}
	var asked atomic.Int64
	c := connTo(t, func(fd int) { play(fd, &asked, never) })
	err := c.dump(unix.RTM_GETLINK, nil, func(b []byte) error { return fmt.Errorf("%q was handed on", b) })
	if !errors.Is(err, errInterrupted) || !strings.Contains(err.Error(), "12 times in a row; `ip monitor` shows what changes it: stop that, or try again later") {
		t.Errorf("got %v", err)
	}
	if n := asked.Load(); n != dumps {
		t.Errorf("%d questions, want %d", n, dumps)
	}
}

// relay stands between a Conn and the kernel, which hands a dump out in small
// parts, and calls between before each part but the first three: the kernel has
// the next one ready when it hands one out.
func relay(t *testing.T, fd int, between func()) {
	kernel, err := Dial()
	if err != nil {
		t.Error(err)
		return
	}
	defer kernel.Close()
	question, answer := make([]byte, 1<<16), make([]byte, 1<<12)
	for {
		n, _, err := unix.Recvfrom(fd, question, 0)
		if err != nil || n == 0 {
			return
		}
		if err := unix.Sendto(kernel.fd, question[:n], 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			t.Error(err)
			return
		}
		for parts, done := 0, false; !done; parts++ {
			if parts == 3 {
				between()
			}
			n, _, err := unix.Recvfrom(kernel.fd, answer, 0)
			if err == nil {
				err = unix.Send(fd, answer[:n], 0)
			}
			if err != nil {
				t.Error(err)
				return
			}
			done = hostOrder.Uint16(answer[4:]) == unix.NLMSG_DONE
		}
	}
}

// TestKernelInterruptsADump: the real kernel, whose links change in the middle of
// a dump, once and then each time.
func TestKernelInterruptsADump(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	k, err := Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	made := 0
	add := func() {
		made++
		r, err := Indexes{}.NewLink(fmt.Sprintf("d%d", made), 1000+made, &Link{Kind: "dummy"})
		if err != nil {
			t.Error(err)
			return
		}
		if results, err := k.Send([]Request{r}); err != nil || results[0] != nil {
			t.Errorf("make a link: %v %v", err, results)
		}
	}
	for range 50 {
		add()
	}
	var changes, most atomic.Int64
	most.Store(1)
	c := connTo(t, func(fd int) {
		relay(t, fd, func() {
			if changes.Load() < most.Load() {
				changes.Add(1)
				add()
			}
		})
	})
	g, x, err := c.Links()
	if err != nil || changes.Load() != 1 {
		t.Fatalf("after %d changes: %v", changes.Load(), err)
	}
	if len(g.Links) != len(x) || x["d1"] != 1001 || x["d51"] != 1051 {
		t.Errorf("%d links of %d names, d51 is %d", len(g.Links), len(x), x["d51"])
	}
	most.Store(1000)
	if _, _, err := c.Links(); !errors.Is(err, errInterrupted) || changes.Load() != 1+dumps {
		t.Errorf("after %d changes: %v", changes.Load(), err)
	}
}
