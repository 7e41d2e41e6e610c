package apply

import (
	"context"
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

// await waits until a link has been ready for the step's time, and in that
// time at each look: on a machine that stood still nothing has held.
func (e *encoder) await(ctx context.Context, s step.Step) error {
	hold, limit := time.Duration(s.Milliseconds)*time.Millisecond, time.Duration(s.Limit)*time.Millisecond
	end, since := time.Now().Add(limit), time.Time{}
	for looks := 0; ; looks++ {
		g, _, err := e.conn.Links()
		if err != nil {
			return err
		}
		missing := lacks(world.Of(g), s.Link, s)
		now := time.Now()
		switch {
		case missing != "":
			since = time.Time{}
		case since.IsZero():
			since, looks = now, 0
		case now.Sub(since) >= hold && looks >= int(hold/look):
			return nil
		}
		if now.After(end) && s.Anyway {
			return nil
		}
		if now.After(end) {
			return fmt.Errorf("%s: %s within %s", s, orUnsteady(missing), limit)
		}
		if err := pause(ctx, look); err != nil {
			return err
		}
	}
}

func orUnsteady(missing string) string {
	if missing == "" {
		return "no carrier that holds"
	}
	return missing
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
