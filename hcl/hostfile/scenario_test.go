package hostfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/host"
)

// load writes the files ("name" → text) into a directory and loads it.
func load(t *testing.T, files map[string]string) (*Site, string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	site, diags := Load(dir, Options{})
	diags = append(diags, site.Check(diags)...)
	var out []string
	for _, d := range diags.Sorted() {
		out = append(out, strings.ReplaceAll(d.String(), dir+"/", ""))
	}
	return site, strings.Join(out, "\n")
}

func TestScenario(t *testing.T) {
	site, diags := Load("../../examples/xen-bond-vlan", Options{})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	d := &site.Definitions[0]
	if l := d.Resolve(host.Validate(&d.Host)); len(l) > 0 {
		t.Error(l)
	}
	var names []string
	for _, i := range d.Host.Interfaces {
		names = append(names, string(i.Kind)+" "+i.Name)
	}
	want := "bond bond0, vlan bond0.2, vlan bond0.3, ethernet eth0, ethernet eth1, bridge xenbr0, bridge xenbr1"
	if got := strings.Join(names, ", "); got != want {
		t.Errorf("interfaces %s, want %s", got, want)
	}
	x, _ := d.Host.Interface("xenbr0")
	if x.Gateway.String() != "192.168.0.1" || x.Addresses[0].String() != "192.168.0.2/24" || x.Bridge.Ports[0].Name != "bond0.2" {
		t.Errorf("%+v", x)
	}
}

// Each mistake gives one message that says where and what to do.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"misspelt block", "host \"a\" {\n  brigde \"x\" {}\n  backend \"b\" {}\n}\n", "a.hcl:2: error LS1006: an unknown block: a host has no block \"brigde\". Did you mean \"bridge\"?"},
		{"misspelt attribute", "host \"a\" {\n  bridge \"x\" { adresses = [] }\n  backend \"b\" {}\n}\n", "a.hcl:2: error LS1007: an unknown attribute: a bridge has no attribute \"adresses\". Did you mean \"addresses\"?"},
		{"misspelt port", "host \"a\" {\n  bond \"bond0\" {\n    ports = [\"eth0\"]\n    miimon = 1\n  }\n  bridge \"x\" { ports = [\"bnod0\"] }\n  backend \"b\" {}\n}\n", "a.hcl:6: error LS1016: an unknown interface: no block declares \"bnod0\". Did you mean \"bond0\"?"},
		{"port with a dot", "host \"a\" {\n  bridge \"x\" { ports = [\"bond7.2\"] }\n  backend \"b\" {}\n}\n", "a.hcl:2: error LS1016: an unknown interface: no block declares \"bond7.2\"."},
		{"enum", "host \"a\" {\n  bond \"bond0\" {\n    mode = \"actve-backup\"\n    miimon = 1\n    ports = [\"eth0\"]\n  }\n  backend \"b\" {}\n}\n", "Did you mean \"active-backup\"?"},
		{"no label", "host {\n}\n", "a.hcl:1: error LS1008: a block with too few or too many labels: a host block takes its name as a label: host \"NAME\" { … }"},
		{"unknown variable", "variable \"gateway\" { default = \"10.0.0.1\" }\nhost \"a\" {\n  bridge \"x\" { gateway = var.gatway }\n  backend \"b\" {}\n}\n", "a.hcl:3: error LS1015: an unknown name in an expression: there is no var.gatway here. Did you mean \"gateway\"?"},
		{"unset variable", "variable \"v\" { type = string }\n", "the variable \"v\" has no default"},
		{"cycle of locals", "locals {\n  a = local.b\n  b = local.a\n}\n", "LS1014: locals that need each other: local.a needs local.b needs local.a"},
		{"curly quotes", "host “a” {\n}\n", "LS1003: a character that does not belong into the file: a typographic quote"},
		{"name with blank", "host \"a\" {\n  bridge \"a b\" {}\n  backend \"b\" {}\n}\n", "a.hcl:2: error LS2001: not an interface name: \"a b\" has a character"},
		{"path as name", "host \"a\" {\n  bridge \"../../etc/passwd\" {}\n  backend \"b\" {}\n}\n", "LS2001"},
		{"command as name", "host \"a\" {\n  bridge \"$(id)\" {}\n  backend \"b\" {}\n}\n", "LS2001"},
		{"vlan 4095", "host \"a\" {\n  vlan \"eth0.4095\" {\n    parent = \"eth0\"\n    id = 4095\n  }\n  backend \"b\" {}\n}\n", "a.hcl:4: error LS2008"},
		{"byte order mark", "\xef\xbb\xbfhost \"a\" {}\n", "LS1003"},
		{"address without prefix", "host \"a\" {\n  bridge \"x\" { addresses = [\"10.0.0.1\"] }\n  backend \"b\" {}\n}\n", "its prefix is missing, e.g. \"10.0.0.1/24\""},
		{"outside the directory", "locals { a = file(\"../../etc/passwd\") }\n", "LS1005"},
		{"deep", "locals { a = " + strings.Repeat("(", 500) + "1" + strings.Repeat(")", 500) + " }\n", "LS1002"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := load(t, map[string]string{"a.hcl": c.src})
			if !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
				t.Errorf("got:\n%s\nwant one message with:\n%s", got, c.want)
			}
		})
	}
}

// A host's own block wins over its profile's, attribute by attribute.
func TestProfile(t *testing.T) {
	site, diags := load(t, map[string]string{"a.hcl": `
profile "p" {
  input "n" { type = number }
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = 1
    miimon = 100
  }
  bridge "br0" {
    ports     = ["bond0"]
    addresses = [cidrhost_prefix("10.0.0.0/24", input.n)]
  }
  backend "ifcfg" {}
}
host "a" {
  use "p" { n = 7 }
  bond "bond0" { miimon = 50 }
}
`})
	if diags != "" {
		t.Fatal(diags)
	}
	h := site.Definitions[0].Host
	b, _ := h.Interface("bond0")
	if b.Bond.Mode != "active-backup" || b.Bond.Options["miimon"] != "50" || len(b.Bond.Ports) != 2 {
		t.Errorf("%+v", b.Bond)
	}
	if br, _ := h.Interface("br0"); br.Addresses[0].String() != "10.0.0.7/24" {
		t.Errorf("%+v", br)
	}
}
