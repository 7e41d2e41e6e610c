package ifcfg

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/writer"
)

// hostile are values that make a shell run something, or end the value.
func hostile() []string {
	var out []string
	for _, run := range []string{"$(touch M)", "`touch M`", ";touch M;", "\ntouch M\n", "|touch M", "&touch M&", "\rtouch M", ">M", "<(touch M)", "&&touch M", "${x:=$(touch M)}", "$[$(touch M)]", "a[$(touch M)]"} {
		for _, around := range []string{"%s", "'%s'", "\"%s\"", "x%s", "1 %s", "'%s", "\\%s", "”%s", "TYPE=%s", "x DEVICE=%s", "a'\"%s\"'", "%s\x00", "#%s", "mode=%s", "-sf %s"} {
			out = append(out, fmt.Sprintf(around, run))
		}
	}
	return append(out, "../../../../tmp/x", "/etc/passwd", "x/../y", "-rf", "--help", "~root", "*", "{a,b}", "!x", "\\", "'", "\"", strings.Repeat("x", 300), "\u202e", "a\tb", "a b")
}

// poisoned are hosts with the value in every attribute that is a text.
func poisoned(v string) []host.Host {
	card := func() host.Interface {
		return host.Interface{Kind: host.KindEthernet, Name: "eth0", Ethernet: &host.Ethernet{}, Addresses: prefixes("10.0.0.2/24")}
	}
	bond := func() host.Interface {
		return host.Interface{Kind: host.KindBond, Name: "bond0", Bond: &host.Bond{Ports: []string{"eth0"}, Mode: "active-backup", Options: map[string]string{"miimon": "100"}}}
	}
	var out []host.Host
	add := func(make func() host.Interface, change func(i *host.Interface)) {
		i := make()
		change(&i)
		out = append(out, host.Host{Name: "a", Interfaces: []host.Interface{i}})
	}
	add(card, func(i *host.Interface) { i.Name = v })
	add(card, func(i *host.Interface) { i.State = host.State(v) })
	add(card, func(i *host.Interface) { i.Description = v })
	add(card, func(i *host.Interface) { i.MAC = v })
	add(card, func(i *host.Interface) { i.Ethernet.Match.MAC = v })
	add(card, func(i *host.Interface) { i.Ethernet.Match.Driver = v })
	add(card, func(i *host.Interface) { i.Ethernet.Match.Path = v })
	add(card, func(i *host.Interface) { i.Ethernet.Offload = map[string]bool{v: true} })
	add(card, func(i *host.Interface) {
		i.DNS = host.DNS{Servers: []netip.Addr{netip.MustParseAddr("10.0.0.1")}, Search: []string{"a.example", v}}
	})
	add(card, func(i *host.Interface) { i.DNS.Servers = []netip.Addr{netip.MustParseAddr("fe80::1").WithZone(v)} })
	add(card, func(i *host.Interface) { i.Gateway6 = netip.MustParseAddr("fe80::1").WithZone(v) })
	add(card, func(i *host.Interface) {
		i.Routes = []host.Route{{To: prefixes("2001:db8::/32")[0], Via: netip.MustParseAddr("fe80::1").WithZone(v)}}
	})
	for _, key := range []string{"ARPCHECK", "NO_ALIASROUTING", "GATEWAYDEV", "SCOPE", "HOTPLUG", "ESSID", "X", "DHCP_HOSTNAME", "LINKDELAY", "TEAM_CONFIG", "METRIC", "DEVICETYPE", "NAME"} {
		add(card, func(i *host.Interface) { i.Options = map[string]map[string]string{reader.Backend: {key: v}} })
	}
	add(card, func(i *host.Interface) { i.Options = map[string]map[string]string{reader.Backend: {v: "yes"}} })
	add(bond, func(i *host.Interface) { i.Bond.Mode = v })
	add(bond, func(i *host.Interface) { i.Bond.Options = map[string]string{v: "1"} })
	add(bond, func(i *host.Interface) { i.Bond.Options = map[string]string{"x": v} })
	for _, o := range host.BondOptions() {
		add(bond, func(i *host.Interface) { i.Bond.Options = map[string]string{o.Name: v} })
	}
	add(bond, func(i *host.Interface) { i.Bond.Ports = []string{v} })
	add(func() host.Interface {
		return host.Interface{Kind: host.KindVLAN, Name: "eth0.2", VLAN: &host.VLAN{Parent: v, ID: 2}}
	}, func(*host.Interface) {})
	add(func() host.Interface {
		return host.Interface{Kind: host.KindVLAN, Name: "eth0.2", VLAN: &host.VLAN{Parent: "eth0", ID: 2, Protocol: v}}
	}, func(*host.Interface) {})
	add(func() host.Interface {
		return host.Interface{Kind: host.KindBridge, Name: "br0", Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: v}}}}
	}, func(*host.Interface) {})
	// A card that is the port of a master with a hostile name.
	for _, m := range []host.Interface{{Kind: host.KindBond, Name: v, Bond: &host.Bond{Ports: []string{"eth0"}}}, {Kind: host.KindBridge, Name: v, Bridge: &host.Bridge{Ports: []host.BridgePort{{Name: "eth0"}}}}} {
		c := card()
		c.Addresses = nil
		out = append(out, host.Host{Name: "a", Interfaces: []host.Interface{c, m}})
	}
	return out
}

