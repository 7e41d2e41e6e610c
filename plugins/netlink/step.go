package netlink

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// verb is what a step does.
type verb string

const (
	doCreate   verb = "create"
	doDelete   verb = "delete"
	doSet      verb = "set"
	doMaster   verb = "master" // Master "" releases
	doUp       verb = "up"
	doDown     verb = "down"
	doAddress  verb = "address"
	doNoAddr   verb = "no-address"
	doRoute    verb = "route" // replaces what holds the slot
	doNoRoute  verb = "no-route"
	doNeigh    verb = "neighbours" // carried over from Master to Link
	doAnnounce verb = "announce"
	doCarrier  verb = "carrier" // waits until the link has had a carrier for Milliseconds
	doPause    verb = "pause"
	doAcceptRA verb = "accept-ra"
)

// step is one thing to do, in names. It is the Data of an operation, as JSON.
type step struct {
	Do           verb        `json:"do"`
	Link         string      `json:"link,omitempty"`
	Master       string      `json:"master,omitempty"`
	New          *link       `json:"new,omitempty"` // create: all of it; set: what is said
	Address      *address    `json:"address,omitempty"`
	Route        *route      `json:"route,omitempty"`
	Neighbours   []neighbour `json:"neighbours,omitempty"`
	Announce     []address   `json:"announce,omitempty"`
	Guests       []string    `json:"guests,omitempty"` // announce: foreign ports whose MACs the switch must hear of
	Milliseconds int         `json:"milliseconds,omitempty"`
}

func (s step) encode() ([]byte, error) { return json.Marshal(s) }

func decodeStep(b []byte) (step, error) {
	var s step
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("the operation was not made by this backend: %w", err)
	}
	return s, nil
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
	case doUp, doDown:
		return "ip link set " + s.Link + " " + string(s.Do)
	case doAddress:
		return "ip address add " + s.Address.Prefix.String() + " dev " + s.Link
	case doNoAddr:
		return "ip address delete " + s.Address.Prefix.String() + " dev " + s.Link
	case doRoute:
		return "ip route replace " + s.Route.words()
	case doNoRoute:
		return "ip route delete " + s.Route.words()
	case doNeigh:
		return fmt.Sprintf("ip neighbour replace (%d known on %s) dev %s nud stale", len(s.Neighbours), s.Master, s.Link)
	case doAnnounce:
		return "announce " + s.announced() + " from " + s.Link
	case doCarrier:
		return fmt.Sprintf("wait until %s has had a carrier for %d ms", s.Link, s.Milliseconds)
	case doPause:
		return fmt.Sprintf("wait %d ms", s.Milliseconds)
	case doAcceptRA:
		return fmt.Sprintf("sysctl net.ipv6.conf.%s.accept_ra=%d", s.Link, *s.New.AcceptRA)
	}
	return string(s.Do)
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
	b.WriteString(" name " + s.Link + s.New.common() + " type " + s.New.Kind + s.New.details())
	return b.String()
}

func (s step) set() string {
	if s.New.Port != nil {
		return "ip link set " + s.Link + " type bridge_slave" + numbers(s.New.Port)
	}
	out := "ip link set " + s.Link + s.New.common()
	if d := s.New.details(); d != "" {
		out += " type " + s.New.Kind + d
	}
	return out
}

func (l *link) common() string {
	out := ""
	if l.MAC != "" {
		out += " address " + l.MAC
	}
	if l.MTU != 0 {
		out += fmt.Sprintf(" mtu %d", l.MTU)
	}
	if l.Alias != "" {
		out += fmt.Sprintf(" alias %q", l.Alias)
	}
	return out
}

func (l *link) details() string {
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
	for _, o := range bondAttributes {
		if v, ok := l.Bond[o.name]; ok {
			out += " " + o.name + " " + v
		}
	}
	return out + numbers(l.Bridge)
}

var vlanFlagNames = []struct {
	name string
	bit  uint32
}{{"reorder_hdr", flagReorder}, {"gvrp", flagGVRP}, {"loose_binding", flagLoose}, {"mvrp", flagMVRP}}

func numbers(m map[string]int) string {
	out := ""
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out += fmt.Sprintf(" %s %d", k, m[k])
	}
	return out
}

func (r route) words() string {
	out := hostRoute(r).String()
	if r.Link != "" {
		out += " dev " + r.Link
	}
	return out
}
