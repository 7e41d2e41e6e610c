package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/hook"
)

// serveArgument is the word after the program's name that makes it a script's
// process.
const serveArgument = "script-serve"

// The process's ends of the two pipes.
const (
	fdIn  = 3
	fdOut = 4
)

// ServeIfAsked runs a script if the command line is that of one:
// PROGRAM script-serve. The program, and a test binary, call it first.
func ServeIfAsked() bool {
	if len(os.Args) != 2 || os.Args[1] != serveArgument {
		return false
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

// serve does one call after the other until the program has no more.
func serve() error {
	if err := limitSpace(); err != nil {
		return fmt.Errorf("limits of a script: %w", err)
	}
	p := &pipe{in: json.NewDecoder(os.NewFile(fdIn, "in")), out: json.NewEncoder(os.NewFile(fdOut, "out"))}
	var r request
	if err := p.in.Decode(&r); err != nil {
		return errors.New("linkspan runs scripts with this command; people use `linkspan hooks`")
	}
	if err := limitTime(r.CPU); err != nil {
		return fmt.Errorf("limits of a script: %w", err)
	}
	s := load(r, p)
	for {
		var c call
		if p.in.Decode(&c) != nil {
			return nil // the program has no more
		}
		p.tell(s.do(c))
	}
}

// Limits of a script's process.
const (
	maxMemory    = 512 << 20 // bytes of data
	maxAddresses = 4 << 30   // bytes of addresses, which bounds data before Linux 4.7
	maxStack     = 64 << 20  // bytes of one goroutine's stack
	maxFiles     = 32
	maxThreads   = 64 // and processes
)

type rlimit struct {
	resource int
	value    uint64
}

// limitSpace bounds the process from within, before any of the script is read.
func limitSpace() error {
	debug.SetMaxStack(maxStack)
	debug.SetMemoryLimit(maxMemory / 2)
	limits := []rlimit{{unix.RLIMIT_DATA, maxMemory}, {unix.RLIMIT_AS, maxAddresses}, {unix.RLIMIT_NOFILE, maxFiles}, {unix.RLIMIT_FSIZE, 0}, {unix.RLIMIT_CORE, 0}}
	if os.Geteuid() == scriptUser { // another user's own processes would count
		limits = append(limits, rlimit{unix.RLIMIT_NPROC, maxThreads})
	}
	for _, l := range limits {
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			return err
		}
	}
	// The two calls must be made by one thread; the second takes all others along.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return confine()
}

// limitTime bounds the time on a processor.
func limitTime(d time.Duration) error {
	if d == 0 {
		return nil
	}
	seconds := uint64(d/time.Second) + 1
	return unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: seconds, Max: seconds})
}

// pipe speaks with the program.
type pipe struct {
	mu  sync.Mutex
	in  *json.Decoder
	out *json.Encoder
}

func (p *pipe) tell(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out.Encode(m) != nil {
		os.Exit(1) // the program is gone
	}
}

func (p *pipe) ask(m message) reply {
	p.mu.Lock()
	defer p.mu.Unlock()
	var r reply
	if p.out.Encode(m) != nil || p.in.Decode(&r) != nil {
		os.Exit(1) // the program is gone
	}
	return r
}

// done is the end of a call.
func done(err error) message {
	m := message{Op: "done"}
	if err != nil {
		m.Error = err.Error()
		m.Denied = denials(err)
	}
	return m
}

// denials finds every Denied in an error and those it wraps.
func denials(err error) []denial {
	switch e := err.(type) {
	case *hook.Denied:
		return []denial{{e.Path, e.Detail}}
	case interface{ Unwrap() []error }:
		var out []denial
		for _, sub := range e.Unwrap() {
			out = append(out, denials(sub)...)
		}
		return out
	case interface{ Unwrap() error }:
		if sub := e.Unwrap(); sub != nil {
			return denials(sub)
		}
	}
	return nil
}
