// Package tree reads a host's files below a root, which may be another than
// "/": symlinks are followed as that host would, absolute ones included, and
// never lead out of the root.
package tree

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
	"golang.org/x/sys/unix"
)

// MaxFile bounds what is read of one file, in bytes; xend's shipped
// configuration has 10 KB.
const MaxFile = 1 << 20

// maxEntries bounds how many files of one directory are looked at.
const maxEntries = 10_000

// Tree is a host's files.
type Tree struct{ root string }

// At is the files below root; "" is the real "/".
func At(root string) Tree { return Tree{cmp.Or(root, "/")} }

// File is one file as read.
type File struct {
	Name    string // as it was asked for
	Target  string // where it is, symlinks resolved, as seen on the host
	Mode    fs.FileMode
	Links   int // hard links
	Content []byte
}

// place is where a host's path is on this machine.
func (t Tree) place(name string) (string, error) { return securejoin.SecureJoin(t.root, name) }

// Exists reports whether there is anything of that name.
func (t Tree) Exists(name string) bool {
	p, err := t.place(name)
	if err != nil {
		return false
	}
	_, err = os.Lstat(p)
	return err == nil
}

// Read reads a regular file of at most MaxFile bytes. A file that is not there
// is fs.ErrNotExist; the error of another says what to do.
func (t Tree) Read(name string) (File, error) {
	p, err := t.place(name)
	if err != nil {
		return File{}, err
	}
	// Without O_NONBLOCK, opening a FIFO would wait for a writer.
	f, err := os.OpenFile(p, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return File{}, reason(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return File{}, reason(err)
	case !info.Mode().IsRegular():
		return File{}, errors.New("it is no regular file; move it away")
	case info.Size() > MaxFile:
		return File{}, fmt.Errorf("it has %d bytes, more than %d", info.Size(), MaxFile)
	}
	content, err := io.ReadAll(io.LimitReader(f, MaxFile))
	if err != nil {
		return File{}, reason(err)
	}
	out := File{Name: name, Target: path.Clean("/" + strings.TrimPrefix(p, t.root)), Mode: info.Mode().Perm(), Links: 1, Content: content}
	if st := new(unix.Stat_t); unix.Fstat(int(f.Fd()), st) == nil {
		out.Links = int(st.Nlink)
	}
	return out, nil
}

// reason drops the path of this machine, which the reader of a message knows by
// the host's name.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Text is the content of a file; "" when it cannot be read.
func (t Tree) Text(name string) string {
	f, err := t.Read(name)
	if err != nil {
		return ""
	}
	return string(f.Content)
}

// List names what is in a directory, sorted, without its subdirectories;
// nothing when there is none.
func (t Tree) List(dir string) []string { return t.entries(dir, false) }

// Dirs names the subdirectories of a directory, sorted.
func (t Tree) Dirs(dir string) []string { return t.entries(dir, true) }

func (t Tree) entries(dir string, dirs bool) []string {
	p, err := t.place(dir)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir(p)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries[:min(len(entries), maxEntries)] {
		if e.IsDir() == dirs {
			out = append(out, path.Join(dir, e.Name()))
		}
	}
	return out
}

// Socket is where a host's socket is on this machine.
func (t Tree) Socket(name string) (string, error) {
	p, err := t.place(name)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(p)
	if err == nil && info.Mode()&fs.ModeSocket == 0 {
		err = fmt.Errorf("%s is no socket", name)
	}
	return p, err
}
