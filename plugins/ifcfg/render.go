package ifcfg

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// scripts is where the network scripts keep their files.
const scripts = "/etc/sysconfig/network-scripts"

// networkFile holds what concerns the whole host.
const networkFile = "/etc/sysconfig/network"

// header begins a file that linkspan makes. The scripts evaluate every line
// that holds one of their keys and "=", comments too: it holds none.
const header = "# Made by linkspan from the host's definition. Unknown keys and comments are kept.\n"

// Render says what the definition means to the reader of the files.
func (b *ifcfg) Render(_ context.Context, q backend.RenderRequest) (backend.RenderResponse, error) {
	q.Host = withoutImplied(q.Host)
	rel, diags := readerOf(q.Config, q.Facts)
	w := newWriter(&q.Host, rel)
	diags = append(diags, w.refusals()...)
	out := backend.RenderResponse{Objects: append(objects(&q.Host), leftOvers(&q.Host, q.Facts)...), Diagnostics: diags}
	slices.SortFunc(out.Objects, func(a, b plan.Object) int { return strings.Compare(a.Name, b.Name) })
	if diags.HasErrors() || len(q.Facts) > 0 { // Plan makes its own files from what there is
		return out, nil
	}
	out.Files = w.files()
	return out, nil
}

// objects spells a host's interfaces as every backend does, and adds what only
// these files say: the card that is meant by its address.
func objects(h *host.Host) []plan.Object {
	out := backend.InterfaceObjects(h, name)
	for n := range out {
		i, ok := h.Interface(out[n].Name)
		if ok && i.Ethernet != nil && i.Ethernet.Match.MAC != "" && !out[n].Absent {
			out[n].Set("match.mac", plan.Text(i.Ethernet.Match.MAC))
		}
	}
	return out
}

// files are all files of a host that has none of them.
func (w *writer) files() []backend.File {
	var out []backend.File
	for i := range w.declared.Interfaces {
		one := &w.declared.Interfaces[i]
		if one.Wanted() == host.Absent {
			continue
		}
		for _, f := range w.interfaceFiles(one) {
			out = append(out, file(f.path, f.content(nil)))
		}
	}
	if w.rel.takes("NETWORKING_IPV6") && w.hasIPv6() {
		out = append(out, file(networkFile, []byte("NETWORKING=yes\nNETWORKING_IPV6=yes\n")))
	}
	if text := w.modprobe(nil); len(text) > 0 {
		out = append(out, file(modprobeFile, text))
	}
	slices.SortFunc(out, func(a, b backend.File) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// interfaceFiles are the files that an interface needs.
func (w *writer) interfaceFiles(i *host.Interface) []textFile {
	out := append([]textFile{{path: filePath(i.Name), edits: w.edits(i)}}, w.aliasFiles(i)...)
	for _, f := range w.routeFiles(i) {
		if len(f.lines) > 0 {
			out = append(out, f)
		}
	}
	return out
}

func file(path string, content []byte) backend.File {
	return backend.File{Path: path, FileState: plan.FileState{Exists: true, Mode: 0o644, Content: content}}
}

func filePath(device string) string { return scripts + "/ifcfg-" + device }

// textFile is one file as it is wanted: keys to set in it, or its lines.
type textFile struct {
	path  string
	edits []edit
	lines []string
}

// content is the file's text, made from the one that is there, if any.
func (f *textFile) content(have []byte) []byte {
	if f.edits == nil {
		return []byte(header + strings.Join(f.lines, "\n") + "\n")
	}
	doc := parse(have)
	text := doc.apply(against(f.edits, doc.values()))
	if have == nil {
		return append([]byte(header), text...)
	}
	return text
}

// writer spells a host for one reader.
type writer struct {
	declared *host.Host
	masters  map[string]string
	byName   map[string]*host.Interface
	rel      reader
	refused  refusal
	bringUp  map[string]int // places in the order of bringing up
}

func newWriter(h *host.Host, rel reader) *writer {
	w := &writer{declared: h, masters: h.Masters(), byName: make(map[string]*host.Interface, len(h.Interfaces)), rel: rel}
	for i := range h.Interfaces {
		w.byName[h.Interfaces[i].Name] = &h.Interfaces[i]
	}
	return w
}

// masterOf is the bond or bridge that the interface is a declared port of, or nil.
func (w *writer) masterOf(i *host.Interface) *host.Interface { return w.byName[w.masters[i.Name]] }

func (w *writer) hasIPv6() bool {
	for i := range w.declared.Interfaces {
		one := &w.declared.Interfaces[i]
		if one.Wanted() != host.Absent && usesIPv6(one) {
			return true
		}
	}
	return false
}

// edits are the keys of an interface's file in the order of a new file: the
// form that was measured to give the same kernel state on every release, and
// that NetworkManager reads the same.
func (w *writer) edits(i *host.Interface) []edit {
	e := &editor{}
	if i.Description != "" {
		e.set(descriptionKey, i.Description)
	}
	e.set("DEVICE", i.Name)
	w.kind(e, i)
	e.choose("ONBOOT", "yes", i.Wanted() == host.Down, "no")
	e.fallback("USERCTL", "no")
	e.choose("NM_CONTROLLED", "no", w.rel.nm, "yes")
	if i.MTU != nil {
		e.set("MTU", strconv.Itoa(*i.MTU))
	}
	if i.MAC != "" {
		e.set("MACADDR", i.MAC)
		if i.Kind == host.KindBridge {
			e.set("BRIDGE_MACADDR", i.MAC)
		}
	}
	m := w.masterOf(i)
	w.master(e, i, m)
	if m == nil {
		w.ipv4(e, i)
		w.ipv6(e, i)
		w.resolver(e, i)
	} else {
		e.set("BOOTPROTO", "none")
		e.set("IPV6INIT", "no")
		e.unset("IPADDR", "NETMASK", "PREFIX", "GATEWAY", "BROADCAST", "NETWORK", "IPV6ADDR", "IPV6ADDR_SECONDARIES", "IPV6_DEFAULTGW", "DHCPV6C", "IPV6_AUTOCONF")
	}
	for _, k := range slices.Sorted(maps.Keys(i.Options[name])) {
		e.set(k, i.Options[name][k])
	}
	return e.edits
}

// modprobe is /etc/modprobe.conf with what the release's bonds need.
func (w *writer) modprobe(have []byte) []byte {
	if !w.rel.bondAlias {
		return have
	}
	for i := range w.declared.Interfaces {
		one := &w.declared.Interfaces[i]
		if one.Bond == nil || one.Wanted() == host.Absent {
			continue
		}
		options := ""
		if !w.rel.takes("BONDING_OPTS") {
			options = mergeOptions(parseModprobe(have)[one.Name].options, bondingOpts(one.Bond))
		}
		have = setModprobe(have, one.Name, options)
	}
	return have
}
