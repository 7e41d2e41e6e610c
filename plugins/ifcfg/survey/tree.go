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
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

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
	scripts *os.File // the scripts' directory; nil when there is none
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
	if t.scripts, err = r.OpenFile(strings.TrimPrefix(reader.Dir, "/"), os.O_RDONLY|unix.O_DIRECTORY, 0); err != nil {
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

// Content is a file as it was read.
type Content struct {
	State  plan.FileState // the zero state when there is none
	Why    string         // why it could not be read, or ""
	linked bool           // it has another name, too
}

// Read reads a file, or says why it cannot.
func (t *Tree) Read(name string) (plan.FileState, string) { return t.Take(name, t.Look(name)) }

// Take counts a file that was looked at as read.
func (t *Tree) Take(name string, c Content) (plan.FileState, string) {
	if c.linked {
		t.Linked = append(t.Linked, name)
	}
	return c.State, c.Why
}

// Look reads a file. It may be called from several goroutines.
func (t *Tree) Look(name string) Content {
	if rel, ok := strings.CutPrefix(name, reader.Dir+"/"); ok && t.scripts != nil && !strings.Contains(rel, "/") {
		if c, ok := t.lookAt(rel); ok {
			return c
		}
	}
	rel := strings.TrimPrefix(name, "/")
	info, err := t.root.Lstat(rel) // before opening: opening a FIFO waits for a writer
	link := err == nil && info.Mode()&fs.ModeSymlink != 0
	if link {
		if rel, err = t.follow(name); err == nil {
			info, err = t.root.Stat(rel)
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && link:
		return Content{Why: fmt.Sprintf("it is a symlink to %q, which is not there; make that file, or remove the link", "/"+rel)}
	case errors.Is(err, fs.ErrNotExist):
		return Content{}
	case err != nil:
		return Content{Why: err.Error()}
	case !info.Mode().IsRegular():
		return Content{Why: fmt.Sprintf("it is a %s, not a regular file; move it away", kindOfFile(info.Mode()))}
	case info.Size() > maxFile:
		return Content{Why: tooLarge(info.Size())}
	}
	f, err := t.root.Open(rel)
	if err != nil {
		return Content{Why: err.Error()}
	}
	defer f.Close()
	buffer := bytes.NewBuffer(make([]byte, 0, info.Size()+1))
	if _, err := io.Copy(buffer, io.LimitReader(f, maxFile+1)); err != nil {
		return Content{Why: err.Error()}
	}
	out := Content{State: plan.FileState{Exists: true, Mode: uint32(info.Mode().Perm()), Content: buffer.Bytes()}, Why: notText(buffer.Bytes())}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		out.linked = st.Nlink > 1
	}
	return out
}

// lookAt reads a regular file of the scripts' directory with as few system calls
// as do it: a host has thousands. Whatever is not as it should be is left to
// Look.
func (t *Tree) lookAt(rel string) (Content, bool) {
	dir := int(t.scripts.Fd())
	var st unix.Stat_t
	if err := unix.Fstatat(dir, rel, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size > maxFile {
		return Content{}, false
	}
	fd, err := unix.Openat(dir, rel, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return Content{}, false
	}
	defer unix.Close(fd)
	content := make([]byte, st.Size+1) // one more: the file's end is seen at once
	n, err := unix.Read(fd, content)
	if err != nil || n != int(st.Size) { // it is being written
		return Content{}, false
	}
	content = content[:n:n]
	return Content{State: plan.FileState{Exists: true, Mode: st.Mode & 0o777, Content: content}, Why: notText(content), linked: st.Nlink > 1}, true
}

// readers is how many files are read at once: on a disk that has to be asked,
// waiting for one after the other is nearly all the time that it takes.
const readers = 8

// LookAll reads files of the scripts' directory, several at once.
func (t *Tree) LookAll(names []string) map[string]Content {
	found := make([]Content, len(names))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(readers, len(names)/readers+1) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(names)); i = next.Add(1) - 1 {
				found[i] = t.Look(reader.Dir + "/" + names[i])
			}
		})
	}
	wait.Wait()
	out := make(map[string]Content, len(names))
	for i, name := range names {
		out[reader.Dir+"/"+name] = found[i]
	}
	return out
}

func tooLarge(size int64) string {
	return fmt.Sprintf("it has %d bytes; no file of the network scripts has more than %d", size, maxFile)
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

// follow resolves symlinks as the host does: an absolute one begins at the root.
func (t *Tree) follow(name string) (string, error) {
	rel := strings.TrimPrefix(name, "/")
	for range 40 { // as the kernel's MAXSYMLINKS
		to, err := t.root.Readlink(rel)
		if err != nil {
			return rel, nil
		}
		if path.IsAbs(to) {
			rel = strings.TrimPrefix(path.Clean(to), "/")
		} else {
			rel = path.Join(path.Dir(rel), to)
		}
		if rel == ".." || strings.HasPrefix(rel, "../") {
			return rel, fmt.Errorf("the symlink leads out of the root, to %q", to)
		}
	}
	return rel, errors.New("too many symlinks")
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
