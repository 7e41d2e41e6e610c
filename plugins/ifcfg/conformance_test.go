package ifcfg

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"linkspan/core/host"
	"linkspan/core/host/hosttest"
	"linkspan/plugins/backendtest"
)

func TestMain(m *testing.M) { backendtest.Main(m, New) }

// scenarioHost is the scenario: bond, VLAN, bridge with the address.
func scenarioHost(release string) host.Host {
	return host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: "ifcfg", Config: map[string]any{"release": release}}}, Interfaces: []host.Interface{
		{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0", "eth1"}, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}},
		{Kind: host.KindVLAN, Name: "bond0.2", VLAN: &host.VLAN{Parent: "bond0", ID: 2}},
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}},
		{Kind: host.KindEthernet, Name: "eth1", Ethernet: &host.Ethernet{}},
		{Kind: host.KindBridge, Name: "xenbr0", Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: "bond0.2"}}},
			Addresses: []netip.Prefix{netip.MustParsePrefix("192.168.0.2/24")}, Gateway: netip.MustParseAddr("192.168.0.1")},
	}}
}

func TestConformance(t *testing.T) {
	const scripts = "/etc/sysconfig/network-scripts/"
	before := map[string]string{
		scripts + "ifcfg-eth0":    "# the left card\nDEVICE=eth0\nHWADDR=52:54:00:00:00:01\nONBOOT=yes\nSITE_RACK='row 4'\n",
		scripts + "ifcfg-bond0":   "DEVICE=bond0\nONBOOT=yes\nBONDING_OPTS=\"mode=1 miimon=50\"   # by hand\n",
		scripts + "ifcfg-bond0.2": "DEVICE=bond0.2\nVLAN=yes\nIPADDR=192.168.0.2\nNETMASK=255.255.255.0\n\n# kept: the last line without an end",
		scripts + "ifcfg-eth7":    "DEVICE=eth7\nONBOOT=no\n",
	}
	keep := []string{"# the left card\n", "SITE_RACK='row 4'\n", "# kept: the last line without an end", "DEVICE=eth7\nONBOOT=no\n"}
	var cases []backendtest.Case
	for _, release := range []string{"rhel5", "rhel6", "rhel7", "rhel8"} {
		cases = append(cases,
			backendtest.Case{Name: release + " from nothing", Host: scenarioHost(release)},
			backendtest.Case{Name: release + " from a hand-made host", Host: scenarioHost(release), Files: before, Keep: keep})
	}
	for seed := range uint64(20) {
		h := hosttest.Random(rand.New(rand.NewPCG(seed, 9)), hosttest.Options{Plain: true})
		h.Backends = []host.Backend{{Name: "ifcfg", Config: map[string]any{"release": "rhel7"}}}
		if seedIsEmpty(&h) {
			continue
		}
		cases = append(cases, backendtest.Case{Name: fmt.Sprintf("random %d", seed), Host: h})
	}
	backendtest.Run(t, New, cases)
}

// seedIsEmpty tells a host for which no file is written.
func seedIsEmpty(h *host.Host) bool { return len(h.Interfaces) == 0 }
