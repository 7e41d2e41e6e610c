package view

import (
	"fmt"
	"io"
	"strings"

	"linkspan/cmd/linkspan/internal/diagram"
	"linkspan/core/host"
)

// Graph prints a host's topology as a tree: what carries addresses and guests
// at the top, the cards below. A part that stands under several is drawn once.
func Graph(w io.Writer, s Style, in diagram.Input) {
	g := graphView{w: w, Style: s, host: in.Host, signs: diagram.Signs(in.Plan), guests: in.Guests, drawn: map[string]bool{}}
	fmt.Fprintln(w, s.paint(bold, Clean(in.Host.Name)))
	tops := g.tops()
	for i, name := range tops {
		g.branch(name, "", i == len(tops)-1)
	}
}

type graphView struct {
	Style
	w      io.Writer
	host   *host.Host
	signs  map[string]string
	guests map[string][]string
	drawn  map[string]bool
}

// tops are the interfaces that nothing stands on.
func (g graphView) tops() []string {
	below := make(map[string]bool)
	for i := range g.host.Interfaces {
		for _, l := range g.host.Interfaces[i].Lowers() {
			below[l] = true
		}
	}
	var out []string
	for i := range g.host.Interfaces {
		if name := g.host.Interfaces[i].Name; !below[name] {
			out = append(out, name)
		}
	}
	return out
}

func (g graphView) branch(name, indent string, last bool) {
	tee, bar := g.lines(last)
	i, declared := g.host.Interface(name)
	if !declared {
		fmt.Fprintf(g.w, "%s%s%s\n", indent, tee, Clean(name))
		return
	}
	if g.drawn[name] && len(i.Lowers()) > 0 {
		fmt.Fprintf(g.w, "%s%s%s  %s\n", indent, tee, Clean(name), g.paint(dim, "(drawn above)"))
		return
	}
	g.drawn[name] = true
	fmt.Fprintf(g.w, "%s%s%s  %s\n", indent, tee, g.name(name), Clean(describe(i)))
	lowers := i.Lowers()
	g.guestsOn(name, indent+bar, len(lowers) == 0)
	for n, l := range lowers {
		g.branch(l, indent+bar, n == len(lowers)-1)
	}
}

// lines are what leads to a branch and what runs past it.
func (g graphView) lines(last bool) (tee, bar string) {
	tee, bar = "├─ ", "│  "
	if last {
		tee, bar = "└─ ", "   "
	}
	if g.ASCII {
		tee, bar = strings.NewReplacer("├─", "|-", "└─", "`-", "│", "|").Replace(tee), strings.ReplaceAll(bar, "│", "|")
	}
	return tee, bar
}

// guestsOn draws a bridge's guests; many are one line.
func (g graphView) guestsOn(bridge, indent string, last bool) {
	names := g.guests[bridge]
	if len(names) > diagram.Fold {
		names = []string{fmt.Sprintf("%d guests, %s … %s", len(names), names[0], names[len(names)-1])}
	}
	for n, name := range names {
		tee, _ := g.lines(last && n == len(names)-1)
		fmt.Fprintf(g.w, "%s%s%s  %s\n", indent, tee, Clean(name), g.paint(dim, "guest"))
	}
}

// name is an interface's name with the plan's sign before it.
func (g graphView) name(name string) string {
	if sign := g.signs[name]; sign != "" {
		return g.sign(sign, " "+Clean(name))
	}
	return g.paint(bold, Clean(name))
}

// describe says in a few words what an interface is.
func describe(i *host.Interface) string {
	return strings.Join(append([]string{string(i.Kind)}, diagram.Detail(i)...), "  ")
}
