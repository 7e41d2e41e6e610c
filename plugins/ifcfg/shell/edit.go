package shell

import (
	"bytes"
	"fmt"
	"strings"
)

// Edit is a new value of a key; unset removes the key. keep, change and above
// depend on what the file has and are settled by Against.
type Edit struct {
	key, value string
	unset      bool
	keep       bool                     // only where the file has no such key
	change     func(have string) string // makes the value of the present one
	above      int                      // unset KEYn for n of at least this
}

// edits is one application of edits to a document.
type edits struct {
	*Document
	byKey   map[string]Edit
	damaged map[int]string // line number → the key whose new value replaces the line
	written map[string]bool
	out     bytes.Buffer
	last    int // where in out the next line after the last assignment begins
}

// Apply returns the text with the edits made. A key that is there keeps its
// place; a new one comes after the last assignment; a line of which only the
// removed keys are left goes with them. A line that bash would not take for
// assignments is left, and a damaged line of an edited key is replaced. What
// stood after a line that stopped the shell counts again once that is mended.
func (d *Document) Apply(list []Edit) []byte {
	const most = 64 // mended lines; beyond, the file is no shell text at all
	out := d.applyOnce(list)
	for n := 0; d.broken && n < most && len(list) > 0; n++ {
		d = Parse(out)
		next := d.applyOnce(list)
		if bytes.Equal(next, out) {
			break
		}
		out = next
	}
	return out
}

func (d *Document) applyOnce(list []Edit) []byte {
	e := &edits{Document: d, byKey: make(map[string]Edit, len(list)), written: make(map[string]bool, len(list)), last: -1}
	for _, x := range list {
		e.byKey[x.key] = x
	}
	e.damaged = e.findDamaged()
	stop := -1 // where in out the line begins at which the shell stops
	for _, l := range d.Lines {
		key := e.damaged[l.Number]
		if d.broken && stop < 0 && l.Number >= d.Problems[len(d.Problems)-1].Line {
			stop = e.out.Len()
		}
		if key == "" {
			e.copyLine(l)
			continue
		}
		if x := e.byKey[key]; !x.unset && !e.written[key] {
			e.written[key] = !e.clouded(key, l.Number)
			e.write(&e.out, x)
			e.last = e.out.Len()
		}
	}
	switch {
	case d.broken && stop >= 0:
		e.last = stop
	case e.last < 0, len(d.Problems) > 0: // commands may put the last assignment under a condition
		e.last = e.out.Len()
	}
	return e.add(list)
}

func (e *edits) write(out *bytes.Buffer, x Edit) {
	spell(out, x)
	out.WriteByte('\n')
}

func spell(out *bytes.Buffer, x Edit) {
	if x.key == DescriptionKey {
		out.WriteString(descriptionLine + x.value)
		return
	}
	out.WriteString(x.key)
	out.WriteByte('=')
	out.WriteString(quote(x.value))
}

// add puts the keys that the file does not have after the last assignment.
func (e *edits) add(list []Edit) []byte {
	head, tail := e.out.Bytes()[:e.last], e.out.Bytes()[e.last:]
	var added bytes.Buffer
	for _, x := range list {
		if !x.unset && !e.written[x.key] {
			e.written[x.key] = true
			e.write(&added, e.byKey[x.key])
		}
	}
	if added.Len() == 0 {
		return e.out.Bytes()
	}
	if len(head) > 0 && head[len(head)-1] != '\n' {
		head = append(bytes.Clone(head), '\n')
	}
	if bytes.HasSuffix(head, []byte("\\\n")) { // it would join the first new line
		head = append(bytes.Clone(head), '\n')
	}
	return bytes.Join([][]byte{head, added.Bytes(), tail}, nil)
}

// findDamaged finds the lines that an edited key's new value replaces as a
// whole, with that key: lines that bash does not take for assignments, and
// those on which a typographic quote has cut the value at its first blank.
func (e *edits) findDamaged() map[int]string {
	out := make(map[int]string)
	for _, p := range e.Problems {
		if _, ours := e.byKey[p.Key]; ours && !p.Counts {
			out[p.Line] = p.Key
		}
	}
	for _, l := range e.Lines {
		if len(l.Assignments) < 2 {
			continue
		}
		first := l.Assignments[0]
		if x, ours := e.byKey[first.Key]; ours && (x.unset || x.value != first.Value) && strings.ContainsAny(first.Value, Typographic) {
			out[l.Number] = first.Key
		}
	}
	return out
}

// Typographic are the quotes that word processors and web pages make.
const Typographic = "“”„″‘’′"

// copyLine copies one line with its changed values.
func (e *edits) copyLine(l Line) {
	start := e.out.Len()
	at, removed, kept := l.Start, 0, false // kept: of the command at hand
	for _, a := range l.Assignments {
		x, ours := e.byKey[a.Key]
		kept = !a.first && kept || !ours || !x.unset
		if !ours {
			continue
		}
		e.out.Write(e.Raw[at:a.start])
		at = a.end
		if x.unset {
			removed++
			if !kept {
				at = e.pastSemicolon(at, l.End)
			}
			continue
		}
		e.written[a.Key] = !e.clouded(a.Key, e.LineOf(a.Key)) // else once more at the end
		if a.Value == x.value {
			e.out.Write(e.Raw[a.start:a.end])
		} else {
			spell(&e.out, x)
		}
	}
	e.out.Write(e.Raw[at:l.End])
	if removed > 0 && nothing(e.out.Bytes()[start:]) {
		e.out.Truncate(start)
		return
	}
	e.out.Write(e.Raw[l.End:l.next])
	if len(l.Assignments) > 0 {
		e.last = e.out.Len()
	}
}

// pastSemicolon steps over the ";" after a removed assignment.
func (e *edits) pastSemicolon(at, end int) int {
	rest := bytes.TrimLeft(e.Raw[at:end], " \t")
	if len(rest) > 0 && rest[0] == ';' {
		return end - len(rest) + 1
	}
	return at
}

// nothing reports whether a line says nothing any more: blanks, and the
// semicolons that stood between what was removed.
func nothing(line []byte) bool { return len(bytes.Trim(line, " \t\r;")) == 0 }

// quote spells a value so that every reader takes it as it is: bare where it
// can be, else in double quotes (as the scripts' own examples have it) when
// nothing in it means anything there, else in single quotes. Values with a
// single quote or a control character never come here: see CheckValue.
func quote(value string) string {
	switch {
	case isBare(value):
		return value
	case !strings.ContainsAny(value, "$`\"\\!'"):
		return `"` + value + `"`
	}
	return "'" + value + "'"
}

// isBare reports whether a value needs no quotes for any reader: letters,
// digits and _ . , : / @ % + - only, and at least one.
func isBare(value string) bool {
	for i := range len(value) {
		c := value[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("_.,:/@%+-", c) >= 0:
		default:
			return false
		}
	}
	return value != ""
}

// CheckValue refuses what cannot be written safely into a file that root's
// shell sources and that readers with other ideas of quoting read as well.
func CheckValue(value string) error {
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
