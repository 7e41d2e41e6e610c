package netlink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
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
	return inNamespace(r.Netns, func() error {
		return run(ctx, steps, func(i int, done bool, err error) {
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

// run does steps in the namespace of the calling thread.
func run(ctx context.Context, steps []step, tell func(i int, done bool, err error)) error {
	c, err := dial()
	if err != nil {
		return err
	}
	defer c.close()
	e, have, err := c.encoder()
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
			err = c.together(e, have, steps[at:end], func(i int, done bool, err error) { tell(at+i, done, err) })
		} else {
			end = at + 1
			tell(at, false, nil)
			err = c.alone(ctx, e, steps[at])
			tell(at, true, err)
		}
		if err != nil {
			return err
		}
		at = end
	}
	return nil
}

func isMessage(s step) bool {
	return !slices.Contains([]verb{doAnnounce, doCarrier, doPause, doAcceptRA}, s.Do)
}

// encoder knows the present indexes of all links.
func (c *conn) encoder() (*encoder, *graph, error) {
	g := &graph{}
	names, err := c.links(g)
	if err != nil {
		return nil, nil, err
	}
	e := &encoder{index: make(map[string]int), next: 1}
	for index, name := range names {
		e.index[name] = index
		e.next = max(e.next, index+1)
	}
	return e, g, nil
}

// together sends the messages of all steps and gives each its answer.
func (c *conn) together(e *encoder, have *graph, steps []step, tell func(int, bool, error)) error {
	var all []request
	var owner []int
	for i, s := range steps {
		if l := have.link(s.Link); s.Do == doCreate && l != nil && e.index[s.Link] != 0 {
			if !sameIdentity(l, s.New) {
				return fmt.Errorf("%s: there is a %s of that name already", s, kindOf(l))
			}
			continue // it is there already
		}
		rs, err := e.requests(s)
		if err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		for range rs {
			owner = append(owner, i)
		}
		all = append(all, rs...)
	}
	for i := range steps {
		tell(i, false, nil)
	}
	results, err := c.send(all)
	if err != nil {
		return err
	}
	failed := make([]error, len(steps))
	for k, err := range results {
		if i := owner[k]; err != nil && failed[i] == nil && !isDone(steps[i], err) {
			failed[i] = fmt.Errorf("%s: %w", steps[i], err)
		}
	}
	var first error
	for i, err := range failed {
		tell(i, true, err)
		if first == nil {
			first = err
		}
	}
	return first
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
	case doNeigh:
		return true // a neighbour that is not carried over is asked for again
	}
	return false
}

// alone does a step that is no message.
func (c *conn) alone(ctx context.Context, e *encoder, s step) error {
	switch s.Do {
	case doPause:
		return pause(ctx, time.Duration(s.Milliseconds)*time.Millisecond)
	case doCarrier:
		return c.awaitCarrier(ctx, s)
	case doAnnounce:
		macs, err := c.behind(e, s.Guests)
		if err != nil {
			return err
		}
		return announce(e.index[s.Link], s.Announce, macs)
	case doAcceptRA:
		if err := os.WriteFile(sysctlPath(s.Link, "accept_ra"), []byte(strconv.Itoa(*s.New.AcceptRA)), 0o644); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
		return nil
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

// carrierLimit is how long a card may look for its link.
const carrierLimit = 45 * time.Second

// carrierLook is how long is waited between two looks.
const carrierLook = 20 * time.Millisecond

// awaitCarrier waits until the link has had a carrier for the step's time, and
// in that time at each look: on a machine that stood still nothing has held.
func (c *conn) awaitCarrier(ctx context.Context, s step) error {
	hold := time.Duration(s.Milliseconds) * time.Millisecond
	end, since := time.Now().Add(carrierLimit), time.Time{}
	for looks := 0; ; looks++ {
		g := &graph{}
		if _, err := c.links(g); err != nil {
			return err
		}
		l := g.link(s.Link)
		now := time.Now()
		switch {
		case l == nil:
			return fmt.Errorf("%s: the link is gone", s)
		case !l.Carrier:
			since = time.Time{}
		case since.IsZero():
			since, looks = now, 0
		case now.Sub(since) >= hold && looks >= int(hold/carrierLook):
			return nil
		}
		if now.After(end) {
			return fmt.Errorf("%s: no carrier within %s: look at the cables of the cards below it", s, carrierLimit)
		}
		if err := pause(ctx, carrierLook); err != nil {
			return err
		}
	}
}

// snapshot is what Restore needs.
type snapshot struct {
	Netns   string   `json:"netns,omitempty"`
	Touched []string `json:"touched"`
	Graph   *graph   `json:"graph"`
}

// Snapshot records the graph and which links the operations touch.
func (*netlinkBackend) Snapshot(_ context.Context, r backend.ApplyRequest) ([]byte, error) {
	s := snapshot{Netns: r.Netns}
	for _, o := range r.Operations {
		if _, err := decodeStep(o.Data); err != nil {
			return nil, fmt.Errorf("operation %s: %w", o.ID, err)
		}
		for _, ref := range o.Objects {
			s.Touched = append(s.Touched, ref.Name)
		}
	}
	err := inNamespace(r.Netns, func() (err error) {
		s.Graph, err = readGraph()
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, o := range r.Operations {
		for _, e := range o.Effects {
			for _, ref := range e.Objects {
				if l := s.Graph.link(ref.Name); l != nil && !isForeign(l) {
					s.Touched = append(s.Touched, ref.Name)
				}
			}
		}
	}
	slices.Sort(s.Touched)
	s.Touched = slices.Compact(s.Touched)
	return json.Marshal(s)
}

// Restore finds the way back as Plan found the way there: the snapshot is the
// goal.
func (*netlinkBackend) Restore(ctx context.Context, data []byte) error {
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil || s.Graph == nil {
		return fmt.Errorf("the snapshot cannot be read: %w", err)
	}
	return inNamespace(s.Netns, func() error {
		have, err := readGraph()
		if err != nil {
			return err
		}
		return run(ctx, order(have, goalOfSnapshot(s.Graph, s.Touched)), func(int, bool, error) {})
	})
}
