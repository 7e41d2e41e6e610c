package netlink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// Apply carries the operations out. A stretch of operations without a wait
// goes to the kernel together: it handles them one after the other, and each
// answer is matched to its operation. When one is refused, those of the same
// stretch that stand after it have been tried as well.
func (*netlinkBackend) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	steps := make([]step, len(r.Operations))
	for i, o := range r.Operations {
		s, err := decodeStep(o.Data)
		if err != nil {
			return fmt.Errorf("operation %s: %w", o.ID, err)
		}
		steps[i] = s
	}
	return rtnl.InNamespace(r.Netns, func() error {
		return run(ctx, steps, false, func(i int, done bool, err error) {
			p := backend.Progress{Operation: r.Operations[i].ID, Done: done}
			if err != nil {
				p.Error = err.Error()
			}
			progress(p)
		})
	})
}

// stretch is how many operations go to the kernel together at most.
const stretch = 4096

// run does steps in the namespace of the calling thread, up to the first that
// fails; with onward, all of them.
func run(ctx context.Context, steps []step, onward bool, tell func(i int, done bool, err error)) error {
	var failed []error
	c, err := rtnl.Dial()
	if err != nil {
		return err
	}
	defer c.Close()
	e, err := newEncoder(c)
	if err != nil {
		return err
	}
	for at := 0; at < len(steps); {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("stopped before %q: %w", steps[at], err)
		}
		end := at
		for end < len(steps) && end-at < stretch && isMessage(steps[end]) {
			end++
		}
		if end > at {
			err = e.together(steps[at:end], onward, func(i int, done bool, err error) { tell(at+i, done, err) })
		} else {
			end = at + 1
			tell(at, false, nil)
			err = e.alone(ctx, steps[at])
			tell(at, true, err)
		}
		if err != nil {
			failed = append(failed, err)
		}
		if err != nil && !onward {
			break
		}
		at = end
	}
	return errors.Join(failed...)
}

func isMessage(s step) bool {
	return !slices.Contains([]verb{doAnnounce, doReady, doPause, doAcceptRA, doSysctl, doFeatures, doWake}, s.Do)
}

// together sends the messages of all steps and gives each its answer. What
// cannot be said as a message stops all of them, unless the way is to be gone
// onward.
func (e *encoder) together(steps []step, onward bool, tell func(int, bool, error)) error {
	var all []rtnl.Request
	var owner []int
	failed := make([]error, len(steps))
	for i, s := range steps {
		rs, err := e.messages(s)
		if err != nil {
			failed[i] = fmt.Errorf("%s: %w", s, err)
		}
		if err != nil && !onward {
			return failed[i]
		}
		for range rs {
			owner = append(owner, i)
		}
		all = append(all, rs...)
	}
	for i := range steps {
		tell(i, false, nil)
	}
	results, err := e.conn.Send(all)
	if err != nil {
		return err
	}
	for k, err := range results {
		if i := owner[k]; err != nil && failed[i] == nil && !isDone(steps[i], err) {
			failed[i] = fmt.Errorf("%s: %w", steps[i], err)
		}
	}
	for i, err := range failed {
		tell(i, true, err)
	}
	if onward {
		return errors.Join(failed...)
	}
	if i := slices.IndexFunc(failed, func(err error) bool { return err != nil }); i >= 0 {
		return failed[i]
	}
	return nil
}

// messages are a step's; none for a link that is there already.
func (e *encoder) messages(s step) ([]rtnl.Request, error) {
	l := e.have[s.Link]
	switch {
	case s.Do != doCreate || l == nil || e.index[s.Link] == 0:
		return e.requests(s)
	case !sameIdentity(l, s.New):
		return nil, fmt.Errorf("there is a %s of that name already", kindOf(l))
	}
	return nil, nil
}

