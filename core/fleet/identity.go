package fleet

import (
	"fmt"
	"iter"
	"net/netip"
	"slices"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
)

// names reports hosts that a machine's name does not tell apart.
func (c *comparison) names() {
	full := make(map[string]int, len(c.members))
	for n := range c.members {
		name := strings.ToLower(c.members[n].Host.Name)
		if first, twice := full[name]; twice {
			c.sameName(first, n)
			continue
		}
		full[name] = n
	}
	for n := range c.members {
		name := strings.ToLower(c.members[n].Host.Name)
		short, _, hasDomain := strings.Cut(name, ".")
		if first, there := full[short]; hasDomain && there {
			c.sameName(first, n)
		}
	}
}

func (c *comparison) sameName(first, second int) {
	detail := fmt.Sprintf("a machine called %q answers to %q as well", c.members[second].Host.Name, c.members[first].Host.Name)
	c.report(finding{ruleNameTwice, detail, place{member: second}, "the other host", place{member: first}})
}

// identities reports what belongs to one host only and is given to two: an
// address, a MAC.
func (c *comparison) identities() {
	addresses := make(map[netip.Addr]*claims)
	macs := make(map[string]*claims)
	for n := range c.members {
		h := c.members[n].Host
		for k := range h.Interfaces {
			i := &h.Interfaces[k]
			if i.Wanted() == host.Absent || inside(i) {
				continue
			}
			for at, a := range unique(i) {
				claim(addresses, a, place{n, i, "addresses", at})
			}
			if i.MAC != "" {
				claim(macs, i.MAC, place{n, i, "mac", wholeAttribute})
			}
			if i.Ethernet != nil && i.Ethernet.Match.MAC != "" {
				claim(macs, i.Ethernet.Match.MAC, place{n, i, "match.mac", wholeAttribute})
			}
		}
	}
	reportTwice(c, ruleAddressTwice, addresses, netip.Addr.Compare)
	reportTwice(c, ruleMACTwice, macs, strings.Compare)
}

// unique are an interface's addresses that one host only may have, with their
// places in the list.
func unique(i *host.Interface) iter.Seq2[int, netip.Addr] {
	return func(yield func(int, netip.Addr) bool) {
		for at, p := range i.Addresses {
			a := p.Addr()
			if a.IsValid() && !a.IsLinkLocalUnicast() && !yield(at, a) {
				return
			}
		}
	}
}

// inside reports whether an interface has no way out of its host: a bridge
// without ports, to which only guests are joined. Every host may have the same
// network there.
func inside(i *host.Interface) bool { return i.Bridge != nil && len(i.Bridge.Ports) == 0 }

// claims are the hosts that claim one value.
type claims struct {
	first  place
	second place // valid when more > 0
	last   int   // the last member that claimed it
	more   int   // members beyond the first
}

// claim notes that a member has a value; twice on one member counts once.
func claim[K comparable](in map[K]*claims, value K, at place) {
	c, there := in[value]
	switch {
	case !there:
		in[value] = &claims{first: at, last: at.member}
	case c.last != at.member:
		if c.more == 0 {
			c.second = at
		}
		c.last = at.member
		c.more++
	}
}

// reportTwice reports the values that more than one member claims, in order.
func reportTwice[K comparable](c *comparison, r diag.Rule, in map[K]*claims, order func(a, b K) int) {
	var twice []K
	for value, of := range in {
		if of.more > 0 {
			twice = append(twice, value)
		}
	}
	slices.SortFunc(twice, order)
	for _, value := range twice {
		of := in[value]
		detail := fmt.Sprintf("%v is given to %q and to %q%s", value, c.name(of.first), c.name(of.second), andMore(of.more-1))
		c.report(finding{r, detail, of.second, "first given here", of.first})
	}
}
