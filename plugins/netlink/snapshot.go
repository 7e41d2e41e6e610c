package netlink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/apply"
	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/goal"
	"linkspan/plugins/netlink/order"
	"linkspan/plugins/netlink/rename"
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
func (*netlinkBackend) Snapshot(_ context.Context, r backend.ApplyRequest) ([]byte, error) {
	s := snapshot{Netns: r.Netns}
	touched, cards, deleted := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	taken := make(map[rtnl.Slot]bool)
	for _, o := range r.Operations {
		st, err := step.Decode(o.Data)
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.ID, err)
		}
		deleted[st.Link] = deleted[st.Link] || st.Do == step.Delete
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
		if s.Graph, err = rtnl.Read(); err != nil {
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

// Restore finds the way back as Plan found the way there: the snapshot is the
// goal. A step that fails is told at the end and stops none of the others.
func (b *netlinkBackend) Restore(ctx context.Context, data []byte) error {
	return b.RestoreWarning(ctx, data, func(string) {})
}

// RestoreWarning is Restore, and warns of what other programs must make again.
func (*netlinkBackend) RestoreWarning(ctx context.Context, data []byte, warn func(string)) error {
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil || s.Graph == nil {
		return fmt.Errorf("the snapshot cannot be read: %w", err)
	}
	return rtnl.InNamespace(s.Netns, func() error {
		have, err := rtnl.Read()
		if err != nil {
			return err
		}
		if err := card.Read(have, s.hasCard); err != nil {
			return err
		}
		names := rename.AliasesOf(have, rename.OutlineOfSnapshot(s.Graph, s.Touched))
		now := world.Of(names.Apply(have))
		p := order.Find(now, goal.OfSnapshot(s.Graph, goal.WithHanging(s.Graph, s.Touched, now)), names, rename.WhileUp())
		p.PresentNames()
		err = apply.Run(ctx, p.StepsAlone(), true, func(p apply.Progress) {
			if p.Warning != "" {
				warn(p.Warning)
			}
		})
		return errors.Join(err, s.linkLocals(ctx))
	})
}

// linkLocals brings the link-local addresses back: the kernel makes them when a
// link finds its carrier, of the MAC that it has just then, and none for one
// that finds no carrier any more. So it is known at the end only which are there.
func (s *snapshot) linkLocals(ctx context.Context) error {
	have, err := rtnl.Read()
	if err != nil {
		return err
	}
	was, now := world.Of(s.Graph), world.Of(have)
	var steps []step.Step
	for _, name := range s.Touched {
		l, w := now.Link(name), was.Link(name)
		if l == nil || w == nil || !l.Up || isBondPort(now, l) {
			continue
		}
		for _, a := range now.Addresses(name) {
			if a.IsLocal() && !was.HasAddress(a) {
				steps = append(steps, step.Step{Do: step.NoAddress, Link: name, Address: &a})
			}
		}
		for _, a := range was.Addresses(name) {
			if a.IsLocal() && !now.HasAddress(a) {
				steps = append(steps, step.Step{Do: step.Address, Link: name, Address: &a})
			}
		}
	}
	return apply.Run(ctx, steps, true, func(apply.Progress) {})
}

// isBondPort reports whether it has no IPv6 of its own (net/ipv6/addrconf.c).
func isBondPort(w *world.World, l *rtnl.Link) bool {
	m := w.Link(l.Master)
	return m != nil && m.Kind == "bond"
}

// hasCard reports whether the snapshot has a card's offloads.
func (s *snapshot) hasCard(name string) bool {
	return slices.ContainsFunc(s.Graph.Links, func(l rtnl.Link) bool { return l.Name == name && l.Features != nil })
}
