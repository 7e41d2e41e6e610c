package ifcfg

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
	"linkspan/plugins/ifcfg/survey"
)

// Read says what the files mean to their reader.
func (b *ifcfg) Read(_ context.Context, q backend.ReadRequest) (backend.ReadResponse, error) {
	q.Host = withoutImplied(q.Host)
	t, err := survey.Open(q.Root)
	if err != nil {
		return backend.ReadResponse{}, err
	}
	defer t.Close()
	facts := map[string]string{"release": t.Detect()}
	rel, diags := readerOf(q.Config, facts)
	r := newReading(t, rel, &q.Host)
	r.Diags = append(r.Diags, diags...)
	r.Counts = func(device string) bool { _, ok := q.Host.Interface(device); return ok }
	out := backend.ReadResponse{Facts: facts}
	ours := r.ours(keepsLedger(q.Root, q.StateDir))
	var linting sync.WaitGroup // it takes as long as all the rest
	linting.Go(func() { r.Lint(&q.Host) })
	out.Objects = r.objects(&q.Host, ours)
	out.Files = r.filesForPlan(keepsLedger(q.Root, q.StateDir), ours)
	linting.Wait()
	r.left(&q.Host, ours)
	if len(ours) > 0 {
		facts[factMade] = strings.Join(ours, " ")
	}
	out.Diagnostics = append(r.Diags, r.unreadable()...)
	return out, nil
}

// reading is what one Read has found.
type reading struct {
	*survey.Survey
	tree     *survey.Tree
	ahead    map[string]survey.Content // by path: looked at and not asked for yet
	declared *host.Host
	mu       sync.Mutex                // of what follows
	states   map[string]plan.FileState // by path
	faults   map[string]string         // by path: why it could not be read
}

func newReading(t *survey.Tree, rel reader.Reader, declared *host.Host) *reading {
	r := &reading{tree: t, declared: declared, states: make(map[string]plan.FileState), faults: make(map[string]string)}
	names := t.List()
	r.ahead = t.LookAll(slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, "ifcfg-") }))
	r.Survey = survey.New(rel, names, r.stateOf)
	return r
}

// stateOf reads a file once.
func (r *reading) stateOf(path string) plan.FileState {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, read := r.states[path]
	if read {
		return s
	}
	c, looked := r.ahead[path]
	if !looked {
		c = r.tree.Look(path)
	}
	s, why := r.tree.Take(path, c)
	if why != "" {
		r.faults[path], s = why, plan.FileState{}
	}
	r.states[path] = s
	return s
}

// unreadable reports files that could not be read: an error where the
// definition or the whole host needs them.
func (r *reading) unreadable() diag.List {
	out := slices.Clone(r.tree.Diags)
	for _, path := range slices.Sorted(maps.Keys(r.faults)) {
		d := rule.Unreadable.In(diag.Range{File: path}, "%s", r.faults[path])
		if !r.concerns(path) {
			d.Severity = diag.Warning
		}
		out = append(out, d)
	}
	for _, path := range r.tree.Linked {
		if strings.HasPrefix(path, reader.Dir+"/") && r.concerns(path) {
			out = append(out, rule.HardLink.In(diag.Range{File: path}, "the file has a second name; when linkspan writes it, the other keeps the old text"))
		}
	}
	return out
}

// concerns reports whether a file is of a declared interface, or of the host.
func (r *reading) concerns(path string) bool {
	name, ofInterface := strings.CutPrefix(path, reader.Dir+"/")
	_, device, _ := strings.Cut(name, "-") // ifcfg-, route-, route6-, rule-
	device, _, _ = strings.Cut(device, ":")
	_, ok := r.declared.Interface(device)
	return ok || !ofInterface
}

// objects are the declared interfaces as they are, and those that linkspan has
// made and that the definition no longer names.
func (r *reading) objects(h *host.Host, ours []string) []plan.Object {
	declared := make([]*host.Interface, len(h.Interfaces))
	for i := range h.Interfaces {
		declared[i] = &h.Interfaces[i]
	}
	found := &host.Host{Name: h.Name, Interfaces: r.Interfaces(declared)}
	if h.Apply.Prune {
		for _, device := range ours {
			if one, ok := r.Interface(device, nil); ok {
				found.Interfaces = append(found.Interfaces, one)
			}
		}
		slices.SortFunc(found.Interfaces, func(a, b host.Interface) int { return strings.Compare(a.Name, b.Name) })
	}
	return r.Masters(objects(found))
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
	for _, f := range r.Files {
		if _, declared := r.declared.Interface(f.Device); declared || f.Suffix != f.Device {
			continue
		}
		if made.isOurs(f.Name, r.states[f.Path()], hasLedger) {
			out = append(out, f.Device)
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
		r.Diags = append(r.Diags, rule.Left.In(survey.At(reader.FilePath(device), 1), "linkspan made the file, and the definition no longer names %q; it stays, and comes up at every start", device))
	}
}

// filesForPlan are the files that Plan may change: of the declared interfaces
// and of those that may go, the network file, the ledger, and the modules.
func (r *reading) filesForPlan(hasLedger bool, ours []string) []backend.File {
	paths := map[string]bool{reader.NetworkFile: true}
	if hasLedger {
		paths[ledgerFile] = true
	}
	if r.Reader.BondAlias {
		paths[reader.ModprobeFile] = true
	}
	for i := range r.declared.Interfaces {
		r.PathsOf(r.declared.Interfaces[i].Name, paths)
	}
	for _, device := range ours {
		r.PathsOf(device, paths)
	}
	out := make([]backend.File, 0, len(paths))
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		out = append(out, backend.File{Path: path, FileState: r.stateOf(path)})
	}
	return out
}
