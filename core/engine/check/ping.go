package check

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// ping wants an answer to an ICMP echo request (RFC 792, RFC 4443).
func ping(ctx context.Context, address string) error {
	to, err := netip.ParseAddr(address)
	if err != nil {
		return fmt.Errorf("ping: %w", err)
	}
	conn, raw, err := listen(to)
	if err != nil {
		return fmt.Errorf("ping %s: %w", to, err)
	}
	defer conn.Close()
	if at, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(at); err != nil {
			return fmt.Errorf("ping %s: %w", to, err)
		}
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) }) // a closed connection has ended already
	defer stop()
	id := os.Getpid() & 0xffff
	if err := echo(conn, to, id, raw); err != nil {
		return fmt.Errorf("ping %s: %w", to, err)
	}
	if err := answer(conn, to, id, raw); err != nil {
		if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
			err = errors.New("no answer")
		}
		return fmt.Errorf("ping %s: %w", to, err)
	}
	return nil
}

// listen opens a raw socket, or, without the privilege for one, a ping socket
// (net.ipv4.ping_group_range).
func listen(to netip.Addr) (conn *icmp.PacketConn, raw bool, err error) {
	networks := []string{"ip4:icmp", "udp4"}
	any := "0.0.0.0"
	if to.Is6() {
		networks, any = []string{"ip6:ipv6-icmp", "udp6"}, "::"
	}
	conn, rawErr := icmp.ListenPacket(networks[0], any)
	if rawErr == nil {
		return conn, true, nil
	}
	conn, err = icmp.ListenPacket(networks[1], any)
	return conn, false, errors.Join(err, onlyIf(err != nil, rawErr))
}

func onlyIf(yes bool, err error) error {
	if yes {
		return err
	}
	return nil
}

// payload tells our requests from those of others with the same number.
const payload = "linkspan"

func echo(conn *icmp.PacketConn, to netip.Addr, id int, raw bool) error {
	message := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: 1, Data: []byte(payload)}}
	if to.Is6() {
		message.Type = ipv6.ICMPTypeEchoRequest
	}
	b, err := message.Marshal(nil)
	if err != nil {
		return err
	}
	var at net.Addr = &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	if !raw {
		at = &net.UDPAddr{IP: to.AsSlice(), Zone: to.Zone()}
	}
	_, err = conn.WriteTo(b, at)
	return err
}

// answer waits for the reply to our request. The kernel chooses the number of
// a ping socket's requests, and gives it only the replies to those.
func answer(conn *icmp.PacketConn, to netip.Addr, id int, raw bool) error {
	protocol := 1 // ICMP; ICMPv6 is 58 (IANA protocol numbers)
	if to.Is6() {
		protocol = 58
	}
	buffer := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return err
		}
		m, err := icmp.ParseMessage(protocol, buffer[:n])
		if err != nil || !sameAddress(from, to) {
			continue
		}
		e, ok := m.Body.(*icmp.Echo)
		reply := m.Type == ipv4.ICMPTypeEchoReply || m.Type == ipv6.ICMPTypeEchoReply
		if ok && reply && string(e.Data) == payload && (!raw || e.ID == id) {
			return nil
		}
	}
}

func sameAddress(from net.Addr, to netip.Addr) bool {
	text := from.String()
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	text, _, _ = strings.Cut(text, "%")
	a, err := netip.ParseAddr(text)
	return err == nil && a.Unmap() == to.Unmap().WithZone("")
}
