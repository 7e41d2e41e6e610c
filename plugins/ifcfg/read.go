package ifcfg

import (
	"context"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// Read says what the files mean to their reader.
func (b *ifcfg) Read(_ context.Context, q backend.ReadRequest) (backend.ReadResponse, error) {
	q.Host = withoutImplied(q.Host)
	t, err := openTree(q.Root)
	if err != nil {
		return backend.ReadResponse{}, err
	}
	defer t.close()
	facts := map[string]string{"release": t.detect()}
	rel, diags := readerOf(q.Config, facts)
	r := newReading(t, rel, &q.Host)
	r.diags = append(r.diags, diags...)
	r.counts = func(device string) bool { _, ok := q.Host.Interface(device); return ok }
	out := backend.ReadResponse{Facts: facts}
	ours := r.ours(keepsLedger(q.Root, q.StateDir))
	out.Objects = r.objects(&q.Host, ours)
	out.Files = r.filesForPlan(keepsLedger(q.Root, q.StateDir), ours)
	r.lint(&q.Host)
	r.left(&q.Host, ours)
	if len(ours) > 0 {
		facts[factMade] = strings.Join(ours, " ")
	}
	out.Diagnostics = append(r.diags, r.unreadable()...)
	return out, nil
}

func (t *tree) detect() string {
	return detect(t.text("/etc/redhat-release"), t.text("/etc/os-release"), t.exists(scripts+"/ifup-eth"))
}

// reading is what one Read has found.
type reading struct {
	*survey
	tree     *tree
	declared *host.Host
	states   map[string]plan.FileState // by path
	faults   map[string]string         // by path: why it could not be read
}

func newReading(t *tree, rel reader, declared *host.Host) *reading {
	r := &reading{tree: t, declared: declared, states: make(map[string]plan.FileState), faults: make(map[string]string)}
	r.survey = newSurvey(rel, t.list(), r.stateOf)
	return r
}

// stateOf reads a file once.
func (r *reading) stateOf(path string) plan.FileState {
	s, read := r.states[path]
	if read {
		return s
	}
	s, why := r.tree.read(path)
	if why != "" {
		r.faults[path], s = why, plan.FileState{}
	}
	r.states[path] = s
	return s
}

// unreadable reports files that could not be read: an error where the
// definition or the whole host needs them.
func (r *reading) unreadable() diag.List {
	out := slices.Clone(r.tree.diags)
	for _, path := range sortedKeys(r.faults) {
		d := ruleUnreadable.In(diag.Range{File: path}, "%s", r.faults[path])
		suffix, isIface := strings.CutPrefix(path, scripts+"/ifcfg-")
		suffix, _, _ = strings.Cut(suffix, ":")
		if _, ok := r.declared.Interface(suffix); isIface && !ok {
			d.Severity = diag.Warning
		}
		out = append(out, d)
	}
	return out
}

// objects are the declared interfaces as they are, and those that linkspan has
// made and that the definition no longer names.
func (r *reading) objects(h *host.Host, ours []string) []plan.Object {
	found := &host.Host{Name: h.Name}
	for i := range h.Interfaces {
		want := &h.Interfaces[i]
		if one, ok := r.iface(want.Name, want); ok {
			r.rawOptions(want, &one)
			found.Interfaces = append(found.Interfaces, one)
		}
	}
	if h.Apply.Prune {
		for _, device := range ours {
			if one, ok := r.iface(device, nil); ok {
				found.Interfaces = append(found.Interfaces, one)
			}
		}
		slices.SortFunc(found.Interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
	}
	return r.masters(objects(found))
}

// masters names also a master that the definition does not: a declared
// interface that is its port is not free.
func (s *survey) masters(objects []plan.Object) []plan.Object {
	for n := range objects {
		o := &objects[n]
		f := s.devices[o.Name]
		if m := masterOf(f.keys, &s.rel); m != "" && o.Get("master").IsAbsent() {
			o.Set("master", plan.Text(m))
		}
	}
	return objects
}

// rawOptions lists the raw keys that the definition names.
func (s *survey) rawOptions(want, one *host.Interface) {
	k := s.devices[want.Name].keys
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

// ours are the interfaces that linkspan has made and the definition does not
// declare, sorted.
func (r *reading) ours(hasLedger bool) []string {
	var made ledger
	if hasLedger {
		state := r.stateOf(ledgerFile)
		made, hasLedger = parseLedger(state.Content), state.Exists
	}
	var out []string
	for _, f := range r.files {
		if _, declared := r.declared.Interface(f.device); declared || f.suffix != f.device {
			continue
		}
		if made.isOurs(f.name, r.states[f.path()], hasLedger) {
			out = append(out, f.device)
		}
	}
	slices.Sort(out)
	return out
}

// left tells of interfaces that have left the definition and stay.
func (r *reading) left(h *host.Host, ours []string) {
	if h.Apply.Prune {
		return
	}
	for _, device := range ours {
		r.diags = append(r.diags, ruleLeft.In(at(filePath(device), 1), "linkspan made the file, and the definition no longer names %q; it stays, and comes up at every start", device))
	}
}

// filesForPlan are the files that Plan may change: of the declared interfaces
// and of those that may go, the network file, the ledger, and the modules.
func (r *reading) filesForPlan(hasLedger bool, ours []string) []backend.File {
	paths := map[string]bool{networkFile: true}
	if hasLedger {
		paths[ledgerFile] = true
	}
	if r.rel.bondAlias {
		paths[modprobeFile] = true
	}
	for i := range r.declared.Interfaces {
		r.pathsOf(r.declared.Interfaces[i].Name, paths)
	}
	for _, device := range ours {
		r.pathsOf(device, paths)
	}
	out := make([]backend.File, 0, len(paths))
	for _, path := range sortedKeys(paths) {
		out = append(out, backend.File{Path: path, FileState: r.stateOf(path)})
	}
	return out
}

// pathsOf adds the files of one device: its own or the one that would be made,
// its aliases', its routes'.
func (s *survey) pathsOf(device string, paths map[string]bool) {
	f := s.devices[device]
	if f == nil {
		paths[filePath(device)] = true
		return
	}
	paths[f.path()] = true
	for _, a := range s.aliases[f.suffix] {
		paths[a.path()] = true
	}
	for _, owner := range []string{f.device, f.suffix} {
		for _, name := range s.others[owner] {
			if strings.HasPrefix(name, "route") {
				paths[scripts+"/"+name] = true
			}
		}
	}
}

func at(path string, line int) diag.Range {
	line = max(line, 1)
	return diag.Range{File: path, Start: diag.Position{Line: line, Column: 1}, End: diag.Position{Line: line, Column: 1}}
}
