package writer

import (
	"cmp"
	"slices"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
)

// order gives each interface its place in the scripts' order of bringing up
// (rc.d/init.d/network): passes, and within a pass by the name's part before
// its first digit, then by number. A bond brings its ports up itself.
func (w *Writer) order() map[string]int {
	if w.Reader.NM {
		return nil
	}
	names := make([]string, 0, len(w.ByName))
	passes := make(map[string]int, len(w.ByName))
	for i := range w.Declared.Interfaces {
		one := &w.Declared.Interfaces[i]
		if one.Wanted() != host.Absent {
			names = append(names, one.Name)
			passes[one.Name] = w.pass(one)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(passes[a], passes[b]), reader.CompareAsScripts(a, b))
	})
	out := make(map[string]int, len(names))
	for n, name := range names {
		out[name] = n
	}
	return out
}

// pass is in which round an interface comes up.
func (w *Writer) pass(i *host.Interface) int {
	deferred := strings.Contains(i.Name, ".") || strings.HasPrefix(i.Name, "vlan")
	m := w.masterOf(i)
	switch {
	case w.Reader.PortsLast && m != nil && m.Bridge != nil:
		return 3
	case w.Reader.PortsLast && i.Bridge != nil:
		return 0
	case i.Bridge != nil:
		return 2
	case deferred:
		return 1
	}
	return 0
}

// refuseOrder: a VLAN whose parent does not exist yet when the scripts come to
// it is left out, and ifup says OK (is_available returns 2; measured).
func (w *Writer) refuseOrder(i *host.Interface) {
	parent := w.ByName[i.VLAN.Parent]
	if parent == nil || parent.Kind == host.KindEthernet || w.Reader.NM {
		return
	}
	at, parentAt := w.bringUp[i.Name], w.bringUp[parent.Name]
	switch {
	case parent.Wanted() != host.Up && i.Wanted() == host.Up:
		w.cannot(i, "parent", "the scripts do not make %q, which has ONBOOT=no, so that the VLAN never comes up", parent.Name)
	case parentAt > at:
		w.cannot(i, "parent", "the scripts bring %q up before %q, on which it stands, and leave it out without a word (order: %s)", i.Name, parent.Name, w.Reader.Order)
	}
}
