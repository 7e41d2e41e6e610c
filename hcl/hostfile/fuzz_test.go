package hostfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"linkspan/core/host"
	"linkspan/hcl/syntax"
	"linkspan/hcl/writer"
)

// outside is what lies beside the definitions' directory and may not be read. Of
// the directory, "link" leads to the file, "out" to its folder.
const outside = "canary-outside-77"

// watched makes a directory for definitions, with things beside it that may not
// be read, and a function that tells whether one of them was opened.
func watched(f testing.TB) (dir string, opened func() bool) {
	f.Helper()
	top := f.TempDir()
	dir = filepath.Join(top, "site")
	beside := filepath.Join(top, "outside")
	for _, d := range []string{dir, beside} {
		if err := os.Mkdir(d, 0o755); err != nil {
			f.Fatal(err)
		}
	}
	secret := filepath.Join(beside, "secret")
	err := errors.Join(os.WriteFile(secret, []byte(outside), 0o600), os.WriteFile(filepath.Join(dir, "inside"), []byte("${a}"), 0o600),
		os.Symlink("../outside/secret", filepath.Join(dir, "link")), os.Symlink("../outside", filepath.Join(dir, "out")))
	fd, faults := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	if err := errors.Join(err, faults); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { syscall.Close(fd) })
	for _, path := range []string{secret, beside} {
		if _, err := syscall.InotifyAddWatch(fd, path, syscall.IN_OPEN|syscall.IN_ACCESS); err != nil {
			f.Fatal(err)
		}
	}
	return dir, func() bool {
		n, err := syscall.Read(fd, make([]byte, 4096))
		return n > 0 || !errors.Is(err, syscall.EAGAIN)
	}
}

// The watch sees what is opened, and the expressions open nothing.
func TestWatch(t *testing.T) {
	dir, opened := watched(t)
	for _, e := range reachingOut {
		Empty(dir).Evaluate(e, "")
		if opened() {
			t.Errorf("%s opens what is outside of the directory", e)
		}
	}
	if _, err := os.ReadFile(filepath.Join(dir, "link")); err != nil || !opened() {
		t.Error("the watch sees nothing:", err)
	}
}

// reachingOut are expressions that would read outside of the directory.
var reachingOut = []string{`file("../outside/secret")`, `file("link")`, `file("out/secret")`, `templatefile("../outside/secret", {})`, `templatefile("link", {})`,
	`fileset("../outside/*")`, `fileset("out/*")`, `fileset("*/../../outside/*")`, `file("/etc/../${abspath}")`, `templatefile("inside", { a = file("link") })`, `try(file("link"), "")`}

// FuzzLoad: no input makes the front end panic, and nothing outside of the
// directory is read.
func FuzzLoad(f *testing.F) {
	src, err := os.ReadFile("../../examples/xen-bond-vlan/site.hcl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(src))
	f.Add("profile \"p\" {\n  input \"a\" { type = object({ b = optional(string) }) }\n}\nhost \"h\" {\n  for_each = toset([\"x\"])\n  name = each.key\n  use \"p\" { a = {} }\n}\n")
	for _, e := range reachingOut {
		f.Add("locals { a = " + e + " }\nhost \"h\" {\n  vars = " + e + "\n  backend \"ifcfg\" {}\n}\n")
	}
	corpus, err := filepath.Glob("testdata/*/*.hcl")
	if err != nil || len(corpus) == 0 {
		f.Fatal(corpus, err)
	}
	for _, c := range corpus {
		src, err := os.ReadFile(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	dir, opened := watched(f)
	f.Fuzz(func(t *testing.T, src string) {
		loadAll(t, dir, "a.hcl", src)
		if opened() {
			t.Fatal("a file outside of the directory was opened")
		}
		if tidy, diags := syntax.Format([]byte(src), "a.hcl"); !diags.HasErrors() {
			if _, again := syntax.Format(tidy, "a.hcl"); again.HasErrors() {
				t.Fatalf("the canonical format does not parse: %s", again)
			}
		}
	})
}

// FuzzJSON is FuzzLoad for the JSON form.
func FuzzJSON(f *testing.F) {
	f.Add(inJSON)
	f.Add(`{ "host": { "a": [ { "bridge": { "b": { "mtu": "${1 +}", "route": [{}, null, 1] } } }, null ] }, "variable": { "v": { "type": "list(map(string))" } } }`)
	for _, e := range reachingOut {
		f.Add(`{ "locals": { "a": "${` + strings.ReplaceAll(e, `"`, `\"`) + `}" } }`)
	}
	dir, opened := watched(f)
	f.Fuzz(func(t *testing.T, src string) {
		loadAll(t, dir, "a.hcl.json", src)
		if opened() {
			t.Fatal("a file outside of the directory was opened")
		}
	})
}

// FuzzEvaluate: no expression of the console panics or reads outside.
func FuzzEvaluate(f *testing.F) {
	for _, e := range append(reachingOut, "local.n.a[1] * 2", "[for k, v in var.m : upper(k) if v > 1]...", `"%{ for x in local.l }${x}%{ endfor }"`, "cidrsubnets(\"10.0.0.0/8\", 4, 8)", "formatdate(\"YYYY\", 1)", "regex(\"(a|b)+\", \"ab\")", "setproduct([1], [2])[0].c") {
		f.Add(e)
	}
	dir, opened := watched(f)
	f.Fuzz(func(t *testing.T, src string) {
		site := Empty(dir)
		v, diags := site.Evaluate(src, "")
		if !diags.HasErrors() && strings.Contains(v.Text, outside) {
			t.Fatalf("%s gives %s", src, v.Text)
		}
		syntax.Unfinished(src)
		if opened() {
			t.Fatal("a file outside of the directory was opened")
		}
	})
}

// loadAll loads, validates and writes again what a file says.
func loadAll(t *testing.T, dir, name, src string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	site, diags := Load(dir, Options{})
	for i := range site.Definitions {
		d := &site.Definitions[i]
		diags = append(diags, d.Resolve(host.Validate(&d.Host))...)
	}
	if diags.Sorted(); !diags.HasErrors() {
		writeAndLoad(t, site)
	}
}

// writeAndLoad checks that what Write gives for a valid host is valid.
func writeAndLoad(t *testing.T, site *Site) {
	t.Helper()
	for _, d := range site.Definitions {
		text := writer.Host(d.Host)
		path := filepath.Join(t.TempDir(), "written")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		again, diags := Load(path, Options{})
		if diags.HasErrors() || len(again.Definitions) != 1 {
			t.Fatalf("%v\n%s", diags, text)
		}
		if again := writer.Host(again.Definitions[0].Host); string(again) != string(text) {
			t.Fatalf("wrote\n%s\nthen\n%s", text, again)
		}
	}
}
