package backendtest

import (
	"net/netip"

	"linkspan/core/host"
)

// Cases are hosts for a backend of which nothing is known: each kind of
// interface by itself, and all of them together as a virtualisation host has
// them. The caller names the backend.
func Cases() []Case {
	return []Case{
		{Name: "a host as they are: bond, VLANs, bridges", Host: host.Host{Name: "dom0-01", Interfaces: wholeHost()}},
		{Name: "a card with an address", Host: host.Host{Name: "dom0-02", Interfaces: []host.Interface{
			{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}, Addresses: prefixes("192.0.2.10/24", "2001:db8::10/64"), Gateway: netip.MustParseAddr("192.0.2.1")},
		}}},
		{Name: "a bridge without ports", Host: host.Host{Name: "dom0-03", Interfaces: []host.Interface{
			{Kind: host.KindBridge, Name: "br0", Bridge: &host.Bridge{}, Addresses: prefixes("192.0.2.10/24")},
		}}},
	}
}

func wholeHost() []host.Interface {
	vlan := func(name string, id int) host.Interface {
		return host.Interface{Kind: host.KindVLAN, Name: name, VLAN: &host.VLAN{Parent: "bond0", ID: id}}
	}
	bridge := func(name, port string) host.Interface {
		return host.Interface{Kind: host.KindBridge, Name: name, Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: port}}}}
	}
	first := bridge("xenbr0", "bond0.2")
	first.Addresses, first.Gateway = prefixes("192.0.2.10/24"), netip.MustParseAddr("192.0.2.1")
	card := func(name string) host.Interface {
		return host.Interface{Kind: host.KindEthernet, Name: name, Ethernet: &host.Ethernet{}}
	}
	return []host.Interface{
		{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}},
		vlan("bond0.2", 2), vlan("bond0.3", 3), card("eth0"), card("eth1"), first, bridge("xenbr1", "bond0.3"),
	}
}

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}
