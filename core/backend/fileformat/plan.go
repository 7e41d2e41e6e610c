package fileformat

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// maxTried bounds how many lines one plan has the format parse to find out
// whether one of them matters, a second's work: each line of a file of 1,000.
// Beyond it a line is kept, and the files are refused if that was wrong.
const maxTried = 1_000_000

// Plan says which files change.
func (b *formatted) Plan(_ context.Context, q backend.PlanRequest) (backend.PlanResponse, error) {
	if len(q.Changes) == 0 {
		return backend.PlanResponse{}, nil
	}
	p, err := b.newPlanning(q)
	if err != nil {
		return backend.PlanResponse{}, err
	}
	for _, path := range p.paths() {
		p.decide(path)
	}
	if len(p.operations) == 0 && len(p.diags) == 0 {
		return backend.PlanResponse{}, nil // what differs has no file, e.g. an absent interface
	}
	return backend.PlanResponse{Operations: p.operations, Restarts: b.restarts(q.Config), Diagnostics: append(p.diags, p.verify()...)}, nil
}

func (b *formatted) restarts(config map[string]any) []plan.Restart {
	out := slices.Clone(b.about.Restarts)
	for i := range out {
		if config[restartWord] == "never" {
			out[i].Skipped = `restart = "never"`
		}
	}
	return out
}

// planning is one plan being made.
type planning struct {
	*formatted
	q       backend.PlanRequest
	now     map[string]File // by path, of what exists
	found   Found
	full    map[string]File   // what the files should be, without other people's lines
	base    map[string]File   // what linkspan would write for what they say
	desired map[plan.Ref]bool // also what is to be absent
	changed map[plan.Ref]bool
	gone    map[plan.Ref]bool // of changed: wanted absent
	tried   int               // lines

	after      map[string]File
	operations []plan.Operation
	diags      diag.List
}

func (b *formatted) newPlanning(q backend.PlanRequest) (*planning, error) {
	p := &planning{formatted: b, q: q, now: make(map[string]File), desired: make(map[plan.Ref]bool), changed: make(map[plan.Ref]bool), gone: make(map[plan.Ref]bool)}
	list := texts(q.Actual.Files)
	for _, f := range list {
		p.now[f.Path] = f
	}
	p.after = maps.Clone(p.now)
	for _, o := range q.Desired {
		p.desired[o.Ref] = true
	}
	p.found, _ = b.parse(list)
	for _, c := range q.Changes {
		p.changed[c.Ref] = true
		p.gone[c.Ref] = c.Action == plan.Delete
	}
	d := b.definition(q.Setup)
	wanted, err := p.rendered(d)
	if err != nil {
		return nil, err
	}
	beside := make(map[string]bool) // interfaces in the files that are written
	for path := range wanted {
		for ref := range b.mentioned(p.now[path]) {
			beside[ref.Name] = true
		}
	}
	stays := func(name string) bool {
		_, declared := q.Host.Interface(name) // also one that is to be absent
		return beside[name] && !declared && !p.gone[backend.Ref(name)]
	}
	d.Host = complete(d.Host, p.found.Interfaces, stays)
	if p.full, err = p.rendered(d); err != nil {
		return nil, err
	}
	d.Host.Interfaces = p.found.Interfaces
	p.base, err = p.rendered(d)
	return p, err
}

// rendered is what the format renders, by path.
func (p *planning) rendered(d Definition) (map[string]File, error) {
	list, _ := p.format.Render(d) // what it refuses, Render has told
	out := make(map[string]File, len(list))
	for _, f := range list {
		out[f.Path] = f
	}
	return out, p.within(list)
}

// paths are the files that may have to change: those that say something of what
// differs, sorted; all of them when none does.
func (p *planning) paths() []string {
	all := slices.Sorted(maps.Keys(maps.Collect(func(yield func(string, bool) bool) {
		for _, of := range []map[string]File{p.full, p.now} {
			for path := range of {
				if !yield(path, true) {
					return
				}
			}
		}
	})))
	concerned := slices.DeleteFunc(slices.Clone(all), func(path string) bool {
		return len(p.concerns(p.full[path])) == 0 && len(p.concerns(p.now[path])) == 0
	})
	if len(concerned) == 0 {
		return all
	}
	return concerned
}

