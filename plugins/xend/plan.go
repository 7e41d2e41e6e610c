package xend

import (
	"context"
	"fmt"
	"path"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/plan"
)

// Render says what the definition means to xend: no network-script, or, with
// managed = false, none of linkspan's remarks.
func (*xend) Render(_ context.Context, q backend.RenderRequest) (backend.RenderResponse, error) {
	s := settingsOf(q.Config)
	p := path.Clean(s.path)
	if !strings.HasPrefix(p, "/etc/xen/") {
		return backend.RenderResponse{Diagnostics: diag.List{ruleUnreadable.At(`backend["xend"].config`, "config is a file below /etc/xen, not %q", s.path)}}, nil
	}
	o := plan.Object{Ref: plan.Ref{Class: name, Name: p}, Type: name, Path: `backend["xend"]`}
	if s.managed {
		o.Set(directive, plan.Value{})
	} else {
		o.Set("remarked", plan.Value{})
	}
	return backend.RenderResponse{Objects: []plan.Object{o}}, nil
}

// Plan says how the file changes. A file that is not there needs no change:
// without it xend runs no network script, and without Xen nobody reads it.
func (*xend) Plan(_ context.Context, q backend.PlanRequest) (backend.PlanResponse, error) {
	s := settingsOf(q.Config)
	file, ok := configOf(q)
	if !ok || !file.Exists || len(q.Changes) == 0 {
		return backend.PlanResponse{}, nil
	}
	edit, verb := remark, "remarked"
	if !s.managed {
		edit, verb = unmark, "brought back"
	}
	text, n, err := edit(file.Content)
	if err != nil {
		return backend.PlanResponse{Diagnostics: diag.List{ruleSyntax.In(diag.Range{File: file.Path}, "%v", err)}}, nil
	}
	if n == 0 {
		return backend.PlanResponse{}, nil
	}
	note := fmt.Sprintf("%d directive %s", n, verb)
	if n > 1 {
		note = fmt.Sprintf("%d directives %s", n, verb)
	}
	op := plan.Operation{ID: "1", Kind: plan.OperationFile, Summary: "edit " + file.Path, Objects: []plan.Ref{{Class: name, Name: file.Path}},
		File: &plan.FileChange{Path: file.Path, Before: file.FileState, After: plan.FileState{Exists: true, Mode: file.Mode, Content: text}, Note: note}}
	op.Effects = []plan.Effect{
		{Kind: plan.EffectLater, Text: "the change counts when xend next starts; from Xen 3.2 on any xend command before that (xend status too) runs the script once more"},
		{Kind: plan.EffectNote, Text: "what an earlier network-script has made (peth*, vif0.*, a bridge called eth0) stays until it is stopped by hand or the host reboots"},
	}
	return backend.PlanResponse{Operations: []plan.Operation{op}, Restarts: []plan.Restart{restart(s, q.Facts)}}, nil
}

func configOf(q backend.PlanRequest) (backend.File, bool) {
	for _, f := range q.Actual.Files {
		if len(q.Desired) > 0 && f.Path == q.Desired[0].Name {
			return f, true
		}
	}
	return backend.File{}, false
}

func restart(s settings, facts map[string]string) plan.Restart {
	r := plan.Restart{Service: "xend", Order: 10, Why: "xend reads its configuration only when it starts"}
	switch {
	case s.restart == "never":
		r.Skipped = `restart = "never"; the file counts from xend's next start`
	case facts["running"] != "true":
		r.Skipped = "xend is not running; the file counts when it starts"
	}
	return r
}
