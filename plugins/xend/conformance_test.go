package xend

import (
	"testing"

	"linkspan/core/host"
	"linkspan/plugins/backendtest"
)

func TestMain(m *testing.M) { backendtest.Main(m, New) }

func TestConformance(t *testing.T) {
	h := host.Host{Name: "dom0-01", Backends: []host.Backend{{Name: "xend"}}}
	stock := "# -*- sh -*-\n#(network-script network-bridge)\n(network-script network-bridge)\n(vif-script vif-bridge)\n(dom0-min-mem 256)\n"
	backendtest.Run(t, New, []backendtest.Case{
		{Name: "stock", Host: h, Files: map[string]string{"/etc/xen/xend-config.sxp": stock},
			Keep: []string{"# -*- sh -*-\n", "(vif-script vif-bridge)\n(dom0-min-mem 256)\n"}},
		{Name: "two directives", Host: h, Files: map[string]string{"/etc/xen/xend-config.sxp": stock + "(network-script\n  'network-bridge bridge=xenbr0')"}},
		{Name: "remarked already", Host: h, InSync: true, Files: map[string]string{"/etc/xen/xend-config.sxp": "#(network-script network-bridge)\n(vif-script vif-bridge)\n"}},
		{Name: "no Xen", Host: h, InSync: true},
	})
}
