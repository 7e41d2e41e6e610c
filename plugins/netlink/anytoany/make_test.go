package anytoany_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/host/hosttest"
	"linkspan/plugins/netlink"
)

// cards is how many network cards each host has.
const cards = 5

// maker makes hosts with every attribute that the kernel has.
type maker struct{ *rand.Rand }

func (m maker) chance(percent int) bool { return m.IntN(100) < percent }

// pair makes two hosts of the same cards: the second says of everything that
// the first has what is to become of it.
func (m maker) pair() (a, b host.Host) {
	a, b = m.host(), m.host()
	said := make(map[string]bool)
	for _, i := range b.Interfaces {
		said[i.Name] = true
	}
	for _, i := range a.Interfaces {
		if said[i.Name] {
			continue
		}
		gone := host.Interface{Kind: i.Kind, Name: i.Name, State: host.Absent, Bond: i.Bond, VLAN: i.VLAN, Bridge: i.Bridge}
		switch i.Kind {
		case host.KindBond:
			gone.Bond = &host.Bond{}
		case host.KindBridge:
			gone.Bridge = &host.Bridge{}
		}
		b.Interfaces = append(b.Interfaces, gone)
	}
	sortByName(&b)
	return a, b
}

func sortByName(h *host.Host) {
	slices.SortFunc(h.Interfaces, func(x, y host.Interface) int { return strings.Compare(x.Name, y.Name) })
}

// host makes one that keeps every rule of a definition.
func (m maker) host() host.Host {
	for {
		h := hosttest.Random(m.Rand, hosttest.Options{MaxCards: cards, MaxVLANs: 6})
		h.Name, h.Backends = "random", []host.Backend{{Name: "netlink", Config: map[string]any{"lacp_timeout": "0s"}}}
		if *here {
			withoutUppers(&h)
		}
		m.enrich(&h)
		for n := range cards {
			if name := fmt.Sprintf("eth%d", n); !slices.ContainsFunc(h.Interfaces, func(i host.Interface) bool { return i.Name == name }) {
				h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindEthernet, Name: name, Ethernet: &host.Ethernet{}})
			}
		}
		sortByName(&h)
		if !host.Validate(&h).HasErrors() && !refused(h) {
			return h
		}
	}
}

// withoutUppers leaves cards and bridges, which every kernel has.
func withoutUppers(h *host.Host) {
	isCard := func(name string) bool { return strings.HasPrefix(name, "eth") && !strings.Contains(name, ".") }
	h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i host.Interface) bool { return i.Bond != nil || i.VLAN != nil })
	for n := range h.Interfaces {
		if b := h.Interfaces[n].Bridge; b != nil {
			b.Ports = slices.DeleteFunc(b.Ports, func(p host.BridgePort) bool { return !isCard(p.Name) })
		}
	}
}

// refused reports whether the backend refuses the host at first sight.
func refused(h host.Host) bool {
	r, err := netlink.New().Render(context.Background(), backend.RenderRequest{Setup: backend.Setup{Host: h}})
	return err != nil || r.Diagnostics.HasErrors()
}

func (m maker) enrich(h *host.Host) {
	m.rename(h)
	masters := h.Masters()
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if m.chance(10) {
			i.Description = fmt.Sprintf("text %d", m.IntN(3))
		}
		if m.chance(8) {
			i.State = host.Down
		}
		switch {
		case i.Ethernet != nil && m.chance(10):
			i.Ethernet.Offload = map[string]bool{"gro": m.chance(50), "tso": m.chance(50)}
		case i.Bond != nil:
			m.bond(i, masters[i.Name] == "" && len(i.Addresses) == 0 && !slices.ContainsFunc(h.Interfaces, func(v host.Interface) bool { return v.VLAN != nil && v.VLAN.Parent == i.Name }))
		case i.VLAN != nil:
			m.vlan(i.VLAN)
		case i.Bridge != nil:
			m.bridge(i.Bridge)
		}
		if masters[i.Name] == "" {
			m.network(i, n)
		}
	}
}

// rename calls some VLANs by names that say nothing of parent and id, so that
// the same name is another VLAN in another host.
func (m maker) rename(h *host.Host) {
	next := 0
	for n := range h.Interfaces {
		i := &h.Interfaces[n]
		if i.VLAN == nil || !m.chance(40) {
			continue
		}
		old, name := i.Name, fmt.Sprintf("vlan%d", next)
		next++
		i.Name = name
		for k := range h.Interfaces {
			if br := h.Interfaces[k].Bridge; br != nil {
				for p := range br.Ports {
					if br.Ports[p].Name == old {
						br.Ports[p].Name = name
					}
				}
				slices.SortFunc(br.Ports, func(x, y host.BridgePort) int { return strings.Compare(x.Name, y.Name) })
			}
		}
	}
	sortByName(h)
}

