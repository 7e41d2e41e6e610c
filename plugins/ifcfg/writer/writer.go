// Package writer spells a host's definition for one reader, and refuses by name
// what that reader cannot be told.
package writer

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/shell"
)

// Writer spells a host for one reader.
type Writer struct {
	Declared *host.Host
	Masters  map[string]string
	ByName   map[string]*host.Interface
	Reader   reader.Reader
	refused  refusal
	editor   shell.Editor   // its room serves all interfaces
	bringUp  map[string]int // places in the order of bringing up
}

// New prepares a host for its reader.
func New(h *host.Host, rel reader.Reader) *Writer {
	w := &Writer{Declared: h, Masters: h.Masters(), ByName: make(map[string]*host.Interface, len(h.Interfaces)), Reader: rel}
	for i := range h.Interfaces {
		w.ByName[h.Interfaces[i].Name] = &h.Interfaces[i]
	}
	return w
}

// masterOf is the bond or bridge that the interface is a declared port of, or nil.
func (w *Writer) masterOf(i *host.Interface) *host.Interface { return w.ByName[w.Masters[i.Name]] }

// HasIPv6 reports whether some interface needs IPv6.
func (w *Writer) HasIPv6() bool {
	for i := range w.Declared.Interfaces {
		one := &w.Declared.Interfaces[i]
		if one.Wanted() != host.Absent && usesIPv6(one) {
			return true
		}
	}
	return false
}

// Files are all files of a host that has none of them.
func (w *Writer) Files() []backend.File {
	var out []backend.File
	for i := range w.Declared.Interfaces {
		one := &w.Declared.Interfaces[i]
		if one.Wanted() == host.Absent {
			continue
		}
		for _, f := range w.interfaceFiles(one) {
			out = append(out, File(f.Path, f.Content(nil)))
		}
	}
	if w.Reader.Takes("NETWORKING_IPV6") && w.HasIPv6() {
		out = append(out, File(reader.NetworkFile, []byte("NETWORKING=yes\nNETWORKING_IPV6=yes\n")))
	}
	if text := w.Modprobe(nil); len(text) > 0 {
		out = append(out, File(reader.ModprobeFile, text))
	}
	slices.SortFunc(out, func(a, b backend.File) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// interfaceFiles are the files that an interface needs.
func (w *Writer) interfaceFiles(i *host.Interface) []TextFile {
	out := append([]TextFile{{Path: reader.FilePath(i.Name), Edits: w.Edits(i)}}, w.AliasFiles(i)...)
	for _, f := range w.RouteFiles(i) {
		if len(f.Lines) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// File is a new file of the usual mode.
func File(path string, content []byte) backend.File {
	return backend.File{Path: path, FileState: plan.FileState{Exists: true, Mode: 0o644, Content: content}}
}

// TextFile is one file as it is wanted: keys to set in it, or its lines.
type TextFile struct {
	Path  string
	Edits []shell.Edit
	Lines []string
}

// Content is the file's text, made from the one that is there, if any.
func (f *TextFile) Content(have []byte) []byte {
	if f.Edits == nil {
		return []byte(Header + strings.Join(f.Lines, "\n") + "\n")
	}
	doc := shell.Parse(have)
	text := doc.Apply(shell.Against(f.Edits, doc.Values()))
	if have == nil {
		return append([]byte(Header), text...)
	}
	return text
}

// Edits are the keys of an interface's file in the order of a new file: the
// form that was measured to give the same kernel state on every release, and
// that NetworkManager reads the same. They are good until the next call.
func (w *Writer) Edits(i *host.Interface) []shell.Edit {
	e := &w.editor
	e.Edits = e.Edits[:0]
	if i.Description != "" {
		e.Set(shell.DescriptionKey, i.Description)
	}
	e.Set("DEVICE", i.Name)
	w.kind(e, i)
	e.Choose("ONBOOT", "yes", i.Wanted() == host.Down, "no")
	e.Fallback("USERCTL", "no")
	e.Choose("NM_CONTROLLED", "no", w.Reader.NM, "yes")
	if i.MTU != nil {
		e.Set("MTU", strconv.Itoa(*i.MTU))
	}
	if i.MAC != "" {
		e.Set("MACADDR", i.MAC)
		if i.Kind == host.KindBridge {
			e.Set("BRIDGE_MACADDR", i.MAC)
		}
	}
	m := w.masterOf(i)
	w.master(e, i, m)
	if m == nil {
		w.ipv4(e, i)
		w.ipv6(e, i)
		w.resolver(e, i)
	} else {
		e.Set("BOOTPROTO", "none")
		e.Set("IPV6INIT", "no")
		e.Unset("IPADDR", "NETMASK", "PREFIX", "GATEWAY", "BROADCAST", "NETWORK", "IPV6ADDR", "IPV6ADDR_SECONDARIES", "IPV6_DEFAULTGW", "DHCPV6C", "IPV6_AUTOCONF")
	}
	for _, k := range slices.Sorted(maps.Keys(i.Options[reader.Backend])) {
		e.Set(k, i.Options[reader.Backend][k])
	}
	return e.Edits
}

// Header begins a file that linkspan makes. The scripts evaluate every line
// that holds one of their keys and "=", comments too: it holds none.
const Header = "# Made by linkspan from the host's definition. Unknown keys and comments are kept.\n"
