// Package shell reads and edits files of shell variables, KEY=value lines, as a
// sourcing bash takes them, and keeps every byte that an edit does not concern.
// It knows nothing of networks.
package shell

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Document is a file of shell variables as the network scripts source it: what
// bash makes of it, and every byte of it. A CR before the line end is part of
// the value, as it is to bash. Editing changes the bytes of the
// values that change and nothing else.
type Document struct {
	Raw      []byte
	Lines    []Line
	Problems []Problem
	broken   bool // from some line on it is no shell text: bash reads no further
	clouds   []cloud
}

// Line is one logical line with the assignments on it: a quote that is not
// closed, or a backslash at the end, joins the next one, as in bash.
type Line struct {
	Number      int // of its first line, counted from 1
	Start, End  int // of the text, without the line end
	next        int // where the next line begins
	Assignments []Assignment
}

// Assignment is one KEY=value.
type Assignment struct {
	Key, Value string
	start, end int  // of KEY=value
	Line       int  // counted from 1
	Exported   bool // export KEY=value, which NetworkManager does not read
	first      bool // of its command: after the line's start or a ";"
}

// Problem is something that bash does and the author did not mean.
type Problem struct {
	Line   int
	Key    string // "" for the line
	Reason string
	Counts bool // the value counts all the same
}

// Parse reads shell text. It never fails: what bash would not take for an
// assignment is kept as it is and, where it would run something, reported.
func Parse(raw []byte) *Document {
	d := parse(raw, &script{})
	if len(d.Problems) == 0 {
		return d
	}
	s, ok := readScript(raw)
	if !ok {
		return d
	}
	d = s.read(raw)
	d.clouds = s.clouds
	d.Problems = append(d.Problems, s.problems...)
	slices.SortStableFunc(d.Problems, func(a, b Problem) int { return cmp.Compare(a.Line, b.Line) })
	return d
}

// read reads the lines with what is known of their statements. Where the lines'
// own parser has found the place at which bash stops, its reason stays: it names
// the key.
func (s *script) read(raw []byte) *Document {
	stop := s.stop
	s.stop = 0
	d := parse(raw, s)
	switch {
	case stop == 0:
	case d.broken && d.Problems[len(d.Problems)-1].Line <= stop:
		s.problems = s.problems[:len(s.problems)-1]
	default:
		s.stop = stop
		d = parse(raw, s)
		d.broken = true
	}
	return d
}

