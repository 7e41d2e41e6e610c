package xend

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// maxFile bounds what is read; xend's shipped configuration has 10 KB.
const maxFile = 1 << 20

// Read says what xend's configuration means, and what else of Xen touches the
// host's network. On a host without xend there is nothing and nothing is said.
func (*xend) Read(_ context.Context, q backend.ReadRequest) (backend.ReadResponse, error) {
	s := settingsOf(q.Config)
	rootDir := q.Root
	if rootDir == "" {
		rootDir = "/"
	}
	root, err := os.OpenRoot(rootDir)
	if err != nil {
		return backend.ReadResponse{}, fmt.Errorf("root %q: %w", rootDir, err)
	}
	defer root.Close()
	r := &reading{root: root, host: &q.Host, path: path.Clean(s.path)}
	state := r.file(r.path)
	out := backend.ReadResponse{
		Files: []backend.File{{Path: r.path, FileState: state}},
		Facts: map[string]string{"running": fmt.Sprint(r.running())},
	}
	if o, ok := r.object(state.Content); ok { // without a file xend reads an empty configuration
		out.Objects = []plan.Object{o}
	}
	r.surroundings()
	out.Diagnostics = r.diags
	return out, nil
}

// reading is what one Read has found.
type reading struct {
	root  *os.Root
	host  *host.Host
	path  string
	diags diag.List
}

// file reads a regular file of bounded size; one that is not there is the zero
// state. A symlink is followed inside the root only.
func (r *reading) file(name string) plan.FileState {
	fail := func(why string, args ...any) plan.FileState {
		r.diags = append(r.diags, ruleUnreadable.In(diag.Range{File: name}, why, args...))
		return plan.FileState{}
	}
	rel := strings.TrimPrefix(name, "/")
	info, err := r.root.Stat(rel) // before opening: opening a FIFO waits for a writer
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return plan.FileState{}
	case err != nil:
		return fail("%v", err)
	case !info.Mode().IsRegular():
		return fail("it is no regular file; move it away")
	case info.Size() > maxFile:
		return fail("it has %d bytes, more than %d", info.Size(), maxFile)
	}
	f, err := r.root.Open(rel)
	if err != nil {
		return fail("%v", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fail("%v", err)
	}
	return plan.FileState{Exists: true, Mode: uint32(info.Mode().Perm()), Content: content}
}

// object spells what xend reads.
func (r *reading) object(src []byte) (plan.Object, bool) {
	nodes, err := parseSxp(src)
	if err != nil {
		var e *syntaxError
		if errors.As(err, &e) {
			r.diags = append(r.diags, ruleSyntax.In(rangeAt(r.path, src, e.offset), "%s", e.reason))
		}
		return plan.Object{}, false
	}
	o := plan.Object{Ref: plan.Ref{Class: name, Name: r.path}, Type: name}
	found := directives(nodes)
	var values []string
	for _, n := range found {
		values = append(values, n.value())
		if len(n.children) > 2 {
			r.diags = append(r.diags, ruleExtra.In(rangeAt(r.path, src, n.start), "xend runs %q and drops the rest", n.value()))
		}
	}
	if len(found) > 1 {
		r.diags = append(r.diags, ruleTwo.In(rangeAt(r.path, src, found[1].start), "there are %d; xend runs %q", len(found), found[0].value()))
	}
	o.Set(directive, plan.List(values...))
	if n := bytes.Count(src, []byte(mark)); n > 0 {
		o.Set("remarked", plan.Number(n))
	}
	r.otherKeys(src, nodes)
	return o, true
}

// otherKeys reports what else in the file concerns the host's network.
func (r *reading) otherKeys(src []byte, nodes []node) {
	for _, key := range []string{"vif-script", "xend-relocation-address"} {
		i := slices.IndexFunc(nodes, func(n node) bool { return n.head() == key })
		if i < 0 {
			continue
		}
		value, where := nodes[i].value(), rangeAt(r.path, src, nodes[i].start)
		words := strings.Fields(value)
		switch {
		case key == "vif-script" && len(words) > 0 && (words[0] == "vif-nat" || words[0] == "vif-route"):
			r.diags = append(r.diags, ruleVifScript.In(where, "vif-script is %q", value))
		case key == "vif-script":
			r.vifBridge(words, where)
		case r.host.Masters()[value] != "":
			r.diags = append(r.diags, ruleRelocation.In(where, "%q is a port of %q", value, r.host.Masters()[value]))
		}
	}
}

// vifBridge checks a bridge= argument of vif-script.
func (r *reading) vifBridge(words []string, where diag.Range) {
	for _, w := range words {
		bridge, ok := strings.CutPrefix(w, "bridge=")
		if !ok {
			continue
		}
		if i, declared := r.host.Interface(bridge); !declared || i.Kind != host.KindBridge {
			r.diags = append(r.diags, ruleVifScript.In(where, "guests go to the bridge %q, which the definition does not declare", bridge))
		}
	}
}

// running tells whether xend runs, by its lock (RHEL's init script) or its
// pid file.
func (r *reading) running() bool {
	for _, f := range []string{"var/lock/subsys/xend", "var/run/xend.pid"} {
		if _, err := r.root.Stat(f); err == nil {
			return true
		}
	}
	return false
}

// surroundings reports what beside the file decides about the network.
func (r *reading) surroundings() {
	for _, f := range []string{"etc/xensource", "opt/xensource/bin/xapi"} {
		if _, err := r.root.Stat(f); err == nil {
			r.diags = append(r.diags, ruleXAPI.In(diag.Range{File: "/" + f}, "/%s is there", f))
		}
	}
	networks := r.file("/var/lib/xend/state/network.xml")
	if bytes.Contains(networks.Content, []byte("<managed")) && !bytes.Contains(networks.Content, []byte(">False<")) {
		r.diags = append(r.diags, ruleState.In(diag.Range{File: "/var/lib/xend/state/network.xml"}, "it has managed networks; remove them with xm or delete the file while xend is stopped"))
	}
	if bytes.Contains(r.file("/var/lib/xend/state/pif.xml").Content, []byte("<pif")) {
		r.diags = append(r.diags, ruleState.In(diag.Range{File: "/var/lib/xend/state/pif.xml"}, "it has physical interfaces; xend makes their VLANs at its start"))
	}
}

// rangeAt is the place of one byte.
func rangeAt(file string, src []byte, offset int) diag.Range {
	offset = min(offset, len(src))
	line := 1 + bytes.Count(src[:offset], []byte("\n"))
	column := 1 + utf8.RuneCount(src[bytes.LastIndexByte(src[:offset], '\n')+1:offset])
	return diag.Range{File: file, Start: diag.Position{Line: line, Column: column, Byte: offset}, End: diag.Position{Line: line, Column: column + 1, Byte: offset + 1}}
}
