package netlink

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linkspan/plugins/netlink/rtnl"
)

// verb is what a step does.
type verb string

const (
	doCreate   verb = "create"
	doDelete   verb = "delete"
	doNames    verb = "names"  // gives it alternative names
	doRename   verb = "rename" // gives Link the name Name
	doSet      verb = "set"
	doMaster   verb = "master" // Master "" releases
	doPass     verb = "pass"   // lets Ports of a bridge that is down forward
	doUp       verb = "up"
	doDown     verb = "down"
	doVLANs    verb = "vlans" // of a bridge port, or of a bridge itself
	doEntry    verb = "entry" // of a bridge's forwarding table
	doAddress  verb = "address"
	doNoAddr   verb = "no-address"
	doRoute    verb = "route" // replaces what holds the slot
	doNoRoute  verb = "no-route"
	doRule     verb = "rule"
	doNeigh    verb = "neighbours" // carried over from Master to Link
	doNoNeigh  verb = "no-neighbours"
	doAnnounce verb = "announce"
	doReady    verb = "ready" // waits until the link has been ready for Milliseconds
	doPause    verb = "pause"
	doAcceptRA verb = "accept-ra"
	doSysctl   verb = "sysctl"
	doFeatures verb = "features"
	doWake     verb = "wake"
)

// step is one thing to do, in names. It is the Data of an operation, as JSON.
type step struct {
	Do           verb             `json:"do"`
	Link         string           `json:"link,omitempty"`
	Master       string           `json:"master,omitempty"`
	Name         string           `json:"name,omitempty"` // rename: the new one
	New          *rtnl.Link       `json:"new,omitempty"`  // create: all of it; set: what is said
	Address      *rtnl.Address    `json:"address,omitempty"`
	Route        *rtnl.Route      `json:"route,omitempty"`
	Rule         *rtnl.Rule       `json:"rule,omitempty"`
	Entry        *rtnl.Entry      `json:"entry,omitempty"`
	VLANs        []rtnl.VLAN      `json:"vlans,omitempty"`
	Self         bool             `json:"self,omitempty"` // the VLANs are those of the bridge itself
	Away         bool             `json:"away,omitempty"` // the VLANs are taken away
	Neighbours   []rtnl.Neighbour `json:"neighbours,omitempty"`
	Announce     []rtnl.Address   `json:"announce,omitempty"`
	Guests       []string         `json:"guests,omitempty"` // announce: foreign ports whose MACs the switch must hear of
	Milliseconds int              `json:"milliseconds,omitempty"`
	Limit        int              `json:"limit,omitempty"`   // ready: milliseconds after which it fails
	Ports        []string         `json:"ports,omitempty"`   // ready: one of them leads out; pass: all
	Anyway       bool             `json:"anyway,omitempty"`  // ready: it goes on when the time is over
	Awake        bool             `json:"awake,omitempty"`   // ready: the bridge can send
	Partner      bool             `json:"partner,omitempty"` // ready: its bonds have found their LACP partner
}

func (s step) encode() ([]byte, error) { return json.Marshal(s) }

func decodeStep(b []byte) (step, error) {
	var s step
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("the operation was not made by this backend: %w", err)
	}
	if !s.isWhole() {
		return s, fmt.Errorf("the operation %q was not made by this backend: it lacks what it is about", s.Do)
	}
	return s, nil
}

// isWhole reports whether a step has what its verb needs: a plan may come from
// a file that somebody has changed.
func (s step) isWhole() bool {
	for _, name := range []string{s.Link, s.Master} {
		if strings.ContainsAny(name, "/\x00") || name == "." || name == ".." {
			return false // it becomes part of a path
		}
	}
	switch s.Do {
	case doCreate, doSet, doNames, doSysctl, doFeatures:
		return s.New != nil
	case doAcceptRA:
		return s.New != nil && s.New.AcceptRA != nil
	case doWake:
		return s.New != nil && s.New.Wake != nil
	case doAddress, doNoAddr:
		return s.Address != nil && s.Address.Prefix.IsValid()
	case doRoute, doNoRoute:
		return s.Route != nil && s.Route.To.IsValid()
	case doRule:
		return s.Rule != nil && len(s.Rule.Head) >= 12 // struct fib_rule_hdr
	case doEntry:
		return s.Entry != nil
	}
	return true
}

