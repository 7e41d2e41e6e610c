package ifcfg

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/host"
)

// order gives each interface its place in the scripts' order of bringing up
// (rc.d/init.d/network): passes, and within a pass by the name's part before
// its first digit, then by number. A bond brings its ports up itself.
func (w *writer) order() map[string]int {
	if w.rel.nm {
		return nil
	}
	names := make([]string, 0, len(w.byName))
	passes := make(map[string]int, len(w.byName))
	for i := range w.declared.Interfaces {
		one := &w.declared.Interfaces[i]
		if one.Wanted() != host.Absent {
			names = append(names, one.Name)
			passes[one.Name] = w.pass(one)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(passes[a], passes[b]), compareAsScripts(a, b))
	})
	out := make(map[string]int, len(names))
	for n, name := range names {
		out[name] = n
	}
	return out
}

// pass is in which round an interface comes up.
func (w *writer) pass(i *host.Interface) int {
	deferred := strings.Contains(i.Name, ".") || strings.HasPrefix(i.Name, "vlan")
	m := w.masterOf(i)
	switch {
	case w.rel.portsLast && m != nil && m.Bridge != nil:
		return 3
	case w.rel.portsLast && i.Bridge != nil:
		return 0
	case i.Bridge != nil:
		return 2
	case deferred:
		return 1
	}
	return 0
}

// compareAsScripts orders as `sed 's/[0-9]/ &/' | LANG=C sort -k1,1 -k2n` does.
func compareAsScripts(a, b string) int {
	wa, na := splitName(a)
	wb, nb := splitName(b)
	return cmp.Or(cmp.Compare(wa, wb), cmp.Compare(na, nb), cmp.Compare(a, b))
}

// splitName divides a name at its first digit; the number is read as sort -n
// does, with one point.
func splitName(name string) (word string, number float64) {
	at := strings.IndexAny(name, "0123456789")
	if at < 0 {
		return name, 0
	}
	end, dot := at, false
	for end < len(name) && (name[end] >= '0' && name[end] <= '9' || name[end] == '.' && !dot) {
		dot = dot || name[end] == '.'
		end++
	}
	number, _ = strconv.ParseFloat(strings.TrimSuffix(name[at:end], "."), 64) // digits and one point
	return name[:at], number
}

// refuseOrder: a VLAN whose parent does not exist yet when the scripts come to
// it is left out, and ifup says OK (is_available returns 2; measured).
func (w *writer) refuseOrder(i *host.Interface) {
	parent := w.byName[i.VLAN.Parent]
	if parent == nil || parent.Kind == host.KindEthernet || w.rel.nm {
		return
	}
	at, parentAt := w.bringUp[i.Name], w.bringUp[parent.Name]
	switch {
	case parent.Wanted() != host.Up && i.Wanted() == host.Up:
		w.cannot(i, "parent", "the scripts do not make %q, which has ONBOOT=no, so that the VLAN never comes up", parent.Name)
	case parentAt > at:
		w.cannot(i, "parent", "the scripts bring %q up before %q, on which it stands, and leave it out without a word (order: %s)", i.Name, parent.Name, w.rel.order)
	}
}
