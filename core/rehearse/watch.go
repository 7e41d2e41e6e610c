package rehearse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// watcher notes what changes in the host's network, and when, as rtnetlink
// tells it: what was going on when a packet was lost.
type watcher struct {
	fd   int
	mu   sync.Mutex
	seen []event
}

type event struct {
	at      time.Time
	message syscall.NetlinkMessage
}

// startWatcher begins to watch the present namespace, with the same precedence
// as the pingers.
func startWatcher() (*watcher, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("watch the network: %w", err)
	}
	groups := uint32(unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV6_IFADDR | unix.RTMGRP_IPV4_ROUTE | unix.RTMGRP_IPV6_ROUTE)
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: groups}); err != nil {
		return nil, fmt.Errorf("watch the network: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20) // what does not fit is only not told
	w := &watcher{fd: fd}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := goFirst()
		ready <- err
		if err == nil {
			w.run()
		}
	}()
	return w, <-ready
}

// Priorities among what goes ahead of all programs (SCHED_FIFO).
const (
	askingFirst = 1 // those that ask, and the watcher
	framesFirst = 2 // the kernel's thread that handles frames
)

// goFirst gives this thread the processor ahead of all other programs, where it
// may: in namespaces of a kernel that others use too it may not.
func goFirst() error { return first(0, askingFirst) }

func first(pid int, priority uint32) error {
	attr := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: priority}
	if err := unix.SchedSetAttr(pid, &attr, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return fmt.Errorf("take the processor first: %w", err)
	}
	return nil
}

// framesGoFirst lets the kernel handle frames before anybody asks anew. It does
// so by itself until there are many; then a thread does that comes after all
// that has precedence, and frames that wait for it are thrown away when they
// are more than the queue holds: losses that no host has made.
func framesGoFirst() error {
	const queue = "/proc/sys/net/core/netdev_max_backlog"
	if err := os.WriteFile(queue, []byte("100000"), 0o644); err != nil && !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lengthen the queue of frames: %w", err)
	}
	found, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		return err
	}
	for _, path := range found {
		name, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(name), "ksoftirqd/") {
			continue // it may have ended
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return err
		}
		if err := first(pid, framesFirst); err != nil {
			return err
		}
	}
	return nil
}

func (w *watcher) run() {
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(w.fd, buffer, 0)
		if err != nil {
			continue // interrupted, or more than the socket holds
		}
		messages, err := syscall.ParseNetlinkMessage(append([]byte(nil), buffer[:n]...))
		if err != nil {
			continue
		}
		now := time.Now()
		w.mu.Lock()
		for _, m := range messages {
			w.seen = append(w.seen, event{now, m})
		}
		w.mu.Unlock()
	}
}

// around tells the changes before and after a time, as far as they are near.
func (w *watcher) around(at, since time.Time) (before, after string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	names := make(linkNames)
	n, _ := slices.BinarySearchFunc(w.seen, at, func(e event, t time.Time) int { return e.at.Compare(t) })
	if n > 0 && !w.seen[n-1].at.Before(since) {
		before = fmt.Sprintf("%s, %.1f ms before", w.seen[n-1].tell(names), at.Sub(w.seen[n-1].at).Seconds()*1000)
	}
	if n < len(w.seen) && w.seen[n].at.Sub(at) < time.Second {
		after = fmt.Sprintf("%s, %.1f ms after", w.seen[n].tell(names), w.seen[n].at.Sub(at).Seconds()*1000)
	}
	return before, after
}

// mostChanges bounds how many changes of a leg are kept.
const mostChanges = 2000

// since tells all changes since then, each with its time in milliseconds.
func (w *watcher) since(then time.Time) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	names := make(linkNames)
	for _, e := range w.seen {
		if e.at.Before(then) || len(out) == mostChanges {
			continue
		}
		out = append(out, fmt.Sprintf("%.1f %s", e.at.Sub(then).Seconds()*1000, e.tell(names)))
	}
	return out
}

// tell tells a message in a few words.
func (e event) tell(names linkNames) string {
	b := e.message.Data
	gone := map[bool]string{true: " gone"}
	switch e.message.Header.Type {
	case unix.RTM_NEWLINK, unix.RTM_DELLINK:
		l, err := netlink.LinkDeserialize(nil, b)
		if err != nil {
			return "a link changed"
		}
		a := l.Attrs()
		master := ""
		if a.MasterIndex != 0 {
			master = fmt.Sprintf(", master %s", names.of(a.MasterIndex))
		}
		return fmt.Sprintf("link %s%s: %s%s", a.Name, gone[e.message.Header.Type == unix.RTM_DELLINK], a.OperState, master)
	case unix.RTM_NEWADDR, unix.RTM_DELADDR:
		return fmt.Sprintf("address %s on %s%s", attributeAddress(b, unix.SizeofIfAddrmsg, unix.IFA_ADDRESS), names.of(int(binary.NativeEndian.Uint32(b[4:]))), gone[e.message.Header.Type == unix.RTM_DELADDR])
	case unix.RTM_NEWROUTE, unix.RTM_DELROUTE:
		table := ""
		if len(b) > 4 && b[4] == unix.RT_TABLE_LOCAL { // struct rtmsg, rtm_table
			table = " (local)"
		}
		on := ""
		if oif := attribute(b, unix.SizeofRtMsg, unix.RTA_OIF); len(oif) == 4 { // a route with several next hops has none
			on = " on " + names.of(int(binary.NativeEndian.Uint32(oif)))
		}
		return fmt.Sprintf("route to %s%s%s%s", attributeAddress(b, unix.SizeofRtMsg, unix.RTA_DST), on, table, gone[e.message.Header.Type == unix.RTM_DELROUTE])
	}
	return fmt.Sprintf("message %d", e.message.Header.Type)
}

// linkNames are the present names of links by index, each asked for once: a
// hundred questions would take a tenth of a second.
type linkNames map[int]string

func (n linkNames) of(index int) string {
	if name, known := n[index]; known {
		return name
	}
	n[index] = fmt.Sprintf("link %d", index) // it is gone
	if l, err := netlink.LinkByIndex(index); err == nil {
		n[index] = l.Attrs().Name
	}
	return n[index]
}

// attributeAddress finds an address among a message's attributes.
func attributeAddress(b []byte, header int, kind uint16) string {
	if a, ok := netip.AddrFromSlice(attribute(b, header, kind)); ok {
		return a.String()
	}
	return "default"
}

// attribute finds the content of one of a message's attributes; nil is none.
func attribute(b []byte, header int, kind uint16) []byte {
	for b = b[min(header, len(b)):]; len(b) >= unix.SizeofRtAttr; {
		length := int(binary.NativeEndian.Uint16(b))
		if length < unix.SizeofRtAttr || length > len(b) {
			break
		}
		if binary.NativeEndian.Uint16(b[2:]) == kind {
			return b[unix.SizeofRtAttr:length]
		}
		b = b[min((length+3)&^3, len(b)):]
	}
	return nil
}
