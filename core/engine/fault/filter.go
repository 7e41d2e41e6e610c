// Package fault stops a program at its system calls, so that a test can kill
// it there, let the call fail, or look at what is on the disk. It is for tests.
//
// A program that is to be stopped calls Main first of all. Run starts it so that
// the kernel asks before each call that is watched (seccomp_unotify(2)), also in
// every process that the program starts, and in their threads: what is asked is
// what the call is and who makes it, and the answer is a Verdict. It costs some
// ten microseconds a call, and needs root or user namespaces no more than a
// plain start does.
package fault

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// environment tells a program that it is watched: the numbers of the calls.
const environment = "LINKSPAN_FAULT_CALLS"

// The descriptors that Run and Main share.
const (
	listenerFD = 200 // of the filter, made by Main
	readyFD    = 3   // closed when the listener is there
	goFD       = 4   // read until Run has the listener
)

// Main is called at the very start of a program that Run may start. Elsewhere
// it returns at once. It leaves nothing in the environment.
func Main() {
	list := os.Getenv(environment)
	if list == "" {
		return
	}
	os.Unsetenv(environment)
	if err := install(list); err != nil {
		fmt.Fprintln(os.Stderr, "fault:", err)
		os.Exit(125)
	}
}

// install installs the filter in all threads and waits for Run.
func install(list string) error {
	var numbers []uint32
	for f := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(f, 10, 32)
		if err != nil {
			return err
		}
		numbers = append(numbers, uint32(n))
	}
	code := program(numbers)
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	flags := uintptr(unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_TSYNC |
		unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	if err := unix.Dup3(int(fd), listenerFD, unix.O_CLOEXEC); err != nil {
		return fmt.Errorf("dup3: %w", err)
	}
	if err := errors.Join(unix.Close(int(fd)), unix.Close(readyFD)); err != nil {
		return err
	}
	var b [1]byte
	for {
		if _, err := unix.Read(goFD, b[:]); !errors.Is(err, syscall.EINTR) {
			return errors.Join(err, unix.Close(goFD), unix.Close(listenerFD))
		}
	}
}

// program is the filter: ask for the calls of these numbers, allow all others
// (linux/filter.h; the number is at offset 0 of struct seccomp_data).
func program(numbers []uint32) []unix.SockFilter {
	out := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for i, n := range numbers {
		out = append(out, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(numbers) - i), K: n})
	}
	return append(out,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
}