// parse reads line by line, all but the lines of the script's statements.
func parse(raw []byte, s *script) *Document {
	d := &Document{Raw: raw}
	if n := bytes.Count(raw, []byte("\n")); n < 1<<12 {
		d.Lines = make([]Line, 0, n+1)
	}
	number := 1
	for at := 0; at < len(raw); {
		l := Line{Number: number, Start: at}
		l.End, l.next = lineEnd(raw, at)
		if s.stop > 0 && number >= s.stop {
			l.Assignments = nil // bash never sees them
		} else if s.opaque[number] {
			l.Assignments = s.exportedOn(number)
		} else {
			d.words(&l)
		}
		d.Lines = append(d.Lines, l)
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
func (l *Line) extend(raw []byte, to int) {
	for l.End < to && l.next < len(raw) {
		l.End, l.next = lineEnd(raw, l.next)
	}
}

// words reads the words of a line: assignments until a word that is none. Then
// bash takes what stands up to the next ";" for a command, and the assignments
// before it do not last.
func (d *Document) words(l *Line) {
	at, command := l.Start, 0 // command: how many assignments the commands before have
	for {
		for at < l.End && (d.Raw[at] == ' ' || d.Raw[at] == '\t') {
			at++
		}
		if at == l.Start && !d.broken && bytes.HasPrefix(d.Raw[at:l.End], []byte(descriptionLine)) {
			d.description(l)
			return
		}
		if d.broken || at >= l.End || d.Raw[at] == '#' || string(d.Raw[at:l.End]) == "\r" {
			return
		}
		switch c := d.Raw[at]; {
		case c == ';' && len(l.Assignments) > command:
			at, command = at+1, len(l.Assignments)
			continue
		case c == ';', c == '(', c == ')':
			d.stop(l, lastKey(l.Assignments[command:]), fmt.Sprintf("the shell stops reading the file at %q, which it does not expect here", c))
			return
		}
		a, why := d.assignment(l, at)
		if a.Key == "" {
			rest := string(d.Raw[at:l.End])
			d.problem(l, lastKey(l.Assignments[command:]), fmt.Sprintf("the shell that sources the file runs %q as a command", firstWord(rest)))
			l.Assignments = l.Assignments[:command]
			at = d.skipCommand(l, at)
			continue
		}
		if why != "" {
			d.fault(l, a, why)
			l.Assignments = l.Assignments[:min(command, len(l.Assignments))]
			return
		}
		a.first = len(l.Assignments) == command
		l.Assignments = append(l.Assignments, a)
		at = a.end
	}
}

// DescriptionKey stands for the comment that keeps an interface's description:
// no reader has a key for it. The scripts evaluate comments that hold one of
// their keys and "=", so a description has no "=".
const (
	DescriptionKey  = "#description"
	descriptionLine = "# description: "
)

func (d *Document) description(l *Line) {
	text := bytes.TrimSuffix(d.Raw[l.Start+len(descriptionLine):l.End], []byte("\r"))
	l.Assignments = append(l.Assignments, Assignment{Key: DescriptionKey, Value: string(text), start: l.Start, end: l.Start + len(descriptionLine) + len(text), Line: l.Number, first: true})
}

// assignment reads one KEY=value; a word that is none gives no key.
func (d *Document) assignment(l *Line, at int) (Assignment, string) {
	name := keyAt(d.Raw[at:l.End])
	if name == 0 {
		return Assignment{}, ""
	}
	value, n, why := unquote(d.Raw[at+name+1:], l.End-at-name-1)
	return Assignment{Key: string(d.Raw[at : at+name]), Value: value, start: at, end: at + name + 1 + n, Line: l.Number}, why
}

// fault notes a value that bash evaluates, or that does not end on its line.
func (d *Document) fault(l *Line, a Assignment, why string) {
	if why == unclosed || strings.HasSuffix(why, notExpected) {
		d.stop(l, a.Key, why)
		return
	}
	d.problem(l, a.Key, why)
	l.extend(d.Raw, a.end)
}

// stop notes that bash reads no further. It has read the line as a whole
// before it would have run a part of it.
func (d *Document) stop(l *Line, key, reason string) {
	d.problem(l, key, reason)
	d.broken, l.Assignments = true, nil
}

// skipCommand returns where the command at the offset ends: behind its ";", or
// at the end of the line, which a quote may carry further.
func (d *Document) skipCommand(l *Line, at int) int {
	for at < l.End {
		switch d.Raw[at] {
		case ';':
			return at + 1
		case ' ', '\t':
			at++
			continue
		case '#':
			return l.End
		}
		_, n, why := unquote(d.Raw[at:], l.End-at)
		if why == unclosed {
			d.stop(l, "", why)
			return l.End
		}
		at += max(n, 1)
		l.extend(d.Raw, at)
	}
	return at
}

func (d *Document) problem(l *Line, key, reason string) {
	d.Problems = append(d.Problems, Problem{Line: l.Number, Key: key, Reason: reason})
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

func lastKey(assignments []Assignment) string {
	if n := len(assignments); n > 0 {
		return assignments[n-1].Key
	}
	return ""
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return s
}

// Get returns the value that a sourcing shell has in the end: the last one. A
// key that some later statement may have changed counts as not set.
func (d *Document) Get(key string) (string, bool) {
	if a := d.find(key); a != nil && !d.clouded(key, a.Line) {
		return a.Value, true
	}
	return "", false
}

func (d *Document) find(key string) *Assignment {
	for i := len(d.Lines) - 1; i >= 0; i-- {
		for j := len(d.Lines[i].Assignments) - 1; j >= 0; j-- {
			if d.Lines[i].Assignments[j].Key == key {
				return &d.Lines[i].Assignments[j]
			}
		}
	}
	return nil
}

// LineOf returns the line of a key, counted from 1, or 0.
func (d *Document) LineOf(key string) int {
	if a := d.find(key); a != nil {
		return a.Line
	}
	return 0
}

// Values returns all keys with their values, as Get does.
func (d *Document) Values() map[string]string {
	out := make(map[string]string, len(d.Lines))
	for _, l := range d.Lines {
		for _, a := range l.Assignments {
			out[a.Key] = a.Value
		}
	}
	for key := range out {
		if len(d.clouds) > 0 && d.clouded(key, d.LineOf(key)) {
			delete(out, key)
		}
	}
	return out
}

// Exported reports whether the value of the key comes from `export KEY=value`.
func (d *Document) Exported(key string) bool {
	a := d.find(key)
	return a != nil && a.Exported
}
