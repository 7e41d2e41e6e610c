// Package order finds the steps from the present world to the goal, in an order
// that keeps the host reachable and the guests connected.
package order

import (
	"net/netip"

	"linkspan/core/plan"
	"linkspan/plugins/netlink/goal"
	"linkspan/plugins/netlink/rename"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// Find finds the steps from what there is to the goal. It is pure: the steps
// are done to a copy of the world as the kernel would do them, so that what
// goes with a step is seen and put back. The time it takes grows with the
// number of links and not with its square: each step looks only at the links
// that stand on what it touches.
//
// First all that nobody uses is made ready: spare cards carry the new links.
// Then the addresses move, each being on both links for a moment. Then what
// was in use before joins, and last what is left over goes.
//
// Where a bond has to be empty meanwhile, a detour comes before; and links of
// which the names change are renamed when they are free for it: before Linux 6.2
// (live is false) only while they are down.
func Find(have *world.World, want *goal.Goal, as rename.Aliases, live bool) *Planner {
	p := &Planner{cur: have, want: want, open: make(map[netip.Addr]int), ahead: make(map[string][]rtnl.Address), joined: make(map[string]bool),
		names: naming{Aliases: as, live: live, at: make(map[string]int)}}
	have.LeadsOut, have.Doubts = want.Managed, want.Exact
	p.takeDetour()
	p.lead()
	if p.nameAll(); len(as) > 0 {
		p.moveAddresses()
	}
	p.putBack()
	p.announceLate()
	return p
}

// lead finds the steps to the goal.
func (p *Planner) lead() {
	p.findLive()
	p.deleteGone(p.isEarly)
	p.structure(p.isEarly)
	p.settle()
	p.joinInPlace()
	p.moveAddresses()
	p.silenceTwins()
	p.deleteGone(func(string) bool { return true })
	p.structure(func(string) bool { return true })
	p.moveAddresses()
	p.depart(true)
}

// Planner finds steps. What it has found so far is in Steps, and at the end the
// whole way.
type Planner struct {
	Steps   []Planned
	cur     *world.World // changed by each step
	want    *goal.Goal
	live    map[string]bool           // in use now
	kept    map[string]bool           // ports that keep a live bond alive until the move
	due     []string                  // bridges whose card has changed: the switch must hear of it
	later   map[string][]rtnl.Address // moved to links that find a card only at the end
	asleep  []string                  // bridges that have just got their first port
	quiet   []string                  // new VLANs that go up when their bridges are made
	loose   []rtnl.Link               // links with a looser rp_filter than before, as they were
	ahead   map[string][]rtnl.Address // added before their bridge had a port
	lingers []lingering               // moved addresses that are still on the link that they left
	joined  map[string]bool           // ports that have joined their bond in this plan
	around  bool                      // on a detour
	freed   bool                      // the neighbours know which cards are in use
	fresh   bool                      // a card was given to a bond or bridge in this plan
	gaps    []gap
	open    map[netip.Addr]int // addresses that are not reachable now, and their gap
	names   naming
}

// Planned is a step with what goes with it.
type Planned struct {
	step.Step
	Effects []plan.Effect
}

// StepsAlone are the steps without what goes with them.
func (p *Planner) StepsAlone() []step.Step {
	out := make([]step.Step, len(p.Steps))
	for i := range p.Steps {
		out[i] = p.Steps[i].Step
	}
	return out
}

func (p *Planner) do(s step.Step) {
	watched := p.watched(s)
	var effects []plan.Effect
	p.cur.Do(s, func(e plan.Effect) { effects = append(effects, e) })
	p.Steps = append(p.Steps, Planned{s, append(effects, p.guests(s)...)})
	p.mind(s, watched)
	p.nameWhatIsDown()
}
