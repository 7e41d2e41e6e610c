package survey

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// toward is the link by which packets leave for an address; "" is none. The
// longest prefix counts, of the main table alone.
func toward(w *world.World, ip netip.Addr) string {
	best, link := -1, ""
	for _, name := range w.All() {
		for _, a := range w.Addresses(name) {
			if p := a.Prefix.Masked(); p.Contains(ip) && p.Bits() > best && w.Link(name).Up {
				best, link = p.Bits(), name
			}
		}
	}
	for _, s := range w.Slots() {
		if s.Table != unix.RT_TABLE_MAIN || !s.To.Contains(ip) || s.To.Bits() <= best {
			continue
		}
		for _, r := range w.Routes(s) {
			if links := w.LinksOf(r); len(links) > 0 && links[0] != "" {
				best, link = s.To.Bits(), links[0]
			}
		}
	}
	return link
}

// important is a link that something depends on.
type important struct{ link, why string }

// importants are the links of the default routes and of what is in use.
func importants(w *world.World, uses []Use) []important {
	var out []important
	for _, s := range w.Slots() {
		for _, r := range w.Routes(s) {
			if s.To.Bits() != 0 || r.Type != unix.RTN_UNICAST {
				continue
			}
			for _, link := range w.LinksOf(r) {
				why := "the default route " + strings.TrimPrefix(spell.Route(r), "default ")
				out = append(out, important{link, why})
			}
		}
	}
	for _, u := range uses {
		links := w.Holders(u.Here)
		if !u.Here.IsValid() {
			links = []string{toward(w, u.Host)}
		}
		for _, link := range links {
			out = append(out, important{link, u.Of})
		}
	}
	return slices.DeleteFunc(out, func(i important) bool { return w.Link(i.link) == nil })
}

// Paths name what depends on a link that the plan touches, or on one below it.
type Paths struct {
	of    []important
	below map[string][]string // of each link, before anything is done
}

// PathsOf finds the paths of a world in which nothing is done yet.
func PathsOf(w *world.World, uses []Use) Paths {
	out := Paths{of: importants(w, uses), below: make(map[string][]string)}
	for _, i := range out.of {
		out.below[i.link] = w.Below(i.link)
	}
	return out
}

// Effects name each link of the paths that the steps touch, or that stands on
// one.
func (p Paths) Effects(steps []step.Step) []plan.Effect {
	touched := make(map[string]bool)
	for _, s := range steps {
		if s.Do != step.Announce && s.Do != step.Ready {
			touched[s.Link] = true
		}
	}
	var out []plan.Effect
	said := make(map[string]bool)
	for _, i := range p.of {
		below := p.below[i.link][1:]
		at := slices.IndexFunc(below, func(n string) bool { return touched[n] })
		if at < 0 && !touched[i.link] || said[i.link+i.why] {
			continue
		}
		said[i.link+i.why] = true
		text := fmt.Sprintf("%s carries %s and changes", i.link, i.why)
		if at >= 0 {
			text = fmt.Sprintf("%s carries %s, and %s below it changes", i.link, i.why, below[at])
		}
		out = append(out, plan.Effect{Kind: plan.EffectOperator, Text: text, Objects: []plan.Ref{backend.Ref(i.link)}})
	}
	return out
}
