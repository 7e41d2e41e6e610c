package hostfile

import (
	"reflect"
	"strings"
	"testing"

	"linkspan/core/host"
)

const inJSON = `{
  "//": "a comment",
  "variable": { "gateway": { "type": "string", "default": "10.0.0.1" } },
  "locals": { "vlans": [2, 3] },
  "profile": {
    "dom0": {
      "input": { "number": { "type": "number", "default": 7 } },
      "bond": { "bond0": { "ports": ["eth0", "eth1"], "mode": 1, "miimon": 100 } },
      "vlan": { "v": {
        "for_each": "${toset([for v in local.vlans : tostring(v)])}",
        "name": "bond0.${each.key}", "parent": "bond0", "id": "${tonumber(each.key)}"
      } }
    }
  },
  "host": {
    "a": {
      "tags": ["xen"],
      "vars": { "rack": "a1" },
      "use": { "dom0": { "number": 2 } },
      "bridge": { "br0": {
        "ports": ["bond0.2"], "addresses": ["${cidrhost_prefix(\"10.0.0.0/24\", 2)}"], "gateway": "${var.gateway}",
        "route": [{ "to": "10.8.0.0/16", "via": "10.0.0.9" }, { "to": "10.9.0.0/16", "via": "10.0.0.9" }],
        "dns": { "servers": ["10.0.0.53"] }
      } },
      "backend": { "ifcfg": { "release": "rhel6" } }
    },
    "b": { "backend": { "ifcfg": {} } }
  }
}
`

const inNative = `
variable "gateway" {
  type    = string
  default = "10.0.0.1"
}
locals {
  vlans = [2, 3]
}
profile "dom0" {
  input "number" {
    type    = number
    default = 7
  }
  bond "bond0" {
    ports  = ["eth0", "eth1"]
    mode   = 1
    miimon = 100
  }
  vlan "v" {
    for_each = toset([for v in local.vlans : tostring(v)])
    name     = "bond0.${each.key}"
    parent   = "bond0"
    id       = tonumber(each.key)
  }
}
host "a" {
  tags = ["xen"]
  vars = { rack = "a1" }
  use "dom0" { number = 2 }
  bridge "br0" {
    ports     = ["bond0.2"]
    addresses = [cidrhost_prefix("10.0.0.0/24", 2)]
    gateway   = var.gateway
    route {
      to  = "10.8.0.0/16"
      via = "10.0.0.9"
    }
    route {
      to  = "10.9.0.0/16"
      via = "10.0.0.9"
    }
    dns { servers = ["10.0.0.53"] }
  }
  backend "ifcfg" { release = "rhel6" }
}
host "b" {
  backend "ifcfg" {}
}
`

func hostsOf(site *Site) []host.Host {
	var out []host.Host
	for _, d := range site.Definitions {
		out = append(out, d.Host)
	}
	return out
}

// The JSON form means what the native syntax means, and both stand beside each
// other in one directory.
func TestJSONForm(t *testing.T) {
	fromJSON, said := load(t, map[string]string{"a.hcl.json": inJSON})
	if said != "" {
		t.Fatal(said)
	}
	fromNative, said := load(t, map[string]string{"a.hcl": inNative})
	if said != "" {
		t.Fatal(said)
	}
	if got, want := hostsOf(fromJSON), hostsOf(fromNative); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	mixed, said := load(t, map[string]string{
		"p.hcl":                  "profile \"p\" {\n  bridge \"br0\" { mtu = var.mtu }\n}\nvariable \"mtu\" { type = number }\n",
		"h.hcl.json":             `{ "host": { "h": { "use": { "p": {} }, "backend": { "ifcfg": {} } } } }`,
		"mtu.auto.vars.hcl.json": `{ "mtu": 1400 }`,
	})
	if said != "" || len(mixed.Definitions) != 1 || *mixed.Definitions[0].Host.Interfaces[0].MTU != 1400 {
		t.Error(said)
	}
}

