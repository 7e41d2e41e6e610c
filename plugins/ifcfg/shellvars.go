package ifcfg

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// document is a file of shell variables as the network scripts source it: what
// bash makes of it, and every byte of it. A CR before the line end is part of
// the value, as it is to bash. Editing changes the bytes of the
// values that change and nothing else.
type document struct {
	raw      []byte
	lines    []line
	problems []problem
}

// line is one line with the assignments on it.
type line struct {
	start, end  int // of the text, without the line end
	next        int // where the next line begins
	assignments []assignment
}

// assignment is one KEY=value.
type assignment struct {
	key, value string
	start, end int // of KEY=value
	valueStart int
	line       int // counted from 1
}

// problem is something that bash does and the author did not mean.
type problem struct {
	line   int
	key    string
	reason string
}

var assignmentForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// parse reads shell text. It never fails: what bash would not take for an
// assignment is kept as it is and, where it would run something, reported.
func parse(raw []byte) *document {
	d := &document{raw: raw}
	for at := 0; at < len(raw); {
		end := bytes.IndexByte(raw[at:], '\n')
		next := len(raw)
		if end < 0 {
			end = len(raw)
		} else {
			end += at
			next = end + 1
		}
		l := line{start: at, end: end, next: next}
		d.words(&l, len(d.lines)+1)
		d.lines = append(d.lines, l)
		at = next
	}
	return d
}

// words reads the words of a line: assignments until a word that is none. Then
// bash takes the line for a command, and the assignments do not last.
func (d *document) words(l *line, number int) {
	at := l.start
	for {
		for at < l.end && (d.raw[at] == ' ' || d.raw[at] == '\t') {
			at++
		}
		if at >= l.end || d.raw[at] == '#' || string(d.raw[at:l.end]) == "\r" {
			return
		}
		word := d.raw[at:l.end]
		name := assignmentForm.Find(word)
		if name == nil {
			if rest := strings.TrimSpace(string(word)); rest != "export" {
				d.problems = append(d.problems, problem{number, lastKey(l), fmt.Sprintf("the shell that sources the file runs %q as a command", firstWord(rest))})
			}
			l.assignments = nil
			return
		}
		value, n, why := unquote(d.raw[at+len(name) : l.end])
		if why != "" {
			d.problems = append(d.problems, problem{number, strings.TrimSuffix(string(name), "="), why})
			l.assignments = nil
			return
		}
		end := at + len(name) + n
		l.assignments = append(l.assignments, assignment{key: strings.TrimSuffix(string(name), "="), value: value, start: at, end: end, valueStart: at + len(name), line: number})
		at = end
	}
}

func lastKey(l *line) string {
	if n := len(l.assignments); n > 0 {
		return l.assignments[n-1].key
	}
	return ""
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return s
}

// unquote reads one word as bash does and returns its value and length. A word
// that would run something, or that does not end on its line, gives the reason.
func unquote(s []byte) (value string, n int, why string) {
	var b strings.Builder
	for n < len(s) {
		switch c := s[n]; c {
		case ' ', '\t':
			return b.String(), n, ""
		case '\'':
			end := bytes.IndexByte(s[n+1:], '\'')
			if end < 0 {
				return "", 0, "a quote (') is not closed on its line"
			}
			b.Write(s[n+1 : n+1+end])
			n += end + 2
		case '"':
			m, reason := doubleQuoted(s[n+1:], &b)
			if reason != "" {
				return "", 0, reason
			}
			n += m + 1
		case '\\':
			if n+1 >= len(s) {
				return "", 0, "a backslash at the end joins the next line"
			}
			b.WriteByte(s[n+1])
			n += 2
		case '$', '`':
			return "", 0, fmt.Sprintf("the value holds %q, which the shell evaluates", c)
		case ';', '&', '|', '<', '>', '(', ')':
			return "", 0, fmt.Sprintf("the value holds %q, at which the shell begins a command", c)
		default:
			b.WriteByte(c)
			n++
		}
	}
	return b.String(), n, ""
}

// doubleQuoted reads up to the closing quote and returns the length with it.
func doubleQuoted(s []byte, b *strings.Builder) (int, string) {
	for n := 0; n < len(s); n++ {
		switch c := s[n]; c {
		case '"':
			return n + 1, ""
		case '$', '`':
			return 0, fmt.Sprintf("the value holds %q, which the shell evaluates also in double quotes", c)
		case '\\':
			if n+1 < len(s) && bytes.IndexByte([]byte("$`\"\\"), s[n+1]) >= 0 {
				n++
			}
			b.WriteByte(s[n])
		default:
			b.WriteByte(c)
		}
	}
	return 0, `a quote (") is not closed on its line`
}

// get returns the value that a sourcing shell has in the end: the last one.
func (d *document) get(key string) (string, bool) {
	if a := d.find(key); a != nil {
		return a.value, true
	}
	return "", false
}

func (d *document) find(key string) *assignment {
	for i := len(d.lines) - 1; i >= 0; i-- {
		for j := len(d.lines[i].assignments) - 1; j >= 0; j-- {
			if d.lines[i].assignments[j].key == key {
				return &d.lines[i].assignments[j]
			}
		}
	}
	return nil
}

