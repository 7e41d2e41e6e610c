package ifcfg

import (
	"bytes"
	"fmt"
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
	broken   bool // from some line on it is no shell text: bash reads no further
}

// line is one logical line with the assignments on it: a quote that is not
// closed, or a backslash at the end, joins the next one, as in bash.
type line struct {
	number      int // of its first line, counted from 1
	start, end  int // of the text, without the line end
	next        int // where the next line begins
	assignments []assignment
}

// assignment is one KEY=value.
type assignment struct {
	key, value string
	start, end int  // of KEY=value
	line       int  // counted from 1
	first      bool // of its command: after the line's start or a ";"
}

// problem is something that bash does and the author did not mean.
type problem struct {
	line   int
	key    string
	reason string
}

// parse reads shell text. It never fails: what bash would not take for an
// assignment is kept as it is and, where it would run something, reported.
func parse(raw []byte) *document {
	d := &document{raw: raw}
	if n := bytes.Count(raw, []byte("\n")); n < 1<<12 {
		d.lines = make([]line, 0, n+1)
	}
	number := 1
	for at := 0; at < len(raw); {
		l := line{number: number, start: at}
		l.end, l.next = lineEnd(raw, at)
		d.words(&l)
		d.lines = append(d.lines, l)
		number += bytes.Count(raw[at:l.next], []byte("\n"))
		at = l.next
	}
	return d
}

// lineEnd finds where the text of the line at the offset ends, and where the
// next line begins.
func lineEnd(raw []byte, at int) (end, next int) {
	n := bytes.IndexByte(raw[at:], '\n')
	if n < 0 {
		return len(raw), len(raw)
	}
	return at + n, at + n + 1
}

// extend joins the lines up to the one that holds the offset.
func (l *line) extend(raw []byte, to int) {
	for l.end < to && l.next < len(raw) {
		l.end, l.next = lineEnd(raw, l.next)
	}
}

// words reads the words of a line: assignments until a word that is none. Then
// bash takes what stands up to the next ";" for a command, and the assignments
// before it do not last.
func (d *document) words(l *line) {
	at, command := l.start, 0 // command: how many assignments the commands before have
	for {
		for at < l.end && (d.raw[at] == ' ' || d.raw[at] == '\t') {
			at++
		}
		if at == l.start && !d.broken && bytes.HasPrefix(d.raw[at:l.end], []byte(descriptionLine)) {
			d.description(l)
			return
		}
		if d.broken || at >= l.end || d.raw[at] == '#' || string(d.raw[at:l.end]) == "\r" {
			return
		}
		switch c := d.raw[at]; {
		case c == ';' && len(l.assignments) > command:
			at, command = at+1, len(l.assignments)
			continue
		case c == ';', c == '(', c == ')':
			d.stop(l, lastKey(l.assignments[command:]), fmt.Sprintf("the shell stops reading the file at %q, which it does not expect here", c))
			return
		}
		a, why := d.assignment(l, at)
		if a.key == "" {
			rest := string(d.raw[at:l.end])
			d.problem(l, lastKey(l.assignments[command:]), fmt.Sprintf("the shell that sources the file runs %q as a command", firstWord(rest)))
			l.assignments = l.assignments[:command]
			at = d.skipCommand(l, at)
			continue
		}
		if why != "" {
			d.fault(l, a, why)
			l.assignments = l.assignments[:min(command, len(l.assignments))]
			return
		}
		a.first = len(l.assignments) == command
		l.assignments = append(l.assignments, a)
		at = a.end
	}
}

// descriptionKey stands for the comment that keeps an interface's description:
// no reader has a key for it. The scripts evaluate comments that hold one of
// their keys and "=", so a description has no "=".
const (
	descriptionKey  = "#description"
	descriptionLine = "# description: "
)

func (d *document) description(l *line) {
	text := bytes.TrimSuffix(d.raw[l.start+len(descriptionLine):l.end], []byte("\r"))
	l.assignments = append(l.assignments, assignment{key: descriptionKey, value: string(text), start: l.start, end: l.start + len(descriptionLine) + len(text), line: l.number, first: true})
}

// assignment reads one KEY=value; a word that is none gives no key.
func (d *document) assignment(l *line, at int) (assignment, string) {
	name := keyAt(d.raw[at:l.end])
	if name == 0 {
		return assignment{}, ""
	}
	value, n, why := unquote(d.raw[at+name+1:], l.end-at-name-1)
	return assignment{key: string(d.raw[at : at+name]), value: value, start: at, end: at + name + 1 + n, line: l.number}, why
}

// fault notes a value that bash evaluates, or that does not end on its line.
func (d *document) fault(l *line, a assignment, why string) {
	if why == unclosed || strings.HasSuffix(why, notExpected) {
		d.stop(l, a.key, why)
		return
	}
	d.problem(l, a.key, why)
	l.extend(d.raw, a.end)
}

