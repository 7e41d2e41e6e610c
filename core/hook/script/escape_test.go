package script

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"linkspan/core/hook"
	"linkspan/core/hook/script/symbols"
	"linkspan/core/hook/script/symbols/own"
	"linkspan/core/host"
)

// TestNothingElseCanBeImported: neither the checker nor the interpreter finds
// a package that is not offered, by whatever name.
func TestNothingElseCanBeImported(t *testing.T) {
	for _, name := range []string{
		"os", "os/exec", "os/user", "os/signal", "io/fs", "io/ioutil", "path/filepath", "embed",
		"net", "net/http", "net/textproto", "log", "log/slog", "log/syslog", "crypto/x509", "database/sql",
		"syscall", "unsafe", "plugin", "reflect", "runtime", "runtime/debug", "C",
		"text/template", "html/template", "archive/zip", "archive/tar", "debug/elf", "go/parser", "go/build", "testing", "flag", "expvar",
		"github.com/traefik/yaegi/stdlib", "github.com/traefik/yaegi/interp", "github.com/traefik/yaegi/stdlib/unsafe",
		"linkspan/core/hook/script", "linkspan/core/hook/script/symbols", "linkspan/core/files", "linkspan/core/engine",
		"./other", "../../etc", "../hooks", ".", "..", "/etc", "./the-script-itself/../..", "vendor/os",
	} {
		s := source("", "\treturn nil")
		s.Files[0].Text = strings.Replace(s.Files[0].Text, "import (\n", fmt.Sprintf("import (\n\t_ %q\n", name), 1)
		for _, kind := range []symbols.Kind{symbols.Hook, symbols.Function, symbols.Backend} {
			if got := check(s, kind, s.Files); len(got) == 0 || got[0].Code != "LS7003" && got[0].Code != "LS7001" {
				t.Errorf("the check of a %s lets %q in: %v", kind, name, got)
			}
		}
		err := Job{host.Hook{Name: "x"}, s, hook.Event{}, &HostEnv{Say: func(string) {}}}.run(t.Context(), time.Minute)
		if err == nil {
			t.Errorf("the interpreter lets %q in", name)
		}
	}
}

// TestFunctionsHaveNoClock: nothing that a function can import tells the time.
func TestFunctionsHaveNoClock(t *testing.T) {
	for _, name := range []string{"context", "sync", "linkspan/core/hook", "linkspan/core/backend"} {
		if symbols.Function.Table(name) != nil {
			t.Errorf("a function can import %s", name)
		}
	}
	for _, name := range []string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "LoadLocation", "Local"} {
		if _, has := symbols.Function.Table("time")[name]; has {
			t.Errorf("a function has time.%s", name)
		}
	}
}

// TestNoSharedVariables: package hook has no variable that a script could set,
// and what a script does to another package's is gone with its process.
func TestNoSharedVariables(t *testing.T) {
	for name, v := range own.Tables["linkspan/core/hook"]() {
		if v.CanAddr() {
			t.Errorf("hook.%s can be set", name)
		}
	}
	p := piece{"set", "io", "io.EOF = nil\nenv.Log(\"%v\", io.EOF)", ""}
	if got := p.says(t); got != "<nil>" {
		t.Errorf("it says %q", got)
	}
	if io.EOF == nil || (piece{"look", "io", "env.Log(\"%v\", io.EOF)", ""}).says(t) != "EOF" {
		t.Error("it stays")
	}
	event := hook.Event{Values: map[string]string{"a": "1"}, Plan: hook.Plan{Files: []string{"/a"}}}
	s := source("", "\tevent.Values[\"a\"] = \"2\"\n\tevent.Plan.Files[0] = \"/b\"\n\treturn nil")
	if err := Run(t.Context(), Job{host.Hook{Name: "x"}, s, event, &HostEnv{Say: func(string) {}}}); err != nil || event.Values["a"] != "1" || event.Plan.Files[0] != "/a" {
		t.Errorf("%v %+v", err, event)
	}
}

