// Package xl reads and edits files in the grammar of xl: xl.conf, and guests'
// files.
//
// The grammar is that of libxlutil (xen, tools/libxl/libxlu_cfg_l.l and
// libxlu_cfg_y.y of 4.4, and "+=" and nested lists of later ones). Where xend
// takes the first of several assignments, xl takes the last.
package xl

import (
	"fmt"
	"slices"
	"strings"
)

// Value is what is assigned: a text (xl makes numbers of texts when it needs
// them), or a list.
type Value struct {
	IsList bool
	Text   string
	Items  []Value
}

// Assignment is one `key = value` with its place.
type Assignment struct {
	Key        string
	Append     bool // "+="
	Value      Value
	Line       int // of the key, counted from 1
	Start, End int // of the value: offsets, End is exclusive
}

// Error is a file that xl does not read.
type Error struct {
	Offset int
	Python bool // it looks like one of xm's files, which are Python programs
	Reason string
}

// Error gives the reason, without the place.
func (e *Error) Error() string { return e.Reason }

// Last finds what xl takes for a key: its last assignment, with what is
// appended to it.
func Last(all []Assignment, key string) (Assignment, bool) {
	var out Assignment
	found := false
	for _, a := range all {
		switch {
		case a.Key != key:
		case found && a.Append:
			out.Value = appended(out.Value, a.Value)
		default:
			out, found = a, true
		}
	}
	return out, found
}

func appended(a, b Value) Value {
	if a.IsList && b.IsList {
		return Value{IsList: true, Items: slices.Concat(a.Items, b.Items)}
	}
	return Value{Text: a.Text + b.Text}
}

// Set returns the text with a key's value changed: that of its last
// assignment; or with an assignment added at the end. No other byte changes.
// The new text is parsed and means the old one with that key set.
func Set(src []byte, key, value string) ([]byte, error) {
	before, err := Parse(src)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(value, "\"'\\") || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, fmt.Errorf("%q cannot be written without escapes, which releases of xl read differently", value)
	}
	quoted := `"` + value + `"`
	at := -1
	for i, a := range before {
		if a.Key == key {
			at = i
		}
	}
	switch {
	case at < 0:
		return verified(before, added(src, key+"="+quoted), key, value)
	case before[at].Append:
		return nil, fmt.Errorf("%q is assigned with += in line %d; write one assignment", key, before[at].Line)
	case !before[at].Value.IsList && before[at].Value.Text == value:
		return src, nil
	}
	a := before[at]
	return verified(before, slices.Concat(src[:a.Start], []byte(quoted), src[a.End:]), key, value)
}

// added puts a line at the end; a last line without line end, which may be an
// assignment, gets one.
func added(src []byte, line string) []byte {
	out := slices.Clone(src)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return append(out, line+"\n"...)
}

// verified parses a new text: it must mean the old one with the key set.
func verified(before []Assignment, text []byte, key, value string) ([]byte, error) {
	after, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("the edited text would not parse: %w", err)
	}
	other := func(all []Assignment) []Assignment {
		return slices.DeleteFunc(slices.Clone(all), func(a Assignment) bool { return a.Key == key })
	}
	same := slices.EqualFunc(other(before), other(after), func(a, b Assignment) bool {
		return a.Key == b.Key && a.Append == b.Append && a.Value.equal(b.Value)
	})
	if last, ok := Last(after, key); !same || !ok || last.Value.IsList || last.Value.Text != value {
		return nil, fmt.Errorf("the edited text would not mean the old one with %s set; edit the file by hand", key)
	}
	return text, nil
}

func (v Value) equal(w Value) bool {
	return v.IsList == w.IsList && v.Text == w.Text && slices.EqualFunc(v.Items, w.Items, Value.equal)
}
