package diagram

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// Sizes of the drawing, in pixels.
const (
	boxWidth   = 170
	lineHeight = 16
	boxPadding = 10
	columnGap  = 70
	rowGap     = 14
	margin     = 24
)

// box is a node that has its place.
type box struct {
	Node
	x, y, height float64
}

// SVG draws the diagram: one self-contained picture for light and dark.
func (d *Diagram) SVG() string {
	boxes, width, height := d.layout()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-label="%s">`+"\n",
		width, height, width, height, html.EscapeString("network of "+d.Title))
	b.WriteString(svgStyle)
	for _, e := range d.Edges {
		from, to := boxes[e.From], boxes[e.To]
		x1, y1 := from.x+boxWidth, from.y+from.height/2
		x2, y2 := to.x, to.y+to.height/2
		bend := (x2 - x1) / 2
		fmt.Fprintf(&b, `<path class="edge %s" d="M%.1f %.1f C%.1f %.1f %.1f %.1f %.1f %.1f"/>`+"\n",
			signClass(e.Sign), x1, y1, x1+bend, y1, x2-bend, y2, x2, y2)
	}
	for _, n := range d.Nodes {
		boxes[n.ID].draw(&b)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

const svgStyle = `<style>
.box{fill:#f6f8fa;stroke:#57606a;stroke-width:1.2}.edge{fill:none;stroke:#8c959f;stroke-width:1.4}
text{font:12px ui-sans-serif,system-ui,sans-serif;fill:#1f2328}.name{font-weight:600}.kind{fill:#57606a}
.made{stroke:#1a7f37;stroke-width:2}.changed{stroke:#9a6700;stroke-width:2}.removed{stroke:#cf222e;stroke-width:2;stroke-dasharray:5 3}
@media(prefers-color-scheme:dark){.box{fill:#161b22;stroke:#8b949e}text{fill:#e6edf3}.kind{fill:#8b949e}.edge{stroke:#6e7681}
.made{stroke:#3fb950}.changed{stroke:#d29922}.removed{stroke:#f85149}}
</style>
`

func signClass(sign string) string {
	return map[string]string{"+": "made", "~": "changed", "-": "removed"}[sign]
}

func (b *box) draw(w *strings.Builder) {
	fmt.Fprintf(w, `<rect class="box %s" x="%.1f" y="%.1f" width="%d" height="%.1f" rx="6"/>`+"\n", signClass(b.Sign), b.x, b.y, boxWidth, b.height)
	for i, line := range b.lines() {
		class := "detail"
		switch i {
		case 0:
			class = "name"
		case 1:
			class = "kind"
		}
		fmt.Fprintf(w, `<text class="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, b.x+boxPadding, b.y+boxPadding+float64(i)*lineHeight+11, html.EscapeString(shortened(line)))
	}
}

// shortened cuts a line that would leave its box.
func shortened(line string) string {
	const most = 24
	if r := []rune(line); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return line
}

// layout gives each node its place: its column by its kind, columns without
// nodes left out; in a column the order that puts each node beside those it
// stands on, found by going over the columns from left to right.
func (d *Diagram) layout() (boxes map[string]*box, width, height float64) {
	columns := make([][]*box, len(rankOf))
	boxes = make(map[string]*box, len(d.Nodes))
	for _, n := range d.Nodes {
		b := &box{Node: n, height: float64(2*boxPadding + lineHeight*len(n.lines()) - 2)}
		boxes[n.ID] = b
		columns[n.Rank] = append(columns[n.Rank], b)
	}
	columns = slices.DeleteFunc(columns, func(c []*box) bool { return len(c) == 0 })
	neighbours := make(map[string][]*box)
	for _, e := range d.Edges {
		neighbours[e.To] = append(neighbours[e.To], boxes[e.From])
		neighbours[e.From] = append(neighbours[e.From], boxes[e.To])
	}
	for i, column := range columns {
		stack(column, i)
	}
	for i, column := range columns {
		sortByNeighbours(column, neighbours)
		stack(column, i)
	}
	for _, b := range boxes {
		width, height = max(width, b.x+boxWidth+margin), max(height, b.y+b.height+margin)
	}
	centre(columns, height)
	return boxes, max(width, 2*margin), max(height, 2*margin)
}

func stack(column []*box, index int) {
	y := float64(margin)
	for _, b := range column {
		b.x, b.y = margin+float64(index)*(boxWidth+columnGap), y
		y += b.height + rowGap
	}
}

func sortByNeighbours(column []*box, neighbours map[string][]*box) {
	middle := func(b *box) float64 {
		sum, n := 0.0, 0
		for _, o := range neighbours[b.ID] {
			if o.x < b.x {
				sum, n = sum+o.y+o.height/2, n+1
			}
		}
		if n == 0 {
			return b.y
		}
		return sum / float64(n)
	}
	slices.SortStableFunc(column, func(a, b *box) int {
		switch x, y := middle(a), middle(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

// centre puts each column in the middle of the picture's height.
func centre(columns [][]*box, height float64) {
	for _, column := range columns {
		last := column[len(column)-1]
		shift := (height - margin - last.y - last.height) / 2
		for _, b := range column {
			b.y += shift
		}
	}
}
