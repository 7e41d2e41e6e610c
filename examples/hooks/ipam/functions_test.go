package ipam

import (
	"strings"
	"testing"
)

const table = "host,bridge,address\ndom0-01,xenbr0,192.168.0.2/24\ndom0-01,xenbr1,192.168.1.2\n"

func TestSiteAddress(t *testing.T) {
	for _, tt := range []struct{ table, host, bridge, want string }{
		{table, "dom0-01", "xenbr0", "192.168.0.2/24"},
		{table, "dom0-02", "xenbr0", `host: the table has no row for "dom0-02"`},
		{table, "dom0-01", "xenbr9", `bridge: the table has no row for "xenbr9" on "dom0-01"`},
		{table, "dom0-01", "xenbr1", "table: line 3"},
		{"a,b\n", "dom0-01", "xenbr0", "table: "},
	} {
		got, err := SiteAddress(tt.table, tt.host, tt.bridge)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s on %s: %s, want %s", tt.bridge, tt.host, got, tt.want)
		}
	}
}
