package host

import (
	"fmt"
	"slices"
	"strings"
)

// longestCircle is how many names of a circle are spelt out.
const longestCircle = 8

// cycles reports each circle of interfaces once, at the member that comes
// first. A circle that only adds a way round to one that is reported is not
// reported again.
func (v *validation) cycles() {
	n := len(v.host.Interfaces)
	c := circles{validation: v, state: make(map[string]visitState, n), at: make(map[string]int, n)}
	for n := range v.host.Interfaces {
		c.visit(v.host.Interfaces[n].Name)
	}
}

type visitState int

const (
	onTheWay visitState = iota + 1
	inCircle            // on the way, and part of a circle that is reported
	visited
)

// circles walks downwards, depth first.
type circles struct {
	*validation
	state map[string]visitState
	way   []string
	at    map[string]int // name → place in way
}

func (c *circles) visit(name string) {
	i, ok := c.byName[name]
	switch {
	case !ok || c.state[name] == visited || c.state[name] == inCircle:
		return
	case c.state[name] == onTheWay:
		c.report(c.way[c.at[name]:])
		return
	}
	c.state[name] = onTheWay
	c.at[name] = len(c.way)
	c.way = append(c.way, name)
	for _, l := range i.Lowers() {
		c.visit(l)
	}
	c.way = c.way[:len(c.way)-1]
	c.state[name] = visited
}

func (c *circles) report(circle []string) {
	for _, name := range circle {
		c.state[name] = inCircle
	}
	c.add(ruleCycle.At(c.byName[circle[0]].Path(), "%q stands on itself: %s", circle[0], joinArrow(circle)))
}

// joinArrow spells a circle with its first member again at the end; of a long
// one the middle is left out.
func joinArrow(circle []string) string {
	names := append(slices.Clone(circle), circle[0])
	out := make([]string, len(names))
	for n, name := range names {
		out[n] = fmt.Sprintf("%q", name)
	}
	if left := len(names) - longestCircle; left > 0 {
		out = slices.Concat(out[:longestCircle-2], []string{fmt.Sprintf("(%d more)", left+1)}, out[len(out)-1:])
	}
	return strings.Join(out, " -> ")
}
