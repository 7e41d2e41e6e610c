// Package diagram draws a host's topology: cards on the left, then bonds,
// VLANs, bridges and guests, each kind in a column of its own, so that the
// pictures of two hosts can be laid side by side. A plan's changes can be laid
// over it. The forms are DOT, Mermaid and SVG.
package diagram

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"linkspan/core/host"
	"linkspan/core/plan"
)

// Fold is the number of equal siblings above which they are drawn as one.
const Fold = 40

// Node is one box.
type Node struct {
	ID     string // unique; the interface's name, or that of the first of a fold
	Rank   int    // column: 0 ethernet, 1 bond, 2 vlan, 3 bridge, 4 guest
	Kind   string // "bond", "guest", …
	Label  string // the name, or "4000 vlans"
	Detail []string
	Sign   string // "+", "~", "-" of the plan; "" for no change
}

// Edge joins a lower node with the one that stands on it.
type Edge struct {
	From, To string // IDs
	Sign     string
}

// Diagram is the boxes and the lines, in the order in which they are drawn.
type Diagram struct {
	Title string
	Nodes []Node
	Edges []Edge
}

// Input is what is drawn.
type Input struct {
	Host   *host.Host
	Plan   *plan.Plan          // nil lays no changes over it
	Guests map[string][]string // guests by bridge
}

// Guests are the names of guests by bridge, each once.
func Guests(guests []plan.Guest) map[string][]string {
	out := make(map[string][]string)
	for bridge, list := range plan.GuestsOn(guests) {
		for _, g := range list {
			if !slices.Contains(out[bridge], g.Name) {
				out[bridge] = append(out[bridge], g.Name)
			}
		}
	}
	return out
}

// rankOf is the column of each kind.
var rankOf = map[string]int{"ethernet": 0, "bond": 1, "vlan": 2, "bridge": 3, "guest": 4}

// New makes the diagram of a host.
func New(in Input) *Diagram {
	b := &builder{input: in, signs: Signs(in.Plan), node: make(map[string]*Node)}
	for n := range in.Host.Interfaces {
		b.declared(&in.Host.Interfaces[n])
	}
	b.removed()
	b.guests()
	slices.SortStableFunc(b.nodes, func(x, y *Node) int { return plan.CompareNatural(x.ID, y.ID) })
	d := b.folded()
	d.Title = in.Host.Name
	return d
}

// Signs are the plan's signs by interface name.
func Signs(p *plan.Plan) map[string]string {
	out := make(map[string]string)
	if p == nil {
		return out
	}
	words := map[plan.Action]string{plan.Create: "+", plan.Update: "~", plan.Delete: "-"}
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			if c.Class == plan.ClassInterface && out[c.Name] == "" {
				out[c.Name] = words[c.Action]
			}
		}
	}
	return out
}

type builder struct {
	input Input
	signs map[string]string
	nodes []*Node
	node  map[string]*Node
	edges []Edge
}

func (b *builder) add(n Node) *Node {
	if have := b.node[n.ID]; have != nil {
		return have
	}
	n.Rank = rankOf[n.Kind]
	b.node[n.ID] = &n
	b.nodes = append(b.nodes, &n)
	return &n
}

func (b *builder) declared(i *host.Interface) {
	b.add(Node{ID: i.Name, Kind: string(i.Kind), Label: i.Name, Detail: Detail(i), Sign: b.signs[i.Name]})
	for _, l := range i.Lowers() {
		b.edges = append(b.edges, Edge{From: l, To: i.Name, Sign: edgeSign(b.signs[i.Name], b.signs[l])})
	}
}

// edgeSign: a line is new when one of its ends is.
func edgeSign(a, c string) string {
	if a == "+" || c == "+" {
		return "+"
	}
	return ""
}

