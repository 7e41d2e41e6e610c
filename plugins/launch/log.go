package launch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode"
)

// lastLine passes a plugin's log on, bounded, and remembers its last line.
type lastLine struct {
	mu    sync.Mutex
	to    io.Writer
	name  string
	line  string
	n     int  // bytes so far
	fatal bool // line is the reason of its death
}

// maxLog bounds what one plugin may log, in bytes: a flood harms nobody.
const maxLog = 1 << 20

// maxLine is how much of one line is kept, in bytes.
const maxLine = 4 << 10

// drain reads a log to its end.
func (l *lastLine) drain(log io.Reader) error {
	r := bufio.NewReaderSize(log, maxLine)
	for {
		line, more, err := r.ReadLine()
		if err != nil {
			return err
		}
		l.add(string(line))
		for more && err == nil { // the rest of a long line
			_, more, err = r.ReadLine()
		}
	}
}

// add takes one line.
func (l *lastLine) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSpace(strings.Map(printable, line))
	if text == "" {
		return
	}
	if !l.fatal {
		l.line = text[:min(len(text), 500)]
		l.fatal = strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") // a Go program's last words, before their stack
	}
	before := l.n
	switch l.n += len(text); {
	case l.n <= maxLog:
		fmt.Fprintf(l.to, "%s: %s\n", l.name, text) // a log that cannot be written is no reason to stop
	case before <= maxLog:
		fmt.Fprintf(l.to, "%s: it has logged %d MiB; the rest is left out\n", l.name, maxLog>>20)
	}
}

// logReader gives go-plugin a log that is empty and ends when the plugin's
// does: the lines go to a lastLine as they are, which go-plugin would change.
type logReader struct {
	io.ReadCloser
	to *lastLine
}

// Read drains the log.
func (r logReader) Read([]byte) (int, error) { return 0, r.to.drain(r.ReadCloser) }

// printable keeps a plugin from writing on the operator's terminal whatever it
// likes.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

// quoted is the last line for the end of a message.
func (l *lastLine) quoted() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line == "" {
		return ", and wrote nothing to its log"
	}
	return ", its last log line: " + l.line
}

// firstLine gives go-plugin a standard output of one line, the handshake; what
// follows is the log's.
type firstLine struct {
	io.ReadCloser
	to   *lastLine
	buf  *bufio.Reader
	line []byte // what is left of the line
	told bool
}

func newFirstLine(out io.ReadCloser, to *lastLine) *firstLine {
	return &firstLine{ReadCloser: out, to: to, buf: bufio.NewReaderSize(out, maxLine)}
}

// Read gives the line, and then drains the rest.
func (f *firstLine) Read(p []byte) (int, error) {
	if !f.told {
		line, err := f.buf.ReadSlice('\n')
		f.told, f.line = true, bytes.Clone(line)
		if errors.Is(err, bufio.ErrBufferFull) { // no handshake is as long
			f.line, err = append(f.line, '\n'), nil
		}
		if err != nil && len(f.line) == 0 {
			return 0, err
		}
	}
	if len(f.line) > 0 {
		n := copy(p, f.line)
		f.line = f.line[n:]
		return n, nil
	}
	return 0, f.to.drain(f.buf)
}
