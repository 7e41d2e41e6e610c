package order

import (
	"slices"

	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
)

// A bridge whose MAC was set, or that has lost its last port, has no carrier
// (net/bridge/br_stp.c, br_port_state_selection). With its first port it gets
// one at once, but it throws away what it is to send until the kernel's link
// watch has looked at it, a millisecond or more later: until then its queue is
// noop_qdisc (net/sched/sch_generic.c, dev_activate; net/core/link_watch.c,
// linkwatch_do_dev), which before Linux 6.11 counts nothing of that. An address
// may move to such a bridge when it is awake and not before.

// wakeLimit is how long a bridge may take to wake up, in milliseconds. It is
// longer than the second for which the link watch puts off what it does not
// think urgent.
const wakeLimit = 2000

// sleeps notes a bridge that is about to get its first port while it is up. One
// that goes up with its ports is awake at once; with STP it wakes up when it
// forwards, and nothing is gained by a wait.
func (p *Planner) sleeps(bridge *rtnl.Link) {
	if bridge.Kind == "bridge" && bridge.Up && bridge.Bridge["stp_state"] == 0 && len(p.cur.Ports(bridge.Name)) == 0 {
		p.asleep = append(p.asleep, bridge.Name)
	}
}

// wake waits for the bridges below links that are about to get an address that
// another link has.
func (p *Planner) wake() {
	for _, bridge := range p.asleep {
		if slices.ContainsFunc(p.cur.Above(bridge), p.isMovedTo) {
			p.do(step.Step{Do: step.Ready, Link: bridge, Awake: true, Limit: wakeLimit, Anyway: true})
		}
	}
	p.asleep = nil
}

func (p *Planner) isMovedTo(link string) bool {
	return len(p.ahead[link]) > 0 || slices.ContainsFunc(p.want.Addresses(link), func(a rtnl.Address) bool {
		return !a.IsLocal() && len(p.cur.Holders(a.Prefix.Addr())) > 0 && p.isMissing(a)
	})
}
