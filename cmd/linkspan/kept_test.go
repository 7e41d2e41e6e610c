package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"linkspan/core/backend"
	"linkspan/core/engine/journal"
	"linkspan/core/plan"
	"linkspan/plugins"
)

// switchScript is a site's backend that acts itself, as a script: its "switch" is
// a file. A file beside that tells it when it kills the program, or fails.
const switchScript = `package site

import (
	"context"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/hook"
	"linkspan/core/plan"
)

func New(env hook.Env) backend.Applier { return &site{env} }

type site struct{ env hook.Env }

func (s *site) Describe(ctx context.Context) (backend.Description, error) {
	return backend.Description{Name: "site", Version: "1", Doc: "A switch.", Phase: backend.Persist, Features: []string{backend.FeatureApply}}, nil
}

func objects(text string) []plan.Object {
	return []plan.Object{{Ref: plan.Ref{Class: "switch", Name: "port1"}, Type: "switch", Settings: []plan.Setting{{Key: "vlan", Value: plan.Text(strings.TrimSpace(text))}}}}
}

func (s *site) Read(ctx context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	text, err := s.env.ReadFile("/etc/switch")
	return backend.ReadResponse{Objects: objects(string(text))}, err
}

func (s *site) Render(ctx context.Context, r backend.RenderRequest) (backend.RenderResponse, error) {
	return backend.RenderResponse{Objects: objects("new")}, nil
}

func (s *site) Plan(ctx context.Context, r backend.PlanRequest) (backend.PlanResponse, error) {
	var out backend.PlanResponse
	for _, c := range r.Changes {
		out.Operations = append(out.Operations, plan.Operation{ID: "1", Kind: plan.OperationOwn, Summary: "set " + c.Settings[0].After.Text, Data: []byte(c.Settings[0].After.Text)})
	}
	return out, nil
}

const set = "printf %s \"$2\" >\"$1/etc/switch\"\n" +
	"when=$(cat \"$1/etc/when\" 2>/dev/null)\n" +
	"test \"$when\" = \"apply kill\" && read -r _ _ _ program _ </proc/$PPID/stat && kill -9 $program # of the plugin\n" +
	"test \"$when\" = \"restore kill\" && kill -9 $PPID # a kept script is the program's own\n" +
	"test \"$when\" = \"$3 sleep\" && sleep 2 && printf %s \"$2\" >\"$1/etc/switch\"\n" +
	"test \"$when\" = \"$3 interrupt\" && { read -r _ _ _ program _ </proc/$PPID/stat; kill -INT $program; sleep 1; echo >\"$1/etc/finished\"; }\n" +
	"test \"$when\" != \"$3 fail\""

func (s *site) Apply(ctx context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	_, err := s.env.Run(ctx, "/bin/sh", "-c", set, "sh", r.Root, string(r.Operations[0].Data), "apply")
	when, _ := s.env.ReadFile("/etc/when")
	if string(when) == "apply warn" {
		progress(backend.Progress{Operation: r.Operations[0].ID, Done: true, Warning: "port2 is left\x1b[1m"})
	}
	return err
}

func (s *site) Snapshot(ctx context.Context, r backend.ApplyRequest) ([]byte, error) {
	text, err := s.env.ReadFile("/etc/switch")
	return []byte(r.Root + "\n" + string(text)), err
}

func (s *site) Restore(ctx context.Context, snapshot []byte) error {
	parts := strings.SplitN(string(snapshot), "\n", 2)
	_, err := s.env.Run(ctx, "/bin/sh", "-c", set, "sh", parts[0], parts[1], "restore")
	return err
}
`

// siteSwitch is the same, compiled.
type siteSwitch struct{}

func (siteSwitch) Describe(context.Context) (backend.Description, error) {
	return backend.Description{Name: "site", Version: "1", Doc: "A switch.", Phase: backend.Persist, Features: []string{backend.FeatureApply}}, nil
}

func switchObjects(text string) []plan.Object {
	return []plan.Object{{Ref: plan.Ref{Class: "switch", Name: "port1"}, Type: "switch", Settings: []plan.Setting{{Key: "vlan", Value: plan.Text(text)}}}}
}

