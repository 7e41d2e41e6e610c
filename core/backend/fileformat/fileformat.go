// Package fileformat makes a whole backend of a file format. Its author says
// two things, which files a host should have and what given files say, and
// gets the rest: reading below a root, refusing what the format cannot express,
// comparing, editing in place, ownership, pruning. The program replaces the
// files in one transaction and undoes it, as for every backend.
//
// What a person has added to a file is kept: a line counts as unknown when the
// file says the same without it, asked of the format itself. What is about to be
// written is read again, and nothing is planned when it does not say what is
// wanted.
//
// A file that linkspan makes begins with a comment that says so, with the
// file's path, so that a copy of it is its maker's. Only such a file is ever
// removed. One that somebody else has made is edited and kept.
package fileformat

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// Format is what only the author of a file format knows. Both methods are pure:
// they look at nothing but their arguments, and change none of them.
type Format interface {
	// Render returns the complete files for a definition, as for a host that has
	// none of them. What the format cannot express may be refused by an error
	// diagnostic whose path is host.Interface.Path(attribute); what is left out
	// without a word is found by Parse and refused all the same.
	Render(Definition) ([]File, diag.List)
	// Parse says what files say, also files that Render did not write. What it
	// does not know it passes over. It must find what Render has written:
	// Parse(Render(d)) is d.
	Parse([]File) (Found, diag.List)
}

// Definition is what is to be rendered.
type Definition struct {
	// Host is as declared, without interfaces that are to be absent and without
	// cards that need no configuration.
	Host host.Host
	// Config is the body of the backend's block, checked against its schema.
	Config map[string]any
}

// File is one text file.
type File struct {
	Path string // as seen on the host, e.g. "/etc/network/interfaces.d/eth0"
	Mode uint32 // permission bits; 0 means: as it is, or 0644 when new
	Text string
}

// Found is what files say. What they are silent about stays at its zero value.
type Found struct {
	Interfaces []host.Interface
	// Objects are things of the format's own beside interfaces, e.g. a switch's
	// port profiles. What is wanted of them is what Parse finds in the files that
	// Render returns.
	// One that linkspan has made and that is no longer wanted is removed; others
	// are left alone.
	Objects []plan.Object
}

// About is what a backend says of itself.
type About struct {
	Name    string      // as in `backend "NAME" {}`: lower-case letters, digits, "-"
	Version string      // of the backend, e.g. "1.2.0"
	Doc     string      // one sentence
	Schema  host.Schema // of its block
	// Paths are the files and directories (ending in "/") that it reads and may
	// change. Of a directory every file is read, hidden ones and subdirectories
	// apart.
	Paths []string
	// Comment is what a comment's line begins with, e.g. "#". Without one no file
	// can be marked as linkspan's, and none is ever removed.
	Comment string
	// ObjectsOnly tells that the files say nothing of interfaces as such, and
	// Found.Objects are all that counts: port descriptions, a message of the day.
	ObjectsOnly bool
	// Restarts are the services that must be restarted when a file has changed.
	// With one, the block takes `restart = "never"`.
	Restarts []plan.Restart
}

// New makes the backend.
func New(a About, f Format) backend.Backend { return &formatted{about: a, format: f} }

type formatted struct {
	about  About
	format Format
}

// restartWord is the attribute that every format with restarts has.
const restartWord = "restart"

// Describe says what the backend is.
func (b *formatted) Describe(context.Context) (backend.Description, error) {
	s := b.about.Schema
	if len(b.about.Restarts) > 0 {
		s.Attributes = append(slices.Clone(s.Attributes), host.Attribute{Name: restartWord, Type: host.TypeString, Words: []string{"auto", "never"}, Default: "auto",
			Doc: "\"never\" leaves restarts to the operator."})
	}
	return backend.Description{Name: b.about.Name, Version: b.about.Version, Doc: b.about.Doc, Phase: backend.Persist, Schema: s, Paths: b.about.Paths}, nil
}

