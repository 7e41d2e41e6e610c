package step

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
)

// String says the step as an operator would type it.
func (s Step) String() string {
	switch s.Do {
	case Create:
		return s.create()
	case Delete:
		return "ip link delete " + s.Link
	case Set:
		return s.set()
	case Master:
		if s.Master == "" {
			return "ip link set " + s.Link + " nomaster"
		}
		return "ip link set " + s.Link + " master " + s.Master
	case Pass:
		return "bridge link set dev " + strings.Join(s.Ports, ", ") + " state 3"
	case Up, Down:
		return "ip link set " + s.Link + " " + string(s.Do)
	case Address:
		return "ip address add " + s.Address.Prefix.String() + " dev " + s.Link
	case NoAddress:
		return "ip address delete " + s.Address.Prefix.String() + " dev " + s.Link
	case Route:
		return "ip route replace " + spell.Route(*s.Route)
	case NoRoute:
		return "ip route delete " + spell.Route(*s.Route)
	case NextHop:
		return "ip nexthop replace " + spell.NextHop(*s.NextHop)
	case Neighbours, NoNeighbours:
		return s.neighbours()
	case Announce:
		return "announce " + s.announced() + " from " + s.Link
	case Ready:
		return s.ready()
	case Pause:
		return fmt.Sprintf("wait %d ms", s.Milliseconds)
	case VLANs:
		return s.vlans()
	case Entry:
		return s.entry()
	case Rule:
		return fmt.Sprintf("ip rule add priority %d (as it was)", s.Rule.Priority)
	case Rename:
		return "ip link set " + s.Link + " name " + s.Name
	case Names:
		return "ip link property add dev " + s.Link + " altname " + strings.Join(s.New.AltNames, " altname ")
	case Sysctl:
		return "sysctl of " + s.Link + ":" + pairs(s.New.Sysctls)
	case Features:
		return "ethtool -K " + s.Link + features(s.New.Features)
	case Wake:
		return "ethtool -s " + s.Link + " wol " + card.WakeWord(s.New.Wake.On)
	case AcceptRA:
		return fmt.Sprintf("sysctl net.ipv6.conf.%s.accept_ra=%d", s.Link, *s.New.AcceptRA)
	}
	return string(s.Do)
}

func (s Step) neighbours() string {
	var all []string
	for _, n := range s.Neighbours {
		all = append(all, n.Address.String())
	}
	switch {
	case s.Do == NoNeighbours:
		return "ip neighbour delete " + strings.Join(all, ", ") + " dev " + s.Link
	case s.Master == "":
		return "ip neighbour replace " + strings.Join(all, ", ") + " dev " + s.Link + " nud permanent"
	}
	return fmt.Sprintf("ip neighbour replace (%d known on %s) dev %s", len(all), s.Master, s.Link)
}

func (s Step) announced() string {
	var out []string
	for _, a := range s.Announce {
		out = append(out, a.Prefix.Addr().String())
	}
	for _, g := range s.Guests {
		out = append(out, "what is behind "+g)
	}
	return strings.Join(out, ", ")
}

func (s Step) create() string {
	var b strings.Builder
	b.WriteString("ip link add")
	if s.New.Parent != "" {
		b.WriteString(" link " + s.New.Parent)
	}
	b.WriteString(" name " + s.Link + common(s.New) + " type " + s.New.Kind + details(s.New))
	return b.String()
}

func (s Step) set() string {
	if s.New.Port != nil {
		return "ip link set " + s.Link + " type bridge_slave" + numbers(s.New.Port)
	}
	if s.New.BondPort != nil {
		return "ip link set " + s.Link + " type bond_slave" + numbers(s.New.BondPort)
	}
	out := "ip link set " + s.Link + common(s.New)
	if d := details(s.New); d != "" {
		out += " type " + s.New.Kind + d
	}
	return out
}

func common(l *rtnl.Link) string {
	out := ""
	if l.MAC != "" {
		out += " address " + l.MAC
	}
	if l.MTU != 0 {
		out += fmt.Sprintf(" mtu %d", l.MTU)
	}
	if l.NoAlias {
		out += ` alias ""`
	}
	if l.Alias != "" {
		out += fmt.Sprintf(" alias %q", l.Alias)
	}
	if l.Queue != 0 {
		out += fmt.Sprintf(" txqueuelen %d", l.Queue)
	}
	if l.Group != 0 {
		out += fmt.Sprintf(" group %d", l.Group)
	}
	if l.Promisc {
		out += " promisc on"
	}
	if l.AllMulti {
		out += " allmulticast on"
	}
	return out
}

func details(l *rtnl.Link) string {
	out := ""
	if l.VLANID != 0 {
		out += fmt.Sprintf(" protocol %s id %d", l.VLANProto, l.VLANID)
	}
	if l.Kind == "vlan" {
		for _, f := range vlanFlagNames {
			if l.FlagMask&f.bit != 0 {
				out += " " + f.name + map[bool]string{true: " on", false: " off"}[l.VLANFlags&f.bit != 0]
			}
		}
	}
	out += priorities(" ingress-qos-map", l.QoSIn) + priorities(" egress-qos-map", l.QoSOut)
	for _, o := range rtnl.BondAttributes {
		if v, ok := l.Bond[o.Name]; ok {
			out += " " + o.Name + " " + v
		}
	}
	return out + numbers(l.Bridge)
}

var vlanFlagNames = []struct {
	name string
	bit  uint32
}{{"reorder_hdr", rtnl.FlagReorder}, {"gvrp", rtnl.FlagGVRP}, {"loose_binding", rtnl.FlagLoose}, {"mvrp", rtnl.FlagMVRP}, {"bridge_binding", rtnl.FlagBinding}}

func numbers(m map[string]int) string {
	out := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out += fmt.Sprintf(" %s %d", k, m[k])
	}
	return out
}

func (s Step) ready() string {
	if s.Awake {
		return fmt.Sprintf("wait until %s can send, after it has got its first port", s.Link)
	}
	out := fmt.Sprintf("wait until %s has had a carrier for %d ms", s.Link, s.Milliseconds)
	if s.Partner {
		out += " and the bond below it has a LACP partner"
	}
	return out
}

func (s Step) vlans() string {
	var out []string
	for _, v := range s.VLANs {
		line := fmt.Sprintf("bridge vlan %s dev %s vid %d", map[bool]string{true: "delete", false: "add"}[s.Away], s.Link, v.ID)
		if v.To != 0 {
			line += fmt.Sprintf("-%d", v.To)
		}
		if v.PVID {
			line += " pvid"
		}
		if v.Untagged {
			line += " untagged"
		}
		out = append(out, line)
	}
	return strings.Join(out, "; ")
}

func (s Step) entry() string {
	out := "bridge fdb replace " + s.Entry.MAC + " dev " + s.Link + " master static"
	if s.Entry.VLAN != 0 {
		out += fmt.Sprintf(" vlan %d", s.Entry.VLAN)
	}
	return out
}

func priorities(word string, list []rtnl.Priority) string {
	out := ""
	for _, p := range list {
		out += fmt.Sprintf(" %d:%d", p.From, p.To)
	}
	if out == "" {
		return ""
	}
	return word + out
}

func pairs(m map[string]string) string {
	out := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out += " " + k + "=" + m[k]
	}
	return out
}

func features(m map[string]rtnl.Feature) string {
	out := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out += " " + k + map[bool]string{true: " on", false: " off"}[m[k].On]
	}
	return out
}
