package xend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/plan"
	"linkspan/plugins/xend/sxp"
	"linkspan/plugins/xend/xl"
)

// Plan says how the files change. A file of xend's that is not there needs no
// change: without it xend runs no network script, and without Xen nobody reads
// it.
func (*xend) Plan(_ context.Context, q backend.PlanRequest) (backend.PlanResponse, error) {
	s := settingsOf(q.Config)
	var seen state
	if len(q.Actual.Opaque) > 0 {
		if err := json.Unmarshal(q.Actual.Opaque, &seen); err != nil {
			return backend.PlanResponse{}, fmt.Errorf("what Read has found: %w", err)
		}
	}
	var out backend.PlanResponse
	for _, c := range q.Changes {
		i := slices.IndexFunc(q.Actual.Files, func(f backend.File) bool { return f.Path == c.Name })
		if i < 0 {
			continue
		}
		p := planner{root: q.Root, settings: s, seen: seen, file: q.Actual.Files[i], out: &out}
		if c.Name == xlFile {
			p.planXL(c)
		} else if p.file.Exists {
			p.planXend()
		}
	}
	return out, nil
}

// planner plans one file.
type planner struct {
	root     string
	settings settings
	seen     state
	file     backend.File
	out      *backend.PlanResponse
}

// change adds the operation that writes a new text.
func (p *planner) change(text []byte, note string, effects ...plan.Effect) {
	after := plan.FileState{Exists: true, Mode: p.file.Mode, Content: text}
	summary := "edit " + p.file.Path
	if !p.file.Exists {
		summary = "write " + p.file.Path
	}
	if target := p.seen.Targets[p.file.Path]; target != "" {
		effects = append(effects, plan.Effect{Kind: plan.EffectNote, Text: fmt.Sprintf("%s is a symlink: %s is replaced, the symlink stays", p.file.Path, target)})
	}
	if n := p.seen.Links[p.file.Path]; n > 1 {
		effects = append(effects, plan.Effect{Kind: plan.EffectNote, Text: fmt.Sprintf("%s has %d names (hard links); the others keep the old text", p.file.Path, n)})
	}
	p.out.Operations = append(p.out.Operations, plan.Operation{
		ID: strconv.Itoa(len(p.out.Operations) + 1), Kind: plan.OperationFile, Summary: summary,
		Objects: []plan.Ref{{Class: name, Name: p.file.Path}}, Effects: effects,
		File: &plan.FileChange{Path: p.file.Path, Before: p.file.FileState, After: after, Note: note},
	})
}

func (p *planner) planXend() {
	edit, verb := sxp.Remark, "remarked"
	if !p.settings.managed {
		edit, verb = sxp.Restore, "brought back"
	}
	text, n, err := edit(p.file.Content)
	if err != nil {
		p.out.Diagnostics = append(p.out.Diagnostics, ruleEdit.In(diag.Range{File: p.file.Path}, "%v", err))
		return
	}
	if n == 0 {
		return
	}
	note := fmt.Sprintf("%d directive %s", n, verb)
	if n > 1 {
		note = fmt.Sprintf("%d directives %s", n, verb)
	}
	script, runs := effective(text)
	p.change(text, note, p.effects(script, runs)...)
	p.out.Restarts = append(p.out.Restarts, p.restart(script, runs))
}

// effective is what xend runs with that text.
func effective(text []byte) (script string, runs bool) {
	f, err := sxp.Parse(text)
	if err != nil || len(f.Lists(sxp.Directive)) == 0 {
		return "", false
	}
	return f.Lists(sxp.Directive)[0].Value()
}

func (p *planner) effects(script string, runs bool) []plan.Effect {
	if runs {
		return []plan.Effect{{Kind: plan.EffectLater, Text: fmt.Sprintf("xend runs %q when it next starts, which changes the host's network; from Xen 3.2 on any xend command before that (xend status too) does it", script)}}
	}
	if !p.settings.managed {
		return []plan.Effect{{Kind: plan.EffectNote, Text: "what came back has no value: xend runs nothing"}}
	}
	return []plan.Effect{
		{Kind: plan.EffectLater, Text: "the change counts when xend next starts; from Xen 3.2 on any xend command before that (xend status too) runs the script once more"},
		{Kind: plan.EffectNote, Text: "what an earlier network-script has made (peth*, vif0.*, a bridge called eth0) stays until it is stopped by hand, led back by the backend netlink, or the host reboots"},
	}
}

// restart is that of xend, before the network's. Guests run on meanwhile.
func (p *planner) restart(script string, runs bool) plan.Restart {
	r := plan.Restart{Service: "xend", Order: 10, Why: "xend reads its configuration only when it starts; guests run on meanwhile"}
	switch {
	case p.settings.restart == "never":
		r.Skipped = `restart = "never"; the file counts from xend's next start`
	case p.root != "" && p.root != "/": // the program says why
	case !p.seen.Running:
		r.Skipped = "xend is not running; the file counts when it starts"
	case runs:
		r.Skipped = fmt.Sprintf("its start would run %q and change the network at once; restart it by hand when that is wanted", script)
	}
	return r
}

// planXL sets the keys that differ.
func (p *planner) planXL(c plan.Change) {
	text := p.file.Content
	for _, sc := range c.Settings {
		var err error
		if text, err = xl.Set(text, sc.Key, sc.After.Text); err != nil {
			p.out.Diagnostics = append(p.out.Diagnostics, ruleXLEdit.In(diag.Range{File: p.file.Path}, "%v", err))
			return
		}
	}
	note := fmt.Sprintf("%s set", c.Settings[0].Key)
	if len(c.Settings) > 1 {
		note = fmt.Sprintf("%s and %s set", c.Settings[0].Key, c.Settings[1].Key)
	}
	p.change(text, note, plan.Effect{Kind: plan.EffectLater, Text: "xl reads its configuration at every command; guests that run keep their bridge"})
}