// String says the step as an operator would type it.
func (s step) String() string {
	switch s.Do {
	case doCreate:
		return s.create()
	case doDelete:
		return "ip link delete " + s.Link
	case doSet:
		return s.set()
	case doMaster:
		if s.Master == "" {
			return "ip link set " + s.Link + " nomaster"
		}
		return "ip link set " + s.Link + " master " + s.Master
	case doPass:
		return "bridge link set dev " + strings.Join(s.Ports, ", ") + " state 3"
	case doUp, doDown:
		return "ip link set " + s.Link + " " + string(s.Do)
	case doAddress:
		return "ip address add " + s.Address.Prefix.String() + " dev " + s.Link
	case doNoAddr:
		return "ip address delete " + s.Address.Prefix.String() + " dev " + s.Link
	case doRoute:
		return "ip route replace " + words(*s.Route)
	case doNoRoute:
		return "ip route delete " + words(*s.Route)
	case doNeigh, doNoNeigh:
		return s.neighbours()
	case doAnnounce:
		return "announce " + s.announced() + " from " + s.Link
	case doReady:
		return s.ready()
	case doPause:
		return fmt.Sprintf("wait %d ms", s.Milliseconds)
	case doVLANs:
		return s.vlans()
	case doEntry:
		return s.entry()
	case doRule:
		return fmt.Sprintf("ip rule add priority %d (as it was)", s.Rule.Priority)
	case doRename:
		return "ip link set " + s.Link + " name " + s.Name
	case doNames:
		return "ip link property add dev " + s.Link + " altname " + strings.Join(s.New.AltNames, " altname ")
	case doSysctl:
		return "sysctl of " + s.Link + ":" + pairs(s.New.Sysctls)
	case doFeatures:
		return "ethtool -K " + s.Link + features(s.New.Features)
	case doWake:
		return "ethtool -s " + s.Link + " wol " + wakeWord(s.New.Wake.On)
	case doAcceptRA:
		return fmt.Sprintf("sysctl net.ipv6.conf.%s.accept_ra=%d", s.Link, *s.New.AcceptRA)
	}
	return string(s.Do)
}

func (s step) neighbours() string {
	var all []string
	for _, n := range s.Neighbours {
		all = append(all, n.Address.String())
	}
	switch {
	case s.Do == doNoNeigh:
		return "ip neighbour delete " + strings.Join(all, ", ") + " dev " + s.Link
	case s.Master == "":
		return "ip neighbour replace " + strings.Join(all, ", ") + " dev " + s.Link + " nud permanent"
	}
	return fmt.Sprintf("ip neighbour replace (%d known on %s) dev %s", len(all), s.Master, s.Link)
}

func (s step) announced() string {
	var out []string
	for _, a := range s.Announce {
		out = append(out, a.Prefix.Addr().String())
	}
	for _, g := range s.Guests {
		out = append(out, "what is behind "+g)
	}
	return strings.Join(out, ", ")
}

func (s step) create() string {
	var b strings.Builder
	b.WriteString("ip link add")
	if s.New.Parent != "" {
		b.WriteString(" link " + s.New.Parent)
	}
	b.WriteString(" name " + s.Link + common(s.New) + " type " + s.New.Kind + details(s.New))
	return b.String()
}

func (s step) set() string {
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

// words spells a route as `ip route` does.
func words(r rtnl.Route) string {
	out := hostRoute(r).String()
	for _, h := range r.Hops {
		out += " nexthop"
		if h.Via.IsValid() {
			out += " via " + h.Via.String()
		}
		out += fmt.Sprintf(" dev %s weight %d", h.Link, int(h.Weight)+1)
	}
	if r.Link != "" {
		out += " dev " + r.Link
	}
	return out
}

func (s step) ready() string {
	if s.Awake {
		return fmt.Sprintf("wait until %s can send, after it has got its first port", s.Link)
	}
	out := fmt.Sprintf("wait until %s has had a carrier for %d ms", s.Link, s.Milliseconds)
	if s.Partner {
		out += " and the bond below it has a LACP partner"
	}
	return out
}

func (s step) vlans() string {
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

func (s step) entry() string {
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
