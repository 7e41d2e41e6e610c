package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/core/rehearse/lab"
	"linkspan/hcl/hostfile"
	"linkspan/plugins/ifcfg"
	"linkspan/plugins/netlink"
)

// agreeing are definitions of one host, carried out one after the other.
var agreeing = []struct{ name, body string }{
	{"address on a VLAN of the bond", `
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 100
  }
  vlan "bond0.2" {
    parent    = "bond0"
    id        = 2
    addresses = ["192.168.0.2/24"]
    gateway   = "192.168.0.1"
  }`},
	{"the article", `
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 100
  }
  vlan "bond0.2" {
    parent = "bond0"
    id     = 2
  }
  vlan "bond0.3" {
    parent = "bond0"
    id     = 3
  }
  bridge "xenbr0" {
    ports     = ["bond0.2"]
    addresses = ["192.168.0.2/24"]
    gateway   = "192.168.0.1"
  }
  bridge "xenbr1" {
    ports     = ["bond0.3"]
    addresses = ["192.168.1.2/24"]
  }`},
	{"more addresses, a route, another MTU", `
  ethernet "eth0" { mtu = 1400 }
  ethernet "eth1" { mtu = 1400 }
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = "active-backup"
    miimon = 200
    mtu    = 1400
  }
  vlan "bond0.2" {
    parent = "bond0"
    id     = 2
    mtu    = 1400
  }
  vlan "bond0.3" {
    parent = "bond0"
    id     = 3
    state  = "absent"
  }
  bridge "xenbr0" {
    ports     = ["bond0.2"]
    addresses = ["192.168.0.2/24", "192.168.0.3/24", "fd00::2/64"]
    gateway   = "192.168.0.1"
    route {
      to  = "10.8.0.0/16"
      via = "192.168.0.9"
    }
  }
  bridge "xenbr1" { state = "absent" }`},
	{"back on the card", `
  ethernet "eth0" {
    mtu       = 1500
    addresses = ["192.168.0.2/24"]
    gateway   = "192.168.0.1"
  }
  ethernet "eth1" { mtu = 1500 }
  bond "bond0" { state = "absent" }
  vlan "bond0.2" {
    parent = "bond0"
    id     = 2
    state  = "absent"
  }
  bridge "xenbr0" { state = "absent" }`},
}

// TestFilesSayWhatTheKernelHas: after an apply with ifcfg and netlink together
// a restart of the network would change nothing. The second plan is empty, and
// files and kernel, each read by its own backend, say the same of everything
// that is declared.
func TestFilesSayWhatTheKernelHas(t *testing.T) {
	if !lab.Inside(t) {
		return
	}
	for _, dir := range []string{"/etc", "/var"} {
		if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
			t.Fatal(err)
		}
	}
	write(t, "/etc/redhat-release", "CentOS release 6.10 (Final)\n")
	write(t, "/etc/sysconfig/network", "NETWORKING=yes\nNETWORKING_IPV6=yes\nHOSTNAME=dom0-01\n")
	if err := os.MkdirAll("/etc/sysconfig/network-scripts", 0o755); err != nil {
		t.Fatal(err)
	}
	twoCards(t)
	for n, d := range agreeing {
		t.Run(d.name, func(t *testing.T) {
			dir := filepath.Join("/etc/linkspan", string(rune('a'+n)))
			site := filepath.Join(dir, "site.hcl")
			write(t, site, "host \"dom0-01\" {\n"+d.body+"\n  backend \"ifcfg\" {}\n  backend \"netlink\" {}\n}\n")
			if code := run([]string{"apply", "-host", "dom0-01", "-auto-approve", site}, standard()); code != exitDone {
				t.Fatalf("apply ended with %d", code)
			}
			if code := run([]string{"plan", "-host", "dom0-01", "-detailed-exitcode", site}, standard()); code != exitDone {
				t.Errorf("the second plan ended with %d", code)
			}
			agree(t, site)
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// twoCards makes eth0 and eth1, each with a cable to a switch.
func twoCards(t *testing.T) {
	t.Helper()
	ipBatch(t, `link set lo up
netns add switch
link add eth0 type veth peer name p0 netns switch
link add eth1 type veth peer name p1 netns switch
link set eth0 up
link set eth1 up
`)
	ipBatch(t, `link add sw type bridge
link set p0 master sw up
link set p1 master sw up
link set sw up
`, "-n", "switch")
}

func ipBatch(t *testing.T, lines string, flags ...string) {
	t.Helper()
	cmd := exec.Command("ip", append(flags, "-batch", "-")...)
	cmd.Stdin = strings.NewReader(lines)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ip -batch: %v\n%s", err, out)
	}
}

// agree reads files and kernel and compares what both say of what is declared.
func agree(t *testing.T, site string) {
	t.Helper()
	loaded, diags := hostfile.Load(site, hostfile.Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	h := loaded.Definitions[0].Host
	read := func(b backend.Backend) map[plan.Ref]plan.Object {
		r, err := b.Read(t.Context(), backend.ReadRequest{Setup: backend.Setup{Host: h}})
		if err != nil {
			t.Fatal(err)
		}
		out := make(map[plan.Ref]plan.Object)
		for _, o := range r.Objects {
			out[o.Ref] = o
		}
		return out
	}
	files, kernel := read(ifcfg.New()), read(netlink.New())
	compared := 0
	for _, want := range backend.InterfaceObjects(&h, "") {
		file, inFiles := files[want.Ref]
		live, inKernel := kernel[want.Ref]
		i, _ := h.Interface(want.Name)
		if there := i.Wanted() != host.Absent; inFiles != there || inKernel != there {
			t.Errorf("%s: wanted %t, in the files %t, in the kernel %t", want.Ref, there, inFiles, inKernel)
			continue
		}
		for _, s := range want.Settings {
			compared++
			if f, l := file.Get(s.Key), live.Get(s.Key); !f.Equal(l) || !f.Equal(s.Value) {
				t.Errorf("%s: %s is %v in the files, %v in the kernel, %v in the definition", want.Ref, s.Key, f, l, s.Value)
			}
		}
	}
	if compared < 10 {
		t.Errorf("only %d settings were compared", compared)
	}
}
