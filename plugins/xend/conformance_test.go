package xend

import (
	"testing"

	"linkspan/core/host"
	"linkspan/core/rehearse/uml"
	"linkspan/plugins/backendtest"
)

func TestMain(m *testing.M) {
	uml.Main(m.Run) // in the kernel of a live test
	backendtest.Main(m, New)
}

func TestConformance(t *testing.T) {
	h := host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: "xend"}}}
	unmanaged := host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: "xend", Config: map[string]any{"managed": false}}}}
	xl := host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: "xend", Config: map[string]any{"vif_default_bridge": "xenbr0", "vif_default_script": "vif-bridge"}}}}
	stock := "# -*- sh -*-\n#(network-script network-bridge)\n(network-script network-bridge)\n(vif-script vif-bridge)\n(dom0-min-mem 256)\n"
	ours := "(a 1)#linkspan+#(network-script\n#linkspan# network-bridge)\n(b 2)\n"
	backendtest.Run(t, New, []backendtest.Case{
		{Name: "stock", Host: h, Files: map[string]string{"/etc/xen/xend-config.sxp": stock},
			Keep: []string{"# -*- sh -*-\n", "(vif-script vif-bridge)\n(dom0-min-mem 256)\n"}},
		{Name: "two directives", Host: h, Files: map[string]string{"/etc/xen/xend-config.sxp": stock + "(network-script\n  'network-bridge bridge=xenbr0')"}},
		{Name: "remarked already", Host: h, InSync: true, Files: map[string]string{"/etc/xen/xend-config.sxp": "#(network-script network-bridge)\n(vif-script vif-bridge)\n"}},
		{Name: "no Xen", Host: h, InSync: true},
		{Name: "no Xen, xl's default named", Host: xl, InSync: true},
		{Name: "brought back", Host: unmanaged, Files: map[string]string{"/etc/xen/xend-config.sxp": "#linkspan#(network-script network-bridge)\n" + ours}, Keep: []string{"(a 1)", "(b 2)\n"}},
		{Name: "nothing to bring back", Host: unmanaged, InSync: true, Files: map[string]string{"/etc/xen/xend-config.sxp": stock}},
		{Name: "xl's defaults", Host: xl, Files: map[string]string{"/etc/xen/xl.conf": "# xl\n#vif.default.bridge=\"xenbr0\"\nautoballoon=\"off\"\n"}, Keep: []string{"# xl\n", "autoballoon=\"off\"\n"}},
		{Name: "xl without its file", Host: xl, Files: map[string]string{"/usr/sbin/xl": ""}},
		{Name: "guests", Host: h, Files: map[string]string{"/etc/xen/xend-config.sxp": stock, "/etc/xen/web1": "name='web1'\nmemory=1\nvif=['']\n", "/etc/xen/web2.cfg": "vif=[''*2]\nname='web2'\n"}},
	})
}
