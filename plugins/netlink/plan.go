package netlink

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// Plan says which operations lead from the graph that Read found to the
// definition, and what they imply.
func (*netlinkBackend) Plan(_ context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	var out backend.PlanResponse
	if len(r.Changes) == 0 {
		return out, nil
	}
	var have graph
	if err := json.Unmarshal(r.Actual.Opaque, &have); err != nil {
		return out, fmt.Errorf("the kernel's graph did not come with what was read: %w", err)
	}
	want := goalOf(&r.Host, r.Desired, &have)
	out.Diagnostics = refusals(&r.Host, &have, want)
	if out.Diagnostics.HasErrors() {
		return out, nil
	}
	steps := order(&have, want)
	g := have.clone()
	for n, s := range steps {
		data, err := s.encode()
		if err != nil {
			return out, err
		}
		op := plan.Operation{ID: strconv.Itoa(n + 1), Kind: plan.OperationOwn, Summary: s.String(), Data: data, Objects: touched(s)}
		after := g.clone()
		simulate(after, s)
		op.Effects = effects(g, after, s, want)
		g = after
		out.Operations = append(out.Operations, op)
	}
	out.Effects = overall(steps, &have, want)
	return out, nil
}

func touched(s step) []plan.Ref {
	var out []plan.Ref
	if s.Link != "" {
		out = append(out, backend.Ref(s.Link))
	}
	if s.Master != "" && s.Do == doMaster {
		out = append(out, backend.Ref(s.Master))
	}
	return out
}

// effects are what goes with a step beyond what its summary says.
func effects(before, after *graph, s step, want *goal) []plan.Effect {
	var out []plan.Effect
	add := func(kind plan.EffectKind, link, text string, args ...any) {
		out = append(out, plan.Effect{Kind: kind, Text: fmt.Sprintf(text, args...), Objects: []plan.Ref{backend.Ref(link)}})
	}
	for _, a := range before.Addresses {
		direct := s.Do == doNoAddr && a.same(*s.Address)
		if !direct && !containsAddress(after, a) {
			add(plan.EffectAddress, a.Link, "%s goes from %s", a.Prefix, a.Link)
		}
	}
	for _, r := range before.Routes {
		direct := s.Do == doNoRoute && r.same(*s.Route) || s.Do == doRoute && r.slot() == s.Route.slot()
		if !direct && !containsRoute(after, r) {
			add(plan.EffectRoute, r.Link, "the route %s goes", r.words())
		}
	}
	for _, l := range before.Links {
		now := after.link(l.Name)
		switch {
		case l.Name == s.Link:
		case now == nil:
			add(plan.EffectLink, l.Name, "%s is deleted with it", l.Name)
		case l.Master != now.Master:
			add(plan.EffectPort, l.Name, "%s leaves %s", l.Name, l.Master)
		case l.Up != now.Up:
			add(plan.EffectLink, l.Name, "%s goes %s with it", l.Name, map[bool]string{true: "up", false: "down"}[now.Up])
		}
	}
	if s.Do == doMaster && s.Master != "" {
		for _, port := range before.ports(s.Master) {
			if !want.managed[port] {
				add(plan.EffectGuest, port, "%s stays on %s", port, s.Master)
			}
		}
	}
	return out
}

func containsAddress(g *graph, a address) bool {
	for _, b := range g.Addresses {
		if a.same(b) {
			return true
		}
	}
	return false
}

func containsRoute(g *graph, r route) bool {
	for _, b := range g.Routes {
		if r.same(b) {
			return true
		}
	}
	return false
}

// overall names the gap that the order cannot avoid: the steps are done again,
// and a link counts as reachable while it stands on a card that is up and has
// a carrier.
func overall(steps []step, have *graph, want *goal) []plan.Effect {
	g := have.clone()
	var out []plan.Effect
	told := make(map[string]bool)
	for n := 0; n < len(steps); n++ {
		s := steps[n]
		before := g.clone()
		simulate(g, s)
		if s.Do == doMaster && s.Master == "" && n+1 < len(steps) && steps[n+1].Do == doMaster && steps[n+1].Master == before.link(s.Link).Master {
			n++ // a port for another, in one system call
			simulate(g, steps[n])
		}
		for _, a := range before.Addresses {
			if told[a.Link] || a.isLocal() || !before.reachable(a.Link) || g.carries(a.Prefix.Addr()) {
				continue
			}
			if !containsPrefix(&want.graph, a) {
				continue // it is to go
			}
			told[a.Link] = true
			out = append(out, plan.Effect{Kind: plan.EffectUnreachable, Gap: 2 * time.Second, Objects: []plan.Ref{backend.Ref(a.Link)},
				Text: fmt.Sprintf("%s is not reachable from %q until the next card has a link: no spare card can carry it meanwhile", a.Prefix.Addr(), s.String())})
		}
	}
	return out
}

