package rehearse

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
)

// around is what was built around the host: the switch and the peer, which
// share a namespace, and the guests.
type around struct {
	world
	outside *namespace
	guests  []*namespace // as world.Guests
}

// build makes the cards of the host in the present namespace, the switch that
// they lead to, and the peer.
func build(w world) (*around, error) {
	// The peer has several cards; each answers for its own addresses only.
	outside, err := newNamespace("outside", map[string]string{
		"ipv4/conf/all/arp_ignore": "1", "ipv6/conf/default/accept_dad": "0", "ipv4/icmp_ratelimit": "0",
	})
	if err != nil {
		return nil, err
	}
	a := &around{world: w, outside: outside}
	if err := a.buildSwitch(); err != nil {
		return nil, fmt.Errorf("build the switch: %w", err)
	}
	for n := range w.Nets {
		if err := a.buildPeer(n); err != nil {
			return nil, fmt.Errorf("build the peer: %w", err)
		}
	}
	return a, nil
}

const switchName = "switch"

// buildSwitch makes a bridge that knows VLANs, as a real switch does: it learns
// where a MAC is for each of them.
func (a *around) buildSwitch() error {
	filtering, off, native := true, false, uint16(a.Native)
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr = switchName, mac("52:54:00:00:ff:01")
	sw := &netlink.Bridge{LinkAttrs: attrs, VlanFiltering: &filtering, MulticastSnooping: &off, VlanDefaultPVID: &native}
	if err := a.outside.LinkAdd(sw); err != nil {
		return err
	}
	for n, c := range a.Cards {
		if err := a.plugIn(c, wire(n), sw); err != nil {
			return fmt.Errorf("card %q: %w", c.Name, err)
		}
	}
	return a.outside.up(switchName)
}

// wire is the switch's port of the nth card.
func wire(n int) string { return fmt.Sprintf("port%d", n) }

// plugIn makes a card and its cable: a port of the switch that takes all tags.
func (a *around) plugIn(c card, port string, sw netlink.Link) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr = c.Name, mac(c.MAC)
	cable := netlink.NewVeth(attrs)
	cable.PeerName, cable.PeerNamespace = port, netlink.NsFd(int(a.outside.ns))
	if err := netlink.LinkAdd(cable); err != nil {
		return err
	}
	l, err := a.outside.LinkByName(port)
	if err != nil {
		return err
	}
	if err := a.outside.LinkSetMaster(l, sw); err != nil {
		return err
	}
	for tag := range a.group() {
		if tag == 0 {
			continue
		}
		if err := a.outside.BridgeVlanAdd(l, uint16(tag), false, false, false, true); err != nil {
			return fmt.Errorf("VLAN %d: %w", tag, err)
		}
	}
	return a.outside.LinkSetUp(l)
}

func (a *around) group() map[int]bool {
	out := make(map[int]bool)
	for _, n := range a.Nets {
		for _, t := range n.Tags {
			out[t] = true
		}
	}
	return out
}

// buildPeer gives the peer a card in one network. Where the network has two
// tags, the two are joined at the peer and nowhere else: what the host sends
// with one tag must not come back to it with the other. What the peer sends
// goes out with both, so that it is the host that is measured and not how long
// the peer's own bridge takes to learn that the host has changed its tag.
func (a *around) buildPeer(n int) error {
	name := fmt.Sprintf("net%d", n)
	tags := a.Nets[n].Tags
	if len(tags) == 1 {
		if err := a.leg(name, tags[0]); err != nil {
			return err
		}
		return a.peerAddresses(name, n)
	}
	off := false
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr = name, mac(fmt.Sprintf("52:54:00:00:fe:%02x", n))
	hub := &netlink.Bridge{LinkAttrs: attrs, MulticastSnooping: &off}
	if err := a.outside.LinkAdd(hub); err != nil {
		return err
	}
	for k, tag := range tags {
		leg := fmt.Sprintf("net%d.%d", n, k)
		if err := a.leg(leg, tag); err != nil {
			return err
		}
		l, err := a.outside.LinkByName(leg)
		if err != nil {
			return err
		}
		if err := a.outside.LinkSetMaster(l, hub); err != nil {
			return err
		}
		if err := errors.Join(a.outside.LinkSetIsolated(l, true), a.outside.LinkSetLearning(l, false)); err != nil {
			return err
		}
	}
	if err := a.outside.up(name); err != nil {
		return err
	}
	return a.peerAddresses(name, n)
}

