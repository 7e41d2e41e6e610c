package guest

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"linkspan/plugins/xend/libvirt"
	"linkspan/plugins/xend/tree"
)

// Links are the network interfaces of the running kernel.
type Links struct {
	Names   []string
	Bridges []string // sorted as the kernel's directory is by brctl: by bytes
	Ports   []Port   // of guests, on a bridge
}

// Port is a guest's port.
type Port struct {
	Name   string
	Bridge string
	Guest  string // its guest's name; "" when it is not known
}

// attempts is how often a dump is read anew that the kernel says was changed
// meanwhile.
const attempts = 5

// ReadLinks reads the interfaces of a network namespace; "" is the present one.
// It asks the kernel by netlink: /sys may still show another namespace.
func ReadLinks(namespace string) (*Links, error) {
	h, err := open(namespace)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	for try := 1; ; try++ {
		links, err := h.LinkList()
		switch {
		case err == nil:
			return sorted(links), nil
		case !errors.Is(err, netlink.ErrDumpInterrupted) || try == attempts:
			return nil, fmt.Errorf("read the interfaces: %w", err)
		}
	}
}

func open(namespace string) (*netlink.Handle, error) {
	if namespace == "" {
		return netlink.NewHandle(netlink.FAMILY_ALL)
	}
	ns, err := netns.GetFromName(namespace)
	if err != nil {
		return nil, fmt.Errorf("network namespace %q: %w", namespace, err)
	}
	defer ns.Close()
	return netlink.NewHandleAt(ns, netlink.FAMILY_ALL)
}

func sorted(links []netlink.Link) *Links {
	out := &Links{}
	names := make(map[int]string)
	for _, l := range links {
		a := l.Attrs()
		out.Names = append(out.Names, a.Name)
		if l.Type() == "bridge" {
			names[a.Index] = a.Name
			out.Bridges = append(out.Bridges, a.Name)
		}
	}
	for _, l := range links {
		a := l.Attrs()
		if bridge := names[a.MasterIndex]; bridge != "" && isGuests(a.Name, l.Type()) {
			out.Ports = append(out.Ports, Port{Name: a.Name, Bridge: bridge})
		}
	}
	slices.Sort(out.Names)
	slices.Sort(out.Bridges)
	slices.SortFunc(out.Ports, func(a, b Port) int { return cmpPorts(a.Name, b.Name) })
	return out
}

func cmpPorts(a, b string) int {
	if len(a) != len(b) { // vif9.0 before vif10.0
		return len(a) - len(b)
	}
	if a < b {
		return -1
	}
	return 1
}

// xenPort is a port of domain D, interface N: vifD.N, and for what emulates a
// card vifD.N-emu (xl) or tapD.N (xend). vif0.N is the host's own.
var xenPort = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:vif|tap)([1-9][0-9]*)\.[0-9]+(?:-emu)?$`) })

var vnetPort = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^vnet[0-9]+$`) })

// isGuests tells a guest's port by its name, or by being a tap.
func isGuests(name, kind string) bool {
	return kind == "tuntap" || xenPort().MatchString(name) || vnetPort().MatchString(name)
}

// NamePorts finds the names of the ports' guests: in the xenstore, and in what
// libvirt writes of running guests. A port whose guest is not found stays
// without.
func (l *Links) NamePorts(t tree.Tree) {
	byPort := runningDomains(t)
	var store *xenstore
	defer func() { store.close() }()
	for i := range l.Ports {
		p := &l.Ports[i]
		if p.Guest = byPort[p.Name]; p.Guest != "" {
			continue
		}
		m := xenPort().FindStringSubmatch(p.Name)
		if m == nil {
			continue
		}
		if store == nil {
			store = dialXenstore(t)
		}
		p.Guest = store.read("/local/domain/" + m[1] + "/name")
	}
}

// runningDomains are the names of libvirt's running guests by port.
func runningDomains(t tree.Tree) map[string]string {
	out := make(map[string]string)
	for _, driver := range drivers {
		for _, name := range t.List("/run/libvirt/" + driver) {
			f, err := t.Read(name)
			if err != nil || path.Ext(name) != ".xml" {
				continue
			}
			d, err := libvirt.ReadDomain(f.Content)
			if err != nil {
				continue
			}
			for _, i := range d.Interfaces {
				out[i.Target.Dev] = d.Name
			}
		}
	}
	delete(out, "") // interfaces that have no port yet
	return out
}
