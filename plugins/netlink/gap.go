package netlink

import (
	"fmt"
	"slices"
	"time"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// gap is a stretch of the plan in which something wanted cannot be reached.
type gap struct {
	link     string
	what     []string // addresses, or guests' ports
	from, to int      // steps: lost by from, reachable again after to
	joins    bool     // a card joins a bond in it
}

// watched are the addresses that a step may make unreachable: those on links
// that stand on what it touches.
func (p *planner) watched(s step) []rtnl.Address {
	if !slices.Contains([]verb{doMaster, doDown, doUp, doDelete, doNoAddr, doAddress, doSet}, s.Do) || p.cur.link(s.Link) == nil {
		return nil
	}
	if s.Do == doSet && s.New.MTU == 0 {
		return nil
	}
	around := p.cur.above(s.Link)
	if to := p.cur.link(s.Master); to != nil {
		around = append(around, p.cur.above(s.Master)...)
	}
	if s.Do == doAddress {
		around = []string{s.Link}
	}
	var out []rtnl.Address
	for _, name := range around {
		for _, a := range p.cur.addresses[name] {
			_, open := p.open[a.Prefix.Addr()]
			if !a.IsLocal() && len(p.want.holders[a.Prefix.Addr()]) > 0 && (open || p.cur.reachable(name)) {
				out = append(out, a)
			}
		}
	}
	if s.Do == doAddress {
		out = append(out, *s.Address)
	}
	return out
}

// mind notes what the step that has just been done took away or brought back.
func (p *planner) mind(s step, watched []rtnl.Address) {
	now := len(p.steps) - 1
	if s.Do == doMaster && s.Master != "" && p.cur.link(s.Master).Kind == "bond" {
		for _, n := range p.open {
			p.gaps[n].joins = true
		}
	}
	for _, a := range watched {
		ip := a.Prefix.Addr()
		n, open := p.open[ip]
		carried := p.cur.carries(ip)
		switch {
		case open && carried:
			p.gaps[n].to = now
			delete(p.open, ip)
		case !open && !carried:
			p.open[ip] = p.begin(a, now)
		}
	}
}

func (p *planner) begin(a rtnl.Address, now int) int {
	if n := len(p.gaps) - 1; n >= 0 && p.gaps[n].from == now && p.gaps[n].link == a.Link {
		p.gaps[n].what = append(p.gaps[n].what, a.Prefix.Addr().String())
		return n
	}
	joins := p.steps[now].Do == doMaster && p.steps[now].Master != ""
	p.gaps = append(p.gaps, gap{link: a.Link, what: []string{a.Prefix.Addr().String()}, from: now, to: -1, joins: joins})
	return len(p.gaps) - 1
}

// guests names the foreign ports that stay on a bridge whose ports change.
func (p *planner) guests(s step) []plan.Effect {
	if s.Do != doMaster || s.Master == "" {
		return nil
	}
	var out []plan.Effect
	for _, port := range p.cur.ports(s.Master) {
		if !p.want.managed[port] {
			out = append(out, plan.Effect{Kind: plan.EffectGuest, Text: port + " stays on " + s.Master, Objects: []plan.Ref{backend.Ref(port)}})
		}
	}
	return out
}

// How long a gap lasts, measured: a card that was down finds its link within
// about 2 s (1.8 to 3.3 s); what goes to the kernel together takes
// milliseconds. A bridge with STP listens and learns before it forwards, each
// for its forward delay.
const (
	cardGap = 2 * time.Second
	stepGap = 50 * time.Millisecond
)

// lengthOf predicts a gap; "" is no gap: the steps go to the kernel in one
// system call, between which no frame is handled.
func (p *planner) lengthOf(g gap) (time.Duration, string) {
	first := p.steps[g.from]
	length, why := stepGap, fmt.Sprintf("from %q on", first.step)
	switch {
	case g.to < 0:
		return 0, why + ": nothing carries it at the end"
	case p.together(g) && !g.joins:
		return 0, ""
	case p.changesMode(first.step):
		length, why = cardGap, why+": the driver changes this option only of a bond that has no ports, and its cards then look for their link anew"
	case g.joins:
		length, why = cardGap, why+": a bond takes a card only while it is down, the card then looks for its link anew, and there is no spare card that could carry the address meanwhile"
	case first.Do == doDelete:
		why += ": it must be made again"
	case first.Do == doDown:
		why += ": the driver changes this only while the link is down"
	default:
		why += ": no other link can carry it meanwhile"
	}
	for _, name := range p.cur.above(g.link) {
		if l := p.cur.link(name); l != nil && l.Kind == "bridge" && l.Bridge["stp_state"] != 0 {
			length += 2 * time.Duration(l.Bridge["forward_delay"]) * 10 * time.Millisecond
		}
	}
	return length, why
}

// together reports whether a gap is over within one system call: one port for
// another, or a bridge that is down while it gets its name.
func (p *planner) together(g gap) bool {
	steps := p.steps[g.from : max(g.to, g.from)+1]
	named := slices.ContainsFunc(steps, func(s planned) bool { return s.Do == doRename })
	if l := p.cur.link(g.link); len(steps) > 2 && (!named || l == nil || l.Kind != "bridge") {
		return false
	}
	return !slices.ContainsFunc(steps, func(s planned) bool { return !isMessage(s.step) })
}

// changesMode reports whether the step begins a change that wants the bond
// without ports.
func (p *planner) changesMode(first step) bool {
	l, w := p.cur.link(first.Link), p.want.link(first.Link)
	return first.Do == doDown && l != nil && w != nil && l.Kind == "bond"
}

// unreachable are the gaps that the order cannot avoid, each with its reason.
func (p *planner) unreachable() []plan.Effect {
	var out []plan.Effect
	for _, g := range p.gaps {
		length, why := p.lengthOf(g)
		if w := p.want.link(g.link); why == "" || g.to < 0 && w != nil && !w.Up {
			continue // it is wanted down
		}
		what := g.what[0] + " is"
		if more := len(g.what) - 1; more > 0 {
			what = fmt.Sprintf("%s and %d more are", g.what[0], more)
		}
		text := fmt.Sprintf("%s not reachable for about %s, %s", what, length, why)
		if g.to < 0 {
			text = fmt.Sprintf("%s not reachable any more, %s", what, why)
		}
		out = append(out, plan.Effect{Kind: plan.EffectUnreachable, Gap: length, Objects: []plan.Ref{backend.Ref(g.link)}, Text: text})
	}
	return out
}
