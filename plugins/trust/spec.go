// Package trust finds the executables of plugins and says which of them may be
// started: by name in a few places, as the lock file has them, and only where
// nobody else could have put them.
package trust

import "linkspan/plugins/internal/wire"

// Spec says which plugin to start.
type Spec struct {
	Name     string
	Path     string   // the executable; "" for a built-in backend: this executable
	Args     []string // after the path; set for built-in ones by Builtin
	SHA256   string   // hex, of the executable; "": any
	Version  string   // that its description must have; "": any
	Protocol int      // that it must speak; 0: any that the program speaks
	Override bool     // an author's own build, whose owner and mode are not checked
}

// Builtin is the spec of a built-in backend: this executable started again.
func Builtin(name string) Spec { return Spec{Name: name, Args: []string{wire.ServeArgument, name}} }

func (s Spec) builtin() bool { return s.Path == "" }

// Shown is the executable for people: its path, or "built-in".
func (s Spec) Shown() string {
	if s.builtin() {
		return "built-in"
	}
	return s.Path
}
