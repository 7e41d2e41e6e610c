package xend

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"linkspan/core/diag"
	"linkspan/plugins/xend/guest"
	"linkspan/plugins/xend/sxp"
)

// otherKeys reports what else in xend's configuration concerns the host's
// network.
func (r *reading) otherKeys(src []byte) {
	for _, key := range []string{"vif-script", "xend-relocation-address"} {
		lists := r.config.Lists(key)
		if len(lists) == 0 {
			continue
		}
		value, _ := lists[0].Value()
		where := rangeAt(r.path, src, lists[0].Start)
		switch {
		case key == "vif-script":
			r.vifScript(value, where)
		case r.host.Masters()[value] != "":
			r.found(ruleRelocation.In(where, "%q is a port of %q", value, r.host.Masters()[value]))
		}
	}
}

// vifScript checks how xend connects guests.
func (r *reading) vifScript(value string, where diag.Range) {
	words := strings.Split(value, " ") // as xend does
	if why := guest.WithoutBridge(words[0]); why != "" {
		r.found(ruleVifScript.In(where, "vif-script is %q: %s", value, strings.Replace(why, "connects it", "connects a guest", 1)))
		return
	}
	if bridge := bridgeArgument(value); bridge != "" && r.missing(bridge) != "" {
		r.found(ruleVifScript.In(where, "guests go to the bridge %q, which is %s", bridge, r.missing(bridge)))
	}
}

// bridgeArgument is the bridge= argument of a script; "" is none.
func bridgeArgument(value string) string {
	bridge := ""
	for word := range strings.SplitSeq(value, " ") {
		if b, ok := strings.CutPrefix(word, "bridge="); ok {
			bridge = b
		}
	}
	return bridge
}

// release refuses a configuration of Xen 2.0, where no directive means the
// default one (XendRoot.py, get_network_script).
func (r *reading) release(src []byte) {
	where := diag.Range{File: r.path}
	for _, dir := range r.pythonDirs() {
		is := func(module string) bool {
			return r.tree.Exists(dir+"/"+module+".py") || r.tree.Exists(dir+"/"+module+".pyc")
		}
		switch {
		case is("XendCheckpoint"): // from 3.0.0 on
			return
		case is("XendRoot"):
			r.found(ruleXen2.In(where, "%s is that of 2.0", dir))
			return
		}
	}
	for _, key := range []string{"vif-antispoof", "vif-bridge"} { // that later releases do not read
		if lists := r.config.Lists(key); len(lists) > 0 {
			r.found(ruleXen2.In(rangeAt(r.path, src, lists[0].Start), "%s is a directive of 2.0 alone", key))
			return
		}
	}
}

// pythonDirs are where xend's modules may be.
func (r *reading) pythonDirs() []string {
	var out []string
	for _, lib := range []string{"/usr/lib", "/usr/lib64"} {
		for _, python := range r.tree.Dirs(lib) {
			if !strings.HasPrefix(path.Base(python), "python") && !strings.HasPrefix(path.Base(python), "xen") {
				continue
			}
			for _, sub := range []string{"", "/site-packages", "/dist-packages", "/lib/python"} {
				out = append(out, python+sub+"/xen/xend")
			}
		}
	}
	return slices.DeleteFunc(out, func(dir string) bool { return !r.tree.Exists(dir) })
}

// editors warns of an editor that has a file open: it would write its own text
// back.
func (r *reading) editors(name string) {
	dir, base := path.Split(name)
	for _, lock := range []string{dir + "." + base + ".swp", dir + ".#" + base} {
		if r.tree.Exists(lock) {
			r.found(ruleEditor.In(diag.Range{File: name}, "%s is there", lock))
		}
	}
}

// rangeAt is the place of one byte.
func rangeAt(file string, src []byte, offset int) diag.Range {
	offset = min(offset, len(src))
	line := 1 + bytes.Count(src[:offset], []byte("\n"))
	column := 1 + utf8.RuneCount(src[bytes.LastIndexByte(src[:offset], '\n')+1:offset])
	return diag.Range{File: file, Start: diag.Position{Line: line, Column: column, Byte: offset}, End: diag.Position{Line: line, Column: column + 1, Byte: offset + 1}}
}

// onLine is the place of a line.
func onLine(file string, line int) diag.Range {
	r := diag.Range{File: file}
	if line > 0 {
		r.Start, r.End = diag.Position{Line: line, Column: 1}, diag.Position{Line: line, Column: 1}
	}
	return r
}

// values of xend's configuration that decide about guests.
func (r *reading) xendValue(key string) string {
	if r.config == nil {
		return ""
	}
	return firstValue(r.config.Lists(key))
}

func firstValue(lists []sxp.Node) string {
	if len(lists) == 0 {
		return ""
	}
	v, _ := lists[0].Value()
	return v
}
