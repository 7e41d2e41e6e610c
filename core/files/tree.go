package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"linkspan/core/plan"
)

// Tree reads the files below a root; a symlink never leads out of it, and an
// absolute one begins at the root, as on the host.
type Tree struct{ root *os.Root }

// OpenTree opens the host's "/": "" or "/" is the real one. The caller closes it.
func OpenTree(root string) (*Tree, error) {
	r, err := openRoot(root)
	if err != nil {
		return nil, err
	}
	return &Tree{root: r}, nil
}

// Close forgets the root.
func (t *Tree) Close() error { return t.root.Close() }

// Read returns the state of a regular file of at most limit bytes; a file that
// is not there is the zero state.
func (t *Tree) Read(name string, limit int64) (plan.FileState, error) {
	rel, err := resolve(t.root, relative(name))
	if err != nil {
		return plan.FileState{}, err
	}
	info, err := t.root.Stat(rel)
	if err == nil && info.Mode().IsRegular() && info.Size() > limit {
		return plan.FileState{}, fmt.Errorf("it has %d bytes; no configuration has more than %d", info.Size(), limit)
	}
	return read(t.root, rel)
}

// List returns the paths of what is in a directory, subdirectories and hidden
// files apart, sorted; none for a directory that is not there.
func (t *Tree) List(dir string) ([]string, error) {
	rel, err := resolve(t.root, relative(dir))
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(t.root.FS(), rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && e.Name()[0] != '.' {
			out = append(out, path.Join("/", dir, e.Name()))
		}
	}
	slices.Sort(out)
	return out, nil
}
