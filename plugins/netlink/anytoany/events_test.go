package anytoany_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	vnl "github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// events are what the kernel tells while a plan is carried out.
type events struct {
	mutex  sync.Mutex
	links  []vnl.LinkUpdate
	addrs  []vnl.AddrUpdate
	routes []vnl.RouteUpdate
	stop   chan struct{}
	begin  *rtnl.Graph
	lost   error
}

func (w *world) listen(begin *rtnl.Graph) (*events, error) {
	e := &events{stop: make(chan struct{}), begin: begin}
	links, addrs, routes := make(chan vnl.LinkUpdate, 4096), make(chan vnl.AddrUpdate, 4096), make(chan vnl.RouteUpdate, 4096)
	fail := func(err error) {
		e.mutex.Lock()
		defer e.mutex.Unlock()
		e.lost = err
	}
	quiet := &unix.Timeval{Sec: 3600} // the library takes a minute without an event for an error
	err := vnl.LinkSubscribeWithOptions(links, e.stop, vnl.LinkSubscribeOptions{Namespace: &w.ns, ErrorCallback: fail, ReceiveBufferSize: 8 << 20, ReceiveBufferForceSize: true, ReceiveTimeout: quiet})
	if err == nil {
		err = vnl.AddrSubscribeWithOptions(addrs, e.stop, vnl.AddrSubscribeOptions{Namespace: &w.ns, ErrorCallback: fail, ReceiveBufferSize: 8 << 20, ReceiveBufferForceSize: true, ReceiveTimeout: quiet})
	}
	if err == nil {
		err = vnl.RouteSubscribeWithOptions(routes, e.stop, vnl.RouteSubscribeOptions{Namespace: &w.ns, ErrorCallback: fail, ReceiveBufferSize: 8 << 20, ReceiveBufferForceSize: true, ReceiveTimeout: quiet})
	}
	go e.gather(links, addrs, routes)
	return e, err
}

func (e *events) gather(links chan vnl.LinkUpdate, addrs chan vnl.AddrUpdate, routes chan vnl.RouteUpdate) {
	for {
		select {
		case <-e.stop:
			return
		case u, ok := <-links:
			if !ok {
				return
			}
			e.add(func() { e.links = append(e.links, u) })
		case u, ok := <-addrs:
			if !ok {
				return
			}
			e.add(func() { e.addrs = append(e.addrs, u) })
		case u, ok := <-routes:
			if !ok {
				return
			}
			e.add(func() { e.routes = append(e.routes, u) })
		}
	}
}

func (e *events) add(fn func()) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	fn()
}

// said is what a plan announces.
type said struct {
	own   map[string]bool // links that an operation names
	by    map[string]bool // links that an effect names
	lines []string        // summaries and effects
}

func saidBy(p backend.PlanResponse) said {
	s := said{own: make(map[string]bool), by: make(map[string]bool)}
	for _, o := range p.Operations {
		for _, r := range o.Objects {
			s.own[r.Name] = true
		}
		s.lines = append(s.lines, o.Summary)
		for _, e := range o.Effects {
			if e.Kind == plan.EffectGuest {
				continue // it says that nothing happens to it
			}
			s.lines = append(s.lines, e.Text)
			for _, r := range e.Objects {
				s.by[r.Name] = true
			}
		}
	}
	return s
}

func (s said) has(words ...string) bool {
	return slices.ContainsFunc(s.lines, func(l string) bool {
		return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(" "+l+" ", " "+w+" ") })
	})
}

// state is what an event may tell of a link.
type state struct {
	up     bool
	master string
	mac    string
	mtu    int
	alias  string
	queue  int
}

// unannounced holds all events against the plan.
func (e *events) unannounced(p backend.PlanResponse) error {
	time.Sleep(100 * time.Millisecond)
	close(e.stop)
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.lost != nil && !strings.Contains(e.lost.Error(), "closed") {
		return fmt.Errorf("the events were lost: %w", e.lost)
	}
	s := saidBy(p)
	names := e.names()
	if err := e.linkEvents(s, names); err != nil {
		return err
	}
	for _, u := range e.addrs {
		if err := e.addressEvent(s, names, u); err != nil {
			return err
		}
	}
	for _, u := range e.routes {
		if err := e.routeEvent(s, names, u); err != nil {
			return err
		}
	}
	return nil
}

func (e *events) names() map[int]string {
	out := make(map[int]string)
	for _, u := range e.links {
		out[int(u.Index)] = u.Attrs().Name
	}
	return out
}