func containsPrefix(g *graph, a address) bool {
	for _, b := range g.Addresses {
		if b.Prefix.Addr() == a.Prefix.Addr() {
			return true
		}
	}
	return false
}

// reachable reports whether frames of a link find a card.
func (g *graph) reachable(name string) bool {
	l := g.link(name)
	if l == nil || !l.Up {
		return false
	}
	switch l.Kind {
	case "vlan":
		parent := g.link(l.Parent)
		return parent != nil && parent.Master == "" && g.reachable(l.Parent) || parent != nil && parent.Kind != "" && g.reachable(l.Parent)
	case "bond", "bridge":
		for _, p := range g.ports(name) {
			if g.reachable(p) {
				return true
			}
		}
		return false
	}
	return true
}

// carries reports whether an address is on a link that is reachable.
func (g *graph) carries(a interface{ String() string }) bool {
	for _, b := range g.Addresses {
		if b.Prefix.Addr().String() == a.String() && g.reachable(b.Link) {
			return true
		}
	}
	return false
}

// refusals are what the kernel would accept and a person would regret.
func refusals(h *host.Host, have *graph, want *goal) diag.List {
	var out diag.List
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		l := have.link(i.Name)
		if i.Wanted() == host.Absent {
			out = append(out, refuseGuests(i, have, want)...)
			continue
		}
		if l == nil && i.Kind == host.KindEthernet {
			out = append(out, ruleNoCard.At(i.Path(), "%q is not among the kernel's links", i.Name))
		}
		if l != nil && (kindOf(l) != i.Kind || i.Kind == host.KindEthernet && isForeign(l)) {
			out = append(out, ruleKind.At(i.Path(), "%q is a %s in the kernel", i.Name, kindOf(l)))
		}
		out = append(out, refuseTwice(i, have, want)...)
	}
	for port, master := range h.Masters() {
		for _, v := range have.vlans(port) {
			if w := want.link(v); w != nil && w.Parent == port {
				out = append(out, ruleStolen.At("", "%q takes the frames of VLAN %d from %q, which %q is to carry", v, w.VLANID, master, port))
			}
		}
	}
	return out.Sorted()
}

func refuseGuests(i *host.Interface, have *graph, want *goal) diag.List {
	var out diag.List
	if l := have.link(i.Name); l == nil || l.Kind != "bridge" {
		return nil
	}
	for _, p := range have.ports(i.Name) {
		if !want.managed[p] {
			out = append(out, ruleGuests.At(i.Path("state"), "%q is on %q", p, i.Name))
		}
	}
	return out
}

func refuseTwice(i *host.Interface, have *graph, want *goal) diag.List {
	var out diag.List
	for n, p := range i.Addresses {
		for _, a := range have.Addresses {
			if a.Prefix.Addr() == p.Addr() && !want.managed[a.Link] {
				out = append(out, ruleTwice.At(i.Path(host.Index("addresses", n)), "%s is on %q", p.Addr(), a.Link))
			}
		}
	}
	return out
}

// findings are what is there and will surprise.
func findings(g *graph, h *host.Host) diag.List {
	var out diag.List
	for i := range g.Links {
		l := &g.Links[i]
		if m := g.link(l.Master); m != nil && m.Kind == "bond" && len(g.vlans(l.Name)) > 0 {
			if _, said := h.Interface(m.Name); said {
				d := ruleStolen.At("", "%q is on %q, a port of %q", g.vlans(l.Name)[0], l.Name, m.Name)
				d.Severity = diag.Warning
				out = append(out, d)
			}
		}
	}
	return out
}