func (siteSwitch) Read(_ context.Context, r backend.ReadRequest) (backend.ReadResponse, error) {
	text, err := os.ReadFile(r.Root + "/etc/switch")
	return backend.ReadResponse{Objects: switchObjects(string(text))}, err
}

func (siteSwitch) Render(context.Context, backend.RenderRequest) (backend.RenderResponse, error) {
	return backend.RenderResponse{Objects: switchObjects("new")}, nil
}

func (siteSwitch) Plan(_ context.Context, r backend.PlanRequest) (out backend.PlanResponse, err error) {
	for _, c := range r.Changes {
		to := c.Settings[0].After.Text
		out.Operations = append(out.Operations, plan.Operation{ID: "1", Kind: plan.OperationOwn, Summary: "set " + to, Data: []byte(to)})
	}
	return out, nil
}

// set writes the state, and then dies with the program or fails if it is to.
func (siteSwitch) set(root, text, method string) error {
	if err := os.WriteFile(root+"/etc/switch", []byte(text), 0o644); err != nil {
		return err
	}
	when, err := os.ReadFile(root + "/etc/when")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case string(when) == method+" kill":
		return syscall.Kill(os.Getppid(), syscall.SIGKILL)
	case string(when) == method+" sleep":
		time.Sleep(2 * time.Second)
		return os.WriteFile(root+"/etc/switch", []byte(text), 0o644)
	case string(when) == method+" interrupt":
		if err := syscall.Kill(os.Getppid(), syscall.SIGINT); err != nil {
			return err
		}
		time.Sleep(time.Second)
		return os.WriteFile(root+"/etc/finished", nil, 0o644)
	case string(when) == method+" fail":
		return errors.New("it is to fail")
	}
	return err
}

func (s siteSwitch) Apply(_ context.Context, r backend.ApplyRequest, progress func(backend.Progress)) error {
	if when, err := os.ReadFile(r.Root + "/etc/when"); err == nil && string(when) == "apply warn" {
		progress(backend.Progress{Operation: r.Operations[0].ID, Done: true, Warning: "port2 is left\x1b[1m"})
	}
	return s.set(r.Root, string(r.Operations[0].Data), "apply")
}

func (siteSwitch) Snapshot(_ context.Context, r backend.ApplyRequest) ([]byte, error) {
	text, err := os.ReadFile(r.Root + "/etc/switch")
	return []byte(r.Root + "\n" + string(text)), err
}

func (s siteSwitch) Restore(_ context.Context, snapshot []byte) error {
	root, text, _ := strings.Cut(string(snapshot), "\n")
	return s.set(root, text, "restore")
}

// RestoreWarning warns more often than a journal keeps it.
func (s siteSwitch) RestoreWarning(ctx context.Context, snapshot []byte, warn func(string)) error {
	for n := range 30 {
		warn(fmt.Sprintf("port%d was left", n))
	}
	return s.Restore(ctx, snapshot)
}

// keptName is what a kept plugin is called: its SHA-256.
var keptName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// serveSwitch serves siteSwitch if the test binary was started as it, or as the
// copy that is kept of it.
func serveSwitch() bool {
	if name := filepath.Base(os.Args[0]); name != "site-switch" && !keptName.MatchString(name) {
		return false
	}
	plugins.Serve(siteSwitch{})
	return true
}

// keptCase is one way in which an apply of a site's backend ends.
type keptCase struct {
	name  string
	when  string   // "apply kill": the program is killed when the backend has acted
	flags []string // of the apply
	code  int      // that it ends with
	undo  []string // run when all that the backend consists of is gone; nil waits
	want  string   // the state in the end
}