// harness does with the files what the scripts of all releases do: it sources
// them, evaluates the lines of some keys wherever they stand, evaluates some
// values a second time (ifup-aliases), splits others at blanks, and hands route
// files to ip word by word. Whatever it would run shows as an unknown command,
// or as a file M.
const harness = `
PATH=; export PATH
shopt -s nullglob
ran() { echo "$FILE: $*" >&4; }
command_not_found_handle() { ran "$@"; return 127; }
touch() { ran touch "$@"; }
for FILE in "$1"/*/etc/sysconfig/network-scripts/ifcfg-* "$1"/*/etc/sysconfig/network "$1"/*/etc/modprobe.conf; do
  case $FILE in */modprobe.conf) continue;; esac
  (
    cd "$1"
    . "$FILE" || ran "error $?"
    for key in DEVICE= TYPE= SLAVE= BRIDGE= NM_CONTROLLED= ONBOOT= MASTER=; do
      lines=
      while IFS= read -r line; do case $line in *$key*) lines="$lines $line";; esac; done < "$FILE"
      eval $lines
    done
    eval $(. "$FILE"; echo default_PREFIX=$PREFIX\;; echo default_NETMASK=$NETMASK\;; echo default_BROADCAST=$BROADCAST\;; echo default_GATEWAY=$GATEWAY\;;
      echo default_NO_ALIASROUTING=$NO_ALIASROUTING\;; echo default_ARPCHECK=$ARPCHECK\;; echo default_ARPUPDATE=$ARPUPDATE\;; echo network_GATEWAYDEV=$GATEWAYDEV\;;)
    for n in '' 0 1 2 3; do eval "x=$(eval echo '$'IPADDR$n)/$(eval echo '$'PREFIX$n)"; done
    eval "ipseen_x=$FILE"
    for arg in $BONDING_OPTS $BRIDGING_OPTS; do
      key=${arg%%=*}; case $key in */*|.*|'') ran "option $key";; esac
    done
    case "$DEVICE$MASTER$BRIDGE$PHYSDEV$DEVICETYPE" in */*) ran "path in a name";; esac
    for word in $DOMAIN $DNS1 $SCOPE; do case $word in -*) ran "option $word";; esac; done
  ) 2>&5
done
for FILE in "$1"/*/etc/sysconfig/network-scripts/route*-*; do
  while read line; do case $line in '#'*|'') continue;; esac; set -- $line; for w; do case $w in *[!A-Za-z0-9:./]*) ran "word $w";; esac; done; done < "$FILE"
done
`

