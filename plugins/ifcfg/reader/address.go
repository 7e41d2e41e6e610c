package reader

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"linkspan/core/host"
)

// addressing reads what gives an interface its addresses, gateways and resolvers.
func addressing(k Keys, r *Reader, s *Surroundings, i *host.Interface) {
	proto := k["BOOTPROTO"]
	if r.NM {
		proto = strings.ToLower(proto)
	}
	dynamic := proto == "dhcp" || proto == "bootp" || r.Takes("BOOTP") && k["BOOTP"] == "yes"
	if dynamic {
		i.DHCP4 = new(true)
	}
	if !dynamic || r.NM { // the scripts ask, or they set
		i.Addresses = addresses4(k, r)
		i.Gateway = gateway4(k, r, s, i)
	}
	if s.IPv6 {
		addressing6(k, r, i)
	}
	resolvers(k, r, i)
}

// gateway4: the scripts set the default route only if the gateway is in the
// network of the first address and no other interface is GATEWAYDEV; otherwise
// they say nothing. NetworkManager takes any gateway.
func gateway4(k Keys, r *Reader, s *Surroundings, i *host.Interface) netip.Addr {
	text := k["GATEWAY"]
	if text == "" {
		text = s.Gateway
	}
	gateway, err := netip.ParseAddr(text)
	device := s.GatewayDev
	if d := k["GATEWAYDEV"]; d != "" {
		device = d
	}
	switch {
	case err != nil, !gateway.Is4(), device != "" && device != k["DEVICE"], r.Takes("DEFROUTE") && k.Off("DEFROUTE", r):
		return netip.Addr{}
	case r.NM && k["GATEWAY"] != "":
		return gateway
	case len(i.Addresses) == 0 || !i.Addresses[0].Contains(gateway) || i.Addresses[0].Addr() == gateway:
		return netip.Addr{}
	}
	return gateway
}

// addresses4 reads IPADDR, IPADDR0, IPADDR1, … in the reader's order.
func addresses4(k Keys, r *Reader) []netip.Prefix {
	var out []netip.Prefix
	if a, ok := Address4(k, "", r); ok {
		out = append(out, a)
	}
	if !r.ManyAddresses() {
		return out
	}
	for n := 0; n < 256; n++ {
		suffix := strconv.Itoa(n)
		if k["IPADDR"+suffix] == "" && n >= HoleEnds(r) {
			break
		}
		if a, ok := Address4(k, suffix, r); ok {
			out = append(out, a)
		}
	}
	return out
}

// HoleEnds: the first number whose absence ends the list (expand_config:
// rhel6 above 2, later from 2; NetworkManager from 2).
func HoleEnds(r *Reader) int {
	if r.Name == "rhel6" {
		return 3
	}
	return 2
}

// Address4 reads IPADDR, or IPADDRn for the suffix n, with its prefix; ok tells
// that there is one.
func Address4(k Keys, suffix string, r *Reader) (netip.Prefix, bool) {
	a, err := netip.ParseAddr(k["IPADDR"+suffix])
	if err != nil || !a.Is4() {
		return netip.Prefix{}, false
	}
	bits, ok := prefixOf(k, suffix, a)
	return netip.PrefixFrom(a, bits), ok
}

// prefixOf: PREFIX wins over NETMASK; without both the mask is classful.
func prefixOf(k Keys, suffix string, a netip.Addr) (int, bool) {
	if n, err := strconv.Atoi(k["PREFIX"+suffix]); err == nil && n >= 0 && n <= 32 {
		return n, true
	}
	if mask := k["NETMASK"+suffix]; mask != "" {
		return maskBits(mask)
	}
	switch first := a.As4()[0]; {
	case first < 128:
		return 8, true
	case first < 192:
		return 16, true
	default:
		return 24, true
	}
}

func maskBits(mask string) (int, bool) {
	m, err := netip.ParseAddr(mask)
	if err != nil || !m.Is4() {
		return 0, false
	}
	for bits := 0; bits <= 32; bits++ {
		if Masks()[bits] == mask {
			return bits, true
		}
	}
	return 0, false
}

// Masks are the netmasks by prefix length.
var Masks = sync.OnceValue(func() (out [33]string) {
	for bits := range out {
		var b [4]byte
		for i := range bits {
			b[i/8] |= 0x80 >> (i % 8)
		}
		out[bits] = netip.AddrFrom4(b).String()
	}
	return out
})

// addressing6 follows ifup-ipv6 and NetworkManager's make_ip6_setting.
func addressing6(k Keys, r *Reader, i *host.Interface) {
	if k.on("DHCPV6C", r) || !r.NM && strings.HasPrefix(strings.ToLower(k["DHCPV6C"]), "y") {
		i.DHCP6 = new(true)
	}
	if !(k.on("IPV6INIT", r) || r.IPv6Default && !IsFalse(k["IPV6INIT"])) {
		return
	}
	for _, s := range append([]string{k["IPV6ADDR"]}, strings.Fields(k["IPV6ADDR_SECONDARIES"])...) {
		if s == "" {
			continue
		}
		if !strings.Contains(s, "/") {
			s += "/64"
		}
		if p, err := netip.ParsePrefix(s); err == nil && p.Addr().Is6() {
			i.Addresses = append(i.Addresses, p)
		}
	}
	gateway, device, _ := strings.Cut(k["IPV6_DEFAULTGW"], "%")
	if a, err := netip.ParseAddr(gateway); err == nil && a.Is6() && (device == "" || device == k["DEVICE"]) {
		i.Gateway6 = a
	}
	switch {
	case k["IPV6_AUTOCONF"] == "no", r.NM && IsFalse(k["IPV6_AUTOCONF"]):
		i.AcceptRA = new(false)
	case k["IPV6INIT"] != "" || k["IPV6_AUTOCONF"] != "": // on by default, and said
		i.AcceptRA = new(true)
	}
}

// resolvers reads DNSn and DOMAIN (ifup-post).
func resolvers(k Keys, r *Reader, i *host.Interface) {
	if !r.NM && k.Off("PEERDNS", r) {
		return
	}
	for n := 1; n <= r.Resolvers; n++ {
		if a, err := netip.ParseAddr(k["DNS"+strconv.Itoa(n)]); err == nil {
			i.DNS.Servers = append(i.DNS.Servers, a)
		}
	}
	if len(i.DNS.Servers) > 0 || !r.SearchNeedsServer {
		i.DNS.Search = strings.Fields(k["DOMAIN"])
	}
}

// OfFamily are the addresses of one family, in order.
func OfFamily(i *host.Interface, v6 bool) []netip.Prefix {
	var out []netip.Prefix
	for _, a := range i.Addresses {
		if a.Addr().Is6() == v6 {
			out = append(out, a)
		}
	}
	return out
}
