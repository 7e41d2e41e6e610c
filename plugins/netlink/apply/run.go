// Package apply carries steps out: as messages to the kernel, or as waits and
// announcements between them.
package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/plugins/netlink/card"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/spell"
	"linkspan/plugins/netlink/step"
)

// stretch is how many operations go to the kernel together at most.
const stretch = 4096

// Progress is how one step goes.
type Progress struct {
	Step    int    // its place
	Done    bool   // false: about to begin
	Err     error  // when it failed
	Warning string // when the kernel has refused what others do: another program, or its driver
}

// Run does steps in the namespace of the calling thread, up to the first that
// fails; with onward, all of them.
func Run(ctx context.Context, steps []step.Step, onward bool, tell func(Progress)) error {
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
	isWait := func(s step.Step) bool { return s.Do == step.Ready }
	for at := 0; at < len(steps); {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("stopped before %q: %w", steps[at], err)
		}
		end := at + 1
		tellFrom := func(p Progress) {
			p.Step += at
			tell(p)
		}
		switch {
		case steps[at].IsMessage():
			end = at + leading(steps[at:], step.Step.IsMessage)
			err = e.together(steps[at:end], onward, tellFrom)
		case isWait(steps[at]):
			end = at + leading(steps[at:], isWait)
			err = e.await(ctx, steps[at:end], onward, tellFrom)
		default:
			tell(Progress{Step: at})
			err = e.alone(ctx, steps[at])
			tell(Progress{Step: at, Done: true, Err: err})
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

// leading counts the first steps that are of one sort.
func leading(steps []step.Step, is func(step.Step) bool) int {
	n := 0
	for n < min(len(steps), stretch) && is(steps[n]) {
		n++
	}
	return n
}

// together sends the messages of all steps and gives each its answer. What
// cannot be said as a message stops all of them, unless the way is to be gone
// onward.
func (e *encoder) together(steps []step.Step, onward bool, tell func(Progress)) error {
	var all []rtnl.Request
	var owner []int
	failed, left := make([]error, len(steps)), make([]string, len(steps))
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
		tell(Progress{Step: i})
	}
	results, err := e.conn.Send(all)
	if err != nil {
		return err
	}
	for k, err := range results {
		i := owner[k]
		switch {
		case err == nil || failed[i] != nil || isDone(steps[i], err):
		case isHandOver(steps[i]) && errors.Is(err, unix.EINVAL):
			left[i] = fmt.Sprintf("%s: %v; the driver chooses a port when the active one leaves", steps[i], err)
		case isOthers(steps[i], err):
			left[i] = fmt.Sprintf("%s: %v; it is left to the program that made it", steps[i], err)
		default:
			failed[i] = fmt.Errorf("%s: %w", steps[i], err)
		}
	}
	for i, err := range failed {
		tell(Progress{Step: i, Done: true, Err: err, Warning: left[i]})
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
func (e *encoder) messages(s step.Step) ([]rtnl.Request, error) {
	l := e.have[s.Link]
	switch {
	case s.Do != step.Create || l == nil || e.index[s.Link] == 0:
		return e.requests(s)
	case !rtnl.SameIdentity(l, s.New):
		return nil, fmt.Errorf("there is a %s of that name already", spell.KindOf(l))
	}
	return nil, nil
}

// isDone reports whether a refusal says that the result is there already.
func isDone(s step.Step, err error) bool {
	switch s.Do {
	case step.Delete:
		return errors.Is(err, unix.ENODEV)
	case step.NoAddress:
		return errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENODEV)
	case step.NoRoute:
		return errors.Is(err, unix.ESRCH)
	case step.Pass:
		return true // a port without a carrier has nothing to forward
	case step.Neighbours, step.NoNeighbours:
		return true // a neighbour that is not carried over is asked for again
	case step.Rule, step.Names:
		return errors.Is(err, unix.EEXIST)
	}
	return false
}

// isHandOver reports whether a step makes another port of a bond the active one,
// which the driver refuses of a port without a link (bond_options.c,
// bond_option_active_slave_set).
func isHandOver(s step.Step) bool {
	return s.Do == step.Set && len(s.New.Bond) == 1 && s.New.Bond["active_slave"] != ""
}

// isOthers reports whether a refusal is of what another program has made and makes
// again, as after any loss of it: a next hop object whose link has found no carrier
// in its time, a group of it or a route by it (net/ipv4/nexthop.c, rtm_to_nh_config,
// nh_check_attr_group; net/ipv4/fib_semantics.c, fib_create_info).
func isOthers(s step.Step, err error) bool {
	switch s.Do {
	case step.NextHop:
		return errors.Is(err, unix.ENETDOWN) || len(s.NextHop.Members) > 0 && errors.Is(err, unix.EINVAL)
	case step.Route:
		return s.Route.Object != 0 && errors.Is(err, unix.EINVAL)
	}
	return false
}

// alone does a step that is no message.
func (e *encoder) alone(ctx context.Context, s step.Step) error {
	switch s.Do {
	case step.Pause:
		return pause(ctx, time.Duration(s.Milliseconds)*time.Millisecond)
	case step.Announce:
		var ports []int
		for _, g := range s.Guests {
			ports = append(ports, e.index[g])
		}
		macs, err := e.conn.Behind(ports)
		if err != nil {
			return err
		}
		return announce(e.index[s.Link], s.Announce, macs)
	case step.Features:
		return of(s, card.SetFeatures(s.Link, s.New.Features))
	case step.Wake:
		return of(s, card.SetWake(s.Link, s.New.Wake))
	case step.AcceptRA:
		return of(s, rtnl.WriteAcceptRA(s.Link, *s.New.AcceptRA))
	case step.Sysctl:
		return of(s, rtnl.WriteSysctls(s.Link, s.New.Sysctls))
	}
	return fmt.Errorf("%q is no step", s.Do)
}

// of says which step an error is of.
func of(s step.Step, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
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
