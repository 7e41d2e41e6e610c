package netlink

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/netlink/rtnl"
)

// BenchmarkPlan plans a bond with many VLANs and bridges from two bare cards,
// without a kernel: what one link costs must not grow with their number.
func BenchmarkPlan(b *testing.B) {
	for _, pairs := range []int{1000, 4000} {
		b.Run(fmt.Sprint(pairs), func(b *testing.B) {
			h := &host.Host{Interfaces: []host.Interface{{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "active-backup"}}}}
			for n := range pairs {
				h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindVLAN, Name: fmt.Sprintf("bond0.%04d", n+1), VLAN: &host.VLAN{Parent: "bond0", ID: n + 1}})
			}
			for n := range pairs {
				ip := netip.AddrFrom4([4]byte{10, byte(n >> 8), byte(n), 2})
				h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindBridge, Name: fmt.Sprintf("br%04d", n+1),
					Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: fmt.Sprintf("bond0.%04d", n+1)}}}, Addresses: []netip.Prefix{netip.PrefixFrom(ip, 24)}})
			}
			for _, name := range []string{"eth0", "eth1"} {
				h.Interfaces = append(h.Interfaces, host.Interface{Kind: host.KindEthernet, Name: name, Ethernet: &host.Ethernet{}})
			}
			cards := &rtnl.Graph{Links: []rtnl.Link{{Name: "eth0", Index: 2, Ether: true, MAC: "52:54:00:00:00:e0", MTU: 1500}, {Name: "eth1", Index: 3, Ether: true, MAC: "52:54:00:00:00:e1", MTU: 1500}}}
			opaque, err := json.Marshal(facts{Graph: cards})
			if err != nil {
				b.Fatal(err)
			}
			r := backend.PlanRequest{Setup: backend.Setup{Host: *h}, Actual: backend.ReadResponse{Opaque: opaque}, Changes: []plan.Change{{Ref: backend.Ref("bond0")}}}
			for b.Loop() {
				p, err := New().Plan(b.Context(), r)
				if err != nil || len(p.Operations) < 5*pairs {
					b.Fatal(err, p.Diagnostics, len(p.Operations))
				}
			}
		})
	}
}
