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
// Signs are those of a plan, by interface name; nil shows none.
func Graph(w io.Writer, s Style, h *host.Host, signs map[string]string) {
	g := graphView{w: w, Style: s, host: h, signs: signs, drawn: map[string]bool{}}
	fmt.Fprintln(w, s.paint(bold, Clean(h.Name)))
	tops := g.tops()
	for i, name := range tops {
		g.branch(name, "", i == len(tops)-1)
	}
}

type graphView struct {
	Style
	w     io.Writer
	host  *host.Host
	signs map[string]string
	drawn map[string]bool
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
	tee, bar := "├─ ", "│  "
	if last {
		tee, bar = "└─ ", "   "
	}
	if g.ASCII {
		tee, bar = strings.NewReplacer("├─", "|-", "└─", "`-", "│", "|").Replace(tee), strings.ReplaceAll(bar, "│", "|")
	}
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
	for n, l := range lowers {
		g.branch(l, indent+bar, n == len(lowers)-1)
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
