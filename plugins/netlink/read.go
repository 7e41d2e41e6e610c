package netlink

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
)

// Read reads the kernel's state with one dump of each kind.
func (b *netlinkBackend) Read(_ context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	var out backend.ReadResponse
	if r.Root != "" && r.Root != "/" {
		return out, fmt.Errorf("root %q is no running system: its kernel cannot be read", r.Root)
	}
	var g *graph
	err := inNamespace(r.Netns, func() (err error) {
		g, err = readGraph()
		return err
	})
	if err != nil {
		return out, err
	}
	h := hostOf(g, &r.Host)
	out.Objects = backend.InterfaceObjects(h, Name)
	out.Diagnostics = findings(g, &r.Host)
	out.Opaque, err = json.Marshal(g)
	return out, err
}

// readGraph reads the namespace of the calling thread.
func readGraph() (*graph, error) {
	c, err := dial()
	if err != nil {
		return nil, err
	}
	defer c.close()
	return c.graph()
}

func (c *conn) graph() (*graph, error) {
	g := &graph{}
	names, err := c.links(g)
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	err = c.dump(unix.RTM_GETADDR, make([]byte, unix.SizeofIfAddrmsg), func(b []byte) error {
		a, index, err := decodeAddress(b)
		if a.Link = names[index]; a.Link != "" {
			g.Addresses = append(g.Addresses, a)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read addresses: %w", err)
	}
	err = c.dump(unix.RTM_GETROUTE, make([]byte, unix.SizeofRtMsg), func(b []byte) error {
		r, index, err := decodeRoute(b)
		r.Link = names[index]
		if isManageable(r) {
			g.Routes = append(g.Routes, r)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read routes: %w", err)
	}
	err = c.dump(unix.RTM_GETNEIGH, make([]byte, unix.SizeofNdMsg), func(b []byte) error {
		n, index, known, err := decodeNeighbour(b)
		if n.Link = names[index]; known && n.Link != "" {
			g.Neighbours = append(g.Neighbours, n)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read neighbours: %w", err)
	}
	return g, nil
}

// isManageable leaves out what the kernel makes itself with an address, and
// cached clones.
func isManageable(r route) bool {
	return r.Protocol != unix.RTPROT_KERNEL && r.Protocol != unix.RTPROT_REDIRECT && r.Table != unix.RT_TABLE_LOCAL
}

// links fills in the links and returns their names by index.
func (c *conn) links(g *graph) (map[int]string, error) {
	var raw []rawLink
	body := make([]byte, unix.SizeofIfInfomsg)
	// RTEXT_FILTER_SKIP_STATS saves a fifth of the bytes (linux/rtnetlink.h).
	body = appendAttribute(body, unix.IFLA_EXT_MASK, hostOrder.AppendUint32(nil, 1<<3))
	err := c.dump(unix.RTM_GETLINK, body, func(b []byte) error {
		r, err := decodeLink(b)
		raw = append(raw, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	names := make(map[int]string, len(raw))
	for _, r := range raw {
		names[r.Index] = r.Name
	}
	for _, r := range raw {
		l := r.link
		l.Master = names[r.master]
		if l.Kind == "vlan" && !r.foreignParent {
			l.Parent = names[r.parent]
		}
		for option, index := range r.indexes {
			if name := names[index]; name != "" {
				l.Bond[option] = name
			}
		}
		l.AcceptRA = acceptRA(l.Name)
		g.Links = append(g.Links, l)
	}
	slices.SortFunc(g.Links, func(a, b link) int { return cmp.Compare(a.Name, b.Name) })
	return names, nil
}

func sysctlPath(name, key string) string { return "/proc/sys/net/ipv6/conf/" + name + "/" + key }

// acceptRA reads the sysctl; nil where the kernel has no IPv6 on the link.
func acceptRA(name string) *int {
	if strings.Contains(name, "/") {
		return nil
	}
	b, err := os.ReadFile(sysctlPath(name, "accept_ra"))
	if err != nil {
		return nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return nil
	}
	return &n
}
