package order

import (
	"fmt"
	"slices"
	"time"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
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
func (p *Planner) watched(s step.Step) []rtnl.Address {
	if !slices.Contains([]step.Verb{step.Master, step.Down, step.Up, step.Delete, step.NoAddress, step.Address, step.Set}, s.Do) || p.cur.Link(s.Link) == nil {
		return nil
	}
	if s.Do == step.Set && s.New.MTU == 0 {
		return nil
	}
	around := p.cur.Above(s.Link)
	if to := p.cur.Link(s.Master); to != nil {
		around = append(around, p.cur.Above(s.Master)...)
	}
	if s.Do == step.Address {
		around = []string{s.Link}
	}
	var out []rtnl.Address
	for _, name := range around {
		for _, a := range p.cur.Addresses(name) {
			_, open := p.open[a.Prefix.Addr()]
			if !a.IsLocal() && len(p.want.Holders(a.Prefix.Addr())) > 0 && (open || p.cur.Reachable(name)) {
				out = append(out, a)
			}
		}
	}
	if s.Do == step.Address {
		out = append(out, *s.Address)
	}
	return out
}

// mind notes what the step that has just been done took away or brought back.
func (p *Planner) mind(s step.Step, watched []rtnl.Address) {
	now := len(p.Steps) - 1
	if s.Do == step.Master && s.Master != "" && p.cur.Link(s.Master).Kind == "bond" {
		for _, n := range p.open {
			p.gaps[n].joins = true
		}
	}
	for _, a := range watched {
		ip := a.Prefix.Addr()
		n, open := p.open[ip]
		carried := p.cur.Carries(ip)
		switch {
		case open && carried:
			p.gaps[n].to = now
			delete(p.open, ip)
		case !open && !carried:
			p.open[ip] = p.begin(a, now)
		}
	}
}

func (p *Planner) begin(a rtnl.Address, now int) int {
	if n := len(p.gaps) - 1; n >= 0 && p.gaps[n].from == now && p.gaps[n].link == a.Link {
		p.gaps[n].what = append(p.gaps[n].what, a.Prefix.Addr().String())
		return n
	}
	joins := p.Steps[now].Do == step.Master && p.Steps[now].Master != ""
	p.gaps = append(p.gaps, gap{link: a.Link, what: []string{a.Prefix.Addr().String()}, from: now, to: -1, joins: joins})
	return len(p.gaps) - 1
}

// guests names the foreign ports that stay on a bridge whose ports change.
func (p *Planner) guests(s step.Step) []plan.Effect {
	if s.Do != step.Master || s.Master == "" {
		return nil
	}
	var out []plan.Effect
	for _, port := range p.cur.Ports(s.Master) {
		if !p.want.Managed[port] {
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
func (p *Planner) lengthOf(g gap) (time.Duration, string) {
	first := p.Steps[g.from]
	length, why := stepGap, fmt.Sprintf("from %q on", first.Step)
	switch {
	case g.to < 0:
		return 0, why + ": nothing carries it at the end"
	case p.together(g) && !g.joins:
		return 0, ""
	case p.changesMode(first.Step):
		length, why = cardGap, why+": the driver changes this option only of a bond that has no ports, and its cards then look for their link anew"
	case g.joins:
		length, why = cardGap, why+": a bond takes a card only while it is down, the card then looks for its link anew, and there is no spare card that could carry the address meanwhile"
	case first.Do == step.Delete:
		why += ": it must be made again"
	case first.Do == step.Down:
		why += ": the driver changes this only while the link is down"
	default:
		why += ": no other link can carry it meanwhile"
	}
	return length + p.listens(p.cur.Above(g.link)), why
}

// listens is how long the bridges among links listen and learn before a new
// port forwards: twice their forward delay, which the kernel has in hundredths
// of a second.
func (p *Planner) listens(links []string) time.Duration {
	var out time.Duration
	for _, name := range links {
		if l := p.cur.Link(name); l != nil && l.Kind == "bridge" && l.Bridge["stp_state"] != 0 {
			delay, said := l.Bridge["forward_delay"]
			if !said {
				delay = 1500 // net/bridge/br_device.c, br_dev_setup
			}
			out += 2 * time.Duration(delay) * 10 * time.Millisecond
		}
	}
	return out
}

// together reports whether a gap is over within one system call: one port for
// another, or a bridge that is down while it gets its name.
func (p *Planner) together(g gap) bool {
	steps := p.Steps[g.from : max(g.to, g.from)+1]
	named := slices.ContainsFunc(steps, func(s Planned) bool { return s.Do == step.Rename })
	if l := p.cur.Link(g.link); len(steps) > 2 && (!named || l == nil || l.Kind != "bridge") {
		return false
	}
	return !slices.ContainsFunc(steps, func(s Planned) bool { return !s.IsMessage() })
}

// changesMode reports whether the step begins a change that wants the bond
// without ports.
func (p *Planner) changesMode(first step.Step) bool {
	l, w := p.cur.Link(first.Link), p.want.Link(first.Link)
	return first.Do == step.Down && l != nil && w != nil && l.Kind == "bond"
}

// Unreachable are the gaps that the order cannot avoid, each with its reason.
func (p *Planner) Unreachable() []plan.Effect {
	var out []plan.Effect
	for _, g := range p.gaps {
		length, why := p.lengthOf(g)
		if w := p.want.Link(g.link); why == "" || g.to < 0 && w != nil && !w.Up {
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
