package rehearse

import (
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// isTap reports whether a port's name is one that hypervisors give to taps:
// QEMU's and Proxmox's tap, libvirt's vnet.
func isTap(port string) bool {
	return strings.HasPrefix(port, "tap") || strings.HasPrefix(port, "vnet")
}

// plugGuest makes a guest's port on the host and its card in the guest's
// namespace, as its hypervisor would: a tap whose other end is a program, or a
// pair of links as Xen's vif is one.
func plugGuest(g guest, ns *namespace) error {
	if isTap(g.Port) {
		return plugTap(g, ns)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.HardwareAddr = g.Port, mac("fe:ff:ff:ff:ff:ff")
	pair := netlink.NewVeth(attrs)
	pair.PeerName, pair.PeerNamespace, pair.PeerHardwareAddr = "eth0", netlink.NsFd(int(ns.ns)), mac(g.MAC)
	return netlink.LinkAdd(pair)
}

// plugTap makes a tap on the host and one in the guest's namespace, and carries
// frames between them as a hypervisor does, until one of them is gone.
func plugTap(g guest, ns *namespace) error {
	host, err := openTap(g.Port, mac("fe:54:00:00:00:00"))
	if err != nil {
		return err
	}
	ready := make(chan error)
	go func() {
		runtime.LockOSThread() // thrown away with its namespace
		guest, err := insideTap(ns.ns, mac(g.MAC))
		ready <- err
		if err == nil {
			carry(host, guest)
			unix.Close(guest)
		}
		unix.Close(host)
	}()
	return <-ready
}

func insideTap(ns netns.NsHandle, mac net.HardwareAddr) (int, error) {
	if err := netns.Set(ns); err != nil {
		return -1, fmt.Errorf("enter the guest's namespace: %w", err)
	}
	if err := goFirst(); err != nil {
		return -1, err
	}
	return openTap("eth0", mac)
}

// openTap makes a tap in the namespace of the calling thread.
func openTap(name string, mac net.HardwareAddr) (int, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return -1, fmt.Errorf("open /dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	var l netlink.Link
	if err == nil {
		l, err = netlink.LinkByName(name)
	}
	if err == nil {
		err = netlink.LinkSetHardwareAddr(l, mac)
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("make the tap %q: %w", name, err)
	}
	return fd, nil
}

// carry carries frames both ways.
func carry(a, b int) {
	buffer := make([]byte, 1<<16)
	fds := []unix.PollFd{{Fd: int32(a), Events: unix.POLLIN}, {Fd: int32(b), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return
		}
		if (fds[0].Revents|fds[1].Revents)&^unix.POLLIN != 0 { // one is gone
			return
		}
		if !pass(a, b, buffer) || !pass(b, a, buffer) {
			return
		}
	}
}

// pass carries what waits one way, and reports whether there is a tap left.
func pass(from, to int, buffer []byte) bool {
	for {
		n, err := unix.Read(from, buffer)
		switch {
		case errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EIO): // nothing, or it is down
			return true
		case err != nil:
			return errors.Is(err, unix.EINTR)
		}
		_, _ = unix.Write(to, buffer[:n]) // one that is down takes nothing: a loss
	}
}