// concerns are the changed objects that a file says something of, sorted.
func (p *planning) concerns(f File) []plan.Ref {
	var out []plan.Ref
	if f.Path == "" {
		return nil
	}
	for ref := range p.mentioned(f) {
		if p.changed[ref] {
			out = append(out, ref)
		}
	}
	slices.SortFunc(out, compareRefs)
	return out
}

func compareRefs(x, y plan.Ref) int { return plan.CompareNatural(x.String(), y.String()) }

// decide plans one file.
func (p *planning) decide(path string) {
	now, exists := p.now[path]
	full, wanted := p.full[path]
	switch {
	case wanted:
		p.write(now, full, exists)
	case p.isMade(now):
		p.remove(now)
	default:
		p.leave(now)
	}
}

// write makes a file say what it should.
func (p *planning) write(now, full File, exists bool) {
	text, lost := p.marked(full), 0
	if exists {
		if !p.isMade(now) {
			text = full.Text // somebody else's stays somebody else's
		}
		text, lost = p.merged(now, text)
	}
	p.replace(full, text, lost)
}

// remove removes a file of linkspan's, unless it configures what stays.
func (p *planning) remove(now File) {
	mentioned := p.mentioned(now)
	for ref := range mentioned {
		if _, declared := p.q.Host.Interface(ref.Name); !declared && !p.gone[ref] {
			return
		}
	}
	if len(mentioned) == 0 {
		return
	}
	rest, lost := p.merged(now, "")
	p.replace(File{Path: now.Path}, "", lost+len(lines(rest)))
}

// leave edits out of somebody else's file what is to be absent, and refuses a
// second place for what is not.
func (p *planning) leave(now File) {
	absent := false
	for _, ref := range p.concerns(now) {
		if p.gone[ref] {
			absent = true
			continue
		}
		p.diags = append(p.diags, ruleElsewhere.In(diag.Range{File: now.Path}, "%s is configured here as well; take it out by hand, and plan again", ref))
	}
	if !absent {
		return
	}
	rest, lost := p.merged(now, p.without(now))
	if rest == "" {
		rest = "\n" // the file is not linkspan's to remove
	}
	p.replace(File{Path: now.Path}, rest, lost)
}

// without is what linkspan would write for what stays of a file, wherever it
// would write it.
func (p *planning) without(now File) string {
	d := p.definition(p.q.Setup)
	found, _ := p.parse([]File{now})
	d.Host.Interfaces = slices.DeleteFunc(found.Interfaces, func(i host.Interface) bool { return p.gone[backend.Ref(i.Name)] })
	list, _ := p.format.Render(d)
	var out []string
	for _, f := range list {
		out = append(out, f.Text)
	}
	return strings.Join(out, "")
}

// merged is a text with the lines of the present file that nobody but people
// know, and the number of those that go.
func (p *planning) merged(now File, text string) (string, int) {
	before := p.counted(p.found)
	m := &merge{current: lines(now.Text), ours: lines(text), comment: p.about.Comment, key: func(l string) string { return l }}
	if plain := (File{Path: now.Path, Mode: now.Mode, Text: squeezedAll(m.current)}); p.saysSame(plain, before) {
		m.key = squeezed // blanks mean nothing in this format
	}
	m.known = m.counted(p.header(now.Path) + p.base[now.Path].Text)
	m.about = func(text string) map[plan.Ref]bool { return p.mentioned(File{Path: now.Path, Text: text}) }
	m.silent = func(from, to int) bool {
		if p.tried += len(m.current); p.tried > maxTried {
			return true
		}
		without := now
		without.Text = strings.Join(m.current[:from], "") + strings.Join(m.current[to:], "")
		return p.saysSame(without, before)
	}
	return m.text(), m.lost
}