// bond adds what hosttest leaves out: ARP monitoring, and options that only
// the driver's names have.
func (m maker) bond(i *host.Interface, alone bool) {
	o := i.Bond.Options
	mode := i.Bond.Mode
	arp, _ := host.BondOptionNamed("arp_interval")
	if alone && arp.TakenBy(mode) && m.chance(50) { // nobody answers: it has no carrier
		for _, name := range []string{"miimon", "updelay", "downdelay", "peer_notif_delay"} {
			delete(o, name)
		}
		o["arp_interval"], o["arp_ip_targets"] = fmt.Sprint(100*(1+m.IntN(9))), "10.9.9.1"
		if m.chance(40) {
			o["arp_ip_targets"] = "10.9.9.1,10.9.9.2"
		}
		if mode == "active-backup" && m.chance(50) {
			o["arp_validate"] = "all"
		}
		if m.chance(30) {
			o["arp_missed_max"] = fmt.Sprint(1 + m.IntN(5))
		}
	}
	if o["miimon"] != "" && m.chance(10) {
		o["peer_notif_delay"] = "200"
	}
	if m.chance(10) {
		o["lp_interval"] = fmt.Sprint(1 + m.IntN(9))
	}
	if mode == "802.3ad" && m.chance(40) {
		o["ad_actor_sys_prio"], o["ad_user_port_key"] = fmt.Sprint(1+m.IntN(9)), fmt.Sprint(m.IntN(9))
		if m.chance(50) {
			o["lacp_active"] = fmt.Sprint(m.IntN(2))
		}
	}
	if m.chance(10) {
		i.MTU = new(1400 + 100*m.IntN(3))
	}
	if o["fail_over_mac"] != "active" && m.chance(10) {
		i.MAC = fmt.Sprintf("52:54:00:b0:00:%02x", m.IntN(200))
	}
}

func (m maker) vlan(v *host.VLAN) {
	if m.chance(10) {
		v.Protocol = "802.1ad"
	}
	for _, flag := range []**bool{&v.GVRP, &v.MVRP, &v.LooseBinding} {
		if m.chance(10) {
			*flag = new(m.chance(50))
		}
	}
}

func (m maker) bridge(b *host.Bridge) {
	if m.chance(15) {
		b.MulticastSnooping = new(m.chance(50))
	}
	if m.chance(10) && !*here {
		b.VLANFiltering = new(m.chance(50))
	}
	if m.chance(10) {
		b.HelloTime = new(host.Centiseconds(100 * (1 + m.IntN(3))))
	}
	for n := range b.Ports {
		p := &b.Ports[n]
		for _, flag := range []**bool{&p.Hairpin, &p.Isolated, &p.Learning, &p.Flood, &p.Guard} {
			if m.chance(8) {
				*flag = new(m.chance(50))
			}
		}
		if m.chance(10) {
			p.Cost, p.Priority = new(1+m.IntN(100)), new(m.IntN(64))
		}
	}
}

// network adds addresses, routes and what else the network layer has to a link
// that is no port.
func (m maker) network(i *host.Interface, n int) {
	if i.Kind == host.KindBridge && m.chance(10) {
		i.MAC = fmt.Sprintf("52:54:00:c0:00:%02x", m.IntN(200))
	}
	if m.chance(10) {
		i.AcceptRA = new(m.chance(50))
	}
	if len(i.Addresses) == 0 || !i.Addresses[0].Addr().Is4() {
		return
	}
	first := i.Addresses[0]
	if m.chance(25) {
		i.Addresses = append(i.Addresses, netip.PrefixFrom(first.Addr().Next().Next(), first.Bits()))
	}
	if m.chance(20) {
		i.Addresses = append(i.Addresses, netip.MustParsePrefix(fmt.Sprintf("10.200.%d.2/24", m.IntN(20))))
	}
	if m.chance(20) {
		r := host.Route{To: netip.MustParsePrefix(fmt.Sprintf("172.20.%d.0/24", n)), Via: first.Addr().Next(), Metric: m.IntN(3) * 10}
		if m.chance(30) {
			r.Table = 100 + m.IntN(3)
		}
		if m.chance(30) {
			r.Source = first.Addr()
		}
		i.Routes = append(i.Routes, r)
	}
	if m.chance(10) {
		i.Routes = append(i.Routes, host.Route{To: netip.MustParsePrefix(fmt.Sprintf("172.21.%d.0/24", n)), Via: netip.MustParseAddr("10.77.0.1"), OnLink: true})
	}
	if m.chance(10) {
		i.Routes = append(i.Routes, host.Route{To: netip.MustParsePrefix(fmt.Sprintf("172.22.%d.0/24", n))})
	}
	if m.chance(15) {
		p := netip.MustParsePrefix(fmt.Sprintf("2001:db8:f%x::2/64", n))
		i.Addresses = append(i.Addresses, p)
		if m.chance(40) {
			i.Routes = append(i.Routes, host.Route{To: netip.MustParsePrefix(fmt.Sprintf("2001:db8:e%x::/64", n)), Via: p.Addr().Prev()})
		}
	}
}
