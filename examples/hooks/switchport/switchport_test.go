package switchport

import (
	"testing"

	"linkspan/core/backend/fileformat"
	"linkspan/core/host"
)

func TestThereAndBack(t *testing.T) {
	_, f := New()
	h := host.Host{Name: "dom0-01", Interfaces: []host.Interface{
		{Name: "bond0", Kind: host.KindBond, Bond: &host.Bond{Ports: []string{"eth0", "eth1"}}},
		{Name: "bond0.3", Kind: host.KindVLAN, VLAN: &host.VLAN{Parent: "bond0", ID: 3}},
		{Name: "bond0.2", Kind: host.KindVLAN, VLAN: &host.VLAN{Parent: "bond0", ID: 2}},
		{Name: "eth2.7", Kind: host.KindVLAN, VLAN: &host.VLAN{Parent: "eth2", ID: 7}},
	}}
	files, diags := f.Render(fileformat.Definition{Host: h, Config: map[string]any{"native": 1}})
	if len(diags) > 0 || len(files) != 1 || files[0].Text != "port eth0 vlans 2,3 native 1\nport eth1 vlans 2,3 native 1\nport eth2 vlans 7 native 1\n" {
		t.Fatalf("%v %v", diags, files)
	}
	found, _ := f.Parse(files)
	if len(found.Objects) != 3 || found.Objects[2].Name != "eth2" || found.Objects[0].Get("vlans").String() != `["2", "3"]` {
		t.Errorf("%v", found.Objects)
	}
	if files, _ := f.Render(fileformat.Definition{}); len(files) > 0 {
		t.Errorf("of nothing it renders %v", files)
	}
	if found, _ := f.Parse([]fileformat.File{{Text: "# port eth0 vlans 2\nport eth0\n\nshutdown\n"}}); len(found.Objects) > 0 {
		t.Errorf("of other lines it makes %v", found.Objects)
	}
}