// lineOf returns the line of a key, counted from 1, or 0.
func (d *document) lineOf(key string) int {
	if a := d.find(key); a != nil {
		return a.line
	}
	return 0
}

// values returns all keys with their values.
func (d *document) values() map[string]string {
	out := make(map[string]string)
	for _, l := range d.lines {
		for _, a := range l.assignments {
			out[a.key] = a.value
		}
	}
	return out
}

// edit is a new value of a key; unset removes the key. The last three depend
// on what the file has and are settled by against.
type edit struct {
	key, value string
	unset      bool
	keep       bool // only where the file has no such key
	merge      bool // the value is a list of KEY=VALUE words to lay over the present ones
	above      int  // unset KEYn for n of at least this
}

// apply returns the text with the edits made. A key that is there keeps its
// place; a new one comes after the last assignment; a line of which only the
// removed keys are left goes with them. A line that bash would not take for
// assignments is left, and a damaged line of an edited key is replaced.
func (d *document) apply(edits []edit) []byte {
	const eol = "\n"
	changes := make(map[string]edit, len(edits))
	for _, e := range edits {
		changes[e.key] = e
	}
	damaged := d.damaged(changes)
	var out bytes.Buffer
	written := make(map[string]bool)
	last := -1 // where in out the next line after the last assignment begins
	for i, l := range d.lines {
		if key := damaged[i+1]; key != "" {
			if e := changes[key]; !e.unset && !written[key] {
				written[key] = true
				out.WriteString(key + "=" + quote(e.value) + eol)
				last = out.Len()
			}
			continue
		}
		d.copyLine(&out, l, changes, written)
		if len(l.assignments) > 0 {
			last = out.Len()
		}
	}
	if last < 0 {
		last = out.Len()
	}
	head, tail := out.Bytes()[:last], out.Bytes()[last:]
	var added bytes.Buffer
	if len(head) > 0 && head[len(head)-1] != '\n' {
		added.WriteString(eol)
	}
	for _, e := range edits {
		if !e.unset && !written[e.key] {
			added.WriteString(e.key + "=" + quote(e.value) + eol)
		}
	}
	if added.String() == eol && len(tail) == 0 { // nothing was added: the missing line end stays missing
		added.Reset()
	}
	return bytes.Join([][]byte{head, added.Bytes(), tail}, nil)
}

// damaged finds the lines that an edited key's new value replaces as a whole,
// with that key: lines that bash does not take for assignments, and those on
// which a typographic quote has cut the value at its first blank.
func (d *document) damaged(changes map[string]edit) map[int]string {
	out := make(map[int]string)
	for _, p := range d.problems {
		if _, ours := changes[p.key]; ours {
			out[p.line] = p.key
		}
	}
	for i, l := range d.lines {
		if len(l.assignments) < 2 {
			continue
		}
		first := l.assignments[0]
		if e, ours := changes[first.key]; ours && (e.unset || e.value != first.value) && strings.ContainsAny(first.value, typographic) {
			out[i+1] = first.key
		}
	}
	return out
}

// typographic are the quotes that word processors and web pages make.
const typographic = "“”„″‘’′"

// copyLine copies one line with its changed values.
func (d *document) copyLine(out *bytes.Buffer, l line, changes map[string]edit, written map[string]bool) {
	start := out.Len()
	at, removed := l.start, 0
	for _, a := range l.assignments {
		e, ours := changes[a.key]
		if !ours {
			continue
		}
		out.Write(d.raw[at:a.start])
		at = a.end
		if e.unset {
			removed++
			continue
		}
		written[a.key] = true
		if a.value == e.value {
			out.Write(d.raw[a.start:a.end])
		} else {
			out.WriteString(a.key + "=" + quote(e.value))
		}
	}
	out.Write(d.raw[at:l.end])
	rest := bytes.TrimSpace(out.Bytes()[start:])
	if removed > 0 && len(rest) == 0 {
		out.Truncate(start)
		return
	}
	out.Write(d.raw[l.end:l.next])
}

var bareForm = regexp.MustCompile(`^[A-Za-z0-9_.,:/@%+-]+$`)

// quote spells a value so that every reader takes it as it is: bare where it
// can be, else in double quotes (as the scripts' own examples have it) when
// nothing in it means anything there, else in single quotes. Values with a
// single quote or a control character never come here: see checkValue.
func quote(value string) string {
	switch {
	case bareForm.MatchString(value):
		return value
	case !strings.ContainsAny(value, "$`\"\\!'"):
		return `"` + value + `"`
	}
	return "'" + value + "'"
}

// checkValue refuses what cannot be written safely into a file that root's
// shell sources and that readers with other ideas of quoting read as well.
func checkValue(value string) error {
	for _, r := range value {
		switch {
		case r < ' ' || r == 0x7f:
			return fmt.Errorf("%q has a control character", value)
		case r > 0x7e:
			return fmt.Errorf("%q has %q, which is not ASCII; readers of these files disagree about it", value, r)
		case strings.ContainsRune("'`$\\\"", r):
			return fmt.Errorf("%q has %q, which is not safe in a file that a shell sources", value, r)
		}
	}
	return nil
}
