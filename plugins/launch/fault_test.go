package launch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/plugins/internal/wire"
	"linkspan/plugins/trust"
)

// testBinary is this test's executable, in a state to be trusted also where the
// umask lets the group write.
func testBinary(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for p := path; p != "/"; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode()&os.ModeSticky == 0 && info.Mode().Perm()&0o022 != 0 {
			if err := os.Chmod(p, info.Mode().Perm()&^0o022); err != nil {
				t.Fatal(err)
			}
		}
	}
	return path
}

func bad(t testing.TB, how string, args ...string) trust.Spec {
	return trust.Spec{Name: "bad", Path: testBinary(t), Args: append([]string{"misbehave", how}, args...)}
}

// readOf opens a plugin and asks it to read.
func readOf(t testing.TB, s trust.Spec, o Options) error {
	t.Helper()
	set, err := Open(t.Context(), []trust.Spec{s}, o)
	if err != nil {
		return err
	}
	defer set.Close()
	set.Each(func(_ backend.Description, b backend.Backend) {
		_, err = b.Read(t.Context(), backend.ReadRequest{})
	})
	return err
}

// TestFaults: whatever a plugin does, the error names it, says where it lies,
// what happened and what to do.
func TestFaults(t *testing.T) {
	short := Options{StartTimeout: 500 * time.Millisecond, CallTimeout: 500 * time.Millisecond}
	for how, c := range map[string]struct {
		options Options
		want    []string
	}{
		"die":           {want: []string{"exit status 3", "cannot find the switch", "run it by hand"}},
		"be silent":     {options: short, want: []string{"within 500ms", "run it by hand"}},
		"garbage":       {want: []string{`"hello, I am a plugin"`, "is it a linkspan plugin?"}},
		"long line":     {want: []string{`"xxxx`, "is it a linkspan plugin?"}},
		"chatty":        {want: []string{`"said before"`}},
		"tcp":           {want: []string{"tcp", "not on a Unix socket"}},
		"elsewhere":     {want: []string{`"/run/other.sock"`, "not on a Unix socket below"}},
		"nobody":        {want: []string{"no such file"}},
		"version 7":     {want: []string{"version 7", "this linkspan 1", "install"}},
		"other name":    {want: []string{`calls itself "worse"`}},
		"die in read":   {want: []string{"Read", "exit status 3", "the switch is gone", "linkspan plugins test bad"}},
		"panic":         {want: []string{"Read", "no such port"}},
		"hang":          {options: short, want: []string{"Read", "within 500ms", "-v"}},
		"stop":          {options: short, want: []string{"Read", "within 500ms", "-v"}},
		"twice":         {want: []string{"Read", "x y twice"}},
		"unsorted form": {want: []string{"Read", `"colour"`}},
		"nonsense":      {want: []string{"Read", "no message of protocol 1", "linkspan plugins test bad"}},
		"huge":          {want: []string{"Read", "larger than 256 MiB"}},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			err := readOf(t, bad(t, how), c.options)
			if err == nil {
				t.Fatal("no error")
			}
			t.Log(err)
			for _, want := range append(c.want, `plugin "bad"`, testBinary(t)) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
		})
	}
}

