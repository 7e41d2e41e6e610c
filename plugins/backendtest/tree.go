package backendtest

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"linkspan/core/backend"
	"linkspan/core/host"
)

// newTrial lays the case's files out.
func newTrial(ctx context.Context, b backend.Backend, c Case, dir string) (*trial, error) {
	about, err := b.Describe(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := c.Host.Backend(about.Name); !ok {
		return nil, fmt.Errorf("the case's host does not use the backend %q", about.Name)
	}
	if err := host.Validate(&c.Host).Err(); err != nil {
		return nil, fmt.Errorf("the case's host is not valid: %w", err)
	}
	t := &trial{ctx: ctx, backend: b, about: about, c: c, root: filepath.Join(dir, "root"), state: filepath.Join(dir, "state")}
	for _, d := range []string{t.root, t.state} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	for name, text := range c.Files {
		path := filepath.Join(t.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// untouched runs f and compares the host's files before and after: names,
// kinds, modes, times of change, contents.
func (t *trial) untouched(f func() error) error {
	before, err := t.tree()
	if err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	after, err := t.tree()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if a, ok := after[name]; !ok || a != before[name] {
			return fmt.Errorf("%s was touched", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, ok := before[name]; !ok {
			return fmt.Errorf("%s was made", name)
		}
	}
	return nil
}

// tree spells every file of the host.
func (t *trial) tree() (map[string]string, error) {
	out := make(map[string]string)
	err := t.walk(func(name string, info fs.FileInfo, content []byte) {
		out[name] = fmt.Sprintf("%v %d %x", info.Mode(), info.ModTime().UnixNano(), content)
	})
	return out, err
}

// walk visits every entry below the root with its path as the host sees it.
func (t *trial) walk(visit func(name string, info fs.FileInfo, content []byte)) error {
	return filepath.WalkDir(t.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		var content []byte
		if info.Mode().IsRegular() {
			if content, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		rel, err := filepath.Rel(t.root, path)
		visit("/"+rel, info, content)
		return err
	})
}

// unknownKept looks for each text of Keep among the files, after the apply.
func unknownKept(t *trial) error {
	missing := slices.Clone(t.c.Keep)
	err := t.walk(func(_ string, _ fs.FileInfo, content []byte) {
		missing = slices.DeleteFunc(missing, func(text string) bool { return bytes.Contains(content, []byte(text)) })
	})
	if err == nil && len(missing) > 0 {
		return fmt.Errorf("lost: %q", missing)
	}
	return err
}