// squeezed is a line without the blanks that only look well.
func squeezed(line string) string { return strings.Join(strings.Fields(line), " ") + "\n" }

func squeezedAll(list []string) string {
	var b strings.Builder
	for _, l := range list {
		b.WriteString(squeezed(l))
	}
	return b.String()
}

// counted are the objects of which a line must not be lost or kept by mistake:
// every interface, and of the format's own those that are wanted or to go.
func (p *planning) counted(found Found) []plan.Object {
	return slices.DeleteFunc(p.objects(found), func(o plan.Object) bool { return o.Class != plan.ClassInterface && !p.desired[o.Ref] })
}

// saysSame reports whether the files say the same with one of them replaced.
func (p *planning) saysSame(f File, before []plan.Object) bool {
	list := make([]File, 0, len(p.now))
	for _, path := range slices.Sorted(maps.Keys(p.now)) {
		if path == f.Path {
			list = append(list, f)
			continue
		}
		list = append(list, p.now[path])
	}
	found, diags := p.parse(list)
	return !diags.HasErrors() && reflect.DeepEqual(p.counted(found), before)
}

// replace adds the operation that makes a file have a text, if it differs; an
// empty one removes it.
func (p *planning) replace(f File, text string, lost int) {
	now, exists := p.now[f.Path]
	if exists && now.Text == text || !exists && text == "" {
		return
	}
	change := &plan.FileChange{Path: f.Path, After: plan.FileState{Exists: text != "", Mode: f.Mode, Content: []byte(text)}}
	verb := "write"
	if exists {
		verb, change.Before = "edit", plan.FileState{Exists: true, Mode: now.Mode, Content: []byte(now.Text)}
		if !p.isMade(now) {
			change.Note = "linkspan did not make it; what it does not manage is kept, and the file is never removed"
		}
	}
	p.after[f.Path] = File{Path: f.Path, Text: text}
	if text == "" {
		verb, change.After = "remove", plan.FileState{}
		delete(p.after, f.Path)
	}
	if lost > 0 {
		change.Note = fmt.Sprintf("%d lines that linkspan does not know go with what they stood under", lost)
	}
	refs := p.concerns(f)
	if len(refs) == 0 {
		refs = p.concerns(now)
	}
	p.operations = append(p.operations, plan.Operation{ID: strconv.Itoa(len(p.operations) + 1), Kind: plan.OperationFile, Summary: verb + " " + f.Path, Objects: refs, File: change})
}

// verify reads what will be there.
func (p *planning) verify() diag.List {
	if p.diags.HasErrors() {
		return nil
	}
	var list []File
	for _, path := range slices.Sorted(maps.Keys(p.after)) {
		list = append(list, p.after[path])
	}
	found, _ := p.parse(list)
	will := p.objects(found)
	out := p.untouched(will)
	for _, c := range plan.Diff(p.q.Desired, will) {
		if c.Action == plan.Delete {
			out = append(out, ruleNotWritten.At(c.Path, "%s would still be there", c.Ref))
			continue
		}
		for _, s := range c.Settings {
			out = append(out, ruleNotWritten.At(pathOf(c, s.Key), "%s of %s would be %s, not %s", s.Key, c.Ref, s.Before, s.After))
		}
	}
	return out
}

// untouched holds the files to what they said of interfaces that the definition
// does not name.
func (p *planning) untouched(will []plan.Object) diag.List {
	kept := slices.DeleteFunc(p.objects(p.found), func(o plan.Object) bool {
		_, declared := p.q.Host.Interface(o.Name)
		return o.Class != plan.ClassInterface || declared || p.gone[o.Ref]
	})
	var out diag.List
	for _, c := range plan.Diff(kept, will) {
		// Whose port it is follows from the definition of its master.
		if c.Action == plan.Create || slices.ContainsFunc(c.Settings, func(s plan.SettingChange) bool { return s.Key != "master" }) {
			out = append(out, ruleNotWritten.At("", "%s, which the definition does not name, would change: %v", c.Ref, c.Settings))
		}
	}
	return out
}