// TestUndoWithoutDefinitions: what a site's backend did is undone when its script
// or its plugin and the definitions have gone since, by whoever undoes it.
func TestUndoWithoutDefinitions(t *testing.T) {
	rollback, recover := []string{"rollback", "-auto-approve", "-root", "root"}, []string{"recover", "-root", "root"}
	for _, kind := range []string{"script", "plugin"} {
		for _, c := range []keptCase{
			{"killed, rollback", "apply kill", nil, -1, rollback, "old"},
			{"killed, recover", "apply kill", nil, -1, recover, "old"},
			{"killed, the guard", "apply kill", []string{"-confirm", "1h"}, -1, nil, "old"},
			{"nobody confirms", "", []string{"-confirm", "100ms"}, exitDone, nil, "old"},
			{"fails", "apply fail", nil, exitUndone, nil, "old"},
			{"later", "", nil, exitDone, rollback, "old"},
		} {
			t.Run(kind+", "+c.name, func(t *testing.T) { keptSite(t, kind).try(t, c) })
		}
		t.Run(kind+", a rollback that was killed", func(t *testing.T) {
			s := keptSite(t, kind)
			s.apply(t, exitDone)
			write(t, filepath.Join(s.dir, "root/etc/when"), "restore kill")
			if out := linkspan(t, s.dir, nil, rollback...); out.code != -1 || s.state(t) != "old" {
				t.Fatalf("the rollback was not killed: %d, %q\n%s", out.code, s.state(t), out.said)
			}
			s.try(t, keptCase{undo: recover, want: "new"})
		})
	}
}

// TestInterruptWaitsForTheStep: a backend that is interrupted while it acts comes to
// its end, and only then is everything put back.
func TestInterruptWaitsForTheStep(t *testing.T) {
	for _, kind := range []string{"script", "plugin"} {
		s := keptSite(t, kind)
		write(t, filepath.Join(s.dir, "root/etc/when"), "apply interrupt")
		s.apply(t, exitUndone)
		if _, err := os.Stat(filepath.Join(s.dir, "root/etc/finished")); err != nil || s.state(t) != "old" {
			t.Errorf("%s: it is %q, and of the step: %v", kind, s.state(t), err)
		}
	}
}

// switchSite is a host with the switch as its backend.
type switchSite struct {
	dir   string
	flags []string // of an apply
}

func keptSite(t *testing.T, kind string) switchSite {
	t.Helper()
	s := switchSite{dir: faultDir(t)}
	block := ""
	if kind == "script" {
		write(t, filepath.Join(s.dir, "site/switch.go"), switchScript)
		block = "script = \"switch.go\"\n    allow = [\"/bin/sh\"]"
	} else {
		self, err := os.ReadFile("/proc/self/exe")
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(s.dir, "site/site-switch"), "")
		if err := errors.Join(os.WriteFile(filepath.Join(s.dir, "site/site-switch"), self, 0o755), os.Chmod(filepath.Join(s.dir, "site/site-switch"), 0o755)); err != nil {
			t.Fatal(err)
		}
		s.flags = []string{"-dev-override", "site=site/site-switch"}
	}
	write(t, filepath.Join(s.dir, "site/site.hcl"), "host \"h\" {\n  backend \"site\" {\n    "+block+"\n  }\n}\n")
	write(t, filepath.Join(s.dir, "root/etc/switch"), "old")
	return s
}

func (s switchSite) state(t *testing.T) string {
	return readText(t, filepath.Join(s.dir, "root/etc/switch"))
}

func (s switchSite) apply(t *testing.T, code int, flags ...string) {
	t.Helper()
	args := append(append([]string{"apply", "-auto-approve", "-root", "root", "-host", "h"}, s.flags...), flags...)
	if out := linkspan(t, s.dir, nil, append(args, "site")...); out.code != code {
		t.Fatalf("the apply ended with %d, not %d:\n%s", out.code, code, out.said)
	}
}

func (s switchSite) try(t *testing.T, c keptCase) {
	t.Helper()
	if c.name != "" {
		if c.when != "" {
			write(t, filepath.Join(s.dir, "root/etc/when"), c.when)
		}
		s.apply(t, c.code, c.flags...)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(s.dir, "site")), os.RemoveAll(filepath.Join(s.dir, "root/etc/when"))); err != nil {
		t.Fatal(err)
	}
	if c.undo != nil {
		must(t, s.dir, c.undo...)
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		open, err := journal.In(filepath.Join(s.dir, "root/var/lib/linkspan")).Open()
		if err != nil {
			t.Fatal(err)
		}
		if len(open) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nobody has undone it:\n" + s.log(t))
		}
	}
	if got := s.state(t); got != c.want {
		t.Errorf("it is %q, not %q\n%s", got, c.want, s.log(t))
	}
}

// log is what a guard had to say.
func (s switchSite) log(t *testing.T) string {
	text, err := os.ReadFile(filepath.Join(s.dir, "root/var/lib/linkspan/guard.log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	return fmt.Sprintf("guard.log: %s", text)
}
