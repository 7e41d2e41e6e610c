package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/vishvananda/netlink"
)

// arp wants a neighbour to answer: on the link, by ARP or neighbour discovery,
// whether or not it takes pings. The kernel asks when there is something to
// send: a datagram to the discard port.
func arp(ctx context.Context, address string) error {
	to, err := netip.ParseAddr(address)
	if err != nil {
		return fmt.Errorf("arp: %w", err)
	}
	// What an earlier answer has left would hide that there is none now.
	if err := forget(to); err != nil {
		return fmt.Errorf("arp %s: %w", to, err)
	}
	for {
		if err := poke(ctx, to); err != nil {
			return fmt.Errorf("arp %s: %w", to, err)
		}
		known, err := answered(to)
		if err != nil || known {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("arp %s: no answer", to)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func poke(ctx context.Context, to netip.Addr) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "udp", net.JoinHostPort(to.String(), "9"))
	if err != nil {
		return err
	}
	_, err = c.Write([]byte(payload))
	if err = errors.Join(err, c.Close()); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

func neighbours(to netip.Addr) ([]netlink.Neigh, error) {
	family := netlink.FAMILY_V4
	if to.Is6() {
		family = netlink.FAMILY_V6
	}
	all, err := netlink.NeighList(0, family)
	if err != nil {
		return nil, fmt.Errorf("neighbours: %w", err)
	}
	var out []netlink.Neigh
	for _, n := range all {
		if a, ok := netip.AddrFromSlice(n.IP); ok && a.Unmap() == to.WithZone("") {
			out = append(out, n)
		}
	}
	return out, nil
}

// forget marks what is known of the neighbour as stale, so that the kernel
// asks again. Without the privilege to, an earlier answer counts.
func forget(to netip.Addr) error {
	known, err := neighbours(to)
	if err != nil {
		return err
	}
	for _, n := range known {
		if n.State&netlink.NUD_PERMANENT != 0 {
			continue
		}
		n.State = netlink.NUD_PROBE
		if err := netlink.NeighSet(&n); err != nil && !errors.Is(err, os.ErrPermission) {
			return err
		}
	}
	return nil
}

// answered reports whether the neighbour is reachable now.
func answered(to netip.Addr) (bool, error) {
	known, err := neighbours(to)
	for _, n := range known {
		if n.State&(netlink.NUD_REACHABLE|netlink.NUD_PERMANENT) != 0 {
			return true, nil
		}
	}
	return false, err
}
