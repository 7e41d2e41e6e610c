package script

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// What a script may print.
const (
	maxShown   = 64 << 10 // bytes that are shown
	maxPrinted = 8 << 20  // bytes after which it is killed
	maxLine    = 1 << 10
)

// said is what a script prints and logs: it passes lines on, up to maxShown
// bytes, and keeps the beginning of what a dying process says.
type said struct {
	mu      sync.Mutex
	log     func(string)
	tooMuch func(error)
	line    bytes.Buffer
	dying   []string // lines of the Go runtime: "fatal error: …"
	last    string
	shown   int
	printed int
}

// Write takes what is printed, all of it.
func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.count(len(p)) {
		return len(p), nil
	}
	rest := p
	for len(rest) > 0 {
		line, after, end := bytes.Cut(rest, []byte("\n"))
		s.line.Write(line[:min(len(line), maxLine-min(maxLine, s.line.Len()))])
		if end {
			s.flush()
		}
		rest = after
	}
	return len(p), nil
}

// logged takes a message of hook.Env.Log, which may have several lines.
func (s *said) logged(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.count(len(text)) {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		s.show(line[:min(len(line), 4*maxLine)])
	}
}

// count ends a script that says too much.
func (s *said) count(n int) bool {
	if s.printed += n; s.printed > maxPrinted {
		s.tooMuch(fmt.Errorf("it printed more than %d MiB", maxPrinted>>20))
		return false
	}
	return true
}

// finish shows a last line without an end.
func (s *said) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flush()
}

func (s *said) flush() {
	line := strings.TrimRight(s.line.String(), " \r\t")
	s.line.Reset()
	if line == "" {
		return
	}
	s.last = line
	if deathCry(line) {
		if len(s.dying) < 4 {
			s.dying = append(s.dying, line)
		}
	}
	s.show(line)
}

func (s *said) show(line string) {
	before := s.shown
	if s.shown += len(line) + 1; s.shown <= maxShown {
		s.log(line)
	} else if before <= maxShown {
		s.log("(it prints more than is shown)")
	}
}

// deathCry reports whether the Go runtime, or its part in C, begins its last words
// like this.
func deathCry(line string) bool {
	for _, beginning := range []string{"fatal error: ", "runtime: ", "runtime/cgo: ", "panic: "} {
		if strings.HasPrefix(line, beginning) {
			return true
		}
	}
	return false
}

// reason says why a process died that nobody has killed, from what it said.
func (s *said) reason(wait error) string {
	all := strings.Join(s.dying, "\n")
	switch {
	case strings.Contains(all, "pthread_create failed"): // mostly for want of room for the thread's stack
		return fmt.Sprintf("it took more than %d MiB of memory, or more than %d threads", maxMemory>>20, maxThreads)
	case strings.Contains(all, "out of memory"), strings.Contains(all, "cannot allocate"):
		return fmt.Sprintf("it took more than %d MiB of memory", maxMemory>>20)
	case strings.Contains(all, "stack overflow"), strings.Contains(all, "goroutine stack exceeds"):
		return fmt.Sprintf("its calls nest too deep (more than %d MiB of stack)", maxStack>>20)
	case strings.Contains(all, "all goroutines are asleep"):
		return "it waits for itself (a deadlock)"
	case len(s.dying) > 0:
		return s.dying[0]
	case s.last != "":
		return s.last
	case wait == nil:
		wait = errors.New("it ended without a result")
	}
	return wait.Error()
}