// TestNothingRuns puts hostile values into every attribute that holds a text.
// The backend, without the checks before it, refuses them, or what it writes
// runs nothing in a real shell.
func TestNothingRuns(t *testing.T) {
	bash := needBash(t)
	dir := t.TempDir()
	written, refused := 0, 0
	seen := make(map[string]bool)
	for _, v := range hostile() {
		for n, h := range poisoned(v) {
			slices.SortFunc(h.Interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
			for _, rel := range []string{"rhel4", "rhel5", "rhel8", "nm"} {
				r, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: h, Config: map[string]any{"release": rel}}})
				if err != nil {
					t.Fatal(err)
				}
				if r.Diagnostics.HasErrors() {
					refused++
					continue
				}
				written++
				for _, f := range r.Files {
					if key := f.Path + string(f.Content); !seen[key] { // most accepted values change nothing
						seen[key] = true
						writeBelow(t, filepath.Join(dir, fmt.Sprintf("%d-%s-%d", n, rel, len(seen))), f)
					}
				}
			}
		}
	}
	t.Logf("%d hosts refused, %d written with %d different files", refused, written, len(seen))
	if refused < 10000 || len(seen) < 20 {
		t.Errorf("%d refused, %d files: too few to show anything", refused, len(seen))
	}
	if found := runHarness(t, bash, dir); found != "" {
		t.Errorf("the shell ran something:\n%s", found)
	}
}

func writeBelow(t *testing.T, root string, f backend.File) {
	t.Helper()
	path := filepath.Join(root, f.Path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, f.Content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// runHarness returns what the shell would have run, and what it wrote.
func runHarness(t *testing.T, bash, dir string) string {
	t.Helper()
	before := treeNames(t, dir)
	cmd := exec.Command(bash, "--norc", "-c", "exec 4>&1 5>&2\n"+harness, "bash", dir)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if after := treeNames(t, dir); !slices.Equal(before, after) {
		return fmt.Sprintf("the files were %d and are %d\n%s", len(before), len(after), out)
	}
	return string(out)
}

func treeNames(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		out = append(out, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The harness itself finds what it is there to find.
func TestHarnessFinds(t *testing.T) {
	bash := needBash(t)
	for title, text := range map[string]string{
		"a command":           "NAME=My Uplink\n",
		"a substitution":      "IPADDR=\"$(touch M)\"\n",
		"a second evaluation": "GATEWAY='$(touch M)'\n",
		"a second command":    "BROADCAST='10.0.0.1;touch M'\n",
		"a comment":           "DEVICE=eth0\n# x\nX='\nTYPE=$(touch M)'\n",
		"a path":              "BONDING_OPTS='../../x=1'\n",
	} {
		t.Run(title, func(t *testing.T) {
			dir := t.TempDir()
			writeBelow(t, filepath.Join(dir, "a"), writer.File(reader.FilePath("eth0"), []byte(text)))
			if found := runHarness(t, bash, dir); found == "" {
				t.Errorf("nothing found in %q", text)
			}
		})
	}
}

// Raw options cannot change the shell or the scripts themselves.
func TestForbiddenOptions(t *testing.T) {
	names := append(slices.Collect(maps.Keys(reader.Forbidden())), "BASH_ENV", "LD_PRELOAD", "PS4", "LANG", "lower", "1A", "A-B", "")
	for _, key := range names {
		h, target := stage(host.KindEthernet)
		for n := range h.Interfaces {
			if h.Interfaces[n].Name == target {
				h.Interfaces[n].Options = map[string]map[string]string{reader.Backend: {key: "x"}}
			}
		}
		r, err := New().Render(t.Context(), backend.RenderRequest{Setup: backend.Setup{Host: *h}})
		if err != nil || !r.Diagnostics.HasErrors() {
			t.Errorf("%s may be set: %v", key, err)
		}
	}
}

// needBash finds the shell that stands in for the scripts'.
func needBash(t testing.TB) string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	return bash
}
