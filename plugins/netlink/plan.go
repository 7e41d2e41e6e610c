package netlink

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// Plan says which operations lead from the graph that Read found to the
// definition, and what they imply.
func (*netlinkBackend) Plan(_ context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	var out backend.PlanResponse
	if len(r.Changes) == 0 {
		return out, nil
	}
	patience, err := patienceOf(r.Config)
	if err != nil {
		return out, err
	}
	var was facts
	if err := json.Unmarshal(r.Actual.Opaque, &was); err != nil || was.Graph == nil {
		return out, fmt.Errorf("the kernel's graph did not come with what was read: %w", err)
	}
	names := aliasesOf(was.Graph, outlineOf(&r.Host))
	h, graph := names.declare(r.Host), names.apply(was.Graph)
	have := worldOf(graph)
	want := goalOf(&h, graph, have)
	want.patience = patience
	out.Diagnostics = refusals(&h, have, want)
	if out.Diagnostics.HasErrors() {
		return out, nil
	}
	paths := have.paths(was.Uses)
	p := order(have, want, naming{aliases: names, live: was.LiveNames})
	important := paths.effects(p.steps)
	p.presentNames()
	for n, s := range p.steps {
		data, err := s.encode()
		if err != nil {
			return out, err
		}
		out.Operations = append(out.Operations, plan.Operation{ID: strconv.Itoa(n + 1), Kind: plan.OperationOwn, Summary: s.String(), Data: data,
			Objects: touched(s.step), Effects: s.effects})
	}
	out.Effects = append(p.unreachable(), important...)
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
	if s.Name != "" {
		out = append(out, backend.Ref(s.Name))
	}
	return out
}

// refusals are what the kernel would accept and a person would regret.
func refusals(h *host.Host, have *world, want *goal) diag.List {
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
		if l != nil {
			out = append(out, refuseCard(i, l)...)
		}
		out = append(out, refuseTwice(i, have, want)...)
		out = append(out, refuseRoutes(i, have)...)
	}
	out = append(out, refuseSlots(h)...)
	for port, master := range h.Masters() {
		for _, v := range have.vlans(port) {
			if w := want.link(v); w != nil && w.Parent == port {
				out = append(out, ruleStolen.At("", "%q takes the frames of VLAN %d from %q, which %q is to carry", v, w.VLANID, master, port))
			}
		}
	}
	return out.Sorted()
}

func refuseGuests(i *host.Interface, have *world, want *goal) diag.List {
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

func refuseTwice(i *host.Interface, have *world, want *goal) diag.List {
	var out diag.List
	for n, p := range i.Addresses {
		for _, link := range have.holders[p.Addr()] {
			if !want.managed[link] {
				out = append(out, ruleTwice.At(i.Path(host.Index("addresses", n)), "%s is on %q", p.Addr(), link))
			}
		}
	}
	return out
}

// refuseRoutes refuses a route that would push another program's aside.
func refuseRoutes(i *host.Interface, have *world) diag.List {
	var out diag.List
	for _, d := range declaredRoutes(i) {
		r := kernelRoute(d, i.Name)
		for _, other := range have.routes[r.Slot()] {
			if !isOurs(have, other) && !other.Same(r) {
				out = append(out, ruleRoute.At(i.Path("route"), "%s is there already (protocol %d)", words(other), other.Protocol))
			}
		}
	}
	return out
}

// refuseSlots refuses two declared routes of which the kernel can keep one.
func refuseSlots(h *host.Host) diag.List {
	var out diag.List
	on := make(map[rtnl.Slot]string)
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if i.Wanted() != host.Up {
			continue
		}
		for _, d := range declaredRoutes(i) {
			s := kernelRoute(d, i.Name).Slot()
			if other := on[s]; other != "" && other != i.Name {
				out = append(out, ruleRoute.At(i.Path("route"), "%q has one to %s too, of the same table and metric", other, s.To))
			}
			on[s] = i.Name
		}
	}
	return out
}

// findings are what is there and will surprise.
func findings(g *world, h *host.Host) diag.List {
	var out diag.List
	for _, name := range g.all() {
		m := g.link(g.link(name).Master)
		if m == nil {
			continue
		}
		if _, said := h.Interface(m.Name); said && m.Kind == "bond" && len(g.vlans(name)) > 0 {
			d := ruleStolen.At("", "%q is on %q, a port of %q", g.vlans(name)[0], name, m.Name)
			d.Severity = diag.Warning
			out = append(out, d)
		}
	}
	return out
}
