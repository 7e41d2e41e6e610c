package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"linkspan/plugins/netlink/bonding"
	"linkspan/plugins/netlink/rtnl"
	"linkspan/plugins/netlink/step"
	"linkspan/plugins/netlink/world"
)

// look is how long is waited between two looks at the links.
const look = 20 * time.Millisecond

// wait is a step that waits for a link.
type wait struct {
	step.Step
	end   time.Time
	since time.Time // when the link was ready first; zero is not yet
	looks int       // since then
	over  bool
}

// await waits until each link has been ready for its step's time, and in that
// time at each look: on a machine that stood still nothing has held. The links
// are looked at together, so that their times pass together.
func (e *encoder) await(ctx context.Context, steps []step.Step, onward bool, tell func(Progress)) error {
	waits := make([]wait, len(steps))
	for i, s := range steps {
		waits[i] = wait{Step: s, end: time.Now().Add(time.Duration(s.Limit) * time.Millisecond)}
		tell(Progress{Step: i})
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	var failed []error
	for left := len(waits); ; {
		g, _, err := e.conn.Links()
		if err != nil {
			return err
		}
		now := world.Of(g)
		for i := range waits {
			if waits[i].over {
				continue
			}
			if err = waits[i].look(now); !waits[i].over {
				continue
			}
			left--
			tell(Progress{Step: i, Done: true, Err: err})
			if err != nil && !onward {
				return err
			}
			failed = append(failed, err)
		}
		if left == 0 {
			return errors.Join(failed...)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// look looks once; the wait is over when its link has held, or lacks something after
// its limit. A link that is ready then is given the time to hold: the limit may have
// passed while the machine stood still.
func (w *wait) look(links *world.World) error {
	hold := time.Duration(w.Milliseconds) * time.Millisecond
	missing, now := lacks(links, w.Link, w.Step), time.Now()
	switch {
	case missing != "":
		w.since = time.Time{}
	case w.since.IsZero():
		w.since, w.looks = now, 0
	default:
		w.looks++
		w.over = now.Sub(w.since) >= hold && w.looks >= int(hold/look)
	}
	if w.over || missing == "" || now.Before(w.end) {
		return nil
	}
	if w.over = true; w.Anyway {
		return nil
	}
	return fmt.Errorf("%s: %s within %s", w.Step, missing, time.Duration(w.Limit)*time.Millisecond)
}

// lacks says what a link still waits for; "" is nothing. A bridge has a
// carrier as soon as a guest's port has one, so its own cards are looked at.
func lacks(w *world.World, name string, s step.Step) string {
	l := w.Link(name)
	switch {
	case l == nil:
		return name + " is gone"
	case !l.Up:
		return name + " is down"
	case !l.Carrier:
		return fmt.Sprintf("%s has no carrier (look at the cables of the cards below it)", name)
	case s.Awake && !l.Active:
		return name + " does not send yet"
	case s.Partner && l.Kind == "bond" && l.Bond["mode"] == bonding.Mode8023AD && l.Partner == "":
		return fmt.Sprintf("%s has no LACP partner (the switch's ports must speak LACP; lacp_timeout = \"0s\" goes on without)", name)
	case l.Kind == "vlan" && w.Link(l.Parent) != nil:
		return lacks(w, l.Parent, s)
	case l.Kind == "bond" && !bonding.IsMonitored(l) && !slices.ContainsFunc(w.Ports(name), func(port string) bool { return w.Link(port).Carrier }):
		return fmt.Sprintf("no port of %s has a carrier (look at the cables of its cards)", name)
	case l.Kind == "bond":
		return ""
	}
	return lacksPort(w, l, s)
}

// lacksPort says what the ports of a bridge that lead out still wait for: one
// that is ready is enough.
func lacksPort(w *world.World, bridge *rtnl.Link, s step.Step) string {
	out := ""
	for _, name := range w.Ports(bridge.Name) {
		if bridge.Kind != "bridge" || !slices.Contains(s.Ports, name) {
			continue
		}
		missing := lacks(w, name, s)
		if missing == "" && !w.Link(name).Forwards {
			missing = fmt.Sprintf("%s does not forward from %s yet (spanning tree)", bridge.Name, name)
		}
		if missing == "" {
			return ""
		}
		out = missing
	}
	return out
}
