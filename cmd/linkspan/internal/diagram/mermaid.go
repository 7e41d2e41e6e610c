package diagram

import (
	"fmt"
	"html"
	"strings"
)

// Mermaid gives the diagram in the language of Mermaid, as code hosts draw it
// in Markdown.
func (d *Diagram) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	id := make(map[string]string, len(d.Nodes))
	for i, n := range d.Nodes {
		id[n.ID] = fmt.Sprintf("n%d", i) // a name may be a word of the language
		class := map[string]string{"+": ":::made", "~": ":::changed", "-": ":::removed"}[n.Sign]
		fmt.Fprintf(&b, "  %s[\"%s\"]%s\n", id[n.ID], mermaidText(n.lines()), class)
	}
	for _, e := range d.Edges {
		fmt.Fprintf(&b, "  %s --- %s\n", id[e.From], id[e.To])
	}
	b.WriteString("  classDef made stroke:#1a7f37,stroke-width:2px\n  classDef changed stroke:#9a6700,stroke-width:2px\n  classDef removed stroke:#cf222e,stroke-dasharray:4\n")
	return b.String()
}

// mermaidText joins lines; entities are written as Mermaid reads them
// ("#quot;" for a quote).
func mermaidText(lines []string) string {
	escaped := make([]string, len(lines))
	for i, l := range lines {
		escaped[i] = strings.ReplaceAll(html.EscapeString(strings.ReplaceAll(l, "#", "#35;")), "&", "#")
	}
	return strings.Join(escaped, "<br/>")
}