// removed adds what the plan removes and the definition no longer has.
func (b *builder) removed() {
	if b.input.Plan == nil {
		return
	}
	for _, s := range b.input.Plan.Stages {
		for _, c := range s.Changes {
			if c.Class != plan.ClassInterface || c.Action != plan.Delete {
				continue
			}
			kind := c.Type
			if _, ok := rankOf[kind]; !ok {
				kind = "ethernet"
			}
			b.add(Node{ID: c.Name, Kind: kind, Label: c.Name, Sign: "-"})
		}
	}
}

func (b *builder) guests() {
	for n := range b.input.Host.Interfaces {
		bridge := b.input.Host.Interfaces[n].Name
		for _, g := range b.input.Guests[bridge] {
			id := "guest " + g
			b.add(Node{ID: id, Kind: "guest", Label: g})
			b.edges = append(b.edges, Edge{From: bridge, To: id})
		}
	}
}

// Detail says in a few lines what an interface is beyond its name and kind.
func Detail(i *host.Interface) []string {
	var out []string
	switch {
	case i.Bond != nil && i.Bond.Mode != "":
		out = append(out, i.Bond.Mode)
	case i.VLAN != nil:
		out = append(out, fmt.Sprintf("id %d", i.VLAN.ID))
	}
	for _, a := range i.Addresses {
		out = append(out, a.String())
	}
	if i.DHCP4 != nil && *i.DHCP4 {
		out = append(out, "dhcp4")
	}
	for _, r := range i.DefaultRoutes() {
		out = append(out, "via "+r.Via.String())
	}
	if i.MTU != nil {
		out = append(out, fmt.Sprintf("mtu %d", *i.MTU))
	}
	if i.Wanted() != host.Up {
		out = append(out, string(i.Wanted()))
	}
	return out
}

// folded draws more than Fold siblings, nodes of one kind and sign that stand
// on the same nodes, as one; what stands on a fold is folded in its turn.
func (b *builder) folded() *Diagram {
	as := make(map[string]string) // node → the node it is drawn as
	d := &Diagram{}
	lowers := make(map[string][]string)
	for _, e := range b.edges {
		lowers[e.To] = append(lowers[e.To], e.From)
	}
	for rank := range len(rankOf) {
		groups := make(map[string][]*Node)
		var keys []string
		for _, n := range b.nodes {
			if n.Rank != rank {
				continue
			}
			key := siblings(n, lowers[n.ID], as)
			if groups[key] == nil {
				keys = append(keys, key)
			}
			groups[key] = append(groups[key], n)
		}
		for _, key := range keys {
			d.Nodes = append(d.Nodes, drawn(groups[key], as)...)
		}
	}
	d.Edges = drawnEdges(b.edges, as)
	return d
}

func siblings(n *Node, lowers []string, as map[string]string) string {
	stands := make([]string, 0, len(lowers))
	for _, l := range lowers {
		stands = append(stands, as[l])
	}
	slices.Sort(stands)
	return n.Kind + "\x00" + n.Sign + "\x00" + strings.Join(stands, "\x00")
}

func drawn(group []*Node, as map[string]string) []Node {
	if len(group) <= Fold {
		var out []Node
		for _, n := range group {
			as[n.ID] = n.ID
			out = append(out, *n)
		}
		return out
	}
	first, last := group[0], group[len(group)-1]
	for _, n := range group {
		as[n.ID] = first.ID
	}
	return []Node{{
		ID: first.ID, Rank: first.Rank, Kind: first.Kind, Sign: first.Sign,
		Label: fmt.Sprintf("%d %ss", len(group), first.Kind), Detail: []string{first.Label + " … " + last.Label},
	}}
}

func drawnEdges(edges []Edge, as map[string]string) []Edge {
	var out []Edge
	for _, e := range edges {
		if as[e.From] != "" { // else it stands on something that nobody declared
			out = append(out, Edge{From: as[e.From], To: as[e.To], Sign: e.Sign})
		}
	}
	slices.SortFunc(out, func(a, c Edge) int {
		return cmp.Or(cmp.Compare(a.From, c.From), cmp.Compare(a.To, c.To), cmp.Compare(a.Sign, c.Sign))
	})
	return slices.Compact(out)
}
