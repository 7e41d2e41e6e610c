package view

import (
	"bytes"
	"net/netip"
	"testing"

	"linkspan/cmd/linkspan/internal/diagram"
	"linkspan/core/host"
	"linkspan/core/plan"
)

func TestPlanShowsGuests(t *testing.T) {
	p := &plan.Plan{Guests: []plan.BridgeGuests{
		{Bridge: "xenbr0", Guests: []plan.Guest{{Name: "db1", Default: "the default of xl"}, {Name: "vif7.0", Port: "vif7.0"}, {Name: "web\x1b1", Port: "vif3.0"}, {Name: "web\x1b1", Port: "vif3.1"}}},
		{Bridge: "br10"},
	}}
	var b bytes.Buffer
	planView{w: &b, plan: p}.guests()
	want := "Guests   xenbr0  db1 (names no bridge: the default of xl), vif7.0, web\\x1b1 (vif3.0, vif3.1)\n" +
		"         br10    none known\n"
	if b.String() != want {
		t.Errorf("\n%s\nwant\n%s", b.String(), want)
	}
}

func TestGraphShowsGuestsUnderTheirBridge(t *testing.T) {
	h := &host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}},
		{Kind: host.KindBridge, Name: "xenbr0", Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: "eth0"}}}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.2/24")}},
		{Kind: host.KindBridge, Name: "xenbr1", Bridge: &host.Bridge{}},
	}}
	var b bytes.Buffer
	Graph(&b, Style{}, diagram.Input{Host: h, Guests: map[string][]string{"xenbr0": {"web1", "web2"}, "xenbr1": {"db1"}}})
	want := `dom0-01
├─ xenbr0  bridge  192.0.2.2/24
│  ├─ web1  guest
│  ├─ web2  guest
│  └─ eth0  ethernet
└─ xenbr1  bridge
   └─ db1  guest
`
	if b.String() != want {
		t.Errorf("\n%s\nwant\n%s", b.String(), want)
	}
}