// What is wrong in the JSON form has its place.
func TestJSONMistakes(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{`{ "host": { "a": { "brigde": {} } } }`, `a.hcl.json:1: error LS1007: an unknown attribute: a host has no attribute "brigde". Did you mean "bridge"?`},
		{"{\n  \"hots\": {} }", `a.hcl.json:2: error LS1006: an unknown block: a file has no block "hots". Did you mean "host"?`},
		{`{ "host": { "a": { "bridge": { "b": { "mtu": "x" } } } } }`, `a.hcl.json:1: error LS1011: a value of the wrong type: mtu is a number, not a text`},
		{`{ "host": { "a": { "bridge": { "b": { "addresses": [ "10.0.0.1" ] } } } } }`, `LS1018`},
		{`{ "host": { "a": { "bridge": { "b": { "description": "${var.x}" } } } } }`, `LS1015`},
		{`{ "host": {} }`, `LS1008`},
		{`{ "host": [] `, `LS1004`},
		{`{ "host": 1 }`, `LS1004`},
		{`[1]`, `LS1004`},
		{`{ "locals": { "a": ` + strings.Repeat("[", 250) + strings.Repeat("]", 250) + ` } }`, `LS1002`},
		{`{ "variable": { "a": { "default": 1, "type": "` + strings.Repeat("(", 100_000) + `" } } }`, `LS1002`},
		{`{ "locals": { "a": "${` + strings.Repeat("[", 100_000) + `}" } }`, `LS1002`},
		{`{ "locals": { "a": "\u0024\u007b` + strings.Repeat("[", 100_000) + `}" } }`, `LS1002`},
		{`{ "locals": { "a": "` + strings.Repeat(`\u0025{if true}`, 5000) + `" } }`, `LS1002`},
		{"\xef\xbb\xbf{}", `LS1003`},
	} {
		_, got := load(t, map[string]string{"a.hcl.json": c.src})
		if !strings.Contains(got, c.want) || strings.Count(got, "error LS") != 1 {
			t.Errorf("%.80s: got:\n%.500s\nwant one message with:\n%s", c.src, got, c.want)
		}
	}
}

// A secret's value in the JSON form is kept out of everything.
func TestJSONSecret(t *testing.T) {
	site, said := load(t, map[string]string{"a.hcl.json": `{ "variable": { "key": { "default": "hunter22", "sensitive": true } },
		"host": { "a": { "ethernet": { "eth0": { "mac": "x${var.key}" } }, "backend": { "ifcfg": {} } } } }`})
	for _, src := range site.Sources {
		said += string(src)
	}
	if strings.Contains(said, "hunter22") || !strings.Contains(said, "LS1027") {
		t.Error(said)
	}
}

// Files that hold nothing but hosts are parsed late; it makes no difference,
// wherever the words stand.
func TestOnlyHosts(t *testing.T) {
	for src, want := range map[string]bool{
		`host "a" {}`: true, `hots "a" {}`: true, "x = 1": true, `host "profile" {}`: false, "variable \"a\" {}": false, "/**/locals {}": false, "l\x00o": false,
	} {
		if got := onlyHosts([]byte(src), "a.hcl"); got != want {
			t.Errorf("%q: %v", src, got)
		}
	}
	if onlyHosts([]byte(`{ "\u006cocals": {} }`), "a.hcl.json") {
		t.Error("letters that are written as numbers")
	}
	_, got := load(t, map[string]string{
		"a.hcl": "host \"one\" {\n  bridge \"br0\" { mtu = local.mtu }\n  backend \"ifcfg\" {}\n}\nvarable \"x\" {}\n",
		"b.hcl": "locals { mtu = 1400 }\nhost \"one\" {}\n",
		"c.hcl": "host \"two\" {\n",
	})
	if want := []string{"a.hcl:5: error LS1006", "b.hcl:2: error LS1009", "c.hcl:1: error LS1004"}; !inOrder(got, want) || strings.Count(got, "\n") != 2 {
		t.Error(got)
	}
}

func inOrder(text string, parts []string) bool {
	for _, p := range parts {
		_, after, ok := strings.Cut(text, p)
		if !ok {
			return false
		}
		text = after
	}
	return true
}
