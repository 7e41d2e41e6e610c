package sxp

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Directive is the list that makes xend prepare the host's network.
const Directive = "network-script"

// Each line that Remark takes out of force begins with a mark that says whose
// remark it is, so that Restore brings back exactly those.
const (
	// Mark begins a remarked line.
	Mark = "#linkspan#"
	// JoinMark begins the last line of a remarked list behind which Remark has
	// put a line end, to keep what followed it on its line in force.
	JoinMark = "#linkspan+#"
)

// maxLines bounds the lines of one directive.
const maxLines = 1000

// Remark returns the text with every active network-script list remarked, and
// how many there were. All of them count: xend takes the first, so remarking
// only that one would bring the next to life. No other byte changes, but for a
// line end where something else follows the list on its line.
//
// The new text is parsed as each release does and means the old one less
// network-script; Restore gives the old text back. A text of which that does
// not hold is refused.
func Remark(src []byte) ([]byte, int, error) {
	before, err := Parse(src)
	if err != nil {
		return nil, 0, err
	}
	found := before.Lists(Directive)
	if len(found) == 0 {
		return src, 0, nil
	}
	eol := lineEnd(src)
	var out bytes.Buffer
	at := 0
	for _, n := range found {
		out.Write(src[at:n.Start])
		at = n.End
		lines := bytes.SplitAfter(src[n.Start:n.End], []byte("\n"))
		for i, line := range lines {
			if i == len(lines)-1 && !idle(src[at:]) {
				out.WriteString(JoinMark)
				out.Write(line)
				out.WriteString(eol)
				continue
			}
			out.WriteString(Mark)
			out.Write(line)
		}
	}
	out.Write(src[at:])
	if err := before.sameBut(out.Bytes()); err != nil {
		return nil, 0, err
	}
	return out.Bytes(), len(found), comesBack(src, out.Bytes())
}

// comesBack makes sure that Restore undoes an edit to the byte. It would not
// where a text holds half of a remark that looks like ours.
func comesBack(src, text []byte) error {
	was, _, err := Restore(src)
	if err != nil {
		return err
	}
	back, _, err := Restore(text)
	if err != nil {
		return err
	}
	if !bytes.Equal(was, back) {
		return fmt.Errorf("the file has a line that begins with %s and is no remark of linkspan's; take it away first", Mark)
	}
	return nil
}

// sameBut checks that a text means the same but for network-script, to each
// release.
func (f *File) sameBut(text []byte) error {
	after, err := Parse(text)
	if err != nil {
		return fmt.Errorf("the edited text would not parse: %w", err)
	}
	directive := func(n Node) bool { return n.Kind == List && n.Head() == Directive }
	for i := range releases {
		a, b := slices.DeleteFunc(slices.Clone(f.reading(i)), directive), slices.DeleteFunc(slices.Clone(after.reading(i)), directive)
		if !slices.EqualFunc(a, b, Node.equal) {
			return errors.New("the edited text would not mean the same but for network-script; edit the file by hand")
		}
	}
	return nil
}

// reading is what release i reads; releases agree when only one has been asked.
func (f *File) reading(i int) []Node { return f.readings[min(i, len(f.readings)-1)] }

// idle reports whether the rest of the line that text begins in has no
// expression.
func idle(text []byte) bool {
	for _, c := range text {
		switch {
		case c == '\n' || c == '#':
			return true
		case !isSpace(c):
			return false
		}
	}
	return true
}

// lineEnd is the file's line end: that of its first line.
func lineEnd(src []byte) string {
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// Restore returns the text with linkspan's own remarks taken away and the line
// ends that they needed, and how many directives came back. A comment of
// anyone else stays, also one that holds a mark but no whole directive.
func Restore(src []byte) ([]byte, int, error) {
	if !bytes.Contains(src, []byte("#linkspan")) {
		return src, 0, nil
	}
	before, err := Parse(src)
	if err != nil {
		return nil, 0, err
	}
	var out bytes.Buffer
	at, count := 0, 0
	for i := 0; i < len(before.Comments); {
		lines := remarkedAt(src, before.Comments[i:])
		for _, l := range lines {
			out.Write(src[at:l.mark.Start])
			out.Write(src[l.mark.End:l.text])
			at = l.next
		}
		if len(lines) > 0 {
			count++
		}
		i += max(len(lines), 1)
	}
	if count == 0 {
		return src, 0, nil
	}
	out.Write(src[at:])
	if err := before.sameBut(out.Bytes()); err != nil {
		return nil, 0, fmt.Errorf("without linkspan's remarks: %w", err)
	}
	return out.Bytes(), count, nil
}

// Remarked counts the directives that Restore would bring back.
func Remarked(src []byte) int {
	_, n, err := Restore(src)
	if err != nil {
		return 0
	}
	return n
}

// markedLine is one line of a remarked directive.
type markedLine struct {
	mark       Span
	join       bool
	text, next int // the text ends at text, the source goes on at next
}

// remarkedAt finds the directive whose remark begins with the first of these
// comments: the lines from it on, each beginning with a mark, that hold one
// network-script list and nothing else in force. None is nil.
func remarkedAt(src []byte, comments []Span) []markedLine {
	lines := markedLines(src, comments)
	var text []byte
	ends := make([]int, len(lines)) // where each line ends in text
	for i, l := range lines {
		text = append(text, src[l.mark.End:l.text]...)
		ends[i] = len(text)
	}
	if len(text) == 0 || text[0] != '(' {
		return nil
	}
	p := &parser{src: text, release: releases[len(releases)-1]}
	n, err := p.list(0)
	if err != nil || n.Head() != Directive {
		return nil
	}
	last, _ := slices.BinarySearch(ends, n.End)
	l := &lines[last]
	rest := text[n.End:ends[last]]
	eol := string(rest) == "\n" || string(rest) == "\r\n"
	if l.join && !eol || !l.join && !idle(rest) {
		return nil
	}
	for _, earlier := range lines[:last] {
		if earlier.join {
			return nil
		}
	}
	if l.join && l.next < len(src) { // else what followed it has been deleted
		l.text -= len(rest)
	}
	return lines[:last+1]
}

// markedLines are the comments from the first on that begin with a mark, each
// but the first at the beginning of the line after the one before.
func markedLines(src []byte, comments []Span) []markedLine {
	var out []markedLine
	for i, c := range comments[:min(len(comments), maxLines)] {
		text := src[c.Start:c.End]
		l := markedLine{text: c.End, next: c.End}
		switch {
		case i > 0 && c.Start != comments[i-1].End:
			return out
		case bytes.HasPrefix(text, []byte(Mark)):
			l.mark = Span{c.Start, c.Start + len(Mark)}
		case bytes.HasPrefix(text, []byte(JoinMark)):
			l.mark, l.join = Span{c.Start, c.Start + len(JoinMark)}, true
		default:
			return out
		}
		out = append(out, l)
	}
	return out
}
