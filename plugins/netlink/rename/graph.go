package rename

import (
	"maps"
	"regexp"
	"slices"
	"sync"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// Graph is a copy of a graph with other names, all given at once.
func Graph(g *rtnl.Graph, to map[string]string) *rtnl.Graph {
	set := func(name *string) {
		if n, ok := to[*name]; ok {
			*name = n
		}
	}
	out := &rtnl.Graph{Links: slices.Clone(g.Links), Addresses: slices.Clone(g.Addresses), Routes: slices.Clone(g.Routes), Rules: g.Rules,
		NextHops:   slices.Clone(g.NextHops),
		Neighbours: slices.Clone(g.Neighbours), Forwarding: slices.Clone(g.Forwarding), ReversePath: g.ReversePath}
	for n := range out.Links {
		renameLink(&out.Links[n], set)
	}
	for n := range out.Addresses {
		set(&out.Addresses[n].Link)
	}
	for n := range out.Routes {
		Route(&out.Routes[n], set)
	}
	for n := range out.NextHops {
		set(&out.NextHops[n].Link)
	}
	for n := range out.Neighbours {
		set(&out.Neighbours[n].Link)
	}
	for n := range out.Forwarding {
		set(&out.Forwarding[n].Port)
	}
	return out
}

func renameLink(l *rtnl.Link, set func(*string)) {
	set(&l.Name)
	set(&l.Master)
	set(&l.Parent)
	if l.Bond == nil {
		return
	}
	l.Bond = maps.Clone(l.Bond)
	for _, option := range []string{"primary", "active_slave"} {
		if port, said := l.Bond[option]; said {
			set(&port)
			l.Bond[option] = port
		}
	}
}

// Route gives the links that a route names other names.
func Route(r *rtnl.Route, set func(*string)) {
	set(&r.Link)
	r.Hops = slices.Clone(r.Hops)
	for n := range r.Hops {
		set(&r.Hops[n].Link)
	}
}

// Step gives everything that a step names its name of the time.
func Step(s step.Step, set func(*string)) step.Step {
	for _, name := range []*string{&s.Link, &s.Master} {
		set(name)
	}
	if s.New != nil {
		l := *s.New
		renameLink(&l, set)
		s.New = &l
	}
	if s.Address != nil {
		a := *s.Address
		set(&a.Link)
		s.Address = &a
	}
	if s.Route != nil {
		r := *s.Route
		Route(&r, set)
		s.Route = &r
	}
	if s.NextHop != nil {
		h := *s.NextHop
		set(&h.Link)
		s.NextHop = &h
	}
	if s.Entry != nil {
		e := *s.Entry
		set(&e.Port)
		s.Entry = &e
	}
	s.Neighbours, s.Announce, s.Ports = slices.Clone(s.Neighbours), slices.Clone(s.Announce), slices.Clone(s.Ports)
	for n := range s.Neighbours {
		set(&s.Neighbours[n].Link)
	}
	for n := range s.Announce {
		set(&s.Announce[n].Link)
	}
	for n := range s.Ports {
		set(&s.Ports[n])
	}
	return s
}

// linkNames finds what may be names of links in a text.
var linkNames = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^\s,:;"]+`) })

// Text does it to the words of an effect.
func Text(text string, set func(*string)) string {
	return linkNames().ReplaceAllStringFunc(text, func(word string) string {
		set(&word)
		return word
	})
}
