package trust

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"

	"linkspan/core/diag"
)

// Prefix is what the name of a plugin's executable begins with; the backend's
// name follows.
const Prefix = "linkspan-backend-"

// NameForm is the form of a backend's name.
var NameForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`) })

// SystemDir is where packages install plugins.
const SystemDir = "/usr/libexec/linkspan"

// Where says where plugins are looked for. PATH is none of these places: it is
// the operator's, and not that of the host.
type Where struct {
	Dirs      []string          // of -plugin-dir, in order
	Builtins  []string          // names of the backends inside this executable
	Overrides map[string]string // of -dev-override: name → executable
	Lock      *Lock             // nil: the definitions have no lock file
	// Required are the plugins that the definitions themselves ask for.
	Required map[string]Required
}

// Lock is what a lock file says.
type Lock struct {
	File    string // for people
	Dir     string // of the definitions; searched last, and only for what is locked
	Plugins map[string]Locked
}

// Locked is what a lock file says of one plugin.
type Locked struct {
	Version  string
	Protocol int
	SHA256   map[string]string // platform → hex
}

// Required is what definitions ask of one plugin; an empty field asks nothing.
type Required struct{ Version, SHA256 string }

// Platform is this machine's name in a lock file, e.g. "linux_amd64".
func Platform() string { return runtime.GOOS + "_" + runtime.GOARCH }

// dirs are the places, in order.
func (w Where) dirs() []string {
	out := slices.Clone(w.Dirs)
	if self, err := os.Executable(); err == nil {
		out = append(out, filepath.Dir(self))
	}
	return append(out, SystemDir)
}

// NotFoundError says that there is no backend of that name.
type NotFoundError struct {
	Name  string
	Known []string // the names that there are
	Dirs  []string // where it was looked for
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no backend is called %q%s: it is not built in, and there is no %s%s in %s (see -plugin-dir)",
		e.Name, diag.DidYouMean(e.Name, e.Known), Prefix, e.Name, strings.Join(e.Dirs, ", "))
}

// Find finds the backend of that name: one that an author overrides, a built-in
// one, or the first executable of its name. It starts nothing; Open checks the
// executable.
func Find(name string, w Where) (Spec, error) {
	if path, ok := w.Overrides[name]; ok {
		return Spec{Name: name, Path: path, Override: true}, nil
	}
	if slices.Contains(w.Builtins, name) {
		return Builtin(name), nil
	}
	if !NameForm().MatchString(name) {
		return Spec{}, fmt.Errorf("%q is no name of a backend: it has lower-case letters, digits and hyphens, at most 32", name)
	}
	dirs := w.dirs()
	var locked Locked
	isLocked := false
	if w.Lock != nil {
		if locked, isLocked = w.Lock.Plugins[name]; isLocked {
			dirs = append(dirs, w.Lock.Dir)
		}
	}
	path, err := firstOf(dirs, Prefix+name)
	if err != nil {
		return Spec{}, err
	}
	if path == "" {
		return Spec{}, &NotFoundError{Name: name, Known: w.names(), Dirs: dirs}
	}
	s := Spec{Name: name, Path: path}
	if w.Lock != nil {
		if !isLocked {
			return s, &UnlockedError{Name: name, Path: path, File: w.Lock.File}
		}
		if err := s.lock(locked, w.Lock.File); err != nil {
			return s, err
		}
	}
	return s, s.require(w.Required[name])
}

// UnlockedError says that the lock file does not have a plugin that was found.
type UnlockedError struct{ Name, Path, File string }

func (e *UnlockedError) Error() string {
	return fmt.Sprintf("plugin %q (%s) is not in %s; `linkspan plugins lock` adds it, for the next reviewer to see", e.Name, e.Path, e.File)
}

func (s *Spec) lock(l Locked, file string) error {
	sum, ok := l.SHA256[Platform()]
	if !ok {
		return fmt.Errorf("plugin %q (%s): %s has no SHA-256 of it for %s; run `linkspan plugins lock` on such a machine", s.Name, s.Path, file, Platform())
	}
	s.SHA256, s.Version, s.Protocol = sum, l.Version, l.Protocol
	return nil
}

func (s *Spec) require(r Required) error {
	if r.SHA256 != "" && s.SHA256 != "" && r.SHA256 != s.SHA256 || r.Version != "" && s.Version != "" && r.Version != s.Version {
		return fmt.Errorf("plugin %q (%s): the lock file has version %q with SHA-256 %q, and the definitions ask for %q with %q; run `linkspan plugins lock` or change the linkspan block", s.Name, s.Path, s.Version, s.SHA256, r.Version, r.SHA256)
	}
	if r.SHA256 != "" {
		s.SHA256 = r.SHA256
	}
	if r.Version != "" {
		s.Version = r.Version
	}
	return nil
}

// firstOf is the first of the directories' entries of a name; "" for none.
func firstOf(dirs []string, name string) (string, error) {
	for _, dir := range dirs {
		path := filepath.Join(dir, name)
		_, err := os.Lstat(path)
		switch {
		case err == nil:
			return filepath.Abs(path)
		case errors.Is(err, fs.ErrNotExist):
		default:
			return "", fmt.Errorf("looking for plugins: %w", err)
		}
	}
	return "", nil
}

// names are the names of all backends that there are, sorted.
func (w Where) names() []string {
	out := append(slices.Clone(w.Builtins), slices.Collect(maps.Keys(w.Overrides))...)
	dirs := w.dirs()
	if w.Lock != nil {
		for name := range w.Lock.Plugins {
			if _, err := os.Lstat(filepath.Join(w.Lock.Dir, Prefix+name)); err == nil {
				out = append(out, name)
			}
		}
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // as good as empty; Find says what is wrong with a name that it looks for
		}
		for _, e := range entries {
			if name, ok := strings.CutPrefix(e.Name(), Prefix); ok && NameForm().MatchString(name) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Discover names every backend that there is, sorted: the built-in ones and
// those found.
func Discover(w Where) []string { return w.names() }