// TestPhasesAllow: in phase validate nothing is run, and outside of it only
// what is allowed, by its whole path.
func TestPhasesAllow(t *testing.T) {
	marker := t.TempDir() + "/marker"
	h := host.Hook{Name: "x", Allow: []string{"/bin/touch"}}
	for _, tt := range []struct{ path, want string }{
		{"/bin/touch", "in phase validate nothing is run"},
		{"touch", "is not allowed"},
		{"/bin/../bin/touch", "is not allowed"},
		{"/bin/touch ", "is not allowed"},
		{"", "is not allowed"},
	} {
		s := source("", fmt.Sprintf("\t_, err := env.Run(ctx, %q, %q)\n\treturn err", tt.path, marker))
		err := Run(t.Context(), Job{h, s, hook.Event{Phase: hook.Validate}, &HostEnv{Hook: h, Silent: true}})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.path, err, tt.want)
		}
	}
	s := source("", fmt.Sprintf("\t_, err := env.Run(ctx, \"/bin/touch\", %q)\n\treturn err", marker))
	refuse := func([]string) error { return errors.New("the journal is full") }
	if err := Run(t.Context(), Job{h, s, hook.Event{}, &HostEnv{Hook: h, Record: refuse}}); err == nil || !strings.Contains(err.Error(), "the journal is full") {
		t.Errorf("what cannot be recorded: %v", err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("it ran")
	}
}

// TestReadFile: what a hook reads is what everybody may read, below the root.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"/open", "/closed"} {
		if err := errors.Join(os.Mkdir(dir+d, 0o755), os.WriteFile(dir+d+"/file", []byte("text"), 0o644), os.WriteFile(dir+d+"/secret", []byte("text"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.Chmod(dir+"/closed", 0o700), os.Symlink("../closed/file", dir+"/open/way"), os.Symlink("/etc/passwd", dir+"/open/out"),
		syscall.Mkfifo(dir+"/open/fifo", 0o644), os.WriteFile(dir+"/open/big", make([]byte, maxOutput+1), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	for _, privileged := range []bool{false, true} {
		e := &HostEnv{Root: dir, Hook: host.Hook{Privileged: privileged}}
		for name, allowed := range map[string]bool{
			"/open/file": true, "/open/../open/file": true, "/open/secret": privileged, "/closed/file": privileged, "/open/way": privileged,
			"/open/out": false, "/open/fifo": false, "/open": false, "/open/big": false, "/none": false, "open/file": false, "": false,
		} {
			if text, err := e.ReadFile(name); (err == nil) != allowed {
				t.Errorf("privileged %v, %q: %q %v", privileged, name, text, err)
			}
		}
	}
}

// confinedVariable makes the test binary try what a confined process cannot do.
const confinedVariable = "LINKSPAN_TEST_CONFINED"

// TestConfined: even code that is not interpreted can neither start a program,
// open a socket, change a file nor end another process.
func TestConfined(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = []string{confinedVariable + "=" + t.TempDir()}
	out, err := c.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "read: <nil>\nexec: operation not permitted\nsocket: operation not permitted\nwrite: operation not permitted\nmkdir: operation not permitted\nkill: operation not permitted" {
		t.Errorf("%v:\n%s", err, out)
	}
}

// tryConfined says what a confined process can do.
func tryConfined(dir string) {
	file := dir + "/file"
	if err := errors.Join(os.WriteFile(file, nil, 0o644), limitSpace()); err != nil {
		fmt.Println(err)
		return
	}
	_, read := os.ReadFile(file)
	_, start := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	_, socket := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	for _, r := range []struct {
		what string
		err  error
	}{{"read", read}, {"exec", start}, {"socket", socket}, {"write", os.WriteFile(file, nil, 0o644)}, {"mkdir", os.Mkdir(dir+"/d", 0o755)}, {"kill", syscall.Kill(os.Getppid(), 0)}} {
		var cause syscall.Errno
		if errors.As(r.err, &cause) {
			r.err = cause
		}
		fmt.Printf("%s: %v\n", r.what, r.err)
	}
}
