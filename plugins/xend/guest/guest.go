// Package guest finds a host's guests and their bridges: from the files of xm,
// xl, xend and libvirt, and from the ports that there are.
package guest

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"linkspan/plugins/xend/tree"
)

// Stack is a toolstack: what starts a guest, and so decides what its file means.
type Stack string

// The toolstacks.
const (
	XM      Stack = "xm" // and xend
	XL      Stack = "xl"
	Libvirt Stack = "libvirt" // with libxl
)

// Interface is one network interface of a guest as its file has it.
type Interface struct {
	Guest   string
	Stack   Stack
	Bridge  string // "" when the file names none; the toolstack chooses then
	Unknown string // why the bridge is not known
	None    string // why it has none
	File    string
	Line    int // of what decides, counted from 1; 0 when not known
}

// Configured are the interfaces of all guests that have a file; sorted.
func Configured(t tree.Tree, stack Stack, networks Networks) []Interface {
	out := etcXen(t, stack)
	out = append(out, xendDomains(t)...)
	out = append(out, domains(t, networks)...)
	slices.SortStableFunc(out, func(a, b Interface) int { return cmp.Or(cmp.Compare(a.Guest, b.Guest), cmp.Compare(a.File, b.File)) })
	return out
}

// etcXen reads what stands in /etc/xen and /etc/xen/auto; what is a symlink to
// a file that has been read counts once.
func etcXen(t tree.Tree, stack Stack) []Interface {
	var out []Interface
	seen := make(map[string]bool)
	for _, dir := range []string{"/etc/xen", "/etc/xen/auto"} {
		for _, name := range t.List(dir) {
			if isOther(path.Base(name)) {
				continue
			}
			sure := dir == "/etc/xen/auto" || strings.HasSuffix(name, ".cfg")
			f, err := t.Read(name)
			switch {
			case err != nil && sure:
				out = append(out, Interface{Guest: nameOf(name), Stack: stack, File: name, Unknown: "it cannot be read: " + err.Error()})
			case err != nil || seen[f.Target]:
			default:
				seen[f.Target] = true
				out = append(out, fromFile(f, stack, sure)...)
			}
		}
	}
	return out
}

// isOther tells what stands beside guests' files in /etc/xen: xend's and xl's
// own configuration, examples, editors' and packages' leftovers.
func isOther(base string) bool {
	for _, prefix := range []string{".", "#", "xmexample", "xlexample", "README", "xl.conf"} {
		if strings.HasPrefix(base, prefix) {
			return true
		}
	}
	for _, suffix := range []string{"~", ".sxp", ".xml", ".rpmnew", ".rpmsave", ".rpmorig", ".orig", ".bak", ".old", ".swp", ".dpkg-dist", ".dpkg-old", ".dpkg-new", ".conf"} {
		if strings.HasSuffix(base, suffix) {
			return true
		}
	}
	return false
}

func nameOf(file string) string { return strings.TrimSuffix(path.Base(file), ".cfg") }

// setting is what a guest's file says of one key.
type setting struct {
	text    string
	items   []string
	line    int
	unknown string
}

// settings are a guest's file, whichever grammar it has.
type settings func(key string) (setting, bool)

// marks are keys of which a guest's file has some.
var marks = []string{"name", "memory", "kernel", "builder", "bootloader", "disk", "vif", "type"}

// fromFile reads one file. One that is not surely a guest's is taken for one
// when it has two of the marks.
func fromFile(f tree.File, stack Stack, sure bool) []Interface {
	one := Interface{Guest: nameOf(f.Name), Stack: stack, File: f.Name}
	get, why := readSettings(f.Content, stack)
	if get == nil {
		if !sure {
			return nil
		}
		one.Unknown = why
		return []Interface{one}
	}
	have := 0
	for _, key := range marks {
		if s, ok := get(key); ok && s.unknown == "" {
			have++
		}
	}
	if have == 0 || have == 1 && !sure {
		return nil
	}
	if name, ok := get("name"); ok && name.text != "" {
		one.Guest = name.text
	}
	return interfaces(one, get)
}

// interfaces are those of one guest. nics, which xm still takes, is a number of
// interfaces that say nothing.
func interfaces(one Interface, get settings) []Interface {
	vif, _ := get("vif")
	nics, _ := get("nics")
	one.Line = vif.line
	if vif.unknown != "" {
		one.Unknown = vif.unknown
		return []Interface{one}
	}
	items := vif.items
	for n := number(nics.text); one.Stack == XM && len(items) < n; {
		items = append(items, "")
	}
	var out []Interface
	for _, item := range items {
		i := one
		i.Bridge, i.None = ofSpecification(item)
		out = append(out, i)
	}
	return out
}

// number reads a small decimal number; anything else is 0.
func number(s string) int {
	if len(s) == 1 && s[0] >= '0' && s[0] <= '9' {
		return int(s[0] - '0')
	}
	return 0
}

// ofSpecification reads one entry of vif: "mac=…, bridge=xenbr0".
func ofSpecification(s string) (bridge, none string) {
	for part := range strings.SplitSeq(s, ",") {
		key, value, _ := strings.Cut(part, "=")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(key) {
		case "bridge":
			bridge = value
		case "script":
			none = WithoutBridge(value)
		}
	}
	if none != "" {
		return "", none
	}
	return bridge, ""
}

// WithoutBridge says that a hotplug script connects guests in another way than
// by a bridge of the kernel's; "" when it does not.
func WithoutBridge(script string) string {
	word, _, _ := strings.Cut(script, " ")
	switch path.Base(word) {
	case "vif-route", "vif-nat":
		return path.Base(word) + " connects it without a bridge"
	case "vif-openvswitch":
		return "vif-openvswitch connects it with a bridge of Open vSwitch"
	}
	return ""
}
