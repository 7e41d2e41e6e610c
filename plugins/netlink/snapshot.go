package netlink

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// snapshot is what Restore needs.
type snapshot struct {
	Netns   string      `json:"netns,omitempty"`
	Touched []string    `json:"touched"`
	Graph   *rtnl.Graph `json:"graph"`
}

// Snapshot records the graph and which links the operations touch, by
// themselves or by their effects.
func (*netlinkBackend) Snapshot(ctx context.Context, r backend.ApplyRequest) ([]byte, error) {
	s := snapshot{Netns: r.Netns}
	touched, cards, deleted, ageing := make(map[string]bool), make(map[string]bool), make(map[string]bool), make(map[string]bool)
	taken := make(map[rtnl.Slot]bool)
	for _, o := range r.Operations {
		st, err := step.Decode(o.Data)
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.ID, err)
		}
		deleted[st.Link] = deleted[st.Link] || st.Do == step.Delete
		ageing[st.Link] = ageing[st.Link] || losesAgeing(st)
		if st.Do == step.Route {
			taken[st.Route.Slot()] = true
		}
		cards[st.Link] = cards[st.Link] || st.Do == step.Features || st.Do == step.Wake
		for _, ref := range o.Objects {
			touched[ref.Name] = true
		}
		for _, e := range o.Effects {
			for _, ref := range e.Objects {
				touched[ref.Name] = touched[ref.Name] || e.Kind != plan.EffectGuest
			}
		}
	}
	err := rtnl.InNamespace(r.Netns, func() (err error) {
		if s.Graph, err = rested(ctx, ageing); err != nil {
			return err
		}
		for _, r := range s.Graph.Routes { // the route of another link may make room
			for _, link := range r.Links() {
				touched[link] = touched[link] || taken[r.Slot()] && link != ""
			}
		}
		again := madeAgain(s.Graph, deleted)
		sysctls := rtnl.ReadSysctls(again)
		for n := range s.Graph.Links {
			l := &s.Graph.Links[n]
			l.Sysctls = sysctls[l.Name]
		}
		return card.Read(s.Graph, func(name string) bool { return cards[name] })
	})
	if err != nil {
		return nil, err
	}
	for name, is := range touched {
		if is {
			s.Touched = append(s.Touched, name)
		}
	}
	slices.Sort(s.Touched)
	return json.Marshal(s)
}

// madeAgain are the links that a restore makes again, and so gives their
// sysctls: those that the plan deletes, and VLANs that go with their parent.
func madeAgain(g *rtnl.Graph, deleted map[string]bool) []string {
	var out []string
	was := world.Of(g)
	for _, name := range was.All() {
		for l := was.Link(name); l != nil; l = was.Link(l.Parent) {
			if deleted[l.Name] {
				out = append(out, name)
				break
			}
		}
	}
	return out
}

// losesAgeing reports whether a step takes what ageing time a bridge had: one that
// loses its STP while its topology changes may keep the spanning tree's.
func losesAgeing(s step.Step) bool {
	if s.Do != step.Set || s.New == nil {
		return s.Do == step.Delete
	}
	_, ageing := s.New.Bridge[rtnl.AgeingTime]
	_, stp := s.New.Bridge["stp_state"]
	return ageing || stp
}

// restLimit is how long the end of a topology change is waited for. It comes after
// max_age and forward_delay (net/bridge/br_stp.c, br_topology_change_detection), by
// default 35 s, if no other follows.
const restLimit = 40 * time.Second

// rested reads what there is, when the topology of none of the bridges changes: while
// it does, the kernel does not tell what their ageing time was set to. Where that does
// not end in its time, it goes on without.
func rested(ctx context.Context, bridges map[string]bool) (*rtnl.Graph, error) {
	end := time.Now().Add(restLimit)
	if d, ok := ctx.Deadline(); ok && d.Before(end.Add(restLimit/4)) {
		end = d.Add(-restLimit / 4) // there is other work to do
	}
	for {
		g, err := rtnl.Read()
		changes := err == nil && slices.ContainsFunc(g.Links, func(l rtnl.Link) bool { return bridges[l.Name] && isChanging(&l) })
		if !changes || time.Now().After(end) {
			return g, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// isChanging reports whether a link is a bridge whose topology changes.
func isChanging(l *rtnl.Link) bool {
	_, told := l.Bridge[rtnl.AgeingTime]
	return l.Kind == "bridge" && !told
}
