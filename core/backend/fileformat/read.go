package fileformat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/files"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// maxFile bounds a file that is read, in bytes: 4,000 VLANs with their bridges
// take about one.
const maxFile = 8 << 20

// factMade lists, in Facts, as a JSON list of plan.Ref, what is in files that
// linkspan has made and what the definition does not say.
const factMade = "made"

// Read says what the files say of what is declared, and of what linkspan has
// made and may have to remove.
func (b *formatted) Read(_ context.Context, q backend.ReadRequest) (backend.ReadResponse, error) {
	states, diags, err := b.readFiles(q.Root)
	if err != nil {
		return backend.ReadResponse{}, err
	}
	found, more := b.parse(texts(states))
	if err := distinct(found); err != nil {
		return backend.ReadResponse{}, err
	}
	out := backend.ReadResponse{Files: states, Diagnostics: append(diags, more...)}
	want, err := b.wanted(q.Setup)
	if err != nil {
		return backend.ReadResponse{}, err
	}
	made := b.made(states, want)
	for _, o := range b.objects(found) {
		if o.Class != plan.ClassInterface || want[o.Ref] || q.Host.Apply.Prune && made[o.Ref] != "" {
			out.Objects = append(out.Objects, o)
		}
	}
	gone := slices.SortedFunc(maps.Keys(made), compareRefs)
	for _, ref := range gone {
		if ref.Class == plan.ClassInterface && !q.Host.Apply.Prune {
			out.Diagnostics = append(out.Diagnostics, ruleLeft.In(diag.Range{File: made[ref]}, "linkspan made the file, and the definition no longer names %q, which stays configured", ref.Name))
		}
	}
	if len(gone) > 0 {
		text, err := json.Marshal(gone)
		if err != nil {
			return backend.ReadResponse{}, err
		}
		out.Facts = map[string]string{factMade: string(text)}
	}
	return out, nil
}

// leftOver reads factMade.
func leftOver(facts map[string]string) (out []plan.Ref, err error) {
	if text := facts[factMade]; text != "" {
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			return nil, fmt.Errorf("fact %q: %w", factMade, err)
		}
	}
	return out, nil
}

// wanted is what the definition names: its interfaces, and what the format's
// files would say of its own.
func (b *formatted) wanted(s backend.Setup) (map[plan.Ref]bool, error) {
	out := make(map[plan.Ref]bool)
	for _, i := range s.Host.Interfaces {
		out[backend.Ref(i.Name)] = true
	}
	files, _ := b.format.Render(b.definition(s)) // what it refuses, Render tells
	if err := b.within(files); err != nil {
		return nil, err
	}
	said, _ := b.parse(files)
	for _, o := range said.Objects {
		out[o.Ref] = true
	}
	return out, nil
}

// readFiles reads every file of the backend's paths that exists, sorted.
func (b *formatted) readFiles(root string) (out []backend.File, diags diag.List, err error) {
	t, err := files.OpenTree(root)
	if err != nil {
		return nil, nil, err
	}
	defer t.Close()
	for _, p := range b.about.Paths {
		names := []string{p}
		if strings.HasSuffix(p, "/") {
			if names, err = t.List(p); err != nil {
				diags = append(diags, ruleUnreadable.In(diag.Range{File: p}, "%v", err))
			}
		}
		for _, name := range names {
			state, err := t.Read(name, maxFile)
			if err == nil && strings.ContainsRune(string(state.Content), 0) {
				err = errors.New("it has a NUL byte and is no text")
			}
			if err != nil {
				diags = append(diags, ruleUnreadable.In(diag.Range{File: name}, "%v", err))
				continue
			}
			if state.Exists {
				out = append(out, backend.File{Path: name, FileState: state})
			}
		}
	}
	slices.SortFunc(out, func(x, y backend.File) int { return cmp.Compare(x.Path, y.Path) })
	return slices.CompactFunc(out, func(x, y backend.File) bool { return x.Path == y.Path }), diags, nil
}

func texts(states []backend.File) []File {
	var out []File
	for _, f := range states {
		if f.Exists {
			out = append(out, File{Path: f.Path, Mode: f.Mode, Text: string(f.Content)})
		}
	}
	return out
}

// parse asks the format, and puts what it has found in order.
func (b *formatted) parse(list []File) (Found, diag.List) {
	if len(list) == 0 {
		return Found{}, nil
	}
	found, diags := b.format.Parse(slices.Clone(list))
	found.Interfaces = slices.Clone(found.Interfaces)
	slices.SortStableFunc(found.Interfaces, func(x, y host.Interface) int { return cmp.Compare(x.Name, y.Name) })
	return found, diags
}

// distinct refuses a format that gives one interface twice.
func distinct(found Found) error {
	for i := 1; i < len(found.Interfaces); i++ {
		if found.Interfaces[i].Name == found.Interfaces[i-1].Name {
			return fmt.Errorf("the format finds interface %q twice; what several places say of it is one interface", found.Interfaces[i].Name)
		}
	}
	return nil
}

// objects spells what was found.
func (b *formatted) objects(found Found) []plan.Object {
	h := host.Host{Interfaces: found.Interfaces}
	out := append(backend.InterfaceObjects(&h, b.about.Name), found.Objects...)
	sortObjects(out)
	return out
}

// made finds what linkspan's own files say and nobody wants, with the file.
func (b *formatted) made(states []backend.File, wanted map[plan.Ref]bool) map[plan.Ref]string {
	out := make(map[plan.Ref]string)
	for _, f := range texts(states) {
		if !b.isMade(f) {
			continue
		}
		for ref := range b.mentioned(f) {
			if !wanted[ref] {
				out[ref] = f.Path
			}
		}
	}
	return out
}

// mentioned are the objects that one file by itself says something of.
func (b *formatted) mentioned(f File) map[plan.Ref]bool {
	out := make(map[plan.Ref]bool)
	found, _ := b.parse([]File{f})
	for _, i := range found.Interfaces {
		out[backend.Ref(i.Name)] = true
	}
	for _, o := range found.Objects {
		out[o.Ref] = true
	}
	return out
}

// header is the comment that marks the file at a path as linkspan's.
func (b *formatted) header(path string) string {
	return fmt.Sprintf("%s Made by linkspan as %s. Lines that you add are kept.\n", b.about.Comment, path)
}

// isMade reports whether linkspan has made the file, and it is no copy.
func (b *formatted) isMade(f File) bool {
	return b.about.Comment != "" && strings.HasPrefix(f.Text, b.header(f.Path))
}

// marked is the text with the mark.
func (b *formatted) marked(f File) string {
	if b.about.Comment == "" {
		return f.Text
	}
	return b.header(f.Path) + f.Text
}