// TestVersions: the highest version that both speak is spoken; the program
// speaks its own and the one before.
func TestVersions(t *testing.T) {
	for _, c := range []struct {
		newest int
		plugin []string
		spoken int
		fault  string
	}{
		{newest: 1, plugin: []string{"1"}, spoken: 1},
		{newest: 2, plugin: []string{"1"}, spoken: 1},
		{newest: 2, plugin: []string{"1", "2", "3"}, spoken: 2},
		{newest: 5, plugin: []string{"3", "4"}, spoken: 4},
		{newest: 5, plugin: []string{"3"}, fault: "it speaks version 3 of the plugin protocol, and this linkspan 4 and 5; install a build of it for one of these, or another linkspan"},
		{newest: 1, plugin: []string{"2", "3"}, fault: "it speaks version 2 of the plugin protocol, and this linkspan 1;"},
	} {
		t.Run(fmt.Sprintf("%d with %v", c.newest, c.plugin), func(t *testing.T) {
			s := bad(t, "versions", c.plugin...)
			set, err := Open(t.Context(), []trust.Spec{s}, Options{newest: c.newest})
			if c.fault != "" {
				if err == nil || !strings.Contains(err.Error(), c.fault) || !strings.Contains(err.Error(), s.Path) {
					t.Errorf("%v lacks %q", err, c.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer set.Close()
			if have := set.Protocols(); have[0] != c.spoken {
				t.Errorf("version %d is spoken, not %d", have[0], c.spoken)
			}
		})
	}
}

// TestFlood: what a plugin logs is bounded, without control characters, and
// stops nothing.
func TestFlood(t *testing.T) {
	var log bytes.Buffer
	if err := readOf(t, bad(t, "flood"), Options{Log: &log}); err != nil {
		t.Fatal(err)
	}
	if log.Len() > 2*maxLog || !strings.Contains(log.String(), "the rest is left out") || strings.Contains(log.String(), "\x1b") {
		t.Errorf("%d bytes of log, ending in %q", log.Len(), log.String()[max(0, log.Len()-100):])
	}
}

// TestUntrusted: what others could have put there is not started.
func TestUntrusted(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(path string) error
		want  string
	}{
		"world-writable":           {func(p string) error { return os.Chmod(p, 0o757) }, "chmod go-w"},
		"group-writable":           {func(p string) error { return os.Chmod(p, 0o775) }, "chmod go-w"},
		"in a writable directory":  {func(p string) error { return os.Chmod(filepath.Dir(p), 0o777) }, "chmod go-w"},
		"of another":               {func(p string) error { return os.Chown(p, 12345, 12345) }, "chown root"},
		"in another's directory":   {func(p string) error { return os.Chown(filepath.Dir(p), 12345, 12345) }, "chown root"},
		"not executable":           {func(p string) error { return os.Chmod(p, 0o644) }, "chmod 0755"},
		"not there":                {os.Remove, "no such file"},
		"a directory":              {func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o755)) }, "no regular file"},
		"not a program":            {func(p string) error { return os.WriteFile(p, []byte("what?"), 0o755) }, "exec format error"},
		"other than the lock says": {func(p string) error { return os.WriteFile(p, []byte("#!/bin/sh\nexec true\n"), 0o755) }, "plugins lock"},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(c.want, "chown") && os.Geteuid() != 0 {
				t.Skip("only root can give a file away")
			}
			s := copied(t)
			if err := c.spoil(s.Path); err != nil {
				t.Fatal(err)
			}
			if name == "other than the lock says" {
				s.SHA256 = strings.Repeat("0", 64)
			}
			err := readOf(t, s, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), s.Path) || !strings.Contains(err.Error(), `plugin "bad"`) {
				t.Errorf("%v lacks %q", err, c.want)
			}
		})
	}
}

// copied is a good plugin in a directory of its own.
func copied(t *testing.T) trust.Spec {
	t.Helper()
	content, err := os.ReadFile(testBinary(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "plugins")
	path := filepath.Join(dir, trust.Prefix+"bad")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(path, content, 0o755)); err != nil {
		t.Fatal(err)
	}
	return trust.Spec{Name: "bad", Path: path, Args: []string{"misbehave", "well"}}
}

// TestSwapped: when the name leads elsewhere between check and start, what was
// checked is started.
func TestSwapped(t *testing.T) {
	s := copied(t)
	link := filepath.Join(filepath.Dir(s.Path), "link")
	if err := os.Symlink(s.Path, link); err != nil {
		t.Fatal(err)
	}
	s.Path = link
	x, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	marker := filepath.Join(t.TempDir(), "marker")
	evil := filepath.Join(filepath.Dir(link), "evil")
	if err := errors.Join(os.WriteFile(evil, []byte("#!/bin/sh\ntouch "+marker+"\n"), 0o755), os.Remove(link), os.Symlink(evil, link)); err != nil {
		t.Fatal(err)
	}
	p, err := newProcess(x, []string{wire.Handshake().MagicCookieKey + "=" + wire.Handshake().MagicCookieValue}, t.TempDir(), &lastLine{to: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	hello := make([]byte, 4)
	if _, err := p.stdout.Read(hello); err != nil || string(hello) != "1|1|" {
		t.Errorf("it said %q (%v): another program was started", hello, err)
	}
	if err := p.Kill(context.Background()); err != nil {
		t.Error(err)
	}
	p.Wait(context.Background())
	if _, err := os.Stat(marker); err == nil {
		t.Error("the other program was started")
	}
}
