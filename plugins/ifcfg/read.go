package ifcfg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// maxFile bounds what is read of one file; the scripts' files have a few
// hundred bytes.
const maxFile = 1 << 20

// Read says what the files mean to the scripts of the host's release.
func (b *ifcfg) Read(_ context.Context, q backend.ReadRequest) (backend.ReadResponse, error) {
	t, err := openTree(q.Root)
	if err != nil {
		return backend.ReadResponse{}, err
	}
	defer t.root.Close()
	facts := map[string]string{"release": detect(t.text("/etc/redhat-release"), t.text("/etc/os-release"))}
	rel, diags := releaseOf(q.Config, facts)
	r := &reading{tree: t, rel: rel, declared: &q.Host, diags: diags}
	r.content = func(path string) []byte { return r.state(path).Content }
	r.readAll()
	out := backend.ReadResponse{Facts: facts}
	found := r.meaning()
	out.Objects = backend.InterfaceObjects(found, name)
	out.Files = r.filesForPlan()
	out.Diagnostics = append(r.diags, t.diags...)
	return out, nil
}

// tree reads files below a root; a symlink never leads out of it.
type tree struct {
	root  *os.Root
	diags diag.List
}

func openTree(root string) (*tree, error) {
	if root == "" {
		root = "/"
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("root %q: %w", root, err)
	}
	return &tree{root: r}, nil
}

// text returns a file's content, or "" when there is none that can be read.
func (t *tree) text(path string) string {
	f := (&tree{root: t.root}).file(path)
	return string(f.Content)
}

// file reads a regular file of bounded size. A file that is not there is the
// zero state; one that cannot be read is reported.
func (t *tree) file(path string) plan.FileState {
	fail := func(why string, args ...any) plan.FileState {
		t.diags = append(t.diags, ruleUnreadable.In(diag.Range{File: path}, why, args...))
		return plan.FileState{}
	}
	rel := strings.TrimPrefix(path, "/")
	info, err := t.root.Stat(rel) // before opening: opening a FIFO waits for a writer
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return plan.FileState{}
	case err != nil:
		return fail("%v", err)
	case !info.Mode().IsRegular():
		return fail("it is a %s, not a regular file; move it away", kindOfFile(info.Mode()))
	case info.Size() > maxFile:
		return fail("it has %d bytes; no file of the network scripts has more than %d", info.Size(), maxFile)
	}
	f, err := t.root.Open(rel)
	if err != nil {
		return fail("%v", err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fail("%v", err)
	}
	if i := bytes.IndexByte(content, 0); i >= 0 {
		return fail("it has a NUL byte at offset %d; it is not a text that a shell can source", i)
	}
	return plan.FileState{Exists: true, Mode: uint32(info.Mode().Perm()), Content: content}
}

func kindOfFile(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// reading is what one Read has found.
type reading struct {
	*tree
	rel      release
	declared *host.Host
	diags    diag.List
	states   map[string]plan.FileState // by path
	docs     map[string]*document      // by device
	order    []string                  // devices with a file, sorted
	members  map[string][]string       // master → devices whose files make them its ports
	network  *document
	content  func(path string) []byte // a file's content, nil when there is none
}

// readAll reads every file that the scripts would take for an interface.
func (r *reading) readAll() {
	r.states, r.docs, r.members = make(map[string]plan.FileState), make(map[string]*document), make(map[string][]string)
	r.states[networkFile] = r.tree.file(networkFile)
	r.network = parse(r.states[networkFile].Content)
	for _, file := range r.list() {
		device, ok := r.rel.reads(file)
		if !ok {
			continue
		}
		path := scripts + "/" + file
		state := r.tree.file(path)
		r.states[path] = state
		if !state.Exists {
			continue
		}
		doc := parse(state.Content)
		k := keys(doc.values())
		if d := k["DEVICE"]; d != "" && d != device && !strings.Contains(d, "\r") {
			r.diags = append(r.diags, ruleDevice.In(at(path, doc.lineOf("DEVICE")), "the file is called %q and its DEVICE is %q; it is left alone", file, d))
			continue
		}
		r.docs[device] = doc
		r.order = append(r.order, device)
		if m := masterOf(k); m != "" {
			r.members[m] = append(r.members[m], device)
		}
	}
	slices.Sort(r.order)
}

// list names the files of the scripts' directory.
func (r *reading) list() []string {
	d, err := r.root.Open(strings.TrimPrefix(scripts, "/"))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.diags = append(r.diags, ruleUnreadable.In(diag.Range{File: scripts}, "%v", err))
		}
		return nil
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		r.diags = append(r.diags, ruleUnreadable.In(diag.Range{File: scripts}, "%v", err))
	}
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.Name())
	}
	slices.Sort(out)
	return out
}

