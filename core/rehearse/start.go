package rehearse

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"linkspan/core/host"
)

// starter makes the host's present network. It does so by other means than the
// backend under test: another library, and the drivers' files in sysfs.
type starter struct {
	host    *host.Host
	masters map[string]string
	made    map[string]bool
	remarks []string
}

// makeStart makes the network in the present namespace, in which the cards are
// already. What the kernel refuses of a start is told, not hidden.
func makeStart(h *host.Host) ([]string, error) {
	s := &starter{host: h, masters: h.Masters(), made: make(map[string]bool)}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return nil, fmt.Errorf("find lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return nil, fmt.Errorf("bring lo up: %w", err)
	}
	for n := range h.Interfaces {
		if err := s.make(h.Interfaces[n].Name, 0); err != nil {
			return nil, err
		}
	}
	for n := range h.Interfaces {
		if err := s.routes(&h.Interfaces[n]); err != nil {
			return nil, err
		}
	}
	return s.remarks, s.settle()
}

func (s *starter) remark(text string, args ...any) {
	s.remarks = append(s.remarks, fmt.Sprintf(text, args...))
}

// make makes an interface after all that it stands on.
func (s *starter) make(name string, depth int) error {
	i, ok := s.host.Interface(name)
	if !ok || s.made[name] || isGuestName(name) || i.Wanted() == host.Absent {
		return nil
	}
	if depth > 16 {
		return fmt.Errorf("%q stands on itself", name)
	}
	s.made[name] = true
	for _, lower := range i.Lowers() {
		if err := s.make(lower, depth+1); err != nil {
			return err
		}
	}
	if err := s.one(i); err != nil {
		return fmt.Errorf("make %s %q: %w", i.Kind, i.Name, err)
	}
	return nil
}

func (s *starter) one(i *host.Interface) error {
	if err := s.create(i); err != nil {
		return err
	}
	l, err := netlink.LinkByName(i.Name)
	if err != nil {
		return err
	}
	if i.MAC != "" && i.Kind != host.KindEthernet {
		if err := netlink.LinkSetHardwareAddr(l, mac(i.MAC)); err != nil {
			return fmt.Errorf("MAC %s: %w", i.MAC, err)
		}
	}
	for _, p := range i.Ports() {
		if err := s.enslave(i, l, p); err != nil {
			return fmt.Errorf("port %q: %w", p, err)
		}
	}
	if i.MTU != nil {
		if err := netlink.LinkSetMTU(l, *i.MTU); err != nil {
			return fmt.Errorf("MTU %d: %w", *i.MTU, err)
		}
	}
	if i.Description != "" {
		if err := netlink.LinkSetAlias(l, i.Description); err != nil {
			return fmt.Errorf("description: %w", err)
		}
	}
	s.lateOptions(i)
	if i.Wanted() != host.Down {
		if err := netlink.LinkSetUp(l); err != nil {
			return fmt.Errorf("bring it up: %w", err)
		}
	}
	for _, a := range i.Addresses {
		if err := netlink.AddrReplace(l, addr(a)); err != nil {
			return fmt.Errorf("address %s: %w", a, err)
		}
	}
	return nil
}

func addr(p netip.Prefix) *netlink.Addr {
	a := &netlink.Addr{IPNet: ipNet(p)}
	if p.Addr().Is4() && p.Bits() < 31 {
		a.Broadcast = make(net.IP, 4)
		for n, b := range a.IPNet.IP.To4() {
			a.Broadcast[n] = b | ^a.Mask[n]
		}
	}
	return a
}

func (s *starter) create(i *host.Interface) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = i.Name
	switch {
	case i.Bond != nil:
		bond := netlink.NewLinkBond(attrs)
		bond.Mode = netlink.BondMode(max(0, host.BondModeNumber(i.Bond.Mode)))
		if err := netlink.LinkAdd(bond); err != nil {
			return err
		}
		s.bondOptions(i, func(o host.BondOption) bool { return o.Type != host.OptionInterface })
	case i.VLAN != nil:
		parent, err := netlink.LinkByName(i.VLAN.Parent)
		if err != nil {
			return fmt.Errorf("parent %q: %w", i.VLAN.Parent, err)
		}
		attrs.ParentIndex = parent.Attrs().Index
		v := &netlink.Vlan{LinkAttrs: attrs, VlanId: i.VLAN.ID, VlanProtocol: netlink.VLAN_PROTOCOL_8021Q,
			ReorderHdr: i.VLAN.ReorderHeader, Gvrp: i.VLAN.GVRP, Mvrp: i.VLAN.MVRP, LooseBinding: i.VLAN.LooseBinding}
		if i.VLAN.Protocol == "802.1ad" {
			v.VlanProtocol = netlink.VLAN_PROTOCOL_8021AD
		}
		return netlink.LinkAdd(v)
	case i.Bridge != nil:
		if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: attrs}); err != nil {
			return err
		}
		s.bridgeOptions(i)
	}
	return nil
}

func (s *starter) enslave(i *host.Interface, master netlink.Link, name string) error {
	port, err := netlink.LinkByName(name)
	var missing netlink.LinkNotFoundError
	if errors.As(err, &missing) && isGuestName(name) {
		return nil // a guest's port comes with its guest
	}
	if err != nil {
		return err
	}
	if i.Bond != nil {
		if err := netlink.LinkSetDown(port); err != nil {
			return err
		}
	}
	if err := netlink.LinkSetMaster(port, master); err != nil {
		return err
	}
	if i.Bridge != nil {
		s.portOptions(i, name)
	}
	return nil
}