// stop notes that bash reads no further. It has read the line as a whole
// before it would have run a part of it.
func (d *document) stop(l *line, key, reason string) {
	d.problem(l, key, reason)
	d.broken, l.assignments = true, nil
}

// skipCommand returns where the command at the offset ends: behind its ";", or
// at the end of the line, which a quote may carry further.
func (d *document) skipCommand(l *line, at int) int {
	for at < l.end {
		switch d.raw[at] {
		case ';':
			return at + 1
		case ' ', '\t':
			at++
			continue
		case '#':
			return l.end
		}
		_, n, why := unquote(d.raw[at:], l.end-at)
		if why == unclosed {
			d.stop(l, "", why)
			return l.end
		}
		at += max(n, 1)
		l.extend(d.raw, at)
	}
	return at
}

func (d *document) problem(l *line, key, reason string) {
	d.problems = append(d.problems, problem{l.number, key, reason})
}

// keyAt returns the length of KEY when the text begins with KEY=, else 0.
func keyAt(s []byte) int {
	for n, c := range s {
		switch {
		case c == '_' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || n > 0 && c >= '0' && c <= '9':
		case c == '=':
			return n
		default:
			return 0
		}
	}
	return 0
}

func lastKey(assignments []assignment) string {
	if n := len(assignments); n > 0 {
		return assignments[n-1].key
	}
	return ""
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return s
}

// unquote reads one word as bash does, from s whose line ends at limit, and
// returns its value and length. A word that would run something, or that does
// not end on its line, gives the reason and where it ends all the same.
func unquote(s []byte, limit int) (value string, n int, why string) {
	if plain := plainLength(s[:limit]); plain == limit || s[plain] == ' ' || s[plain] == '\t' || s[plain] == ';' {
		return string(s[:plain]), plain, tilde(s[:plain])
	}
	var b strings.Builder
	for n < limit {
		switch c := s[n]; c {
		case ' ', '\t', ';':
			return b.String(), n, tilde(s[:n])
		case '\'':
			end := bytes.IndexByte(s[n+1:], '\'')
			if end < 0 {
				return "", len(s), unclosed
			}
			if n+1+end > limit {
				return "", n + end + 2, "a quote (') is not closed on its line"
			}
			b.Write(s[n+1 : n+1+end])
			n += end + 2
		case '"':
			m, reason := doubleQuoted(s[n+1:], limit-n-1, &b)
			if reason != "" {
				return "", n + 1 + m, reason
			}
			n += m + 1
		case '\\':
			if n+1 >= limit {
				return "", limit + 1, "a backslash at the end joins the next line"
			}
			b.WriteByte(s[n+1])
			n += 2
		case '$', '`':
			return "", n, fmt.Sprintf("the value holds %q, which the shell evaluates", c)
		case '&', '|', '<', '>':
			return "", n, fmt.Sprintf("the value holds %q, at which the shell begins a command", c)
		case '(', ')':
			return "", n, fmt.Sprintf("the value holds %q, %s", c, notExpected)
		default:
			b.WriteByte(c)
			n++
		}
	}
	return b.String(), n, tilde(s[:n])
}

// Reasons at which the shell gives up the file.
const (
	unclosed    = "a quote is never closed"
	notExpected = "at which the shell stops reading the file"
)

// plainLength counts the bytes that mean themselves to the shell.
func plainLength(s []byte) int {
	for n, c := range s {
		if special[c] {
			return n
		}
	}
	return len(s)
}

var special = func() (out [256]bool) {
	for _, c := range []byte(" \t'\"\\$`;&|<>()") {
		out[c] = true
	}
	return out
}()

// tilde tells of a "~" that bash replaces by a home directory: at the start of
// a value and after a colon, outside quotes.
func tilde(word []byte) string {
	if len(word) > 0 && word[0] == '~' || bytes.Contains(word, []byte(":~")) {
		return `the value holds "~", which the shell replaces by a directory`
	}
	return ""
}

// doubleQuoted reads up to the closing quote and returns the length with it.
func doubleQuoted(s []byte, limit int, b *strings.Builder) (n int, why string) {
	for n = 0; n < len(s); n++ {
		switch c := s[n]; c {
		case '"':
			if n >= limit && why == "" {
				why = `a quote (") is not closed on its line`
			}
			return n + 1, why
		case '$', '`':
			if why == "" {
				why = fmt.Sprintf("the value holds %q, which the shell evaluates also in double quotes", c)
			}
		case '\\':
			if n+1 < len(s) && s[n+1] == '\n' {
				why = "a backslash at the end joins the next line"
			}
			if n+1 < len(s) && bytes.IndexByte([]byte("$`\"\\"), s[n+1]) >= 0 {
				n++
			}
			b.WriteByte(s[n])
		default:
			b.WriteByte(c)
		}
	}
	return len(s), unclosed
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
	out := make(map[string]string, len(d.lines))
	for _, l := range d.lines {
		for _, a := range l.assignments {
			out[a.key] = a.value
		}
	}
	return out
}