func at(path string, line int) diag.Range {
	return diag.Range{File: path, Start: diag.Position{Line: line, Column: 1}, End: diag.Position{Line: line, Column: 1}}
}

// meaning builds the host that the files make, of the interfaces that the
// definition declares.
func (r *reading) meaning() *host.Host {
	out := &host.Host{Name: r.declared.Name}
	v6 := !r.rel.ipv6Global
	if value, _ := r.network.get("NETWORKING_IPV6"); value == "yes" {
		v6 = true
	}
	for i := range r.declared.Interfaces {
		want := &r.declared.Interfaces[i]
		doc, ok := r.docs[want.Name]
		if !ok {
			continue
		}
		k := keys(doc.values())
		if k["DEVICE"] == "" {
			k["DEVICE"] = want.Name
		}
		one := interfaceOf(k, r.rel, v6)
		one.Name = want.Name
		r.ports(want, &one)
		r.routes(&one)
		r.rawOptions(want, &one, k)
		r.lint(want, doc, k)
		out.Interfaces = append(out.Interfaces, one)
	}
	r.gatewayDev()
	return out
}

// ports lists the members that the definition declares. The files do not tell
// their order, so it is the definition's.
func (r *reading) ports(want, one *host.Interface) {
	if one.Bond == nil && one.Bridge == nil {
		return
	}
	members := r.members[one.Name]
	var names []string
	for _, p := range want.Ports() {
		if slices.Contains(members, p) {
			names = append(names, p)
		}
	}
	for _, m := range members {
		if slices.Contains(names, m) {
			continue
		}
		if _, declared := r.declared.Interface(m); declared {
			names = append(names, m)
			continue
		}
		r.diags = append(r.diags, ruleForeignPort.In(at(filePath(m), 1), "%q is made a port of %q, which the definition declares without it; it stays", m, one.Name))
	}
	if one.Bond != nil {
		one.Bond.Ports = names
		return
	}
	for _, n := range names {
		p := host.BridgePort{Name: n}
		if doc := r.docs[n]; doc != nil {
			p = portOf(keys(doc.values()), r.rel)
			p.Name = n
		}
		one.Bridge.Ports = append(one.Bridge.Ports, p)
	}
	slices.SortFunc(one.Bridge.Ports, func(a, b host.BridgePort) int { return strings.Compare(a.Name, b.Name) })
}

// state reads a file once.
func (r *reading) state(path string) plan.FileState {
	s, read := r.states[path]
	if !read {
		s = r.tree.file(path)
		r.states[path] = s
	}
	return s
}

// routes reads the route files of an interface.
func (r *reading) routes(one *host.Interface) {
	for _, f := range []struct {
		prefix string
		v6     bool
	}{{"route-", false}, {"route6-", true}} {
		path := scripts + "/" + f.prefix + one.Name
		routes, strange := parseRoutes(r.content(path), one.Name, f.v6)
		for _, s := range strange {
			r.diags = append(r.diags, ruleRunsCommand.In(diag.Range{File: path}, "linkspan does not understand %q", s))
		}
		one.Routes = append(one.Routes, routes...)
	}
}

// rawOptions lists the raw keys that the definition names.
func (r *reading) rawOptions(want, one *host.Interface, k keys) {
	for key := range want.Options[name] {
		v, ok := k[key]
		if !ok {
			continue
		}
		if one.Options == nil {
			one.Options = map[string]map[string]string{name: {}}
		}
		one.Options[name][key] = v
	}
}

// filesForPlan are the files that Plan may change: of the declared interfaces,
// and the network file. What is not there is listed as such.
func (r *reading) filesForPlan() []backend.File {
	out := []backend.File{{Path: networkFile, FileState: r.states[networkFile]}}
	for i := range r.declared.Interfaces {
		for _, prefix := range []string{"ifcfg-", "route-", "route6-"} {
			path := scripts + "/" + prefix + r.declared.Interfaces[i].Name
			out = append(out, backend.File{Path: path, FileState: r.state(path)})
		}
	}
	slices.SortFunc(out, func(a, b backend.File) int { return strings.Compare(a.Path, b.Path) })
	return out
}
