package rehearse

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// readNetwork describes the present namespace as the kernel has it, a line a link
// and a line a route. It is read by another library than the backend's.
func readNetwork() ([]string, error) {
	links, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("read the links: %w", err)
	}
	names := make(map[int]string)
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	addresses, err := netlink.AddrList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("read the addresses: %w", err)
	}
	on := make(map[int][]string)
	for _, a := range addresses {
		if !a.IP.IsLinkLocalUnicast() { // the kernel's own
			on[a.LinkIndex] = append(on[a.LinkIndex], a.IPNet.String())
		}
	}
	var out []string
	for _, l := range links {
		if l.Attrs().Flags&net.FlagLoopback == 0 && l.Attrs().EncapType == "ether" {
			out = append(out, describe(l, names, on[l.Attrs().Index]))
		}
	}
	slices.Sort(out)
	routes, err := netlink.RouteList(nil, netlink.FAMILY_ALL)
	if err != nil {
		return nil, fmt.Errorf("read the routes: %w", err)
	}
	var lines []string
	for _, r := range routes {
		if r.Protocol != unix.RTPROT_KERNEL && r.Protocol != unix.RTPROT_RA {
			lines = append(lines, fmt.Sprintf("route %s dev %s", spell(r), names[r.LinkIndex]))
		}
	}
	slices.Sort(lines)
	return append(out, lines...), nil
}

func spell(r netlink.Route) string {
	to := "default"
	if r.Dst != nil && r.Dst.String() != "0.0.0.0/0" {
		to = r.Dst.String()
	}
	if r.Gw != nil {
		to += " via " + r.Gw.String()
	}
	if r.Priority != 0 {
		to += fmt.Sprintf(" metric %d", r.Priority)
	}
	return to
}

// describe gives "bond0.2: vlan 2 on bond0, port of xenbr0, up, 52:54:…, mtu 1500".
func describe(l netlink.Link, names map[int]string, addresses []string) string {
	a := l.Attrs()
	what := l.Type()
	switch k := l.(type) {
	case *netlink.Vlan:
		what = fmt.Sprintf("vlan %d on %s", k.VlanId, names[a.ParentIndex])
	case *netlink.Bond:
		what = fmt.Sprintf("bond %s, miimon %d", k.Mode, k.Miimon)
	case *netlink.Veth, *netlink.Device, *netlink.Tuntap:
		what = "card"
		if isGuestName(a.Name) {
			what = "guest's port"
		}
	}
	parts := []string{what}
	if a.MasterIndex != 0 {
		parts = append(parts, "port of "+names[a.MasterIndex])
	}
	parts = append(parts, map[bool]string{true: "up", false: "down"}[a.Flags&net.FlagUp != 0], a.HardwareAddr.String(), fmt.Sprintf("mtu %d", a.MTU))
	if a.Alias != "" {
		parts = append(parts, fmt.Sprintf("%q", a.Alias))
	}
	slices.Sort(addresses)
	return a.Name + ": " + strings.Join(append(parts, addresses...), ", ")
}

// files describes every file below the host's /etc, a line each.
func files() ([]string, error) {
	var out []string
	err := filepath.WalkDir(hostRoot+"/etc", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		out = append(out, fmt.Sprintf("%s: %v, %d bytes, %x", strings.TrimPrefix(path, hostRoot), info.Mode(), len(content), sha256.Sum256(content)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the host's files: %w", err)
	}
	return out, nil
}

// state is the network and the files.
func state() ([]string, error) {
	n, err := readNetwork()
	if err != nil {
		return nil, err
	}
	f, err := files()
	return append(n, f...), err
}

// differences lists what is only before ("- …") and only after ("+ …").
func differences(before, after []string) []string {
	var out []string
	for _, l := range before {
		if !slices.Contains(after, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range after {
		if !slices.Contains(before, l) {
			out = append(out, "+ "+l)
		}
	}
	return out
}
