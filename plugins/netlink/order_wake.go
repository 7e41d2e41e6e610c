package netlink

import (
	"slices"
	"strconv"

	"linkspan/plugins/netlink/rtnl"
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
func (p *planner) sleeps(bridge *rtnl.Link) {
	if bridge.Kind == "bridge" && bridge.Up && bridge.Bridge["stp_state"] == 0 && len(p.cur.byMaster[bridge.Name]) == 0 {
		p.asleep = append(p.asleep, bridge.Name)
	}
}

// wake waits for the bridges below links that are about to get an address that
// another link has.
func (p *planner) wake() {
	for _, bridge := range p.asleep {
		if slices.ContainsFunc(p.cur.above(bridge), p.isMovedTo) {
			p.do(step{Do: doReady, Link: bridge, Awake: true, Limit: wakeLimit, Anyway: true})
		}
	}
	p.asleep = nil
}

func (p *planner) isMovedTo(link string) bool {
	return len(p.ahead[link]) > 0 || slices.ContainsFunc(p.want.addresses[link], func(a rtnl.Address) bool {
		return !a.IsLocal() && len(p.cur.holders[a.Prefix.Addr()]) > 0 && p.isMissing(a)
	})
}

// Values of the sysctl net.ipv4.conf.*.rp_filter (ip-sysctl.rst); of a link's
// own and that of all links the greater counts.
const (
	strictReverse = 1
	looseReverse  = 2
)

// welcome lets a bridge take what comes for addresses that the link has which
// is about to join it, while their routes still lead out by that link. With a
// strict rp_filter such packets are dropped; with a loose one too, as long as
// the bridge has no address (net/ipv4/fib_frontend.c, __fib_validate_source).
// So it has them before, and is loose until they have moved.
func (p *planner) welcome(bridge, from string) {
	b := p.cur.link(bridge)
	if max(p.cur.reverse.All, b.ReversePath) != strictReverse {
		return
	}
	moving := slices.DeleteFunc(slices.Clone(p.want.addresses[bridge]), func(a rtnl.Address) bool {
		return !a.Prefix.Addr().Is4() || !p.isMissing(a) || !slices.Contains(p.cur.holders[a.Prefix.Addr()], from)
	})
	if len(moving) == 0 {
		return
	}
	p.loose = append(p.loose, *b)
	p.setReverse(bridge, looseReverse)
	p.steps[len(p.steps)-1].note(bridge, "%s drops nothing of what comes while the route there still leads by %s", bridge, from)
	for _, a := range moving {
		p.addAddress(a)
	}
	p.carryNeighbours(from, bridge)
	p.ahead[bridge] = append(p.ahead[bridge], moving...)
}

// tighten makes the bridges as strict as they were.
func (p *planner) tighten() {
	for _, b := range p.loose {
		p.setReverse(b.Name, b.ReversePath)
	}
	p.loose = nil
}

func (p *planner) setReverse(link string, value int) {
	p.do(step{Do: doSysctl, Link: link, New: &rtnl.Link{Sysctls: map[string]string{"ipv4/conf/rp_filter": strconv.Itoa(value)}}})
}
