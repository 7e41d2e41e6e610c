package netlink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"linkspan/plugins/netlink/apply"
	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/goal"
	"linkspan/plugins/netlink/order"
	"linkspan/plugins/netlink/rename"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// Restore finds the way back as Plan found the way there: the snapshot is the
// goal. A step that fails is told at the end and stops none of the others.
func (b *netlinkBackend) Restore(ctx context.Context, data []byte) error {
	return b.RestoreWarning(ctx, data, func(string) {})
}

// RestoreWarning is Restore, and warns of what other programs must make again and of
// what was not known.
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
		p := s.wayBack(have)
		err = apply.Run(ctx, p.StepsAlone(), true, func(apply.Progress) {})
		s.ageingTimes(p.Steps, warn)
		have, failed := rtnl.Read()
		if failed != nil {
			return errors.Join(err, failed)
		}
		return errors.Join(err, s.linkLocals(ctx, have), s.nextHops(ctx, have, warn))
	})
}

// wayBack finds the steps from what there is to the snapshot.
func (s *snapshot) wayBack(have *rtnl.Graph) *order.Planner {
	names := rename.AliasesOf(have, rename.OutlineOfSnapshot(s.Graph, s.Touched))
	now := world.Of(names.Apply(have))
	p := order.Find(now, goal.OfSnapshot(s.Graph, goal.WithHanging(s.Graph, s.Touched, now)), names, rename.WhileUp())
	p.PresentNames()
	return p
}

// ageingTimes warns of bridges that are made again and whose ageing time the snapshot
// does not know; see rested.
func (s *snapshot) ageingTimes(steps []order.Planned, warn func(string)) {
	for n := range steps {
		made := steps[n].Do == step.Create
		if made && slices.ContainsFunc(s.Graph.Links, func(l rtnl.Link) bool { return l.Name == steps[n].Link && isChanging(&l) }) {
			warn(fmt.Sprintf("the bridge %s has the kernel's ageing time again: which one was set could not be read before, since its topology was changing", steps[n].Link))
		}
	}
}

// nextHops makes again what has gone in passing: a next hop object goes, and takes its
// routes along, with a carrier that its link loses for a moment, which no plan
// foresees. What no link takes is left to the programs that made it.
func (s *snapshot) nextHops(ctx context.Context, have *rtnl.Graph, warn func(string)) error {
	if len(s.Graph.NextHops) == 0 {
		return nil
	}
	p := s.wayBack(have)
	steps := slices.DeleteFunc(p.StepsAlone(), func(st step.Step) bool { return st.Do != step.NextHop && (st.Do != step.Route || st.Route.Object == 0) })
	err := apply.Run(ctx, steps, true, func(p apply.Progress) {
		if p.Warning != "" {
			warn(p.Warning)
		}
	})
	for _, h := range p.Lost() {
		warn(fmt.Sprintf("the next hop %s is not there again, nor are the routes by it: its link has no carrier or does not lead to it; it is left to the program that made it", spell.NextHop(h)))
	}
	return err
}

// linkLocals brings the link-local addresses back: the kernel makes them when a
// link finds its carrier, of the MAC that it has just then, and none for one
// that finds no carrier any more. So it is known at the end only which are there.
func (s *snapshot) linkLocals(ctx context.Context, have *rtnl.Graph) error {
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
