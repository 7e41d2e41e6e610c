package diagram

import (
	"fmt"
	"strings"
)

// dotColors are by sign.
var dotColors = map[string]string{"+": "#1a7f37", "~": "#9a6700", "-": "#cf222e", "": "#57606a"}

// DOT gives the diagram in the language of Graphviz.
func (d *Diagram) DOT() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digraph %s {\n", dotQuote(d.Title))
	b.WriteString("  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n  edge [dir=none];\n")
	for _, n := range d.Nodes {
		fmt.Fprintf(&b, "  %s [label=%s, color=%q];\n", dotQuote(n.ID), dotQuote(strings.Join(n.lines(), "\n")), dotColors[n.Sign])
	}
	for _, e := range d.Edges {
		fmt.Fprintf(&b, "  %s -> %s [color=%q];\n", dotQuote(e.From), dotQuote(e.To), dotColors[e.Sign])
	}
	b.WriteString("}\n")
	return b.String()
}

// lines are the node's text: its sign and name, its kind, its details.
func (n Node) lines() []string {
	name := n.Label
	if n.Sign != "" {
		name = n.Sign + " " + name
	}
	return append([]string{name, n.Kind}, n.Detail...)
}

// dotQuote writes a quoted string of the DOT language, where only the quote
// and the backslash mean something.
func dotQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
