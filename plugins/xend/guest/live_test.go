package guest

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"linkspan/core/rehearse/lab"
	"linkspan/plugins/xend/tree"
)

func TestMain(m *testing.M) { lab.Main(m) }

// ip runs iproute2, by which the links of a live test are made.
func ip(t *testing.T, lines string) {
	t.Helper()
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(lines)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ip -batch: %v\n%s", err, out)
	}
}

// TestReadLinks reads a real kernel: the present namespace, one by its name, and
// one that is not there.
func TestReadLinks(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	ip(t, `link add xenbr1 type bridge
link add xenbr0 type bridge
link add vif10.0 type veth peer name g10
link add vif9.0 type veth peer name g9
link add vif9.0-emu type veth peer name g9e
link add vif0.0 type veth peer name veth0
link add vif7.1 type veth peer name g7
link add bond0.2 type veth peer name sw
link set vif10.0 master xenbr0
link set vif9.0 master xenbr0
link set vif9.0-emu master xenbr0
link set vif0.0 master xenbr1
link set bond0.2 master xenbr0
netns add other
`)
	ip(t, "link add br5 netns other type bridge\n")
	l, err := ReadLinks("")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"xenbr0", "xenbr1"}; !slices.Equal(l.Bridges, want) {
		t.Errorf("bridges %v, want %v", l.Bridges, want)
	}
	want := []Port{{Name: "vif9.0", Bridge: "xenbr0"}, {Name: "vif10.0", Bridge: "xenbr0"}, {Name: "vif9.0-emu", Bridge: "xenbr0"}}
	if !slices.Equal(l.Ports, want) {
		t.Errorf("ports %v, want %v (vif0.0 is the host's own, vif7.1 on no bridge)", l.Ports, want)
	}
	if !slices.Contains(l.Names, "vif0.0") {
		t.Errorf("names %v", l.Names)
	}
	other, err := ReadLinks("other")
	if err != nil || !slices.Equal(other.Bridges, []string{"br5"}) || len(other.Ports) > 0 {
		t.Errorf("in the other namespace: %+v, %v", other, err)
	}
	if _, err := ReadLinks("nowhere"); err == nil || !strings.Contains(err.Error(), `"nowhere"`) {
		t.Errorf("a namespace that is not there: %v", err)
	}
}

func TestIsGuests(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		want       bool
	}{
		{"vif3.0", "vif", true}, {"vif12.10-emu", "tuntap", true}, {"tap3.0", "tuntap", true}, {"tap0", "tuntap", true}, {"vnet17", "tuntap", true}, {"vnet3", "veth", true},
		{"vif0.0", "veth", false}, {"vif", "dummy", false}, {"vif3", "dummy", false}, {"eth0", "device", false}, {"bond0.2", "vlan", false}, {"veth3a", "veth", false}, {"vnetx", "veth", false},
	} {
		if got := isGuests(c.name, c.kind); got != c.want {
			t.Errorf("%s of %s: %v", c.name, c.kind, got)
		}
	}
}

// TestNamePorts: names come from the xenstore and from libvirt's running
// guests; a port that neither knows keeps its own.
func TestNamePorts(t *testing.T) {
	dir := t.TempDir()
	serveXenstore(t, dir, map[string]string{"/local/domain/3/name": "web1", "/local/domain/4/name": "\xff"})
	write(t, dir, "run/libvirt/qemu/vm1.xml", "<domstatus><domain type='kvm'><name>vm1</name><devices><interface type='bridge'><target dev='vnet0'/></interface></devices></domain></domstatus>")
	l := &Links{Ports: []Port{{Name: "vif3.0"}, {Name: "vif3.1-emu"}, {Name: "vif4.0"}, {Name: "vif5.0"}, {Name: "vnet0"}, {Name: "tap0"}}}
	l.NamePorts(tree.At(dir))
	var got []string
	for _, p := range l.Ports {
		got = append(got, p.Guest)
	}
	if want := []string{"web1", "web1", "?", "", "vm1", ""}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	none := &Links{Ports: []Port{{Name: "vif3.0"}}}
	none.NamePorts(tree.At(t.TempDir()))
	if none.Ports[0].Guest != "" {
		t.Errorf("%+v", none.Ports)
	}
}