// Render says what the definition means, and refuses what the files would not
// say.
func (b *formatted) Render(_ context.Context, q backend.RenderRequest) (backend.RenderResponse, error) {
	d := b.definition(q.Setup)
	files, diags := b.format.Render(d)
	if err := b.within(files); err != nil {
		return backend.RenderResponse{}, err
	}
	said, more := b.parse(files)
	out := backend.RenderResponse{Diagnostics: append(diags, more...)}
	want := needed(q.Host)
	if !b.about.ObjectsOnly {
		out.Objects = backend.InterfaceObjects(&want, b.about.Name)
	}
	out.Objects = append(out.Objects, said.Objects...)
	if !out.Diagnostics.HasErrors() {
		out.Diagnostics = append(out.Diagnostics, b.inexpressible(out.Objects, b.objects(said))...)
	}
	gone, err := leftOver(q.Facts)
	if err != nil {
		return backend.RenderResponse{}, err
	}
	for _, ref := range gone {
		o := plan.Object{Ref: ref, Absent: true, Reason: "linkspan made it, and the definition no longer says it"}
		if ref.Class == plan.ClassInterface {
			if !q.Host.Apply.Prune {
				continue
			}
			o.Reason = "linkspan made its file, the definition no longer names it and says prune = true"
		}
		out.Objects = append(out.Objects, o)
	}
	sortObjects(out.Objects)
	for _, f := range files {
		out.Files = append(out.Files, backend.File{Path: f.Path, FileState: plan.FileState{Exists: true, Mode: f.Mode, Content: []byte(b.marked(f))}})
	}
	slices.SortFunc(out.Files, func(x, y backend.File) int { return cmp.Compare(x.Path, y.Path) })
	return out, nil
}

// needed is the host without cards that are only a VLAN's parent: they need no
// configuration of their own.
func needed(h host.Host) host.Host {
	masters := h.Masters()
	h.Interfaces = slices.DeleteFunc(slices.Clone(h.Interfaces), func(i host.Interface) bool { return i.Implied && masters[i.Name] == "" })
	return h
}

func (b *formatted) definition(s backend.Setup) Definition {
	h := needed(s.Host)
	h.Interfaces = slices.DeleteFunc(h.Interfaces, func(i host.Interface) bool { return i.Wanted() == host.Absent })
	return Definition{Host: h, Config: s.Config}
}

// within holds a format to what it has declared, and to one text for a path.
func (b *formatted) within(files []File) error {
	seen := make(map[string]bool, len(files))
	for _, f := range files {
		inside := func(p string) bool { return f.Path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(f.Path, p) }
		if !slices.ContainsFunc(b.about.Paths, inside) {
			return fmt.Errorf("the format renders %q, but declares only %q", f.Path, b.about.Paths)
		}
		if seen[f.Path] {
			return fmt.Errorf("the format renders %q twice", f.Path)
		}
		seen[f.Path] = true
	}
	return nil
}

// inexpressible compares what is wanted with what the rendered files would say.
func (b *formatted) inexpressible(want, said []plan.Object) diag.List {
	var out diag.List
	for _, c := range plan.Diff(want, said) {
		if c.Action == plan.Create {
			out = append(out, ruleCannotExpress.At(c.Path, "%q has no way to configure %s", b.about.Name, c.Ref))
			continue
		}
		for _, s := range c.Settings {
			out = append(out, ruleCannotExpress.At(pathOf(c, s.Key), "%q cannot say %s = %s of %s: the files would say %s", b.about.Name, s.Key, s.After, c.Ref, s.Before))
		}
	}
	return out
}

// pathOf names a setting of a changed object as the definition does.
func pathOf(c plan.Change, key string) string {
	if c.Class != plan.ClassInterface {
		return c.Path
	}
	return host.Path(host.Kind(c.Type), c.Name, key)
}

func sortObjects(list []plan.Object) {
	slices.SortFunc(list, func(x, y plan.Object) int { return cmp.Or(cmp.Compare(x.Class, y.Class), cmp.Compare(x.Name, y.Name)) })
}
