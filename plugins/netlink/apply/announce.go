package apply

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/plugins/netlink/rtnl"
)

// announce tells the neighbours on a link where addresses are now: gratuitous
// ARP for IPv4 (RFC 5227, section 3), an unsolicited neighbour advertisement
// for IPv6 (RFC 4861, section 7.2.6).
func announce(index int, addresses []rtnl.Address, guests []net.HardwareAddr) error {
	card, err := net.InterfaceByIndex(index)
	if err != nil {
		return fmt.Errorf("announce: %w", err)
	}
	if len(card.HardwareAddr) != 6 {
		return nil
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("announce from %s: %w", card.Name, err)
	}
	defer unix.Close(fd)
	for _, mac := range guests {
		if err := send(fd, index, reverse(mac)); err != nil {
			return fmt.Errorf("announce %s from %s: %w", mac, card.Name, err)
		}
	}
	for _, a := range addresses {
		frames := [][]byte{gratuitous(card.HardwareAddr, a.Prefix.Addr(), 1), gratuitous(card.HardwareAddr, a.Prefix.Addr(), 2)}
		if a.Prefix.Addr().Is6() {
			frames = [][]byte{advertisement(card.HardwareAddr, a.Prefix.Addr())}
		}
		for _, f := range frames {
			if err := send(fd, index, f); err != nil {
				return fmt.Errorf("announce %s from %s: %w", a.Prefix.Addr(), card.Name, err)
			}
		}
	}
	return nil
}

// patient is how long a frame is tried to be sent.
const patient = time.Second

// send sends one frame. A link that has just got its carrier drops what it is to
// send until its queue is made, up to a second later (net/core/link_watch.c;
// ENOBUFS). One that drops it all the time has nobody to tell.
func send(fd, index int, frame []byte) error {
	end := time.Now().Add(patient)
	for {
		err := unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: index})
		if !errors.Is(err, unix.ENOBUFS) {
			return err
		}
		if time.Now().After(end) {
			return nil
		}
		time.Sleep(look)
	}
}

// gratuitous is an ARP request (1) or reply (2) of an address for itself.
func gratuitous(mac net.HardwareAddr, ip netip.Addr, operation byte) []byte {
	broadcast := net.HardwareAddr{255, 255, 255, 255, 255, 255}
	b := append(append(append([]byte{}, broadcast...), mac...), 8, 6, 0, 1, 8, 0, 6, 4, 0, operation)
	b = append(append(b, mac...), ip.AsSlice()...)
	return append(append(b, broadcast...), ip.AsSlice()...)
}

func advertisement(mac net.HardwareAddr, ip netip.Addr) []byte {
	all := netip.MustParseAddr("ff02::1").As16()
	from := ip.As16()
	icmp := append([]byte{136, 0, 0, 0, 0x20, 0, 0, 0}, from[:]...) // override
	icmp = append(append(icmp, 2, 1), mac...)                       // target link-layer address
	pseudo := append(append(append([]byte{}, from[:]...), all[:]...), 0, 0, 0, byte(len(icmp)), 0, 0, 0, unix.IPPROTO_ICMPV6)
	binary.BigEndian.PutUint16(icmp[2:], checksum(append(pseudo, icmp...)))
	b := append(append([]byte{0x33, 0x33, 0, 0, 0, 1}, mac...), 0x86, 0xdd, 0x60, 0, 0, 0, 0, byte(len(icmp)), unix.IPPROTO_ICMPV6, 255)
	return append(append(append(b, from[:]...), all[:]...), icmp...)
}

// checksum is that of RFC 1071.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}

// reverse is a reverse ARP request (RFC 903) from a MAC for itself, as
// hypervisors send it when a guest has moved: it tells switches where the
// guest is and asks nothing that anybody answers.
func reverse(mac net.HardwareAddr) []byte {
	b := append([]byte{255, 255, 255, 255, 255, 255}, mac...)
	b = append(b, 0x80, 0x35, 0, 1, 8, 0, 6, 4, 0, 3)
	b = append(append(b, mac...), 0, 0, 0, 0)
	return append(append(b, mac...), make([]byte, 4+18)...) // up to 60 bytes
}
