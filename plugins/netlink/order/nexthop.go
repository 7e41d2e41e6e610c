package order

import (
	"slices"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// turnNextHops makes the next hop objects as they are wanted, that is as they
// were, on the links that have their gateways now. The kernel takes none on a
// link without a carrier (net/ipv4/nexthop.c, rtm_to_nh_config), which a link
// that has just gone up, or got its first port, may still be looking for.
func (p *Planner) turnNextHops() {
	for _, h := range p.want.NextHops() {
		have, _ := p.cur.NextHop(h.ID)
		if have.Same(h) || !slices.ContainsFunc(p.want.LinksOfHop(h), p.isMine) || !p.takesNextHop(h) {
			continue
		}
		if h.Link != "" && !p.isSteady(h.Link) {
			p.awaitOwn(h.Link)
		}
		p.do(step.Step{Do: step.NextHop, Link: h.Link, NextHop: &h})
	}
}

// awaitOwn waits until a link has a carrier, and where it leads out until it does:
// a bridge may have no more than its guests as yet.
func (p *Planner) awaitOwn(link string) {
	if p.cur.Reachable(link) {
		p.await(link)
		return
	}
	s := step.Step{Do: step.Ready, Link: link, Milliseconds: holdCarrier, Limit: int(p.want.Carrier.Milliseconds())}
	if p.want.Exact {
		s.Anyway, s.Limit = true, backLimit
	}
	p.do(s)
}

// takesNextHop reports whether the kernel will take the object: its link has a
// carrier and leads to the gateway, or its members are there.
func (p *Planner) takesNextHop(h rtnl.NextHop) bool {
	if len(h.Members) > 0 {
		return !slices.ContainsFunc(h.Members, func(m rtnl.Member) bool {
			_, there := p.cur.NextHop(m.ID)
			return !there
		})
	}
	near := !h.Via.IsValid() || h.OnLink || h.Via.IsLinkLocalUnicast() || p.cur.IsNear(h.Link, h.Via)
	return near && p.cur.HasCarrier(h.Link)
}

// isSteady reports whether a link has the carrier that it had, or has been waited
// for, since something below it was touched.
func (p *Planner) isSteady(link string) bool {
	below := p.cur.Below(link)
	for _, s := range slices.Backward(p.Steps) {
		if s.Do == step.Ready && s.Link == link && !s.Awake {
			return true
		}
		if slices.Contains([]step.Verb{step.Create, step.Up, step.Down, step.Master}, s.Do) && slices.Contains(below, s.Link) {
			return false
		}
	}
	return true
}

// restOfGroups makes groups of next hops again of those members that are there
// at the end. The kernel takes a member that goes out of its group, and a group
// with its last member (net/ipv4/nexthop.c, remove_nexthop). It reports whether
// there was any.
func (p *Planner) restOfGroups() bool {
	made := false
	for _, h := range p.want.NextHops() {
		if _, there := p.cur.NextHop(h.ID); there || len(h.Members) == 0 {
			continue
		}
		h.Members = slices.DeleteFunc(slices.Clone(h.Members), func(m rtnl.Member) bool {
			_, there := p.cur.NextHop(m.ID)
			return !there
		})
		if len(h.Members) > 0 {
			p.do(step.Step{Do: step.NextHop, NextHop: &h})
			made = true
		}
	}
	return made
}

// Lost are the next hop objects that are wanted and not there at the end: no link
// takes them.
func (p *Planner) Lost() []rtnl.NextHop {
	return slices.DeleteFunc(p.want.NextHops(), func(h rtnl.NextHop) bool {
		_, there := p.cur.NextHop(h.ID)
		return there || !slices.ContainsFunc(p.want.LinksOfHop(h), p.isMine)
	})
}
