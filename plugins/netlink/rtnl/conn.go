// Package rtnl speaks rtnetlink: a network namespace as a value, and the
// messages that read and change it. It decides nothing.
//
// Several messages go to the kernel in one system call, each answer is matched
// to its message and carries the kernel's extended text, and a dump that a
// change has interrupted is read again.
package rtnl

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	nl "github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Conn is one rtnetlink socket. It is used by one goroutine at a time.
type Conn struct {
	fd     int
	seq    uint32
	buffer []byte
	wait   time.Duration // before an interrupted dump is read again; it doubles each time
}

// Dial opens a socket in the namespace of the calling thread.
func Dial() (*Conn, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open an rtnetlink socket: %w", err)
	}
	c := &Conn{fd: fd, buffer: make([]byte, 1<<18), wait: time.Millisecond}
	if err := c.set(); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("prepare the rtnetlink socket: %w", err)
	}
	return c, nil
}

func (c *Conn) set() error {
	if err := unix.Bind(c.fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	for _, o := range []int{unix.NETLINK_EXT_ACK, unix.NETLINK_CAP_ACK, unix.NETLINK_GET_STRICT_CHK} {
		// Kernels before 4.12, 4.2 and 4.20 lack one; their answers are poorer, not wrong.
		if err := unix.SetsockoptInt(c.fd, unix.SOL_NETLINK, o, 1); err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
			return err
		}
	}
	for _, o := range []int{unix.SO_RCVBUF, unix.SO_SNDBUF} {
		if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, o, 4<<20); err != nil {
			return err
		}
	}
	limit := unix.NsecToTimeval((30 * time.Second).Nanoseconds())
	return unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit)
}

// Close closes the socket.
func (c *Conn) Close() { unix.Close(c.fd) }

// Request is one message to the kernel, without its header.
type Request struct {
	Kind  uint16 // RTM_*
	Flags uint16 // NLM_F_* beyond REQUEST and ACK
	Body  []byte
}

// Error is the kernel's refusal of one request.
type Error struct {
	errno unix.Errno
	text  string // the extended message; "" when it gave none
}

func (e *Error) Error() string {
	if e.text != "" {
		return e.errno.Error() + " (" + e.text + ")"
	}
	return e.errno.Error()
}

func (e *Error) Unwrap() error { return e.errno }

// batchBytes is how much goes to the kernel in one sendmsg. The kernel handles
// all of it before the call returns.
const batchBytes = 1 << 16

// Send sends requests in as few system calls as it can and returns one result
// for each, in order. Only the last of a batch asks for an acknowledgement: the
// kernel handles one message after the other and answers to each that it refuses,
// asked or not (net/netlink/af_netlink.c, netlink_rcv_skb), so that those without
// an answer before the last one's are done.
func (c *Conn) Send(requests []Request) ([]error, error) {
	results := make([]error, len(requests))
	for at := 0; at < len(requests); {
		n := fits(requests[at:])
		if n == 0 {
			return nil, fmt.Errorf("a message of %d bytes is too long", len(requests[at].Body))
		}
		first := c.seq + 1
		var frame []byte
		for i, r := range requests[at : at+n] {
			if i == n-1 {
				r.Flags |= unix.NLM_F_ACK
			}
			c.seq++
			frame = appendMessage(frame, r, c.seq)
		}
		if err := unix.Sendto(c.fd, frame, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
			return nil, fmt.Errorf("send to the kernel: %w", err)
		}
		if err := c.answers(first, results[at:at+n]); err != nil {
			return nil, err
		}
		at += n
	}
	return results, nil
}

// fits counts how many of the requests go to the kernel together: the refusal of
// each must fit the receive buffer.
func fits(requests []Request) int {
	n, size := 0, 0
	for ; n < min(len(requests), 256); n++ {
		if size += nlmsgHeader + len(requests[n].Body); size >= batchBytes {
			break
		}
	}
	return n
}

const nlmsgHeader = unix.SizeofNlMsghdr

