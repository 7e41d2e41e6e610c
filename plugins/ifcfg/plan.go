package ifcfg

import (
	"bytes"
	"context"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
	"linkspan/plugins/ifcfg/shell"
	"linkspan/plugins/ifcfg/survey"
	"linkspan/plugins/ifcfg/writer"
)

// Plan says which files change. What is about to be written is read again as
// its reader would; if it does not mean the definition, nothing is planned.
func (b *ifcfg) Plan(_ context.Context, q backend.PlanRequest) (backend.PlanResponse, error) {
	q.Host = withoutImplied(q.Host)
	rel, _ := readerOf(q.Config, q.Facts) // reported by Read and Render
	p := newPlanning(writer.New(&q.Host, rel), q.Actual.Files)
	for _, c := range q.Changes {
		p.change(c)
	}
	p.wholeHost(q.Changes)
	out := backend.PlanResponse{}
	if len(p.operations) == 0 {
		return out, nil
	}
	out.Diagnostics = p.verify(q)
	out.Effects = p.effects(q)
	p.record()
	out.Operations = p.operations
	out.Restarts = []plan.Restart{restart(&rel, q.Config)}
	return out, nil
}

func restart(rel *reader.Reader, config map[string]any) plan.Restart {
	r := plan.Restart{Service: "network", Order: 20, Replaceable: true, Why: "the network scripts read the files only when they bring the interfaces up"}
	if rel.NM {
		r.Service, r.Why = "NetworkManager", "NetworkManager reads the files when it starts or is told to"
	}
	if config["restart"] == "never" {
		r.Skipped = `restart = "never"; the files count from the next restart or boot`
	}
	return r
}

// planning collects the operations of one plan.
type planning struct {
	*writer.Writer
	now           func() *survey.Survey // what is there; read when a change asks for it
	before, after map[string]plan.FileState
	ledger        ledger
	operations    []plan.Operation
	adopted       []string // names of files that linkspan takes over; an effect says it of all
	hasLedger     bool     // the ledger is on the same root
}

func newPlanning(w *writer.Writer, files []backend.File) *planning {
	p := &planning{Writer: w, before: make(map[string]plan.FileState, len(files)), after: make(map[string]plan.FileState)}
	for _, f := range files {
		p.before[f.Path] = f.FileState
		p.hasLedger = p.hasLedger || f.Path == ledgerFile
	}
	p.now = sync.OnceValue(func() *survey.Survey {
		return survey.New(w.Reader, p.names(p.before), func(path string) plan.FileState { return p.before[path] })
	})
	p.ledger = parseLedger(p.before[ledgerFile].Content)
	return p
}

