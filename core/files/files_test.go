package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/xattr"

	"linkspan/core/plan"
)

// tree lays files out below a new root.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		old := time.Unix(1_000_000_000, 123456789)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// state spells a tree: names, inodes, modes, owners, times, contents.
func state(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		st := info.Sys().(*syscall.Stat_t)
		rel, _ := filepath.Rel(root, path)
		fmt.Fprintf(&b, "%s %v %d:%d", rel, info.Mode(), st.Uid, st.Gid)
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %d links=%d %q", info.ModTime().UnixNano(), st.Nlink, text)
		}
		b.WriteString("\n")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func file(text string) plan.FileState { return plan.FileState{Exists: true, Content: []byte(text)} }

// example is one file edited, one removed, one made in a new directory.
var example = map[string]string{"etc/a": "a1\n", "etc/b": "b1\n", "etc/other": "x\n"}

func exampleChanges() []plan.FileChange {
	return []plan.FileChange{
		{Path: "/etc/a", Before: file("a1\n"), After: file("a2\n")},
		{Path: "/etc/b", Before: file("b1\n")},
		{Path: "/etc/new/deep/c", After: file("c2\n")},
	}
}

func prepared(t *testing.T, root string, changes []plan.FileChange) *Set {
	t.Helper()
	s, err := Prepare(root, "1", changes)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestAllAndUndo(t *testing.T) {
	root := tree(t, example)
	before := state(t, root)
	s := prepared(t, root, exampleChanges())
	if state(t, root) != before {
		t.Fatal("Prepare wrote something")
	}
	must(t, s.Stage())
	for _, name := range []string{"etc/a", "etc/b"} {
		if text, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(text) != example[name] {
			t.Fatalf("Stage changed %s: %q %v", name, text, err)
		}
	}
	must(t, s.Commit())
	for name, want := range map[string]string{"etc/a": "a2\n", "etc/new/deep/c": "c2\n", "etc/other": "x\n"} {
		if text, err := os.ReadFile(filepath.Join(root, name)); err != nil || string(text) != want {
			t.Errorf("%s is %q (%v), want %q", name, text, err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "etc/b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("etc/b is still there: %v", err)
	}
	must(t, s.Undo(), s.Undo())
	if after := state(t, root); after != before {
		t.Errorf("undone, the tree is\n%s\nand was\n%s", after, before)
	}
}

// TestUndoFromEveryState stops after each call that changes the file system,
// resumes from the images alone, and undoes.
func TestUndoFromEveryState(t *testing.T) {
	for stop := range 12 {
		root := tree(t, example)
		before := state(t, root)
		s := prepared(t, root, exampleChanges())
		images := s.Images()
		n := 0
		step := func(f func() error) {
			if n++; n <= stop {
				must(t, f())
			}
		}
		for _, dir := range s.made {
			step(func() error { return s.root.Mkdir(dir, 0o755) })
		}
		for _, it := range s.items {
			if it.Change.After.Exists {
				step(func() error { return s.write(it) })
			}
		}
		for _, it := range s.items {
			if it.Change.Before.Exists && it.Change.After.Exists {
				step(func() error { return s.root.Link(it.Target, it.old) })
				step(func() error { return s.root.Rename(it.fresh, it.Target) })
				continue
			}
			step(func() error { return s.place(it) })
		}
		r, err := Resume(root, "1", images)
		must(t, err, r.Undo(), r.Undo())
		if after := state(t, root); after != before {
			t.Errorf("stopped after %d steps and undone, the tree is\n%s\nand was\n%s", stop, after, before)
		}
	}
}

// TestUndoAfterClose writes the old files anew: content, mode, owner, times
// and attributes are as before.
func TestUndoAfterClose(t *testing.T) {
	root := tree(t, example)
	path := filepath.Join(root, "etc/a")
	must(t, os.Chmod(path, 0o2640))
	if os.Geteuid() == 0 {
		must(t, os.Chown(path, 12, 34), os.Chmod(path, 0o2640))
	}
	labelled := xattr.Set(path, "user.label", []byte("net_conf_t")) == nil
	must(t, os.Chtimes(path, time.Unix(7, 5), time.Unix(7, 5)))
	before := state(t, root)
	s := prepared(t, root, exampleChanges())
	images := s.Images()
	must(t, s.Stage(), s.Commit(), s.Close())
	if left, _ := filepath.Glob(filepath.Join(root, "etc/.linkspan*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	r, err := Resume(root, "1", images)
	must(t, err, r.Undo(), r.Undo())
	if after := state(t, root); after != before {
		t.Errorf("undone, the tree is\n%s\nand was\n%s", after, before)
	}
	if label, err := xattr.Get(path, "user.label"); labelled && (err != nil || string(label) != "net_conf_t") {
		t.Errorf("the label is %q (%v)", label, err)
	}
}

func TestNewFileIsLikeTheOld(t *testing.T) {
	root := tree(t, example)
	path := filepath.Join(root, "etc/a")
	must(t, os.Chmod(path, 0o600))
	s := prepared(t, root, exampleChanges())
	must(t, s.Stage(), s.Commit(), s.Close())
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v (%v), want 0600", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Join(root, "etc/new/deep/c")); err != nil || info.Mode() != 0o644 {
		t.Errorf("a new file: %v %v", info, err)
	}
}

func TestSymlinks(t *testing.T) {
	root := tree(t, map[string]string{"data/a": "a1\n"})
	must(t, os.Mkdir(filepath.Join(root, "etc"), 0o755),
		os.Symlink("../data/a", filepath.Join(root, "etc/a")),
		os.Symlink("../../../../../../etc/passwd", filepath.Join(root, "etc/out")),
		os.Symlink("loop", filepath.Join(root, "etc/loop")))
	change := plan.FileChange{Path: "/etc/a", Before: file("a1\n"), After: file("a2\n")}
	s := prepared(t, root, []plan.FileChange{change})
	must(t, s.Stage(), s.Commit(), s.Close())
	if text, err := os.ReadFile(filepath.Join(root, "data/a")); err != nil || string(text) != "a2\n" {
		t.Errorf("the link's target is %q (%v)", text, err)
	}
	if to, err := os.Readlink(filepath.Join(root, "etc/a")); err != nil || to != "../data/a" {
		t.Errorf("the link is %q (%v)", to, err)
	}
	for _, name := range []string{"/etc/out", "/etc/loop", "/../outside"} {
		if s, err := Prepare(root, "2", []plan.FileChange{{Path: name, Before: file("x"), After: file("y")}}); err == nil {
			t.Errorf("%s was accepted: %+v", name, s.items)
		}
	}
}

func TestPrepareRefuses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(root string) error
		want  string
	}{
		{"changed", func(r string) error { return os.WriteFile(filepath.Join(r, "etc/a"), []byte("third\n"), 0o644) }, "plan again"},
		{"gone", func(r string) error { return os.Remove(filepath.Join(r, "etc/a")) }, "plan again"},
		{"there already", func(r string) error {
			return errors.Join(os.MkdirAll(filepath.Join(r, "etc/new/deep"), 0o755), os.WriteFile(filepath.Join(r, "etc/new/deep/c"), nil, 0o644))
		}, "plan again"},
		{"a directory", func(r string) error {
			return errors.Join(os.Remove(filepath.Join(r, "etc/a")), os.Mkdir(filepath.Join(r, "etc/a"), 0o755))
		}, "no regular file"},
		{"a FIFO", func(r string) error {
			return errors.Join(os.Remove(filepath.Join(r, "etc/a")), syscall.Mkfifo(filepath.Join(r, "etc/a"), 0o644))
		}, "no regular file"},
	} {
		root := tree(t, example)
		must(t, tt.spoil(root))
		before := state(t, root)
		if _, err := Prepare(root, "1", exampleChanges()); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if state(t, root) != before {
			t.Errorf("%s: something was changed", tt.name)
		}
	}
}

// TestHandEdits: whoever writes a file between any two steps keeps what they
// wrote.
func TestHandEdits(t *testing.T) {
	hand := func(root string) error { return os.WriteFile(filepath.Join(root, "etc/a"), []byte("by hand\n"), 0o644) }
	read := func(t *testing.T, root string) string {
		text, err := os.ReadFile(filepath.Join(root, "etc/a"))
		must(t, err)
		return string(text)
	}
	t.Run("between staging and renaming", func(t *testing.T) {
		root := tree(t, example)
		s := prepared(t, root, exampleChanges())
		must(t, s.Stage(), hand(root))
		if err := s.Commit(); !errors.Is(err, ErrChanged) {
			t.Errorf("Commit: %v, want ErrChanged", err)
		}
		if err := s.Undo(); err != nil { // it was never replaced
			t.Errorf("Undo: %v", err)
		}
		if got := read(t, root); got != "by hand\n" {
			t.Errorf("the hand's text became %q", got)
		}
	})
	t.Run("after renaming", func(t *testing.T) {
		root := tree(t, example)
		s := prepared(t, root, exampleChanges())
		must(t, s.Stage(), s.Commit(), os.Remove(filepath.Join(root, "etc/a")), hand(root))
		var conflict *ConflictError
		if err := s.Undo(); !errors.As(err, &conflict) || conflict.Kept == "" {
			t.Fatalf("Undo: %v, want a conflict that says where the old file is", err)
		}
		if got := read(t, root); got != "by hand\n" {
			t.Errorf("the hand's text became %q", got)
		}
		if text, err := os.ReadFile(filepath.Join(root, conflict.Kept)); err != nil || string(text) != "a1\n" {
			t.Errorf("the old file is %q (%v)", text, err)
		}
		if text, err := os.ReadFile(filepath.Join(root, "etc/b")); err != nil || string(text) != "b1\n" {
			t.Errorf("the others were not put back: %q (%v)", text, err)
		}
	})
}

func TestMadeDirectoryWithAStrangerStays(t *testing.T) {
	root := tree(t, example)
	s := prepared(t, root, exampleChanges())
	must(t, s.Stage(), s.Commit(), os.WriteFile(filepath.Join(root, "etc/new/stranger"), nil, 0o644), s.Undo())
	if _, err := os.Stat(filepath.Join(root, "etc/new/stranger")); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(root, "etc/new/deep")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty directory stayed: %v", err)
	}
}

func TestNoTemporaryFileIsLiveConfiguration(t *testing.T) {
	for _, name := range []string{"ifcfg-eth0", "route-eth0", "rule-x"} {
		for _, what := range []string{"new", "old"} {
			if got := filepath.Base(hidden("etc/"+name, "12-ab", what)); !strings.HasPrefix(got, ".") {
				t.Errorf("%s", got)
			}
		}
	}
}

func BenchmarkReplace(b *testing.B) {
	for _, n := range []int{7, 8003} {
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			root := b.TempDir()
			text := strings.Repeat("KEY=value\n", 11)
			versions := []plan.FileState{file(text + "A=1\n"), file(text + "A=2\n")}
			before := plan.FileState{}
			var changes []plan.FileChange
			for i := range n {
				changes = append(changes, plan.FileChange{Path: fmt.Sprintf("/etc/ifcfg-%d", i)})
			}
			for i := 0; b.Loop(); i++ {
				after := versions[i%2]
				for j := range changes {
					changes[j].Before, changes[j].After = before, after
				}
				s, err := Prepare(root, "1", slices.Clone(changes))
				if err == nil {
					err = errors.Join(s.Stage(), s.Commit(), s.Close())
				}
				if err != nil {
					b.Fatal(err)
				}
				before = after
			}
		})
	}
}