// leg makes a card whose frames have one tag within the switch.
func (a *around) leg(name string, tag int) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	cable := netlink.NewVeth(attrs)
	cable.PeerName = name + "sw"
	if err := a.outside.LinkAdd(cable); err != nil {
		return err
	}
	sw, err := a.outside.LinkByName(switchName)
	if err != nil {
		return err
	}
	l, err := a.outside.LinkByName(cable.PeerName)
	if err != nil {
		return err
	}
	if err := a.outside.LinkSetMaster(l, sw); err != nil {
		return err
	}
	if tag != 0 {
		if err := a.outside.BridgeVlanDel(l, uint16(a.Native), true, true, false, true); err != nil {
			return err
		}
		if err := a.outside.BridgeVlanAdd(l, uint16(tag), true, true, false, true); err != nil {
			return err
		}
	}
	return a.outside.up(name, cable.PeerName)
}

func (a *around) peerAddresses(name string, n int) error {
	l, err := a.outside.LinkByName(name)
	if err != nil {
		return err
	}
	for _, p := range a.Nets[n].Peers {
		if err := a.outside.AddrReplace(l, &netlink.Addr{IPNet: ipNet(p)}); err != nil {
			return fmt.Errorf("address %s: %w", p, err)
		}
	}
	return nil
}

// attach puts a guest on a bridge of the host: a port as Xen makes it, and a
// machine behind it.
func (a *around) attach(g guest) (*namespace, error) {
	ns, err := newNamespace("guest-"+g.Port, map[string]string{"ipv6/conf/default/accept_dad": "0", "ipv4/icmp_ratelimit": "0"})
	if err != nil {
		return nil, err
	}
	if err := plugGuest(g, ns); err != nil {
		return nil, fmt.Errorf("guest's port %q: %w", g.Port, err)
	}
	port, err := netlink.LinkByName(g.Port)
	if err != nil {
		return nil, fmt.Errorf("guest's port %q: %w", g.Port, err)
	}
	bridge, err := netlink.LinkByName(g.Bridge)
	if err != nil {
		return nil, fmt.Errorf("guest's bridge %q: %w", g.Bridge, err)
	}
	if err := netlink.LinkSetMaster(port, bridge); err != nil {
		return nil, fmt.Errorf("put %q on %q: %w", g.Port, g.Bridge, err)
	}
	if err := netlink.LinkSetUp(port); err != nil {
		return nil, fmt.Errorf("bring %q up: %w", g.Port, err)
	}
	l, err := ns.LinkByName("eth0")
	if err != nil {
		return nil, err
	}
	if err := ns.AddrAdd(l, &netlink.Addr{IPNet: ipNet(g.Address)}); err != nil {
		return nil, err
	}
	return ns, ns.up("eth0")
}

// detach takes a guest away again.
func detach(g guest) error {
	l, err := netlink.LinkByName(g.Port)
	if err != nil {
		return fmt.Errorf("guest's port %q: %w", g.Port, err)
	}
	return netlink.LinkDel(l)
}

// delayLinks makes a card's link stay away for a while after the card has been
// taken down and up again, as a real one's does while card and switch agree on
// a speed. It ends with stop.
func (a *around) delayLinks(delay time.Duration, stop <-chan struct{}) error {
	updates := make(chan netlink.LinkUpdate, 1024)
	if err := netlink.LinkSubscribe(updates, stop); err != nil {
		return fmt.Errorf("watch the cards: %w", err)
	}
	cards := make(map[int]int) // by their index: a name may change
	for n, c := range a.Cards {
		l, err := netlink.LinkByName(c.Name)
		if err != nil {
			return fmt.Errorf("find the card %q: %w", c.Name, err)
		}
		cards[l.Attrs().Index] = n
	}
	go func() {
		down := make(map[int]bool)
		for u := range updates {
			n, ours := cards[u.Attrs().Index]
			isDown := u.Attrs().Flags&net.FlagUp == 0
			if !ours || isDown == down[n] {
				continue
			}
			down[n] = isDown
			if isDown {
				a.cable(n, false)
				continue
			}
			time.AfterFunc(delay, func() { a.cable(n, true) })
		}
	}()
	return nil
}

// cable takes the switch's end of a cable down or up.
func (a *around) cable(n int, up bool) {
	l, err := a.outside.LinkByName(wire(n))
	if err != nil {
		return // the kernel is ending
	}
	if up {
		_ = a.outside.LinkSetUp(l)
		return
	}
	_ = a.outside.LinkSetDown(l)
}

func mac(s string) net.HardwareAddr {
	m, err := net.ParseMAC(s)
	if err != nil {
		return nil // the kernel then chooses one
	}
	return m
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