func appendMessage(b []byte, r Request, seq uint32) []byte {
	b = hostOrder.AppendUint32(b, uint32(nlmsgHeader+len(r.Body)))
	b = hostOrder.AppendUint16(b, r.Kind)
	b = hostOrder.AppendUint16(b, r.Flags|unix.NLM_F_REQUEST)
	b = hostOrder.AppendUint32(b, seq)
	b = hostOrder.AppendUint32(b, 0)
	b = append(b, r.Body...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// answers receives what the kernel says of a batch, up to the answer to its last
// message.
func (c *Conn) answers(first uint32, results []error) error {
	last := first + uint32(len(results)) - 1
	for done := false; !done; {
		n, _, err := unix.Recvfrom(c.fd, c.buffer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("receive from the kernel: %w", err)
		}
		err = messages(c.buffer[:n], func(h header, body []byte) error {
			at := h.seq - first
			if h.kind != unix.NLMSG_ERROR || at >= uint32(len(results)) {
				return nil // an answer to a request that was given up
			}
			results[at] = acknowledgement(h, body)
			done = h.seq == last
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type header struct {
	kind, flags uint16
	seq         uint32
}

// messages walks over the messages of one datagram.
func messages(b []byte, each func(header, []byte) error) error {
	for len(b) >= nlmsgHeader {
		n := int(hostOrder.Uint32(b))
		if n < nlmsgHeader || n > len(b) {
			return fmt.Errorf("netlink message says it has %d of %d bytes", n, len(b))
		}
		h := header{hostOrder.Uint16(b[4:]), hostOrder.Uint16(b[6:]), hostOrder.Uint32(b[8:])}
		if err := each(h, b[nlmsgHeader:n]); err != nil {
			return err
		}
		b = b[min(len(b), (n+3)&^3):]
	}
	return nil
}

// acknowledgement reads an NLMSG_ERROR: nil, or the kernel's refusal.
func acknowledgement(h header, body []byte) error {
	if len(body) < 4 {
		return fmt.Errorf("acknowledgement of %d bytes: too short", len(body))
	}
	code := -int32(hostOrder.Uint32(body))
	if code == 0 {
		return nil
	}
	e := &Error{errno: unix.Errno(code)}
	skip := 4 + nlmsgHeader // the header of the request, capped
	if h.flags&unix.NLM_F_ACK_TLVS == 0 || len(body) < skip {
		return e
	}
	if ad, err := nl.NewAttributeDecoder(body[skip:]); err == nil {
		for ad.Next() {
			if ad.Type() == unix.NLMSGERR_ATTR_MSG {
				e.text = strings.TrimSuffix(ad.String(), ".")
			}
		}
	}
	return e
}

var errInterrupted = errors.New("what the kernel has changed while it was read")

// dumps is how often a dump is tried: for two seconds and the time that it takes.
const dumps = 12

// dump asks for everything of a kind. A dump that was interrupted by a change
// (NLM_F_DUMP_INTR, which a kernel sets in the parts after it) is read again; what
// came of it is not used.
func (c *Conn) dump(kind uint16, body []byte, each func([]byte) error) error {
	wait := c.wait
	for try := range dumps {
		if try > 0 {
			time.Sleep(wait)
			wait *= 2
		}
		var bodies [][]byte
		err := c.dumpOnce(kind, body, func(b []byte) { bodies = append(bodies, append([]byte(nil), b...)) })
		if errors.Is(err, errInterrupted) {
			continue
		}
		if err != nil {
			return err
		}
		for _, b := range bodies {
			if err := each(b); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("read from the kernel: %w, %d times in a row; `ip monitor` shows what changes it: stop that, or try again later", errInterrupted, dumps)
}

func (c *Conn) dumpOnce(kind uint16, body []byte, each func([]byte)) error {
	c.seq++
	frame := appendMessage(nil, Request{Kind: kind, Flags: unix.NLM_F_DUMP, Body: body}, c.seq)
	if err := unix.Sendto(c.fd, frame, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("send to the kernel: %w", err)
	}
	interrupted, done := false, false
	for !done {
		n, _, err := unix.Recvfrom(c.fd, c.buffer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("receive from the kernel: %w", err)
		}
		err = messages(c.buffer[:n], func(h header, b []byte) error {
			if h.seq != c.seq {
				return nil
			}
			interrupted = interrupted || h.flags&unix.NLM_F_DUMP_INTR != 0
			switch h.kind {
			case unix.NLMSG_DONE:
				done = true
			case unix.NLMSG_ERROR:
				done = true
				return acknowledgement(h, b)
			default:
				each(b)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if interrupted {
		return errInterrupted
	}
	return nil
}

// InNamespace runs fn on a thread that is in the named network namespace; ""
// is the present one. The thread ends with fn, so that no other goroutine ever
// finds itself in the wrong namespace.
func InNamespace(name string, fn func() error) error {
	if name == "" {
		return fn()
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread is thrown away
		ns, err := os.Open("/run/netns/" + name)
		if err != nil {
			done <- fmt.Errorf("network namespace %q: %w", name, err)
			return
		}
		defer ns.Close()
		if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("enter network namespace %q: %w", name, err)
			return
		}
		done <- fn()
	}()
	return <-done
}
