package guest

import (
	"bytes"
	"errors"
	"fmt"
	"path"

	"linkspan/plugins/xend/libvirt"
	"linkspan/plugins/xend/sxp"
	"linkspan/plugins/xend/tree"
	"linkspan/plugins/xend/xl"
	"linkspan/plugins/xend/xm"
)

// readSettings reads a guest's file as its toolstack does; nil with the reason
// when that does not read it.
func readSettings(src []byte, stack Stack) (settings, string) {
	if stack == XL {
		all, err := xl.Parse(src)
		if err != nil {
			line := 0
			if e, ok := errors.AsType[*xl.Error](err); ok {
				line = 1 + bytes.Count(src[:e.Offset], []byte("\n"))
			}
			return nil, fmt.Sprintf("xl does not read it: line %d: %v", line, err)
		}
		return func(key string) (setting, bool) { return ofXL(all, key) }, ""
	}
	variables, err := xm.Read(src)
	if err != nil {
		return nil, fmt.Sprintf("it is no Python: %v", err)
	}
	return func(key string) (setting, bool) { return ofXM(variables, key) }, ""
}

func ofXL(all []xl.Assignment, key string) (setting, bool) {
	a, ok := xl.Last(all, key)
	s := setting{text: a.Value.Text, line: a.Line}
	for _, item := range a.Value.Items {
		s.items = append(s.items, item.Text)
	}
	return s, ok
}

func ofXM(variables xm.Variables, key string) (setting, bool) {
	v, ok := variables.Get(key)
	s := setting{text: v.Text, line: v.Line, unknown: v.Unknown}
	for _, item := range v.Items {
		if item.Kind != xm.String {
			s.unknown = fmt.Sprintf("line %d: an entry that is no string", v.Line)
		}
		s.items = append(s.items, item.Text)
	}
	if key == "vif" && v.Kind == xm.String {
		s.unknown = fmt.Sprintf("line %d: vif is no list", v.Line)
	}
	return s, ok
}

// xendDomains reads the guests that xend manages itself (xm new): it keeps each
// in /var/lib/xend/domains/UUID/config.sxp.
func xendDomains(t tree.Tree) []Interface {
	var out []Interface
	for _, dir := range t.Dirs("/var/lib/xend/domains") {
		name := path.Join(dir, "config.sxp")
		f, err := t.Read(name)
		if err != nil {
			continue
		}
		parsed, err := sxp.Parse(f.Content)
		if err != nil || len(parsed.Nodes) == 0 {
			continue
		}
		for _, d := range parsed.Lists("domain") {
			out = append(out, ofDomain(d, name)...)
		}
	}
	return out
}

func ofDomain(d sxp.Node, file string) []Interface {
	one := Interface{Stack: XM, File: file}
	for _, key := range []string{"name", "name_label"} {
		if n, ok := d.Child(key); ok && one.Guest == "" {
			one.Guest, _ = n.Value()
		}
	}
	if one.Guest == "" || one.Guest == "Domain-0" {
		return nil
	}
	var out []Interface
	for _, device := range d.Children {
		vif, ok := device.Child("vif")
		if device.Head() != "device" || !ok {
			continue
		}
		i := one
		if b, ok := vif.Child("bridge"); ok {
			i.Bridge, _ = b.Value()
		}
		if s, ok := vif.Child("script"); ok {
			script, _ := s.Value()
			i.None = WithoutBridge(script)
		}
		out = append(out, i)
	}
	return out
}

// Networks are libvirt's networks by name.
type Networks map[string]libvirt.Network

// OwnBridges are the bridges that libvirt makes by itself.
func (n Networks) OwnBridges() []string {
	var out []string
	for _, network := range n {
		if network.OwnBridge() && network.Bridge.Name != "" {
			out = append(out, network.Bridge.Name)
		}
	}
	return out
}

// drivers are libvirt's drivers that run guests on bridges.
var drivers = []string{"libxl", "xen", "qemu", "lxc"}

// ReadNetworks reads libvirt's networks.
func ReadNetworks(t tree.Tree) Networks {
	out := make(Networks)
	for _, driver := range drivers {
		for _, name := range t.List("/etc/libvirt/" + driver + "/networks") {
			f, err := t.Read(name)
			if err != nil || path.Ext(name) != ".xml" {
				continue
			}
			if n, err := libvirt.ReadNetwork(f.Content); err == nil {
				out[n.Name] = n
			}
		}
	}
	return out
}

// domains reads libvirt's guests.
func domains(t tree.Tree, networks Networks) []Interface {
	var out []Interface
	for _, driver := range drivers {
		for _, name := range t.List("/etc/libvirt/" + driver) {
			if path.Ext(name) != ".xml" {
				continue
			}
			f, err := t.Read(name)
			var d libvirt.Domain
			if err == nil {
				d, err = libvirt.ReadDomain(f.Content)
			}
			if err != nil {
				out = append(out, Interface{Guest: nameOf(name[:len(name)-len(".xml")]), Stack: Libvirt, File: name, Unknown: err.Error()})
				continue
			}
			out = append(out, ofLibvirt(d, name, networks)...)
		}
	}
	return out
}

func ofLibvirt(d libvirt.Domain, file string, networks Networks) []Interface {
	var out []Interface
	for _, i := range d.Interfaces {
		one := Interface{Guest: d.Name, Stack: Libvirt, File: file}
		switch i.Type {
		case "bridge":
			one.Bridge, one.None = i.Source.Bridge, WithoutBridge(i.Script.Path)
		case "network":
			n, ok := networks[i.Source.Network]
			one.Bridge = n.Bridge.Name
			if !ok {
				one.Unknown = fmt.Sprintf("libvirt has no network %q", i.Source.Network)
			} else if one.Bridge == "" {
				one.None = fmt.Sprintf("libvirt's network %q has no bridge", i.Source.Network)
			}
		default:
			one.None = fmt.Sprintf("type %q connects it without a bridge", i.Type)
		}
		out = append(out, one)
	}
	return out
}
