package anytoany_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	vnl "github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"linkspan/core/host"
	"linkspan/plugins/netlink/rtnl"
)

// world is a network namespace with cards; each leads to a link of the same
// namespace that nobody declares.
type world struct {
	name    string
	ns      netns.NsHandle
	foreign []string // iproute2's words for what nobody declares
}

// away runs a function on a thread that is thrown away with its namespace.
func away(fn func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		done <- fn()
	}()
	return <-done
}

func newWorld(name string) (*world, error) {
	w := &world{name: name}
	err := away(func() (err error) {
		w.ns, err = netns.NewNamed(name)
		return err
	})
	if err != nil {
		return nil, err
	}
	return w, w.cards()
}

// cards makes them without iproute2: a process costs more in this kernel than
// all the rest of a small world.
func (w *world) cards() error {
	h, err := vnl.NewHandleAt(w.ns, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	up := []string{"lo"}
	for n := range cards {
		attrs := vnl.NewLinkAttrs()
		attrs.Name, attrs.HardwareAddr = fmt.Sprintf("eth%d", n), net.HardwareAddr{0x52, 0x54, 0, 0, 0, byte(0xe0 + n)}
		cable := vnl.NewVeth(attrs)
		cable.PeerName, cable.PeerHardwareAddr = fmt.Sprintf("peer%d", n), net.HardwareAddr{0x52, 0x54, 0, 0, 1, byte(0xe0 + n)}
		if err := h.LinkAdd(cable); err != nil {
			return err
		}
		up = append(up, cable.PeerName)
	}
	for _, name := range up {
		l, err := h.LinkByName(name)
		if err == nil {
			err = h.LinkSetUp(l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *world) close() {
	w.ns.Close()
	_ = netns.DeleteNamed(w.name)
}

// ip and bridge run iproute2 in the world.
func (w *world) ip(lines ...string) error { return w.tool("ip", lines) }

func (w *world) bridge(lines ...string) error { return w.tool("bridge", lines) }

func (w *world) tool(name string, lines []string) error {
	if len(lines) == 0 {
		return nil
	}
	cmd := exec.Command(name, "-n", w.name, "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s\n%s", name, err, out, strings.Join(lines, "\n"))
	}
	return nil
}

// populate adds what nobody declares: guests' ports, links and addresses of a
// container runtime, routes of BIRD, an address of a DHCP client, rules.
func (w *world) populate(m maker, a, b host.Host) error {
	ip := []string{"link add docker0 type bridge", "link set docker0 up", "address add 172.17.0.1/16 dev docker0",
		"link add dum0 type veth peer name gvifdum", "link set gvifdum up", "link set dum0 up", "address add 10.250.0.1/24 dev dum0", "route add 10.251.0.0/16 via 10.250.0.9 proto bird",
		"route add 10.252.0.0/16 proto bird nexthop via 10.250.0.8 weight 2 nexthop via 10.250.0.9",
		"rule add from 10.1.1.0/24 lookup 100 priority 1000", "rule add iif eth0.9 lookup 101 priority 1001",
		"neighbour add 10.250.0.7 lladdr 52:54:00:99:99:99 dev dum0 nud permanent"}
	var bridge []string
	for n := range a.Interfaces {
		i := &a.Interfaces[n]
		later, stays := b.Interface(i.Name)
		stays = stays && later.Wanted() != host.Absent
		if i.Bridge != nil && stays && m.chance(60) {
			ip, bridge = w.guests(m, ip, bridge, i.Name)
		}
		if len(i.Addresses) > 0 && i.Wanted() == host.Up && m.chance(20) {
			ip = append(ip, fmt.Sprintf("neighbour replace %s lladdr 52:54:00:99:99:98 dev %s nud permanent", i.Addresses[0].Addr().Next().Next().Next(), i.Name))
		}
		if i.Kind != host.KindEthernet && m.chance(20) {
			ip = append(ip, fmt.Sprintf("link set %s txqueuelen 333 group 5", i.Name), fmt.Sprintf("link property add dev %s altname %s-also", i.Name, i.Name))
		}
		if i.Wanted() == host.Up && len(later0(later)) > 0 && m.chance(15) {
			ip = append(ip, fmt.Sprintf("address add 10.240.%d.7/24 dev %s valid_lft 3600 preferred_lft 3600", n, i.Name))
		}
	}
	w.foreign = append(append(w.foreign, ip...), bridge...)
	if err := w.ip(ip...); err != nil {
		return err
	}
	if err := w.bridge(bridge...); err != nil {
		return err
	}
	return w.nextHops(m, a)
}

func later0(i *host.Interface) string {
	if i == nil || i.Wanted() == host.Absent {
		return ""
	}
	return i.Name
}

// guests puts some guests' ports on a bridge.
func (w *world) guests(m maker, ip, bridge []string, on string) (_, _ []string) {
	for n := range 1 + m.IntN(2) {
		port := fmt.Sprintf("vif%s.%d", strings.TrimPrefix(on, "xenbr"), n)
		kind := "type veth peer name g" + port
		if m.chance(40) && !*here {
			kind = "type dummy"
		}
		ip = append(ip, fmt.Sprintf("link add %s address fe:ff:ff:00:00:%02x %s", port, m.IntN(250), kind), fmt.Sprintf("link set %s master %s up", port, on))
		if strings.Contains(kind, "peer") {
			ip = append(ip, "link set g"+port+" up")
		}
		if m.chance(30) {
			ip = append(ip, fmt.Sprintf("link set %s type bridge_slave hairpin on isolated on cost 7", port))
		}
		if m.chance(30) && !*here {
			bridge = append(bridge, fmt.Sprintf("vlan add dev %s vid %d", port, 2+m.IntN(90)))
		}
		if m.chance(30) {
			bridge = append(bridge, fmt.Sprintf("fdb replace 00:16:3e:00:00:%02x dev %s master static", m.IntN(250), port))
		}
	}
	return ip, bridge
}

// read reads the world, without what comes and goes by itself.
func (w *world) read() (*rtnl.Graph, error) {
	var g *rtnl.Graph
	err := rtnl.InNamespace(w.name, func() (err error) {
		g, err = rtnl.Read()
		return err
	})
	if err != nil {
		return nil, err
	}
	changing := make(map[string]bool) // bonds whose ports swap MACs
	for i := range g.Links {
		b := g.Links[i].Bond
		changing[g.Links[i].Name] = b["mode"] == "5" || b["mode"] == "6" || b["fail_over_mac"] == "1" || b["fail_over_mac"] == "2"
	}
	for i := range g.Links {
		l := &g.Links[i]
		if changing[l.Master] {
			l.MAC = ""
		}
		if changing[l.Name] && l.Bond["fail_over_mac"] == "1" {
			l.MAC = ""
		}
		l.Index, l.Carrier, l.Active, l.Forwards, l.Partner, l.Place = 0, false, false, false, "", 0
		delete(l.Bond, "active_slave")
	}
	g.Addresses = slices.DeleteFunc(g.Addresses, func(a rtnl.Address) bool { return a.IsLocal() && isFarEnd(a.Link) })
	g.Neighbours = slices.DeleteFunc(g.Neighbours, func(n rtnl.Neighbour) bool { return !n.Permanent })
	for i := range g.Addresses {
		a := &g.Addresses[i]
		a.Flags &= 0x1 | 0x200 | 0x400 // secondary, noprefixroute, mcautojoin
		if a.Valid != rtnl.NeverExpires {
			a.Valid, a.Preferred = 1, 1
		}
	}
	slices.SortStableFunc(g.Addresses, func(x, y rtnl.Address) int { return cmp.Compare(x.Link, y.Link) })
	slices.SortFunc(g.Neighbours, func(x, y rtnl.Neighbour) int { return cmp.Compare(text(x), text(y)) })
	slices.SortFunc(g.Routes, func(x, y rtnl.Route) int { return cmp.Compare(text(x), text(y)) })
	slices.SortFunc(g.Forwarding, func(x, y rtnl.Entry) int { return cmp.Compare(text(x), text(y)) })
	return g, nil
}

// isFarEnd reports whether the link is the other end of a cable: another
// machine, if this were not a rehearsal.
func isFarEnd(name string) bool {
	return strings.HasPrefix(name, "peer") || strings.HasPrefix(name, "gvif")
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return string(b)
}

// settled reads the world when it has come to rest: the kernel tells of
// carriers up to a second late, and makes link-local addresses then.
func (w *world) settled() (*rtnl.Graph, error) {
	last := ""
	for {
		time.Sleep(1200 * time.Millisecond)
		g, err := w.read()
		if err != nil {
			return nil, err
		}
		now := text(g)
		if now == last {
			return g, nil
		}
		last = now
	}
}

// rests waits until no bridge's topology changes any more, so that all ageing
// times are told: that takes max_age and forward_delay (IEEE 802.1D).
func (w *world) rests() error {
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		g, err := w.read()
		if err != nil {
			return err
		}
		changing := slices.IndexFunc(g.Links, func(l rtnl.Link) bool {
			_, told := l.Bridge[rtnl.AgeingTime]
			return l.Kind == "bridge" && !told
		})
		if changing < 0 {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("the topology of %s changes without an end", g.Links[changing].Name)
		}
	}
}

// isAgain waits until the world is as it was.
func (w *world) isAgain(was *rtnl.Graph) error {
	end := time.Now().Add(10 * time.Second)
	for {
		is, err := w.read()
		if err != nil {
			return err
		}
		diff := differ(withoutUntold(was, is), withoutUntold(withoutNew(is, was), was))
		if diff == "" || time.Now().After(end) {
			if diff != "" {
				return fmt.Errorf("\n%s", diff)
			}
			return nil
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// withoutNew leaves out link-local addresses that the kernel has made of a
// link's own MAC since: it does whenever a carrier comes.
func withoutNew(g, was *rtnl.Graph) *rtnl.Graph {
	out := *g
	out.Addresses = slices.DeleteFunc(slices.Clone(g.Addresses), func(a rtnl.Address) bool {
		i := slices.IndexFunc(g.Links, func(l rtnl.Link) bool { return l.Name == a.Link })
		mac, err := net.ParseMAC(g.Links[i].MAC)
		ip := a.Prefix.Addr().As16()
		own := err == nil && ip[8] == mac[0]^2 && ip[9] == mac[1] && ip[10] == mac[2] && ip[13] == mac[3] && ip[14] == mac[4] && ip[15] == mac[5]
		return a.IsLocal() && own && !slices.ContainsFunc(was.Addresses, a.Same)
	})
	return &out
}

// withoutUntold leaves out the ageing times that the other reading does not tell,
// because the topology of a bridge was changing.
func withoutUntold(g, other *rtnl.Graph) *rtnl.Graph {
	out := *g
	out.Links = slices.Clone(g.Links)
	for n := range out.Links {
		l := &out.Links[n]
		i := slices.IndexFunc(other.Links, func(o rtnl.Link) bool { return o.Name == l.Name })
		if i < 0 || l.Bridge == nil {
			continue
		}
		if _, told := other.Links[i].Bridge[rtnl.AgeingTime]; !told {
			l.Bridge = maps.Clone(l.Bridge)
			delete(l.Bridge, rtnl.AgeingTime)
		}
	}
	return &out
}

// differ lists what two graphs have not in common, as JSON lines.
func differ(was, is *rtnl.Graph) string {
	var out []string
	minus := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
	}
	before, after := lines(was), lines(is)
	for _, l := range minus(before, after) {
		out = append(out, "- "+l)
	}
	for _, l := range minus(after, before) {
		out = append(out, "+ "+l)
	}
	return strings.Join(out, "\n")
}

func lines(g *rtnl.Graph) []string {
	var out []string
	for _, l := range g.Links {
		out = append(out, text(l))
	}
	for _, a := range g.Addresses {
		out = append(out, text(a))
	}
	for _, r := range g.Routes {
		out = append(out, text(r))
	}
	for _, h := range g.NextHops {
		out = append(out, text(h))
	}
	for _, r := range g.Rules {
		out = append(out, r.Key())
	}
	for _, n := range g.Neighbours {
		out = append(out, text(n))
	}
	for _, e := range g.Forwarding {
		out = append(out, text(e))
	}
	return out
}
