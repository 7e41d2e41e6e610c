package netlink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"linkspan/plugins/netlink/rtnl"
)

// look is how long is waited between two looks at the links.
const look = 20 * time.Millisecond

// await waits until a link has been ready for the step's time, and in that
// time at each look: on a machine that stood still nothing has held.
func (e *encoder) await(ctx context.Context, s step) error {
	hold, limit := time.Duration(s.Milliseconds)*time.Millisecond, time.Duration(s.Limit)*time.Millisecond
	end, since := time.Now().Add(limit), time.Time{}
	for looks := 0; ; looks++ {
		g, _, err := e.conn.Links()
		if err != nil {
			return err
		}
		lacks := worldOf(g).lacks(s.Link, s)
		now := time.Now()
		switch {
		case lacks != "":
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
			return fmt.Errorf("%s: %s within %s", s, orUnsteady(lacks), limit)
		}
		if err := pause(ctx, look); err != nil {
			return err
		}
	}
}

func orUnsteady(lacks string) string {
	if lacks == "" {
		return "no carrier that holds"
	}
	return lacks
}

// lacks says what a link still waits for; "" is nothing. A bridge has a
// carrier as soon as a guest's port has one, so its own cards are looked at.
func (w *world) lacks(name string, s step) string {
	l := w.link(name)
	switch {
	case l == nil:
		return name + " is gone"
	case !l.Up:
		return name + " is down"
	case !l.Carrier:
		return fmt.Sprintf("%s has no carrier (look at the cables of the cards below it)", name)
	case s.Awake && !l.Active:
		return name + " does not send yet"
	case s.Partner && l.Kind == "bond" && l.Bond["mode"] == mode8023ad && l.Partner == "":
		return fmt.Sprintf("%s has no LACP partner (the switch's ports must speak LACP; lacp_timeout = \"0s\" goes on without)", name)
	case l.Kind == "vlan" && w.link(l.Parent) != nil:
		return w.lacks(l.Parent, s)
	case l.Kind == "bond":
		return ""
	}
	return w.lacksPort(l, s)
}

// lacksPort says what the ports of a bridge that lead out still wait for: one
// that is ready is enough.
func (w *world) lacksPort(bridge *rtnl.Link, s step) string {
	out := ""
	for _, name := range w.byMaster[bridge.Name] {
		if bridge.Kind != "bridge" || !slices.Contains(s.Ports, name) {
			continue
		}
		lacks := w.lacks(name, s)
		if lacks == "" && !w.link(name).Forwards {
			lacks = fmt.Sprintf("%s does not forward from %s yet (spanning tree)", bridge.Name, name)
		}
		if lacks == "" {
			return ""
		}
		out = lacks
	}
	return out
}
