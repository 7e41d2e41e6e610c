// Package step is one thing that is done to the kernel, in names: as an
// operation of a plan keeps it, and as an operator would type it.
package step

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// IsMessage reports whether the step is a write to rtnetlink, which can go to
// the kernel together with others.
func (s Step) IsMessage() bool {
	return !slices.Contains([]Verb{Announce, Ready, Pause, AcceptRA, Sysctl, Features, Wake}, s.Do)
}

// Verb is what a step does.
type Verb string

// What can be done; Link is the link that it is done to.
const (
	Create       Verb = "create"        // makes it as New says
	Delete       Verb = "delete"        // deletes it
	Names        Verb = "names"         // gives it alternative names
	Rename       Verb = "rename"        // gives Link the name Name
	Set          Verb = "set"           // changes what New says
	Master       Verb = "master"        // makes it a port of Master; "" releases
	Pass         Verb = "pass"          // lets Ports of a bridge that is down forward
	Up           Verb = "up"            // sets it up
	Down         Verb = "down"          // sets it down
	VLANs        Verb = "vlans"         // of a bridge port, or of a bridge itself
	Entry        Verb = "entry"         // of a bridge's forwarding table
	Address      Verb = "address"       // adds it
	NoAddress    Verb = "no-address"    // takes it away
	Route        Verb = "route"         // replaces what holds the slot
	NoRoute      Verb = "no-route"      // takes it away
	NextHop      Verb = "next-hop"      // replaces the object of that id
	Rule         Verb = "rule"          // adds one of policy routing
	Neighbours   Verb = "neighbours"    // carried over from Master to Link
	NoNeighbours Verb = "no-neighbours" // takes them away
	Announce     Verb = "announce"      // tells neighbours and switch where addresses and Guests are
	Ready        Verb = "ready"         // waits until the link has been ready for Milliseconds
	Pause        Verb = "pause"         // waits for Milliseconds
	AcceptRA     Verb = "accept-ra"     // whether it takes router advertisements
	Sysctl       Verb = "sysctl"        // sets those of New
	Features     Verb = "features"      // turns offloads on and off
	Wake         Verb = "wake"          // sets wake-on-LAN
)

// Step is one thing to do, in names. It is the Data of an operation, as JSON.
type Step struct {
	Do           Verb             `json:"do"`
	Link         string           `json:"link,omitempty"`
	Master       string           `json:"master,omitempty"`
	Name         string           `json:"name,omitempty"` // rename: the new one
	New          *rtnl.Link       `json:"new,omitempty"`  // create: all of it; set: what is said
	Address      *rtnl.Address    `json:"address,omitempty"`
	Route        *rtnl.Route      `json:"route,omitempty"`
	NextHop      *rtnl.NextHop    `json:"next_hop,omitempty"`
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

// Encode is the step as the Data of an operation.
func (s Step) Encode() ([]byte, error) { return json.Marshal(s) }

// Decode reads what Encode has written. A plan may come from a file that somebody
// has changed: what lacks something, or names no link, is refused.
func Decode(b []byte) (Step, error) {
	var s Step
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
func (s Step) isWhole() bool {
	for _, name := range []string{s.Link, s.Master} {
		if strings.ContainsAny(name, "/\x00") || name == "." || name == ".." {
			return false // it becomes part of a path
		}
	}
	switch s.Do {
	case Create, Set, Names, Sysctl, Features:
		return s.New != nil
	case AcceptRA:
		return s.New != nil && s.New.AcceptRA != nil
	case Wake:
		return s.New != nil && s.New.Wake != nil
	case Address, NoAddress:
		return s.Address != nil && s.Address.Prefix.IsValid()
	case Route, NoRoute:
		return s.Route != nil && s.Route.To.IsValid()
	case NextHop:
		return s.NextHop != nil && s.NextHop.ID != 0
	case Rule:
		return s.Rule != nil && len(s.Rule.Head) >= 12 // struct fib_rule_hdr
	case Entry:
		return s.Entry != nil
	}
	return true
}

// Touched are the links that the step names.
func (s Step) Touched() []plan.Ref {
	var out []plan.Ref
	if s.Link != "" {
		out = append(out, backend.Ref(s.Link))
	}
	if s.Master != "" && s.Do == Master {
		out = append(out, backend.Ref(s.Master))
	}
	if s.Name != "" {
		out = append(out, backend.Ref(s.Name))
	}
	return out
}
