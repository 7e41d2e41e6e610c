package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// temporary is the name under which a changed file is written before it takes
// the old one's place.
const temporary = ".linkspan-new"

// writer writes one host's folder.
type writer struct {
	root    *os.Root
	host    Host
	options Options
	result  Result
}

func (w *writer) write() (Result, error) {
	w.result.Files = len(w.host.Files)
	byFolder := make(map[string][]File)
	var folders []string
	for _, f := range w.host.Files {
		folder := path.Join(w.host.Name, path.Dir(f.Path))
		if byFolder[folder] == nil {
			folders = append(folders, folder)
		}
		byFolder[folder] = append(byFolder[folder], f)
	}
	slices.Sort(folders)
	was, err := w.list()
	if err != nil {
		return w.result, err
	}
	// The list comes first: what a crash leaves behind is known to be ours.
	stale := w.stale(was)
	if err := w.saveList(was, stale); err != nil {
		return w.result, err
	}
	for _, folder := range folders {
		if err := w.folder(folder, byFolder[folder]); err != nil {
			return w.result, fmt.Errorf("%s: %w", folder, err)
		}
	}
	return w.result, w.prune(stale)
}

// folder writes the files of one folder. A folder is opened once for all its
// files, because each part of a path costs a system call.
func (w *writer) folder(name string, files []File) error {
	if !w.options.Check {
		if err := w.root.MkdirAll(name, 0o755); err != nil {
			return err
		}
	}
	folder, err := w.root.OpenRoot(name)
	if errors.Is(err, fs.ErrNotExist) && w.options.Check {
		for _, f := range files {
			w.wrote(f)
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer folder.Close()
	have, err := entries(folder)
	if err != nil {
		return err
	}
	for _, f := range files {
		base := path.Base(f.Path)
		kind, there := have[base]
		switch {
		case there && !kind.IsRegular():
			return fmt.Errorf("%s is no regular file; remove it, or render elsewhere", base)
		case there && same(folder, base, f.Content):
			continue
		}
		w.wrote(f)
		if w.options.Check {
			continue
		}
		if err := put(folder, base, f.Content, there); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) wrote(f File) {
	w.result.Written = append(w.result.Written, path.Join(w.host.Name, f.Path))
}

// entries are the types of what is in a folder, by name.
func entries(folder *os.Root) (map[string]fs.FileMode, error) {
	list, err := fs.ReadDir(folder.FS(), ".")
	if err != nil {
		return nil, err
	}
	out := make(map[string]fs.FileMode, len(list))
	for _, e := range list {
		out[e.Name()] = e.Type()
	}
	return out, nil
}

// same reports whether a file has the content; one that cannot be read has not.
func same(folder *os.Root, name string, content []byte) bool {
	f, err := folder.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	have, err := io.ReadAll(io.LimitReader(f, int64(len(content))+1))
	return err == nil && bytes.Equal(have, content)
}

// put writes a file: a new one in place, one that is there by a new file that
// takes its place, so that nobody reads half of it.
func put(folder *os.Root, name string, content []byte, there bool) error {
	if !there {
		return fill(folder, name, content)
	}
	if err := fill(folder, temporary, content); err != nil {
		return err
	}
	return folder.Rename(temporary, name)
}

func fill(folder *os.Root, name string, content []byte) error {
	f, err := folder.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// list reads which files the host's folder got before.
func (w *writer) list() ([]string, error) {
	text, err := w.root.ReadFile(path.Join(lists, w.host.Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		if name := strings.TrimSuffix(line, "\n"); fs.ValidPath(name) && name != "." {
			out = append(out, name)
		}
	}
	return out, nil
}

// stale are the files of the list that are there, and given no more.
func (w *writer) stale(was []string) []string {
	wanted := make(map[string]bool, len(w.host.Files))
	for _, f := range w.host.Files {
		wanted[f.Path] = true
	}
	var out []string
	for _, name := range was {
		if wanted[name] {
			continue
		}
		info, err := w.root.Lstat(path.Join(w.host.Name, name))
		if err == nil && info.Mode().IsRegular() {
			out = append(out, name)
			w.result.Stale = append(w.result.Stale, path.Join(w.host.Name, name))
		}
	}
	return out
}

// saveList writes the list anew if it changes: what is given, and what is stale
// and stays.
func (w *writer) saveList(was, stale []string) error {
	var now []string
	for _, f := range w.host.Files {
		now = append(now, f.Path)
	}
	now = append(now, stale...)
	slices.Sort(now)
	if w.options.Check || slices.Equal(was, now) {
		return nil
	}
	if err := w.root.MkdirAll(lists, 0o755); err != nil {
		return err
	}
	if len(now) == 0 {
		return w.root.Remove(path.Join(lists, w.host.Name))
	}
	folder, err := w.root.OpenRoot(lists)
	if err != nil {
		return err
	}
	defer folder.Close()
	return fill(folder, w.host.Name, []byte(strings.Join(now, "\n")+"\n"))
}

// prune removes stale files, the folders that this leaves empty, and their
// names from the list.
func (w *writer) prune(stale []string) error {
	if !w.options.Prune || w.options.Check || len(stale) == 0 {
		return nil
	}
	for _, name := range stale {
		full := path.Join(w.host.Name, name)
		if err := w.root.Remove(full); err != nil {
			return err
		}
		for dir := path.Dir(full); dir != "."; dir = path.Dir(dir) {
			if w.root.Remove(dir) != nil { // not empty
				break
			}
		}
	}
	was := make([]string, 0, len(w.host.Files)+len(stale))
	for _, f := range w.host.Files {
		was = append(was, f.Path)
	}
	was = append(was, stale...)
	slices.Sort(was)
	return w.saveList(was, nil)
}