// write writes one option into the driver's file below /sys/class/net/NAME.
func (s *starter) write(name, file, value string) {
	path := "/sys/class/net/" + name + "/" + file
	if err := os.WriteFile(path, []byte(value), 0o644); err != nil {
		s.remark("the start's %s of %q could not be made %q: %v", file, name, value, err)
	}
}

// bondOptions sets options in the order of the table: delays come after miimon.
func (s *starter) bondOptions(i *host.Interface, which func(host.BondOption) bool) {
	for _, o := range host.BondOptions() {
		value, said := i.Bond.Options[o.Name]
		if !said || !which(o) || !o.TakenBy(cmp.Or(i.Bond.Mode, host.BondModes()[0])) {
			continue
		}
		if (o.Name == "updelay" || o.Name == "downdelay") && cmp.Or(i.Bond.Options["miimon"], "0") == "0" {
			continue // the driver has no delays without miimon
		}
		switch o.Type {
		case host.OptionBool:
			value = map[string]string{"true": "1", "false": "0"}[value]
		case host.OptionAddresses:
			for a := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' }) {
				s.write(i.Name, "bonding/"+o.Driver, "+"+a)
			}
			continue
		}
		if value != "" {
			s.write(i.Name, "bonding/"+o.Driver, value)
		}
	}
}

// lateOptions are those that need the ports.
func (s *starter) lateOptions(i *host.Interface) {
	if i.Bond != nil {
		s.bondOptions(i, func(o host.BondOption) bool { return o.Type == host.OptionInterface })
	}
}

func (s *starter) bridgeOptions(i *host.Interface) {
	b := i.Bridge
	flag := func(file string, v *bool) {
		if v != nil {
			s.write(i.Name, "bridge/"+file, map[bool]string{true: "1", false: "0"}[*v])
		}
	}
	number := func(file string, v *int) {
		if v != nil {
			s.write(i.Name, "bridge/"+file, strconv.Itoa(*v))
		}
	}
	clock := func(file string, v *host.Centiseconds) {
		if v != nil {
			s.write(i.Name, "bridge/"+file, strconv.Itoa(int(*v)))
		}
	}
	clock("forward_delay", b.ForwardDelay)
	clock("hello_time", b.HelloTime)
	clock("max_age", b.MaxAge)
	clock("ageing_time", b.AgeingTime)
	flag("stp_state", b.STP)
	number("priority", b.Priority)
	flag("multicast_snooping", b.MulticastSnooping)
	flag("vlan_filtering", b.VLANFiltering)
}

func (s *starter) portOptions(i *host.Interface, name string) {
	n := slices.IndexFunc(i.Bridge.Ports, func(p host.BridgePort) bool { return p.Name == name })
	if n < 0 {
		return
	}
	p := i.Bridge.Ports[n]
	flag := func(file string, v *bool) {
		if v != nil {
			s.write(name, "brport/"+file, map[bool]string{true: "1", false: "0"}[*v])
		}
	}
	if p.Cost != nil {
		s.write(name, "brport/path_cost", strconv.Itoa(*p.Cost))
	}
	if p.Priority != nil {
		s.write(name, "brport/priority", strconv.Itoa(*p.Priority))
	}
	flag("hairpin_mode", p.Hairpin)
	flag("isolated", p.Isolated)
	flag("learning", p.Learning)
	flag("unicast_flood", p.Flood)
	flag("bpdu_guard", p.Guard)
}

// routes adds an interface's routes; those of DHCP clients and daemons are not
// in a host's description.
func (s *starter) routes(i *host.Interface) error {
	if !s.made[i.Name] || i.Wanted() != host.Up {
		return nil
	}
	gateways := host.Interface{Gateway: i.Gateway, Gateway6: i.Gateway6}
	all := append(gateways.DefaultRoutes(), i.Routes...)
	for _, r := range all {
		l, err := netlink.LinkByName(i.Name)
		if err != nil {
			return err
		}
		k := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: ipNet(r.To.Masked()), Priority: r.Metric, Table: r.Table, Protocol: unix.RTPROT_STATIC}
		if r.Via.IsValid() {
			k.Gw = r.Via.AsSlice()
		} else if r.To.Addr().Is4() {
			k.Scope = unix.RT_SCOPE_LINK
		}
		if r.Source.IsValid() {
			k.Src = r.Source.AsSlice()
		}
		if r.OnLink {
			k.SetFlag(netlink.FLAG_ONLINK)
		}
		if err := netlink.RouteReplace(k); err != nil {
			s.remark("the start's route %s on %q could not be made: %v", r, i.Name, err)
		}
	}
	return nil
}

// settle waits until every interface that is up has a carrier and no IPv6
// address is in doubt; what has none after five seconds has none at the start.
func (s *starter) settle() error {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		links, err := netlink.LinkList()
		if err != nil {
			return fmt.Errorf("read the start back: %w", err)
		}
		waiting := slices.ContainsFunc(links, func(l netlink.Link) bool {
			a := l.Attrs()
			return a.Flags&net.FlagUp != 0 && (a.OperState == netlink.OperDown || a.OperState == netlink.OperLowerLayerDown)
		})
		addresses, err := netlink.AddrList(nil, netlink.FAMILY_V6)
		if err != nil {
			return fmt.Errorf("read the start back: %w", err)
		}
		waiting = waiting || slices.ContainsFunc(addresses, func(a netlink.Addr) bool {
			return a.Flags&unix.IFA_F_TENTATIVE != 0 && !a.IP.IsLinkLocalUnicast()
		})
		if !waiting {
			return nil
		}
	}
	return nil
}
