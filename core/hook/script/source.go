// Package script runs Go scripts of the site's own: hooks around a change,
// functions for expressions, backends. It reads and checks them, and runs each
// in a process of its own, this executable started again, in which an
// interpreter (traefik/yaegi) executes it.
//
// A process of its own is the only way to bound what a script takes, to end
// one that hangs, and to survive one that crashes; README.md of package hook
// says what a script can do.
package script

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"

	"linkspan/core/files"
)

// Source is the text of a script: one Go file, or the Go files of a directory.
type Source struct {
	Name  string `json:"name"`  // as the definition names it: "hooks/drain.go"
	Files []File `json:"files"` // sorted by name
	Tests []File `json:"-"`     // the *_test.go files beside it; of a single file, those of its name
	// Untrusted says why the script is not to be run on a host by root: others
	// could have written it. It can be checked and tested all the same.
	Untrusted error `json:"-"`

	checked atomic.Bool // it was found good as a hook
	at      string      // the directory that the name is below, as diagnostics name it
}

// File is one Go file.
type File struct {
	Name string `json:"name"` // base name
	Text string `json:"text"`
}

// maxSource bounds a script's text, in bytes.
const maxSource = 1 << 20

// Load reads a script: name is a Go file or a directory of Go files, below
// dir.
func Load(dir, name string) (*Source, error) {
	s := &Source{Name: path.Clean(filepath.ToSlash(name)), at: filepath.ToSlash(dir)}
	if err := s.load(dir); err != nil {
		return nil, fmt.Errorf("script %q: %w", name, err)
	}
	return s, nil
}

func (s *Source) load(dir string) error {
	if !filepath.IsLocal(s.Name) {
		return errors.New("a script is below the definitions' directory")
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	info, err := root.Stat(s.Name)
	if err != nil {
		return err
	}
	tests := strings.TrimSuffix(s.Name, ".go") + "_test.go"
	names := []string{s.Name, tests}
	if info.IsDir() {
		if names, err = goFiles(root, s.Name); err != nil {
			return err
		}
	}
	total := 0
	for _, n := range names {
		text, err := s.read(dir, root, n)
		if n == tests && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
		if total += len(text); total > maxSource {
			return fmt.Errorf("its source has more than %d bytes", maxSource)
		}
		s.add(File{path.Base(n), text})
	}
	if len(s.Files) == 0 {
		return errors.New("there is no Go file in it")
	}
	return nil
}

func (s *Source) add(f File) {
	if strings.HasSuffix(f.Name, "_test.go") {
		s.Tests = append(s.Tests, f)
		return
	}
	s.Files = append(s.Files, f)
}

func goFiles(root *os.Root, dir string) ([]string, error) {
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if n := e.Name(); !e.IsDir() && strings.HasSuffix(n, ".go") && !strings.HasPrefix(n, ".") {
			out = append(out, path.Join(dir, n))
		}
	}
	sort.Strings(out)
	return out, nil
}

// read reads a regular file, and notes whether others may have written it.
func (s *Source) read(dir string, root *os.Root, name string) (string, error) {
	info, err := root.Stat(name) // before it is opened: opening a FIFO waits for a writer
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is no regular file")
	}
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if os.Geteuid() == 0 && s.Untrusted == nil {
		if err := files.Trusted(filepath.Join(dir, name), f); err != nil {
			s.Untrusted = fmt.Errorf("script %q is not run: %w", s.Name, err)
		}
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSource+1))
	return string(text), err
}

// Digest is the hex SHA-256 over the names and texts of the files, tests
// apart.
func (s *Source) Digest() string {
	h := sha256.New()
	for _, f := range s.Files {
		fmt.Fprintf(h, "%d %s %d\n%s", len(f.Name), f.Name, len(f.Text), f.Text) // a hash takes everything
	}
	return hex.EncodeToString(h.Sum(nil))
}

// dir is the directory of the files as the definition names it.
func (s *Source) dir() string {
	if strings.HasSuffix(s.Name, ".go") {
		return path.Dir(s.Name)
	}
	return s.Name
}

// place is a file as diagnostics name it: "site/hooks/drain.go".
func (s *Source) place(base string) string { return path.Join(s.at, s.dir(), base) }

// Texts are the files' texts, by the names that diagnostics give them.
func (s *Source) Texts() map[string][]byte {
	out := make(map[string][]byte)
	for _, l := range [][]File{s.Files, s.Tests} {
		for _, f := range l {
			out[s.place(f.Name)] = []byte(f.Text)
		}
	}
	return out
}
