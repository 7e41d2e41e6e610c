package xend

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// directive is what prepares the host's network when xend starts.
const directive = "network-script"

// mark begins each line that linkspan has remarked, so that exactly those can
// be brought back. The word after the hash sign tells whose remark it is.
const mark = "#linkspan#"

// directives are the active network-script lists. All of them count: xend
// takes the first, so remarking only that one would bring the next to life.
func directives(nodes []node) []node {
	var out []node
	for _, n := range nodes {
		if n.head() == directive {
			out = append(out, n)
		}
	}
	return out
}

// remark returns the text with every active network-script list remarked and
// no other byte changed, and how many there were.
func remark(src []byte) ([]byte, int, error) {
	before, err := parseSxp(src)
	if err != nil {
		return nil, 0, err
	}
	found := directives(before)
	if len(found) == 0 {
		return src, 0, nil
	}
	eol := lineEnd(src)
	var out bytes.Buffer
	at := 0
	for _, n := range found {
		out.Write(src[at:n.start])
		out.WriteString(mark)
		text := src[n.start:n.end]
		out.Write(bytes.ReplaceAll(text, []byte("\n"), []byte("\n"+mark)))
		at = n.end
		if rest := restOfLine(src[at:]); len(rest) > 0 && rest[0] != '#' {
			out.WriteString(eol) // what follows on the line stays active
		}
	}
	out.Write(src[at:])
	return check(before, out.Bytes(), len(found))
}

// check parses the new text: it must mean the old one less network-script.
func check(before []node, text []byte, count int) ([]byte, int, error) {
	after, err := parseSxp(text)
	if err != nil {
		return nil, 0, fmt.Errorf("the edited text would not parse: %w", err)
	}
	want := slices.DeleteFunc(slices.Clone(before), func(n node) bool { return n.head() == directive })
	if !slices.EqualFunc(want, after, node.equal) {
		return nil, 0, errors.New("the edited text would not mean the old one less network-script; edit the file by hand")
	}
	return text, count, nil
}

// restOfLine is what stands on the line after a list, without blanks.
func restOfLine(src []byte) []byte {
	line, _, _ := bytes.Cut(src, []byte("\n"))
	return bytes.TrimSpace(line)
}

// lineEnd is the file's line end: that of its first line.
func lineEnd(src []byte) string {
	if i := bytes.IndexByte(src, '\n'); i > 0 && src[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// unmark returns the text with linkspan's own remarks taken away, and how many
// lines they were on. Line ends that remark put in stay.
func unmark(src []byte) ([]byte, int, error) {
	n := bytes.Count(src, []byte(mark))
	if n == 0 {
		return src, 0, nil
	}
	if _, err := parseSxp(src); err != nil {
		return nil, 0, err
	}
	out := bytes.ReplaceAll(src, []byte(mark), nil)
	if _, err := parseSxp(out); err != nil {
		return nil, 0, fmt.Errorf("without linkspan's remarks the text would not parse: %w", err)
	}
	return out, n, nil
}