func (e *events) linkEvents(s said, names map[int]string) error {
	known := make(map[string]state)
	for _, l := range e.begin.Links {
		known[l.Name] = state{l.Up, l.Master, l.MAC, l.MTU, l.Alias, l.Queue}
	}
	for _, u := range e.links {
		a := u.Attrs()
		if u.Header.Type == unix.RTM_DELLINK {
			if u.Family == unix.AF_BRIDGE {
				continue // a port leaves; the link tells of it too
			}
			if !s.has("ip link delete", a.Name) && !s.has(a.Name, "is deleted with it") {
				return fmt.Errorf("%s was deleted, which nothing announced", a.Name)
			}
			delete(known, a.Name)
			continue
		}
		if u.Family == unix.AF_BRIDGE {
			continue
		}
		now := state{a.RawFlags&unix.IFF_UP != 0, names[a.MasterIndex], a.HardwareAddr.String(), a.MTU, a.Alias, a.TxQLen}
		if now.master == "" && a.MasterIndex != 0 {
			now.master = known[a.Name].master // of a bridge that told nothing itself
		}
		was, there := known[a.Name]
		if there && was.mac == "" {
			was.mac = now.mac // the balancing modes move MACs between ports, which is not read
		}
		if err := s.linkEvent(a.Name, was, now, there); err != nil {
			return err
		}
		known[a.Name] = now
	}
	return nil
}

// linkEvent: a link that no operation names must be named by an effect, with
// what happens to it.
func (s said) linkEvent(name string, was, now state, there bool) error {
	switch {
	case there && was == now:
		return nil // carrier and the like, or an option of its driver
	case s.own[name]:
		return nil
	case !there || !s.by[name]:
		return fmt.Errorf("%s: %+v became %+v, which nothing announced", name, was, now)
	case was.up != now.up && !s.has(name, "goes", "with it"), was.mac != now.mac && !s.has("the MAC of", name), was.mtu != now.mtu && !s.has("the MTU of", name),
		was.master != now.master && !s.has(name, "leaves"):
		return fmt.Errorf("%s: %+v became %+v, which no effect announced", name, was, now)
	}
	return nil
}

func (e *events) addressEvent(s said, names map[int]string, u vnl.AddrUpdate) error {
	name := names[u.LinkIndex]
	if name == "" || isFarEnd(name) {
		return nil // no event told of the link; or it is the far end of a cable
	}
	ip, ok := netip.AddrFromSlice(u.LinkAddress.IP)
	ones, _ := u.LinkAddress.Mask.Size()
	prefix := netip.PrefixFrom(ip.Unmap(), ones)
	if !ok || ip.IsLinkLocalUnicast() && (s.own[name] || s.by[name]) {
		return nil // the kernel's own, with the link
	}
	before := slices.ContainsFunc(e.begin.Addresses, func(a rtnl.Address) bool { return a.Link == name && a.Prefix == prefix })
	switch {
	case u.NewAddr && before && prefix.Addr().Is6():
		return nil // it is no longer tentative
	case s.has(prefix.String(), "dev "+name), s.has(prefix.String(), "goes from "+name), s.has("ip link delete", name), s.has(name, "is deleted with it"):
		return nil
	}
	return fmt.Errorf("address %s of %s (new: %v), which nothing announced", prefix, name, u.NewAddr)
}

func (e *events) routeEvent(s said, names map[int]string, u vnl.RouteUpdate) error {
	name := names[u.LinkIndex]
	if u.Protocol == unix.RTPROT_KERNEL || u.Table == unix.RT_TABLE_LOCAL || u.Dst == nil {
		return nil // it comes and goes with an address or a link
	}
	to := u.Dst.String()
	if ones, _ := u.Dst.Mask.Size(); ones == 0 && u.Dst.IP.To4() != nil {
		to = "default"
	}
	if s.has(to) || s.replaces(e.begin, to) || s.has("ip link delete", name) || s.has(name, "is deleted with it") {
		return nil
	}
	return fmt.Errorf("route %s dev %s (type %d), which nothing announced", to, name, u.Type)
}

// untouched: what nobody declares is as it was, but for what effects say.
func untouched(before, after *rtnl.Graph, b host.Host, p backend.PlanResponse) error {
	s := saidBy(p)
	declared := func(name string) bool { _, ok := b.Interface(name); return ok }
	keep := func(g *rtnl.Graph) *rtnl.Graph {
		out := &rtnl.Graph{Rules: g.Rules}
		for _, l := range g.Links {
			if !declared(l.Name) && !s.by[l.Name] {
				out.Links = append(out.Links, l)
			}
		}
		for _, a := range g.Addresses {
			announced := s.has(a.Prefix.String(), "dev "+a.Link) || s.has(a.Prefix.String(), "goes from "+a.Link)
			if !declared(a.Link) || a.Valid != rtnl.NeverExpires && !announced {
				out.Addresses = append(out.Addresses, a)
			}
		}
		for _, r := range g.Routes {
			if r.Protocol == unix.RTPROT_BIRD && r.Object == 0 {
				out.Routes = append(out.Routes, r)
			}
		}
		for _, n := range g.Neighbours {
			if !declared(n.Link) {
				out.Neighbours = append(out.Neighbours, n)
			}
		}
		for _, e := range g.Forwarding {
			if !declared(e.Port) {
				out.Forwarding = append(out.Forwarding, e)
			}
		}
		return out
	}
	if diff := differ(keep(before), keep(after)); diff != "" {
		return fmt.Errorf("\n%s", diff)
	}
	return nil
}
