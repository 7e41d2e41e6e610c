// Package sxp reads and edits xend's configuration to the byte.
//
// The grammar is that of xend's own parser (xen, tools/python/xen/xend/sxp.py),
// with its quirks, in each of its releases: 3.0.0, 3.0.3, 3.0.4 and 4.0 changed
// it, all others kept it. A file is taken when every release reads it, and
// reads the same where the network is concerned.
package sxp

import "slices"

// Kind is the kind of an expression.
type Kind int

// The kinds of expression.
const (
	Atom   Kind = iota // a bare word
	String             // in single or double quotes; to xend the same as an atom
	List
)

// Node is one expression with the bytes that it spans.
type Node struct {
	Kind       Kind
	Text       string // of an atom or a string, as xend has it after escapes
	Children   []Node // of a list
	Start, End int    // offsets; End is exclusive
}

// Span is a part of the file. End is exclusive; that of a comment is after its
// line end.
type Span struct{ Start, End int }

// File is a file as xend sees it.
type File struct {
	Nodes    []Node // top-level expressions, as Xen 4.0 to 4.4 read them
	Comments []Span // in order

	readings [][]Node // top-level expressions, as each release reads them
}

// Fault is why a file is not taken.
type Fault int

// The faults.
const (
	Fatal   Fault = iota // xend does not start with it
	Silent               // xend drops a part of it without a word
	Differs              // releases read it differently where it matters
)

// Error is a file that is not taken, with the place.
type Error struct {
	Fault  Fault
	Offset int
	Reason string
}

// Error gives the reason, without the place.
func (e *Error) Error() string { return e.Reason }

// Parse reads a whole file. The error is an *Error.
func Parse(src []byte) (*File, error) {
	f := &File{}
	for _, r := range releases {
		p := &parser{src: src, release: r}
		nodes, err := p.file()
		if err != nil {
			return nil, err
		}
		f.Nodes, f.Comments = nodes, p.comments
		f.readings = append(f.readings, nodes)
		if !p.quirky { // every release reads what it has in one way
			return f, nil
		}
	}
	for _, other := range f.readings[:len(f.readings)-1] {
		if at, differs := disagree(other, f.Nodes); differs {
			return nil, &Error{Fault: Differs, Offset: at, Reason: `up to Xen 3.4 "!" ends a word and begins the next, later ones take it for a letter: quote the word`}
		}
	}
	return f, nil
}

// decisive are the directives that decide about the host's network.
var decisive = []string{"network-script", "vif-script"}

// disagree finds where two readings differ about the network.
func disagree(a, b []Node) (int, bool) {
	x, y := named(a, decisive...), named(b, decisive...)
	for i := range max(len(x), len(y)) {
		switch {
		case i >= len(x):
			return y[i].Start, true
		case i >= len(y):
			return x[i].Start, true
		case x[i].Start != y[i].Start || x[i].End != y[i].End || !x[i].equal(y[i]):
			return min(x[i].Start, y[i].Start), true
		}
	}
	return 0, false
}

func named(nodes []Node, heads ...string) []Node {
	var out []Node
	for _, n := range nodes {
		if n.Kind == List && slices.Contains(heads, n.Head()) {
			out = append(out, n)
		}
	}
	return out
}

// Lists are the top-level lists with that head, in order. xend takes the first.
func (f *File) Lists(head string) []Node { return named(f.Nodes, head) }

// Head is the text of a list's first element; "" when it has none.
func (n Node) Head() string {
	if n.Kind != List || len(n.Children) == 0 || n.Children[0].Kind == List {
		return ""
	}
	return n.Children[0].Text
}

// Value is what xend takes for a directive's value: the first element after
// the head; one attribute list, (@ …), before it is skipped. Where there is
// none, or an empty list, xend has nothing and ok is false. For any other list,
// with which xend fails, it is "(…)".
func (n Node) Value() (value string, ok bool) {
	rest := n.arguments()
	switch {
	case len(rest) == 0, rest[0].Kind == List && len(rest[0].Children) == 0:
		return "", false
	case rest[0].Kind == List:
		return "(…)", true
	}
	return rest[0].Text, rest[0].Text != ""
}

// Surplus is what stands after the value; xend ignores it.
func (n Node) Surplus() []Node {
	if rest := n.arguments(); len(rest) > 1 {
		return rest[1:]
	}
	return nil
}

func (n Node) arguments() []Node {
	rest := n.Children[min(1, len(n.Children)):]
	if len(rest) > 0 && rest[0].Head() == "@" {
		rest = rest[1:]
	}
	return rest
}

// Child is the first list with that head among a list's elements.
func (n Node) Child(head string) (Node, bool) {
	for _, c := range n.Children {
		if c.Kind == List && c.Head() == head {
			return c, true
		}
	}
	return Node{}, false
}

// equal reports whether two expressions mean the same to xend.
func (n Node) equal(m Node) bool {
	if (n.Kind == List) != (m.Kind == List) || n.Text != m.Text {
		return false
	}
	return slices.EqualFunc(n.Children, m.Children, Node.equal)
}

// release is how some releases differ.
type release struct {
	name string // for people
	// bang: "!" ends a word (removed by 26b39a0d63 for 4.0).
	bang bool
	// octal: what a \ before another character, or a short octal number, does.
	octal octalQuirk
}

type octalQuirk int

const (
	octalFails    octalQuirk = iota // AttributeError: self.buf for self.state.buf, both
	octalSwallows                   // an unknown escape eats all up to the next octal digit
	octalDrops                      // an unknown escape is a backslash, its letter is dropped
)

// releases in order; the last is the newest.
var releases = []release{
	{"3.0.0 to 3.0.2", true, octalFails},
	{"3.0.3", true, octalSwallows},
	{"3.0.4 to 3.4", true, octalDrops},
	{"4.0 to 4.4", false, octalDrops},
}
