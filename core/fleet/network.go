package fleet

import (
	"cmp"
	"fmt"
	"net/netip"
	"strings"

	"linkspan/core/host"
)

// networks reports hosts that disagree about one network.
func (c *comparison) networks() {
	compare(c, c.prefixes, disagreement[namedNetwork]{rulePrefix, func(k namedNetwork) string { return fmt.Sprintf("%s on VLAN %d", k.name, k.vlan) }, namedNetwork.compare})
	compare(c, c.gateways, disagreement[netip.Prefix]{ruleGateway, func(k netip.Prefix) string { return "the gateway of " + k.String() }, comparePrefixes})
	compare(c, c.mtus, disagreement[int]{ruleMTU, func(k int) string { return fmt.Sprintf("the MTU of VLAN %d", k) }, cmp.Compare[int]})
}

// each calls do for every interface that is wanted and has a way out of its
// host.
func (c *comparison) each(do func(member int, i *host.Interface)) {
	for n := range c.members {
		h := c.members[n].Host
		for k := range h.Interfaces {
			if i := &h.Interfaces[k]; i.Wanted() != host.Absent && !inside(i) {
				do(n, i)
			}
		}
	}
}

// prefixes says which prefixes each named network has on each host.
func (c *comparison) prefixes(say func(namedNetwork, netip.Prefix, place)) {
	c.each(func(member int, i *host.Interface) {
		id := vlanOf(c.members[member].Host, i)
		if id == 0 {
			return
		}
		for n, a := range i.Addresses {
			if a.IsValid() && !a.Addr().IsLinkLocalUnicast() && a.Bits() < a.Addr().BitLen() {
				say(namedNetwork{i.Name, id, a.Addr().Is6()}, a.Masked(), place{member, i, "addresses", n})
			}
		}
	})
}

// gateways says by which gateways each host leaves its prefixes.
func (c *comparison) gateways(say func(netip.Prefix, netip.Addr, place)) {
	c.each(func(member int, i *host.Interface) {
		by := func(via netip.Addr, attribute string, index int) {
			for _, a := range i.Addresses {
				if a.IsValid() && a.Contains(via) && !via.IsLinkLocalUnicast() {
					say(a.Masked(), via, place{member, i, attribute, index})
				}
			}
		}
		if i.Gateway.IsValid() {
			by(i.Gateway, "gateway", wholeAttribute)
		}
		if i.Gateway6.IsValid() {
			by(i.Gateway6, "gateway6", wholeAttribute)
		}
		for n, r := range i.Routes {
			if r.IsDefault() && r.Via.IsValid() && r.Table == 0 {
				by(r.Via, "route", n)
			}
		}
	})
}

// mtus says which MTU each VLAN has on each host: that of the bridge on it, or
// of the VLAN itself when it is no port.
func (c *comparison) mtus(say func(int, int, place)) {
	var at int
	var masters map[string]string
	var mtus *host.MTUs
	c.each(func(member int, i *host.Interface) {
		h := c.members[member].Host
		if masters == nil || at != member {
			at, masters, mtus = member, h.Masters(), h.MTUs()
		}
		id := vlanOf(h, i)
		if id == 0 || masters[i.Name] != "" {
			return
		}
		bytes, from := mtus.Of(i)
		say(id, bytes, place{member, from, "mtu", wholeAttribute})
	})
}

// namedNetwork is a network as hosts speak of it: by the interface's name and
// the VLAN below it, for each family of addresses.
type namedNetwork struct {
	name string
	vlan int
	v6   bool
}

func (k namedNetwork) compare(o namedNetwork) int {
	return cmp.Or(strings.Compare(k.name, o.name), k.vlan-o.vlan, cmp.Compare(family(k.v6), family(o.v6)))
}

func family(v6 bool) int {
	if v6 {
		return 6
	}
	return 4
}

func comparePrefixes(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), a.Bits()-b.Bits())
}

// vlanOf is the id of the VLAN that an interface is, or that is the only port
// of the bridge that it is; 0 when there is none.
func vlanOf(h *host.Host, i *host.Interface) int {
	switch {
	case i.VLAN != nil:
		return i.VLAN.ID
	case i.Bridge == nil || len(i.Bridge.Ports) != 1:
		return 0
	}
	if p, ok := h.Interface(i.Bridge.Ports[0].Name); ok && p.VLAN != nil {
		return p.VLAN.ID
	}
	return 0
}
