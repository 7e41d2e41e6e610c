package ifcfg

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// Plan says which files change. What is about to be written is read again as
// the scripts would; if it does not mean the definition, nothing is planned.
func (b *ifcfg) Plan(_ context.Context, q backend.PlanRequest) (backend.PlanResponse, error) {
	rel, _ := releaseOf(q.Config, q.Facts) // reported by Read and Render
	p := &planning{writer: newWriter(&q.Host, rel), before: make(map[string]plan.FileState), after: make(map[string]plan.FileState)}
	for _, f := range q.Actual.Files {
		p.before[f.Path] = f.FileState
	}
	for _, c := range q.Changes {
		p.change(c)
	}
	p.ipv6Switch()
	out := backend.PlanResponse{Operations: p.operations}
	if len(p.operations) == 0 {
		return out, nil
	}
	out.Diagnostics = p.verify(q)
	out.Restarts = []plan.Restart{restart(q.Config)}
	out.Effects = p.effects(q)
	return out, nil
}

func restart(config map[string]any) plan.Restart {
	r := plan.Restart{Service: "network", Order: 20, Replaceable: true, Why: "the network scripts read the files only when they bring the interfaces up"}
	if config["restart"] == "never" {
		r.Skipped = `restart = "never"; the files count from the next restart or boot`
	}
	return r
}

// planning collects the operations of one plan.
type planning struct {
	*writer
	before, after map[string]plan.FileState
	operations    []plan.Operation
}

func (p *planning) change(c plan.Change) {
	if c.Action == plan.Delete {
		for _, prefix := range []string{"ifcfg-", "route-", "route6-"} {
			p.replace(scripts+"/"+prefix+c.Name, plan.FileState{}, c.Ref)
		}
		return
	}
	i, ok := p.byName[c.Name]
	if !ok { // the program plans only what the definition declares
		return
	}
	path := filePath(i.Name)
	have := p.before[path]
	doc := parse(have.Content)
	content := doc.apply(against(p.edits(i), doc.values()))
	if !have.Exists {
		content = append([]byte(header), content...)
	}
	p.replace(path, plan.FileState{Exists: true, Mode: have.Mode, Content: content}, c.Ref)
	if !slices.ContainsFunc(c.Settings, func(s plan.SettingChange) bool { return s.Key == "routes" }) {
		return
	}
	for _, r := range p.routeFiles(i) {
		after := plan.FileState{}
		if len(r.lines) > 0 {
			after = plan.FileState{Exists: true, Mode: p.before[r.path].Mode, Content: []byte(header + r.text())}
		}
		p.replace(r.path, after, c.Ref)
	}
}

// replace adds the operation that makes a file into after, if it differs.
func (p *planning) replace(path string, after plan.FileState, ref plan.Ref) {
	before := p.before[path]
	if before.Exists == after.Exists && bytes.Equal(before.Content, after.Content) {
		return
	}
	verb := "write"
	switch {
	case !after.Exists:
		verb = "remove"
	case before.Exists:
		verb = "edit"
	}
	p.after[path] = after
	p.operations = append(p.operations, plan.Operation{
		ID: strconv.Itoa(len(p.operations) + 1), Kind: plan.OperationFile, Summary: verb + " " + path,
		Objects: []plan.Ref{ref}, File: &plan.FileChange{Path: path, Before: before, After: after},
	})
}

// ipv6Switch turns the release's global switch on where it is needed.
func (p *planning) ipv6Switch() {
	have := p.before[networkFile]
	doc := parse(have.Content)
	if value, _ := doc.get("NETWORKING_IPV6"); !p.rel.ipv6Global || !p.hasIPv6() || value == "yes" {
		return
	}
	edits := []edit{{key: "NETWORKING_IPV6", value: "yes"}}
	if !have.Exists {
		edits = append([]edit{{key: "NETWORKING", value: "yes"}}, edits...)
	}
	p.replace(networkFile, plan.FileState{Exists: true, Mode: have.Mode, Content: doc.apply(edits)}, plan.Ref{Class: "file", Name: networkFile})
}

// verify reads the files as they will be.
func (p *planning) verify(q backend.PlanRequest) diag.List {
	r := &reading{content: p.content, rel: p.rel, declared: &q.Host, docs: map[string]*document{}, members: map[string][]string{}}
	r.network = parse(p.content(networkFile))
	for i := range q.Host.Interfaces {
		one := &q.Host.Interfaces[i]
		content := p.content(filePath(one.Name))
		if content == nil {
			continue
		}
		doc := parse(content)
		r.docs[one.Name] = doc
		if m := masterOf(keys(doc.values())); m != "" {
			r.members[m] = append(r.members[m], one.Name)
		}
	}
	found := r.meaning()
	var out diag.List
	for _, c := range plan.Diff(q.Desired, backend.InterfaceObjects(found, name)) {
		for _, s := range c.Settings {
			out = append(out, ruleNotWritten.At(host.Path(host.Kind(c.Type), c.Name, s.Key), "%s of %q would be %s, not %s", s.Key, c.Name, s.Before, s.After))
		}
	}
	return out
}

// content is a file as it will be; nil when there is none.
func (p *planning) content(path string) []byte {
	state, changed := p.after[path]
	if !changed {
		state = p.before[path]
	}
	if !state.Exists {
		return nil
	}
	return state.Content
}

// effects are what the change implies.
func (p *planning) effects(q backend.PlanRequest) []plan.Effect {
	var addresses []string
	for i := range q.Host.Interfaces {
		for _, a := range q.Host.Interfaces[i].Addresses {
			addresses = append(addresses, a.Addr().String())
		}
	}
	out := []plan.Effect{{Kind: plan.EffectLink, Text: fmt.Sprintf("a restart of the network takes every interface down and up again: %s unreachable for some seconds (2 to 12 were measured for a bond with VLANs and bridges), and guests' ports go with bridges that the scripts delete", orNone(addresses))}}
	if p.made() {
		out = append(out, plan.Effect{Kind: plan.EffectNote, Text: "TYPE, NM_CONTROLLED, IPV6INIT, BONDING_MASTER, PHYSDEV, VLAN_ID and STP are written although the scripts could do without: with them every release from RHEL 5.4 to 8, and NetworkManager, read the files alike"})
	}
	return out
}

func (p *planning) made() bool {
	return slices.ContainsFunc(p.operations, func(o plan.Operation) bool { return o.File.After.Exists })
}

func orNone(addresses []string) string {
	switch {
	case len(addresses) == 0:
		return "the host is"
	case len(addresses) > 4:
		return fmt.Sprintf("%s and %d more addresses are", strings.Join(addresses[:3], ", "), len(addresses)-3)
	case len(addresses) == 1:
		return addresses[0] + " is"
	}
	return strings.Join(addresses, " and ") + " are"
}
