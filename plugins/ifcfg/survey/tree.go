package survey

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
	"syscall"

	"linkspan/core/diag"
	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
)

// maxFile bounds what is read of one file; the scripts' files have a few
// hundred bytes.
const maxFile = 1 << 20

// maxLine bounds a line; a longer one is no configuration.
const maxLine = 1 << 16

// Tree reads files below a root; a symlink never leads out of it.
type Tree struct {
	root    *os.Root
	scripts *os.Root // the scripts' directory, so that its files cost one step; nil when there is none
	Linked  []string // files that have another name, too (hard links)
	Diags   diag.List
}

// Open opens the tree below root; "" is the real one.
func Open(root string) (*Tree, error) {
	if root == "" {
		root = "/"
	}
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, fmt.Errorf("root %q: %w", root, err)
	}
	t := &Tree{root: r}
	if t.scripts, err = r.OpenRoot(strings.TrimPrefix(reader.Dir, "/")); err != nil {
		t.scripts = nil // list says why
	}
	return t, nil
}

// Close ends the use of the tree.
func (t *Tree) Close() {
	t.root.Close()
	if t.scripts != nil {
		t.scripts.Close()
	}
}

// text returns a file's content, or "" when there is none that can be read.
func (t *Tree) text(path string) string {
	f := (&Tree{root: t.root}).file(path)
	return string(f.Content)
}

// exists reports whether there is anything of that name.
func (t *Tree) exists(path string) bool {
	_, err := t.root.Lstat(strings.TrimPrefix(path, "/"))
	return err == nil
}

// file reads a regular file of bounded size. A file that is not there is the
// zero state; one that cannot be read is reported.
func (t *Tree) file(name string) plan.FileState {
	state, why := t.Read(name)
	if why != "" {
		t.Diags = append(t.Diags, rule.Unreadable.In(diag.Range{File: name}, "%s", why))
	}
	return state
}

// Read reads a file, or says why it cannot.
func (t *Tree) Read(name string) (plan.FileState, string) {
	root, rel := t.place(name)
	info, err := root.Lstat(rel) // before opening: opening a FIFO waits for a writer
	link := err == nil && info.Mode()&fs.ModeSymlink != 0
	if link {
		if root, rel, err = t.follow(name); err == nil {
			info, err = root.Stat(rel)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && link:
		return plan.FileState{}, fmt.Sprintf("it is a symlink to %q, which is not there; make that file, or remove the link", "/"+rel)
	case errors.Is(err, fs.ErrNotExist):
		return plan.FileState{}, ""
	case err != nil:
		return plan.FileState{}, err.Error()
	case !info.Mode().IsRegular():
		return plan.FileState{}, fmt.Sprintf("it is a %s, not a regular file; move it away", kindOfFile(info.Mode()))
	case info.Size() > maxFile:
		return plan.FileState{}, fmt.Sprintf("it has %d bytes; no file of the network scripts has more than %d", info.Size(), maxFile)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		t.Linked = append(t.Linked, name)
	}
	f, err := root.Open(rel)
	if err != nil {
		return plan.FileState{}, err.Error()
	}
	defer f.Close()
	content := make([]byte, 0, info.Size()+1)
	buffer := bytes.NewBuffer(content)
	if _, err := io.Copy(buffer, io.LimitReader(f, maxFile+1)); err != nil {
		return plan.FileState{}, err.Error()
	}
	return plan.FileState{Exists: true, Mode: uint32(info.Mode().Perm()), Content: buffer.Bytes()}, notText(buffer.Bytes())
}

// notText says why a file is no text that a shell can source, or "".
func notText(content []byte) string {
	if len(content) > maxFile {
		return fmt.Sprintf("it has more than %d bytes; no file of the network scripts has", maxFile)
	}
	if i := bytes.IndexByte(content, 0); i >= 0 {
		return fmt.Sprintf("it has a NUL byte at offset %d; it is not a text that a shell can source", i)
	}
	for line := range bytes.Lines(content) {
		if len(line) > maxLine {
			return fmt.Sprintf("it has a line of %d bytes; it is no configuration", len(line))
		}
	}
	return ""
}

// place chooses the nearest root for a path.
func (t *Tree) place(name string) (*os.Root, string) {
	if rel, ok := strings.CutPrefix(name, reader.Dir+"/"); ok && t.scripts != nil {
		return t.scripts, rel
	}
	return t.root, strings.TrimPrefix(name, "/")
}

// follow resolves symlinks as the host does: an absolute one begins at the root.
func (t *Tree) follow(name string) (*os.Root, string, error) {
	rel := strings.TrimPrefix(name, "/")
	for range 40 { // as the kernel's MAXSYMLINKS
		to, err := t.root.Readlink(rel)
		if err != nil {
			return t.root, rel, nil
		}
		if path.IsAbs(to) {
			rel = strings.TrimPrefix(path.Clean(to), "/")
		} else {
			rel = path.Join(path.Dir(rel), to)
		}
		if rel == ".." || strings.HasPrefix(rel, "../") {
			return t.root, rel, fmt.Errorf("the symlink leads out of the root, to %q", to)
		}
	}
	return t.root, rel, errors.New("too many symlinks")
}

func kindOfFile(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// List names the files of the scripts' directory, sorted.
func (t *Tree) List() []string {
	d, err := t.root.Open(strings.TrimPrefix(reader.Dir, "/"))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Diags = append(t.Diags, rule.Unreadable.In(diag.Range{File: reader.Dir}, "%v", err))
		}
		return nil
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		t.Diags = append(t.Diags, rule.Unreadable.In(diag.Range{File: reader.Dir}, "%v", err))
	}
	slices.Sort(names)
	return names
}

// Detect names the release that the tree is of, or "" when it does not tell.
func (t *Tree) Detect() string {
	return reader.Detect(t.text("/etc/redhat-release"), t.text("/etc/os-release"), t.exists(reader.Dir+"/ifup-eth"))
}