// isDone reports whether a refusal says that the result is there already.
func isDone(s step, err error) bool {
	switch s.Do {
	case doDelete:
		return errors.Is(err, unix.ENODEV)
	case doNoAddr:
		return errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENODEV)
	case doNoRoute:
		return errors.Is(err, unix.ESRCH)
	case doPass:
		return true // a port without a carrier has nothing to forward
	case doNeigh, doNoNeigh:
		return true // a neighbour that is not carried over is asked for again
	case doRule, doNames:
		return errors.Is(err, unix.EEXIST)
	}
	return false
}

// alone does a step that is no message.
func (e *encoder) alone(ctx context.Context, s step) error {
	switch s.Do {
	case doPause:
		return pause(ctx, time.Duration(s.Milliseconds)*time.Millisecond)
	case doReady:
		return e.await(ctx, s)
	case doAnnounce:
		var ports []int
		for _, g := range s.Guests {
			ports = append(ports, e.index[g])
		}
		macs, err := e.conn.Behind(ports)
		if err != nil {
			return err
		}
		return announce(e.index[s.Link], s.Announce, macs)
	case doFeatures, doWake:
		return setCard(s)
	case doAcceptRA:
		return writeSysctl(s, rtnl.SysctlPath(s.Link, "accept_ra"), strconv.Itoa(*s.New.AcceptRA))
	case doSysctl:
		return writeSysctls(s)
	}
	return fmt.Errorf("%q is no step", s.Do)
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

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
	touched, cards := make(map[string]bool), make(map[string]bool)
	for _, o := range r.Operations {
		st, err := decodeStep(o.Data)
		if err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.ID, err)
		}
		cards[st.Link] = cards[st.Link] || st.Do == doFeatures || st.Do == doWake
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
		for n := range s.Graph.Links {
			if l := &s.Graph.Links[n]; touched[l.Name] {
				l.Sysctls = readSysctls(l.Name)
			}
		}
		return readCards(s.Graph, func(name string) bool { return cards[name] })
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

// Restore finds the way back as Plan found the way there: the snapshot is the
// goal. A step that fails is told at the end and stops none of the others.
func (*netlinkBackend) Restore(ctx context.Context, data []byte) error {
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil || s.Graph == nil {
		return fmt.Errorf("the snapshot cannot be read: %w", err)
	}
	return rtnl.InNamespace(s.Netns, func() error {
		have, err := rtnl.Read()
		if err != nil {
			return err
		}
		if err := readCards(have, s.hasCard); err != nil {
			return err
		}
		names := aliasesOf(have, outlineOfSnapshot(s.Graph, s.Touched))
		now := worldOf(names.apply(have))
		p := order(now, goalOfSnapshot(s.Graph, withHanging(s.Graph, s.Touched, now)), naming{aliases: names, live: renamesLive()})
		p.presentNames()
		steps := make([]step, len(p.steps))
		for i := range p.steps {
			steps[i] = p.steps[i].step
		}
		return run(ctx, steps, true, func(int, bool, error) {})
	})
}

// withHanging adds to the links touched what hung on those of them that somebody
// has deleted: the kernel lets the ports of a link go with it, and deletes its
// VLANs. What cannot be made again, as a guest's port that has gone, is left out.
func withHanging(was *rtnl.Graph, touched []string, now *world) []string {
	out := slices.Clone(touched)
	for n := 0; n < len(out); n++ {
		if now.link(out[n]) != nil {
			continue
		}
		for i := range was.Links {
			l := &was.Links[i]
			hung := l.Master == out[n] || l.Parent == out[n]
			made := l.Kind == "vlan" || l.Kind == "bridge" || l.Kind == "bond"
			if hung && !slices.Contains(out, l.Name) && (made || now.link(l.Name) != nil) {
				out = append(out, l.Name)
			}
		}
	}
	return out
}

// hasCard reports whether the snapshot has a card's offloads.
func (s *snapshot) hasCard(name string) bool {
	return slices.ContainsFunc(s.Graph.Links, func(l rtnl.Link) bool { return l.Name == name && l.Features != nil })
}
