package tree

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func host(name string, files ...string) Host {
	h := Host{Name: name}
	for n := 0; n < len(files); n += 2 {
		h.Files = append(h.Files, File{files[n], []byte(files[n+1])})
	}
	return h
}

// state is every file of a tree with its content, less the lists.
func state(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && e.Name() == lists {
			return filepath.SkipDir
		}
		rel, _ := filepath.Rel(dir, name)
		if e.IsDir() {
			if left, _ := os.ReadDir(name); len(left) == 0 && rel != "." {
				out[rel] = "(an empty folder)"
			}
			return nil
		}
		content, err := os.ReadFile(name)
		out[filepath.ToSlash(rel)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t *testing.T, dir string, o Options, hosts ...Host) Result {
	t.Helper()
	r, err := Write(context.Background(), dir, hosts, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantState(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if got := state(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the tree is %v, not %v", got, want)
	}
}

// Files come, change, stay untouched and go; what is not ours stays.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	a, b := host("a", "etc/x", "1", "etc/n/y", "2"), host("b", "etc/x", "3")
	if r := write(t, dir, Options{}, a, b); r.Files != 3 || !slices.Equal(r.Written, []string{"a/etc/n/y", "a/etc/x", "b/etc/x"}) || len(r.Stale) > 0 {
		t.Errorf("%+v", r)
	}
	wantState(t, dir, map[string]string{"a/etc/x": "1", "a/etc/n/y": "2", "b/etc/x": "3"})

	// Again: nothing is written, no time changes.
	old := time.Unix(1e9, 0)
	for _, name := range []string{"a/etc/x", "a/etc/n/y", "b/etc/x", ".linkspan/a"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	if r := write(t, dir, Options{}, a, b); len(r.Written) > 0 {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"a/etc/x", ".linkspan/a"} {
		if info, _ := os.Stat(filepath.Join(dir, name)); !info.ModTime().Equal(old) {
			t.Errorf("%s was touched", name)
		}
	}

	// Another content, a file less, a host less, and what others put there.
	for name, text := range map[string]string{"README": "r", "a/etc/note": "n", "c/etc/z": "z"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	a = host("a", "etc/x", "changed")
	check := write(t, dir, Options{Check: true}, a)
	if !slices.Equal(check.Written, []string{"a/etc/x"}) || !slices.Equal(check.Stale, []string{"a/etc/n/y", "b/etc/x"}) {
		t.Errorf("%+v", check)
	}
	wantState(t, dir, map[string]string{"README": "r", "a/etc/note": "n", "c/etc/z": "z", "a/etc/x": "1", "a/etc/n/y": "2", "b/etc/x": "3"})
	for range 2 { // stale stays stale until it is pruned
		if r := write(t, dir, Options{}, a); !slices.Equal(r.Stale, []string{"a/etc/n/y", "b/etc/x"}) {
			t.Errorf("%+v", r)
		}
	}
	if r := write(t, dir, Options{Some: true, Prune: true}, a); !slices.Equal(r.Stale, []string{"a/etc/n/y"}) {
		t.Errorf("%+v", r)
	}
	if r := write(t, dir, Options{Prune: true}, a); !slices.Equal(r.Stale, []string{"b/etc/x"}) {
		t.Errorf("%+v", r)
	}
	wantState(t, dir, map[string]string{"README": "r", "a/etc/note": "n", "c/etc/z": "z", "a/etc/x": "changed"})
	if r := write(t, dir, Options{Prune: true}, a); len(r.Stale)+len(r.Written) > 0 {
		t.Errorf("%+v", r)
	}
	if left, _ := os.ReadDir(filepath.Join(dir, lists)); len(left) != 1 {
		t.Errorf("lists of %v", left)
	}
}

// A check of a directory that is not there tells all and makes nothing.
func TestCheckOfNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	if r := write(t, dir, Options{Check: true}, host("a", "etc/x", "1")); !slices.Equal(r.Written, []string{"a/etc/x"}) {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it is there")
	}
}

// Neither a name, nor a symlink, nor a list that was meddled with leads out.
func TestNothingOutside(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "out")
	outside := filepath.Join(top, "outside")
	if err := os.WriteFile(outside, []byte("theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, h := range []Host{host("../x", "a", "1"), host("x", "../../outside", "1"), host("x", "/etc/passwd", "1"), host(".linkspan", "a", "1"), host(".", "a", "1"), host("", "a", "1"), host("x", "a", "1", "a", "2")} {
		if _, err := Write(context.Background(), dir, []Host{h}, Options{}); err == nil {
			t.Errorf("%v is taken", h)
		}
	}
	if _, err := Write(context.Background(), dir, []Host{host("x"), host("x")}, Options{}); err == nil {
		t.Error("two hosts of one name")
	}
	write(t, dir, Options{}, host("a", "etc/x", "1"))
	if err := os.WriteFile(filepath.Join(dir, lists, "a"), []byte("../../outside\n../b\n/etc/passwd\n.\netc/x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := write(t, dir, Options{Prune: true}); !slices.Equal(r.Stale, []string{"a/etc/x"}) {
		t.Errorf("%+v", r)
	}
	for link, target := range map[string]string{"b/etc": top, "c/etc/x": outside} {
		full := filepath.Join(dir, link)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, full); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(link, "/")
		if _, err := Write(context.Background(), dir, []Host{host(name, "etc/x", "mine")}, Options{}); err == nil {
			t.Errorf("%s: nothing was said", link)
		}
	}
	if text, _ := os.ReadFile(outside); string(text) != "theirs" {
		t.Errorf("outside is %q", text)
	}
	if _, err := os.Stat(filepath.Join(top, "x")); err == nil {
		t.Error("written outside")
	}
}

// A folder where a file should be is an error that names it.
func TestFolderForFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "a/etc/x"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := Write(context.Background(), dir, []Host{host("a", "etc/x", "1")}, Options{})
	if err == nil || !strings.Contains(err.Error(), "a/etc: x is no regular file") {
		t.Error(err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		var hosts []Host
		for k := range n {
			h := Host{Name: fmt.Sprintf("h%04d", k)}
			for f := range 61 {
				h.Files = append(h.Files, File{fmt.Sprintf("etc/sysconfig/network-scripts/ifcfg-if%d", f), fmt.Appendf(nil, "DEVICE=if%d\nONBOOT=yes\nIPADDR=10.0.%d.%d\n", f, k%256, f)})
			}
			hosts = append(hosts, h)
		}
		b.Run(fmt.Sprintf("first/hosts=%d", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Write(context.Background(), b.TempDir(), hosts, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("again/hosts=%d", n), func(b *testing.B) {
			dir := b.TempDir()
			for b.Loop() {
				if _, err := Write(context.Background(), dir, hosts, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
