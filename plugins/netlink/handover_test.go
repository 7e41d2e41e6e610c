package netlink_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/rehearse/lab"
	"linkspan/plugins/netlink"
)

// TestHandOverToAPortWithoutALink: the port that is to be the active one loses its
// link after the plan. The driver refuses it, which is told, and the plan goes on.
func TestHandOverToAPortWithoutALink(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	world(t)
	apply(t, hostWith(card("eth0"), card("eth1"), with(bond("bond0", "eth0", "eth1"), "10.0.0.2/24")))
	ip(t, "link set bond0 type bond active_slave eth0")
	end := hostWith(card("eth0"), card("eth1"), with(bond("bond0", "eth1"), "10.0.0.2/24"))
	p, _ := planOf(t, end)
	if !strings.Contains(words(p), "active_slave eth1") {
		t.Fatalf("no port hands over:\n%s", words(p))
	}
	if out, err := exec.Command("ip", "-n", "peer", "link", "set", "w1", "down").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for n := 0; ; n++ {
		if b, err := os.ReadFile("/sys/class/net/eth1/bonding_slave/mii_status"); err == nil && strings.TrimSpace(string(b)) == "down" {
			break
		}
		if n == 1000 {
			t.Fatal("the bond does not see that eth1 has lost its link")
		}
		time.Sleep(10 * time.Millisecond)
	}
	var warned []string
	err := netlink.New().(backend.Applier).Apply(t.Context(), backend.ApplyRequest{Setup: backend.Setup{Host: end}, Operations: p.Operations}, func(p backend.Progress) {
		if p.Warning != "" {
			warned = append(warned, p.Warning)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(warned) != 1 || !strings.Contains(warned[0], "active_slave eth1") || !strings.Contains(warned[0], "the driver chooses a port") {
		t.Errorf("warned of %q", warned)
	}
}
