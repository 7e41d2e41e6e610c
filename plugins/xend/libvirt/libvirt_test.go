package libvirt

import (
	"strings"
	"testing"
)

const status = `<!--
WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
OVERWRITTEN AND LOST.
-->
<domstatus state='running' reason='booted' pid='1234'>
  <monitor path='/x' type='unix'/>
  <domain type='kvm' id='3'>
    <name>web1</name>
    <devices>
      <emulator>/usr/bin/qemu-kvm</emulator>
      <interface type='network'>
        <mac address='52:54:00:12:34:56'/>
        <source network='default' portid='7'/>
        <actual type='bridge'><source bridge='virbr0'/></actual>
        <target dev='vnet0'/>
      </interface>
      <interface type='bridge'>
        <source bridge='br10'/>
        <target dev='vnet1'/>
      </interface>
      <interface type='direct'><source dev='eth0' mode='bridge'/></interface>
    </devices>
  </domain>
</domstatus>
`

func TestReadDomain(t *testing.T) {
	d, err := ReadDomain([]byte(status))
	if err != nil {
		t.Fatal(err)
	}
	if d.Name != "web1" || len(d.Interfaces) != 3 {
		t.Fatalf("%+v", d)
	}
	first, second := d.Interfaces[0], d.Interfaces[1]
	if first.Actual == nil || first.Actual.Source.Bridge != "virbr0" || first.Source.Network != "default" || first.Target.Dev != "vnet0" {
		t.Errorf("%+v", first)
	}
	if second.Type != "bridge" || second.Source.Bridge != "br10" || second.Actual != nil {
		t.Errorf("%+v", second)
	}
	if bare, err := ReadDomain([]byte("<domain type='xen'><name>a</name></domain>")); err != nil || bare.Name != "a" {
		t.Errorf("%+v, %v", bare, err)
	}
}

func TestReadNetwork(t *testing.T) {
	for _, c := range []struct {
		xml string
		own bool
	}{
		{"<network><name>n</name><bridge name='virbr0'/></network>", true},
		{"<network><name>n</name><forward/><bridge name='virbr0'/></network>", true},
		{"<network><name>n</name><forward mode='nat'/><bridge name='virbr0'/></network>", true},
		{"<network><name>n</name><forward mode='bridge'/><bridge name='virbr0'/></network>", false},
		{"<networkstatus><class_id bitmap='0-2'/><network><name>n</name><forward mode='route'/><bridge name='virbr0'/></network></networkstatus>", true},
	} {
		n, err := ReadNetwork([]byte(c.xml))
		if err != nil || n.Bridge.Name != "virbr0" || n.OwnBridge() != c.own {
			t.Errorf("%s: %+v, %v", c.xml, n, err)
		}
	}
}

// TestHostile: what is no XML of libvirt's, or is made to hurt, is an error.
func TestHostile(t *testing.T) {
	for name, src := range map[string]string{
		"empty":           "",
		"text":            "name = 'web1'\n",
		"cut off":         status[:len(status)/2],
		"another root":    "<html><body/></html>",
		"no name":         "<domain/>",
		"deep":            strings.Repeat("<a>", 200_000),
		"deep inside":     "<domain>" + strings.Repeat("<a>", 200_000),
		"many entities":   "<!DOCTYPE d [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;&a;\">]><domain><name>&c;</name></domain>",
		"another file":    "<!DOCTYPE d [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><domain><name>&a;</name></domain>",
		"another charset": "<?xml version='1.0' encoding='utf-7'?><domain><name>a</name></domain>",
		"two deep":        "<a><b><domain><name>x</name></domain></b></a>",
	} {
		if d, err := ReadDomain([]byte(src)); err == nil {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(status))
	f.Add([]byte("<network><name>n</name><forward mode='bridge'/><bridge name='br0'/></network>"))
	f.Fuzz(func(t *testing.T, src []byte) {
		if d, err := ReadDomain(src); err == nil && d.Name == "" {
			t.Error("a domain without a name")
		}
		if n, err := ReadNetwork(src); err == nil && n.Name == "" {
			t.Error("a network without a name")
		}
	})
}
