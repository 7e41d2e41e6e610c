package fileformat

import (
	"maps"
	"strings"
	"testing"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
	"linkspan/plugins/backendtest"
)

// notes is a format without interfaces: a line "note NAME TEXT" for each
// description.
type notes struct{}

const notesFile = dir + "notes"

func (notes) Render(d Definition) ([]File, diag.List) {
	var text string
	for _, i := range d.Host.Interfaces {
		if i.Description != "" {
			text += "note " + i.Name + " " + i.Description + "\n"
		}
	}
	if text == "" {
		return nil, nil
	}
	return []File{{Path: notesFile, Text: text}}, nil
}

func (notes) Parse(files []File) (Found, diag.List) {
	var out Found
	for _, f := range files {
		for l := range strings.Lines(f.Text) {
			words := strings.SplitN(strings.TrimSpace(l), " ", 3)
			if words[0] == "note" && len(words) == 3 {
				o := plan.Object{Ref: plan.Ref{Class: "note", Name: words[1]}}
				o.Set("text", plan.Text(words[2]))
				out.Objects = append(out.Objects, o)
			}
		}
	}
	return out, nil
}

func newNotes() backend.Backend {
	a := about()
	a.ObjectsOnly = true
	return New(a, notes{})
}

func TestObjectsOnly(t *testing.T) {
	described := func(name, text string) host.Interface {
		i := card(name)
		i.Description = text
		return i
	}
	const head = "# Made by linkspan as " + notesFile + ". Lines that you add are kept.\n"
	both := hostOf(described("eth0", "uplink"), described("eth1", "storage"))
	for name, c := range map[string]struct {
		host          host.Host
		before, after string
	}{
		"new":                          {both, "", head + "note eth0 uplink\nnote eth1 storage\n"},
		"changed":                      {both, head + "note eth0 down\nnote eth1 storage\nx\n", head + "note eth0 uplink\nnote eth1 storage\nx\n"},
		"one is no longer said":        {hostOf(described("eth1", "storage"), card("eth0")), head + "note eth0 uplink\n# why\nnote eth1 storage\n", head + "# why\nnote eth1 storage\n"},
		"none is said any more":        {hostOf(card("eth0")), head + "note eth0 uplink\n", ""},
		"others' in a file of others":  {both, "note eth7 theirs\nnote eth0 down\n", "note eth7 theirs\nnote eth0 uplink\nnote eth1 storage\n"},
		"nothing to say, and not ours": {hostOf(card("eth0")), "note eth0 theirs\n", "note eth0 theirs\n"},
	} {
		t.Run(name, func(t *testing.T) {
			before := map[string]string{}
			if c.before != "" {
				before[notesFile] = c.before
			}
			after := map[string]string{}
			if c.after != "" {
				after[notesFile] = c.after
			}
			said, have := newSite(t, newNotes(), before).apply(c.host)
			if !maps.Equal(have, after) {
				t.Errorf("there is\n%q\nand not\n%q\nit said\n%s", have, after, said)
			}
		})
	}
	cs := backendtest.Case{Name: "notes", Host: both, Files: map[string]string{notesFile: "x\nnote eth0 down\n"}, Keep: []string{"x\n"}}
	for _, r := range backendtest.Check(t.Context(), newNotes(), cs, t.TempDir()) {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Rule.Name, r.Err)
		}
	}
}