// names are the files of the scripts' directory that exist, sorted.
func (p *planning) names(states map[string]plan.FileState) []string {
	out := make([]string, 0, len(states))
	for file, state := range states {
		if name, ok := strings.CutPrefix(file, reader.Dir+"/"); ok && state.Exists {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (p *planning) change(c plan.Change) {
	if c.Action == plan.Delete {
		paths := make(map[string]bool)
		p.now().PathsOf(c.Name, paths)
		for _, path := range slices.Sorted(maps.Keys(paths)) {
			p.replace(path, plan.FileState{}, c.Ref, c.Reason)
		}
		return
	}
	i, ok := p.ByName[c.Name]
	if !ok { // the program plans only what the definition declares
		return
	}
	main := reader.FilePath(i.Name)
	if f := p.now().Devices[i.Name]; f != nil {
		main = f.Path()
	}
	p.write(writer.TextFile{Path: main, Edits: p.Edits(i)}, c.Ref)
	if c.Action == plan.Create || changes(c, "addresses", "dhcp4") {
		p.aliases(i, c.Ref)
	}
	if c.Action == plan.Create || changes(c, "routes") {
		p.routes(i, c.Ref)
	}
}

func changes(c plan.Change, keys ...string) bool {
	return slices.ContainsFunc(c.Settings, func(s plan.SettingChange) bool { return slices.Contains(keys, s.Key) })
}

// write makes a file say what it should and keeps the rest of it.
func (p *planning) write(f writer.TextFile, ref plan.Ref) {
	have := p.before[f.Path]
	content := have.Content
	if !have.Exists {
		content = nil
	}
	p.replace(f.Path, plan.FileState{Exists: true, Mode: have.Mode, Content: f.Content(content)}, ref, "")
}

// aliases writes the alias files and removes those that are there beyond them:
// the addresses of the definition are all there are.
func (p *planning) aliases(i *host.Interface, ref plan.Ref) {
	wanted := make(map[string]bool)
	for _, f := range p.AliasFiles(i) {
		wanted[f.Path] = true
		p.write(f, ref)
	}
	suffix := i.Name
	if f := p.now().Devices[i.Name]; f != nil {
		suffix = f.Suffix
	}
	for _, a := range p.now().Aliases[suffix] {
		if !wanted[a.Path()] {
			p.replace(a.Path(), plan.FileState{}, ref, "its address is in the main file, or no longer wanted")
		}
	}
}

// routes writes the route files, under the name by which the reader finds
// them, and removes others that it would find, too.
func (p *planning) routes(i *host.Interface, ref plan.Ref) {
	f := p.now().Devices[i.Name]
	if f == nil {
		f = &survey.File{Suffix: i.Name, Device: i.Name}
	}
	owners := p.now().RouteOwners(f)
	for _, r := range p.RouteFiles(i) {
		for n, owner := range owners {
			kind, _, _ := strings.Cut(path.Base(r.Path), "-")
			file := writer.TextFile{Path: reader.Dir + "/" + kind + "-" + owner, Lines: r.Lines}
			if n == 0 && len(r.Lines) > 0 {
				p.write(file, ref)
				continue
			}
			p.replace(file.Path, plan.FileState{}, ref, "its routes are no longer wanted")
		}
	}
}

// replace adds the operation that makes a file into after, if it differs.
func (p *planning) replace(file string, after plan.FileState, ref plan.Ref, why string) {
	before := p.before[file]
	if before.Exists == after.Exists && bytes.Equal(before.Content, after.Content) {
		return
	}
	change := &plan.FileChange{Path: file, Before: before, After: after}
	verb := "write"
	switch {
	case !after.Exists:
		verb, change.Note = "remove", why
	case before.Exists:
		verb = "edit"
		if p.adopts(file, before) {
			p.adopted = append(p.adopted, path.Base(file))
		}
	}
	p.after[file] = after
	p.operations = append(p.operations, plan.Operation{
		ID: strconv.Itoa(len(p.operations) + 1), Kind: plan.OperationFile, Summary: verb + " " + file, Objects: []plan.Ref{ref}, File: change,
	})
}

// adopts reports whether the file is somebody else's and not yet recorded as
// taken over.
func (p *planning) adopts(file string, before plan.FileState) bool {
	name, ours := strings.CutPrefix(file, reader.Dir+"/")
	return ours && !bytes.HasPrefix(before.Content, []byte(writer.Header)) && p.ledger[name] == ""
}

// wholeHost edits the files that concern the whole host.
func (p *planning) wholeHost(changes []plan.Change) {
	ref := plan.Ref{Class: "file", Name: reader.NetworkFile}
	have := p.before[reader.NetworkFile]
	var e shell.Editor
	if !have.Exists && len(p.operations) > 0 {
		e.Set("NETWORKING", "yes") // without the file the service does nothing (rc.d/init.d/network)
	}
	if p.Reader.Takes("NETWORKING_IPV6") && p.HasIPv6() {
		e.Set("NETWORKING_IPV6", "yes")
	}
	p.gateways(&e, changes)
	if len(e.Edits) > 0 {
		p.replace(reader.NetworkFile, plan.FileState{Exists: true, Mode: have.Mode, Content: shell.Parse(have.Content).Apply(e.Edits)}, ref, "")
	}
	if p.Reader.BondAlias {
		p.modules()
	}
}

func (p *planning) modules() {
	have := p.before[reader.ModprobeFile]
	if text := p.Modprobe(have.Content); len(text) > 0 {
		p.replace(reader.ModprobeFile, plan.FileState{Exists: true, Mode: have.Mode, Content: text}, plan.Ref{Class: "file", Name: reader.ModprobeFile}, "")
	}
}

// gateways removes what of the network file keeps a declared default route
// away (GATEWAYDEV), or sets one that is not declared (GATEWAY).
func (p *planning) gateways(e *shell.Editor, changes []plan.Change) {
	for _, c := range changes {
		i, ok := p.ByName[c.Name]
		if !ok || c.Action == plan.Delete || !slices.ContainsFunc(c.Settings, func(s plan.SettingChange) bool { return s.Key == "gateway" }) {
			continue
		}
		if d := p.now().Around.GatewayDev; i.Gateway.IsValid() && d != "" && d != i.Name {
			e.Unset("GATEWAYDEV")
		}
		if f := p.now().Devices[i.Name]; !i.Gateway.IsValid() && p.now().Around.Gateway != "" && (f == nil || f.Keys["GATEWAY"] == "") {
			e.Unset("GATEWAY")
		}
	}
}

// record adds the ledger, when it is on the same root.
func (p *planning) record() {
	if !p.hasLedger {
		return
	}
	have := p.before[ledgerFile]
	l := p.ledger
	for file, after := range p.after {
		name, ours := strings.CutPrefix(file, reader.Dir+"/")
		switch {
		case !ours:
		case !after.Exists:
			delete(l, name)
		case !p.before[file].Exists:
			l[name] = "made"
		case l[name] == "" && bytes.HasPrefix(p.before[file].Content, []byte(writer.Header)):
			l[name] = "made"
		case l[name] == "":
			l[name] = "adopted"
		}
	}
	if text := l.text(); !have.Exists || !bytes.Equal(text, have.Content) {
		p.replace(ledgerFile, plan.FileState{Exists: true, Mode: have.Mode, Content: text}, plan.Ref{Class: "file", Name: ledgerFile}, "")
	}
}

// verify reads what will be there, of the interfaces that something changes for.
func (p *planning) verify(q backend.PlanRequest) diag.List {
	will := maps.Clone(p.before)
	maps.Copy(will, p.after)
	s := survey.New(p.Reader, p.names(will), func(path string) plan.FileState { return will[path] })
	s.Counts = func(device string) bool { return p.ByName[device] != nil }
	touched := p.touched(q.Changes)
	concerned := make([]*host.Interface, 0, len(touched))
	for i := range q.Host.Interfaces {
		if want := &q.Host.Interfaces[i]; touched[want.Name] {
			concerned = append(concerned, want)
		}
	}
	found := &host.Host{Name: q.Host.Name, Interfaces: s.Interfaces(concerned)}
	desired := make([]plan.Object, 0, len(touched))
	for _, o := range q.Desired {
		if touched[o.Name] {
			desired = append(desired, o)
		}
	}
	var out diag.List
	actual := objects(found)
	p.knownMasters(s, actual)
	for _, c := range plan.Diff(desired, actual) {
		for _, set := range c.Settings {
			out = append(out, rule.NotWritten.At(host.Path(host.Kind(c.Type), c.Name, set.Key), "%s of %q would be %s, not %s", set.Key, c.Name, set.Before, set.After))
		}
	}
	return out
}

// knownMasters completes the masters of objects whose master is not among them.
func (p *planning) knownMasters(s *survey.Survey, objects []plan.Object) {
	for n := range objects {
		o := &objects[n]
		if m := p.Masters[o.Name]; m != "" && o.Get("master").IsAbsent() && reader.MasterOf(s.Devices[o.Name].Keys, &p.Reader) == m {
			o.Set("master", plan.Text(m))
		}
	}
	s.Masters(objects)
}

// touched are the interfaces whose meaning the changes may change: their own,
// and what their ports make of them.
func (p *planning) touched(changes []plan.Change) map[string]bool {
	out := make(map[string]bool, len(changes))
	for _, c := range changes {
		out[c.Name] = true
		if m := p.Masters[c.Name]; m != "" {
			out[m] = true
		}
		if i := p.ByName[c.Name]; i != nil && i.Bond != nil {
			for _, port := range i.Bond.Ports {
				out[port] = true
			}
		}
	}
	return out
}
