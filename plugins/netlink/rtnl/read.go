package rtnl

import (
	"bufio"
	"cmp"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	nl "github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Read reads the namespace of the calling thread.
func Read() (*Graph, error) {
	c, err := Dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Graph()
}

// Graph reads everything, with one dump of each kind.
func (c *Conn) Graph() (*Graph, error) {
	g, x, err := c.Links()
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	names := make(map[int]string, len(x))
	for name, index := range x {
		names[index] = name
	}
	for i := range g.Links {
		if l := &g.Links[i]; l.AcceptRA == nil {
			l.AcceptRA = acceptRA(l.Name) // kernels before 2.6.37 do not tell it with the link
		}
	}
	for _, part := range []struct {
		what string
		read func(*Graph, map[int]string) error
	}{{"addresses", c.addresses}, {"next hops", c.nextHops}, {"routes", c.routes}, {"rules", c.rules}, {"neighbours", c.neighbours}, {"bridges", c.bridges}} {
		if err := part.read(g, names); err != nil {
			return nil, fmt.Errorf("read %s: %w", part.what, err)
		}
	}
	g.ReversePath = ReversePath{All: reversePath("all"), New: reversePath("default")}
	return g, nil
}

// Links reads the links alone, and says which index each has.
func (c *Conn) Links() (*Graph, Indexes, error) {
	var raw []rawLink
	err := c.dump(unix.RTM_GETLINK, linkQuery(unix.AF_UNSPEC, 1<<3), func(b []byte) error { // RTEXT_FILTER_SKIP_STATS saves a fifth of the bytes
		r, err := decodeLink(b)
		raw = append(raw, r)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	names := make(map[int]string, len(raw))
	for _, r := range raw {
		names[r.Index] = r.Name
	}
	g, x := &Graph{Links: make([]Link, 0, len(raw))}, make(Indexes, len(raw))
	for _, r := range raw {
		l := r.Link
		x[l.Name] = l.Index
		l.Master = names[r.master]
		if l.Kind == "vlan" && !r.foreignParent {
			l.Parent = names[r.parent]
		}
		for option, index := range r.indexes {
			if name := names[index]; name != "" {
				l.Bond[option] = name
			}
		}
		g.Links = append(g.Links, l)
	}
	slices.SortFunc(g.Links, func(a, b Link) int { return cmp.Compare(a.Name, b.Name) })
	places(g)
	return g, x, nil
}

func linkQuery(family byte, filter uint32) []byte {
	body := make([]byte, unix.SizeofIfInfomsg)
	body[0] = family
	return appendAttribute(body, unix.IFLA_EXT_MASK, hostOrder.AppendUint32(nil, filter))
}

// places says in which order the ports of each bond joined: the driver goes by
// it, and a dump does not tell. The driver's own text does
// (drivers/net/bonding/bond_procfs.c).
func places(g *Graph) {
	order := make(map[string]int)
	for i := range g.Links {
		if g.Links[i].Kind != "bond" {
			continue
		}
		f, err := os.Open(filepath.Join("/proc/thread-self/net/bonding", g.Links[i].Name))
		if err != nil {
			continue // without the text, ports go by their names
		}
		for lines, n := bufio.NewScanner(f), 1; lines.Scan(); {
			if port, ok := strings.CutPrefix(lines.Text(), "Slave Interface: "); ok {
				order[port] = n
				n++
			}
		}
		f.Close()
	}
	for i := range g.Links {
		g.Links[i].Place = order[g.Links[i].Name]
	}
}

func (c *Conn) addresses(g *Graph, names map[int]string) error {
	return c.dump(unix.RTM_GETADDR, make([]byte, unix.SizeofIfAddrmsg), func(b []byte) error {
		a, index, err := decodeAddress(b)
		if a.Link = names[index]; a.Link != "" {
			g.Addresses = append(g.Addresses, a)
		}
		return err
	})
}

func (c *Conn) routes(g *Graph, names map[int]string) error {
	return c.dump(unix.RTM_GETROUTE, make([]byte, unix.SizeofRtMsg), func(b []byte) error {
		r, err := decodeRoute(b, names)
		if r.IsManageable() {
			g.Routes = append(g.Routes, r)
		}
		return err
	})
}

func (c *Conn) rules(g *Graph, _ map[int]string) error {
	return c.dump(unix.RTM_GETRULE, make([]byte, sizeofRuleHeader), func(b []byte) error {
		r, err := decodeRule(b)
		if r.Family == unix.AF_INET || r.Family == unix.AF_INET6 {
			g.Rules = append(g.Rules, r)
		}
		return err
	})
}

func (c *Conn) neighbours(g *Graph, names map[int]string) error {
	return c.dump(unix.RTM_GETNEIGH, make([]byte, unix.SizeofNdMsg), func(b []byte) error {
		n, index, known, err := decodeNeighbour(b)
		if n.Link = names[index]; known && n.Link != "" {
			g.Neighbours = append(g.Neighbours, n)
		}
		return err
	})
}

// bridges reads the VLANs of bridges and their ports and the static entries of
// forwarding tables. The entries that a bridge makes for its own MACs and
// those of its ports are left out.
func (c *Conn) bridges(g *Graph, names map[int]string) error {
	if !slices.ContainsFunc(g.Links, func(l Link) bool { return l.Kind == "bridge" }) {
		return nil
	}
	at, own := make(map[string]int, len(g.Links)), make(map[string]bool)
	for i := range g.Links {
		l := &g.Links[i]
		at[l.Name] = i
		if l.Kind == "bridge" || l.Port != nil {
			own[l.MAC] = true
		}
	}
	err := c.dump(unix.RTM_GETLINK, linkQuery(unix.AF_BRIDGE, 1<<2), func(b []byte) error { // RTEXT_FILTER_BRVLAN_COMPRESSED
		index, list, err := decodeVLANs(b)
		if i, ok := at[names[index]]; ok {
			g.Links[i].VLANs = list
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.entries(func(b []byte) error {
		e, index, static, err := decodeEntry(b)
		if e.Port = names[index]; static && e.Port != "" && !(e.State&unix.NUD_PERMANENT != 0 && own[e.MAC]) {
			g.Forwarding = append(g.Forwarding, e)
		}
		return err
	})
}

func (c *Conn) entries(each func([]byte) error) error {
	body := make([]byte, unix.SizeofNdMsg)
	body[0] = unix.AF_BRIDGE
	return c.dump(unix.RTM_GETNEIGH, body, each)
}

// Behind lists the MACs that bridges have learnt on some of their ports.
func (c *Conn) Behind(ports []int) ([]net.HardwareAddr, error) {
	if len(ports) == 0 {
		return nil, nil
	}
	var out []net.HardwareAddr
	err := c.entries(func(b []byte) error {
		if len(b) < unix.SizeofNdMsg || !slices.Contains(ports, int(hostOrder.Uint32(b[4:]))) || hostOrder.Uint16(b[8:])&unix.NUD_PERMANENT != 0 {
			return nil
		}
		ad, err := nl.NewAttributeDecoder(b[unix.SizeofNdMsg:])
		if err != nil {
			return err
		}
		for ad.Next() {
			if ad.Type() == unix.NDA_LLADDR && ad.Len() > 0 {
				out = append(out, net.HardwareAddr(ad.Bytes()))
			}
		}
		return ad.Err()
	})
	return out, err
}

// reversePath reads the sysctl; it is 0, the kernel's default, where it cannot.
func reversePath(of string) int {
	b, err := os.ReadFile("/proc/sys/net/ipv4/conf/" + of + "/rp_filter")
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return n
}

// SysctlPath is the file of a sysctl of a link's IPv6.
func SysctlPath(name, key string) string { return "/proc/sys/net/ipv6/conf/" + name + "/" + key }

// acceptRA reads the sysctl; nil where the kernel has no IPv6 on the link.
func acceptRA(name string) *int {
	if strings.Contains(name, "/") {
		return nil
	}
	b, err := os.ReadFile(SysctlPath(name, "accept_ra"))
	if err != nil {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return nil
	}
	return &n
}
