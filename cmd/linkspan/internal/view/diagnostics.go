package view

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"

	"linkspan/core/diag"
)

// Diagnostics prints the list, sorted by place and with duplicates folded: for
// each its code and summary, the place, the source line with the range
// underlined, what is wrong and what to do, and second places. Sources are the
// texts of the files by name, for the source lines.
func Diagnostics(w io.Writer, s Style, l diag.List, sources map[string][]byte) {
	v := diagnosticView{Style: s, w: w, sources: sources}
	for _, d := range l.Sorted() {
		v.diagnostic(d)
	}
}

type diagnosticView struct {
	Style
	w       io.Writer
	sources map[string][]byte
}

func (v diagnosticView) diagnostic(d diag.Diagnostic) {
	colour := red
	if d.Severity == diag.Warning {
		colour = yellow
	}
	head := string(d.Severity)
	if d.Code != "" {
		head += " " + d.Code
	}
	fmt.Fprintf(v.w, "%s %s\n", v.paint(colour, Clean(head)+":"), v.paint(bold, Clean(d.Summary)))
	v.place(d.Range, d.Path, colour)
	if d.Source != "" {
		fmt.Fprintf(v.w, "  %s\n", v.paint(dim, "found by "+Clean(d.Source)))
	}
	for _, line := range wrap(Clean(d.Detail), 84) {
		if line != "" {
			fmt.Fprintf(v.w, "  %s\n", line)
		}
	}
	for _, r := range d.Related {
		fmt.Fprintf(v.w, "  %s\n", Clean(r.Message)+":")
		v.place(r.Range, r.Path, dim)
	}
	fmt.Fprintln(v.w)
}

// place shows where it is: the place in words, and the source line when there is one.
func (v diagnosticView) place(r diag.Range, path string, colour tint) {
	if r.IsZero() {
		if path != "" {
			fmt.Fprintf(v.w, "  %s\n", v.paint(cyan, "at "+Clean(path)))
		}
		return
	}
	at := r.File
	if r.Start.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", r.File, r.Start.Line, r.Start.Column)
	}
	if path != "" {
		at += ", " + path
	}
	fmt.Fprintf(v.w, "  %s\n", v.paint(cyan, Clean(at)))
	line, ok := sourceLine(v.sources[r.File], r.Start.Line)
	if !ok {
		return
	}
	number := fmt.Sprintf("%4d", r.Start.Line)
	shown := cleaner(line, "")
	fmt.Fprintf(v.w, "  %s %s\n", v.paint(dim, number+" |"), shown)
	before, marked := caret(line, r)
	fmt.Fprintf(v.w, "  %s %s%s\n", v.paint(dim, "     |"), strings.Repeat(" ", before), v.paint(colour, strings.Repeat("^", marked)))
}

// sourceLine returns one line of src, counted from 1, with tabs as blanks.
func sourceLine(src []byte, number int) (string, bool) {
	if number < 1 {
		return "", false
	}
	for i := 1; ; i++ {
		line, rest, more := bytes.Cut(src, []byte("\n"))
		if i == number {
			text := strings.TrimRight(string(line), "\r")
			return strings.ReplaceAll(text, "\t", " "), text != "" || more
		}
		if !more {
			return "", false
		}
		src = rest
	}
}

// caret says how many columns of a terminal stand before the range and how
// many it covers on its first line.
func caret(line string, r diag.Range) (before, marked int) {
	runes := []rune(line)
	start := min(max(r.Start.Column-1, 0), len(runes))
	end := len(runes)
	if r.End.Line == r.Start.Line {
		end = min(max(r.End.Column-1, start), len(runes))
	}
	before = runewidth.StringWidth(cleaner(string(runes[:start]), ""))
	marked = runewidth.StringWidth(cleaner(string(runes[start:end]), ""))
	return before, max(marked, 1)
}

// padded returns text filled with blanks to a width in terminal columns.
func padded(text string, width int) string {
	if n := width - runewidth.StringWidth(text); n > 0 && utf8.ValidString(text) {
		return text + strings.Repeat(" ", n)
	}
	return text
}
