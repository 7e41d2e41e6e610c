package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/engine/fault"
	"linkspan/core/engine/journal"
	"linkspan/core/rehearse/lab"
)

// kernelFault is what happens at a call that sends to the kernel. One call carries
// many messages, which the kernel takes one after the other, also after one that it
// has refused (netlink_rcv_skb, net/netlink/af_netlink.c).
type kernelFault struct {
	name    string
	send    int // of the netlink plugin, from 1
	verdict fault.Verdict
	message int    // this one of its messages is of a kind that the kernel does not know, from 1
	vanish  string // a device that an operator deletes in that moment
	program bool   // the program is killed, and not its plugin
	again   bool   // the program is killed as it puts everything back
}

func (f kernelFault) String() string {
	if f.message > 0 {
		return fmt.Sprintf("%s at send %d, message %d", f.name, f.send, f.message)
	}
	return fmt.Sprintf("%s at send %d", f.name, f.send)
}

// rowKernelRefuses kills the netlink plugin at calls that send to the kernel, or
// the program, lets such calls fail or single messages in them, and lets a device
// vanish: in files and kernel it is the old state or the new one.
func rowKernelRefuses(t *testing.T) {
	if !lab.InsideFor(t, 20*time.Minute) {
		return
	}
	liveHost(t)
	mustLive(t, applyLive("before")...)
	before := liveState(t)
	var sends []int // the messages that each carries
	reading := 0    // those before anything is changed
	onKernel(t, atSend(t, "plugin netlink", func(_ int, messages [][]byte) fault.Verdict {
		if sends = append(sends, len(messages)); !acting(t, 2) {
			reading = len(sends)
		}
		return fault.Verdict{}
	}), applyLive("after")...)
	after := liveState(t)
	mustLive(t, "rollback", "-auto-approve")
	t.Logf("the netlink plugin sends %d times, %d of them before anything is changed, then with %d messages", len(sends), reading, sends[reading:])
	if reading == 0 || slices.Max(sends[reading:]) < 5 || after == before || liveState(t) != before {
		t.Fatalf("rolled back, it is\n%s", difference(liveState(t), before))
	}
	faults := kernelFaults(sends, reading)
	old := 0
	for _, f := range faults {
		wasOld, err := settle(t, onKernel(t, f.decide(t), applyLive("after")...), before, after)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		if wasOld {
			old++
		}
	}
	t.Logf("%d faults; %d ended old, the others new", len(faults), old)
}

// kernelFaults are a sample of all faults, or all.
func kernelFaults(sends []int, reading int) []kernelFault {
	var all []kernelFault
	// The call after the one that changes everything reads the links again.
	seen := slices.Index(sends, slices.Max(sends)) + 2
	for i, messages := range sends {
		n := i + 1
		all = append(all, kernelFault{name: "the plugin is killed", send: n, verdict: fault.Verdict{Kill: true}}, kernelFault{name: "the program is killed", send: n, program: true})
		for _, errno := range []syscall.Errno{syscall.ENOBUFS, syscall.EBUSY, syscall.ENODEV, syscall.ENOMEM, syscall.EPERM} {
			all = append(all, kernelFault{name: errno.Error(), send: n, verdict: fault.Verdict{Errno: errno}})
		}
		if n <= reading { // before anything is planned, it would be another plan
			continue
		}
		for _, device := range []string{"xenbr0", "bond0.3"} { // one that is changed, one that is new
			if n <= seen { // what goes when it has been read again goes after the apply
				all = append(all, kernelFault{name: device + " vanishes", send: n, vanish: device})
			}
		}
		for m := 1; m <= messages; m++ {
			all = append(all, kernelFault{name: "refused", send: n, message: m}, kernelFault{name: "refused, and the undo is killed", send: n, message: m, again: true})
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	// A sample has the one that a fault was found with.
	bridge := slices.IndexFunc(all, func(f kernelFault) bool { return f.vanish == "xenbr0" })
	all[0], all[bridge] = all[bridge], all[0]
	if n := max(1, share()/10); share() > 0 && n < len(all) { // each costs seconds in that kernel
		all = all[:n]
	}
	return all
}

// decide makes the fault.
func (f kernelFault) decide(t *testing.T) func(fault.Call) fault.Verdict {
	made, program := false, 0
	plugin := atSend(t, "plugin netlink", func(n int, messages [][]byte) fault.Verdict {
		if n != f.send {
			return fault.Verdict{}
		}
		made = true
		if f.vanish != "" {
			exec.Command("ip", "link", "delete", f.vanish).Run() // a new one may not be there yet
		}
		if f.program {
			if err := syscall.Kill(program, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
		if f.message == 0 {
			return f.verdict
		}
		const unknown = 999 // far above RTM_MAX (linux/rtnetlink.h)
		binary.NativeEndian.PutUint16(messages[f.message-1][4:], unknown)
		return fault.Verdict{Data: bytes.Join(messages, nil)}
	})
	undo := atSend(t, "program", func(int, [][]byte) fault.Verdict { return fault.Verdict{Kill: f.again && made} })
	return func(c fault.Call) fault.Verdict {
		if c.Role == "program" {
			program = c.PID
			return undo(c)
		}
		return plugin(c)
	}
}

// atSend counts the calls with which a process sends to the kernel: the plugins'
// protocol writes, and does not send.
func atSend(t *testing.T, role string, verdict func(n int, messages [][]byte) fault.Verdict) func(fault.Call) fault.Verdict {
	n := 0
	return func(c fault.Call) fault.Verdict {
		if c.Role != role || c.Name != "sendto" {
			return fault.Verdict{}
		}
		n++
		data, err := c.Data()
		if err != nil {
			t.Error(err)
		}
		return verdict(n, netlinkMessages(data))
	}
}

// netlinkMessages splits what is sent at struct nlmsghdr's (linux/netlink.h).
func netlinkMessages(data []byte) [][]byte {
	var out [][]byte
	for len(data) >= unix.NLMSG_HDRLEN {
		n := int(binary.NativeEndian.Uint32(data)+unix.NLMSG_ALIGNTO-1) &^ (unix.NLMSG_ALIGNTO - 1)
		n = min(max(n, unix.NLMSG_HDRLEN), len(data))
		out, data = append(out, data[:n]), data[n:]
	}
	return out
}

// acting reports whether a run has begun to change the kernel.
func acting(t *testing.T, run int) bool {
	t.Helper()
	text, err := os.ReadFile(journal.In("/var/lib/linkspan").Path(run, "journal"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Contains(string(text), `"step":"backend netlink"`)
}

// settle wants the old state or the new one after at most one recover, and makes
// it the old one again.
func settle(t *testing.T, out ending, before, after string) (old bool, err error) {
	t.Helper()
	now := liveState(t)
	if now != before && now != after {
		again := onKernel(t, nil, "recover")
		if now = liveState(t); again.code != 0 || now != before && now != after {
			return false, fmt.Errorf("it ended with %d:\n%s\nrecover with %d:\n%s\n%s", out.code, out.said, again.code, again.said, difference(now, before))
		}
	}
	if out.code == 0 && now != after {
		return false, fmt.Errorf("it says that it is done, and is not:\n%s", difference(now, after))
	}
	if now == before {
		return true, nil
	}
	must := mustLive(t, "rollback", "-auto-approve")
	if now := liveState(t); now != before {
		return false, fmt.Errorf("rolled back, it is not as before:\n%s\n%s", must, difference(now, before))
	}
	return false, nil
}
