package script

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linkspan/core/hook"
	"linkspan/core/host"
)

func TestMain(m *testing.M) {
	if ServeIfAsked() {
		return
	}
	if dir := os.Getenv(confinedVariable); dir != "" {
		tryConfined(dir)
		return
	}
	os.Exit(m.Run())
}

// source is a hook with these imports and this body of Run.
func source(imports, body string) *Source {
	text := "package drain\n\nimport (\n\t\"context\"\n"
	for _, i := range strings.Fields(imports) {
		text += fmt.Sprintf("\t%q\n", i)
	}
	text += "\n\t\"linkspan/core/hook\"\n)\n\nfunc Run(ctx context.Context, env hook.Env, event hook.Event) error {\n" + body + "\n}\n"
	return &Source{Name: "hooks/drain.go", Files: []File{{"drain.go", text}}}
}

// logged runs a hook and returns what it said, a line each.
func logged(t *testing.T, h host.Hook, s *Source, event hook.Event) (string, error) {
	t.Helper()
	var b strings.Builder
	h.Name = "drain"
	err := Run(t.Context(), Job{h, s, event, &HostEnv{Hook: h,
		Say:    func(line string) { fmt.Fprintln(&b, line) },
		Keep:   func(k, v string) { fmt.Fprintf(&b, "set %s=%s\n", k, v) },
		Record: func(command []string) error { fmt.Fprintln(&b, "run "+strings.Join(command, " ")); return nil },
		Ask: func(context.Context) ([]hook.Interface, error) {
			return []hook.Interface{{Name: "xenbr0", Type: "bridge", Ports: []string{"bond0.2", "vif1.0"}}}, nil
		},
	}})
	return b.String(), err
}

func TestHookActs(t *testing.T) {
	event := hook.Event{Phase: hook.PreRestart, Host: "dom0-01", Values: map[string]string{"ticket": "4711"},
		Plan: hook.Plan{Bridges: []hook.Bridge{{Name: "xenbr0", Guests: []string{"web1", "web2"}}}}}
	h := host.Hook{Allow: []string{"/bin/echo", "/bin/false"}, Env: map[string]string{"SITE": "north"}, Config: map[string]any{"target": "dom0-02", "tries": 3}}
	said, err := logged(t, h, source("fmt strings", `
	var config struct {
		Target string `+"`json:\"target\"`"+`
		Tries  int    `+"`json:\"tries\"`"+`
	}
	if err := event.Decode(&config); err != nil {
		return err
	}
	env.Log("%s on %s to %s, %d tries, ticket %s", event.Phase, event.Host, config.Target, config.Tries, event.Values["ticket"])
	for _, g := range event.Guests() {
		out, err := env.Run(ctx, "/bin/echo", "migrate", g)
		if err != nil {
			return err
		}
		env.Log("said %s", strings.TrimSpace(out.Stdout))
	}
	if _, err := env.Run(ctx, "/bin/false"); err == nil {
		return fmt.Errorf("false succeeded")
	}
	_, err := env.Run(ctx, "/sbin/reboot")
	if !hook.IsNotAllowed(err) {
		return fmt.Errorf("reboot: %v", err)
	}
	text, err := env.ReadFile("/etc/passwd")
	if err != nil || len(text) == 0 {
		return fmt.Errorf("passwd: %v", err)
	}
	if _, err := env.ReadFile("/etc/shadow"); err == nil {
		return fmt.Errorf("shadow was read")
	}
	network, err := env.Network(ctx)
	if err != nil {
		return err
	}
	env.Log("now %v, site %s", network[0].Ports, event.Env["SITE"])
	env.Set("drained", "2")
	fmt.Println("printed")
	return nil`), event)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pre_restart on dom0-01 to dom0-02, 3 tries, ticket 4711", "run /bin/echo migrate web1", "said migrate web2", "now [bond0.2 vif1.0], site north", "set drained=2", "printed"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in:\n%s", want, said)
		}
	}
}

func TestDenial(t *testing.T) {
	s := source("errors", `
	return errors.Join(hook.Deny("bridge[\"xenbr0\"].mtu", "an MTU of %d is not ours", 9000), hook.Deny("", "not on a Friday"))`)
	_, err := logged(t, host.Hook{}, s, hook.Event{})
	var denied *DeniedError
	if !errors.As(err, &denied) || len(denied.Denials) != 2 || denied.Denials[0].Path != `bridge["xenbr0"].mtu` || denied.Denials[1].Detail != "not on a Friday" {
		t.Errorf("%v", err)
	}
}

func TestScriptTypesAreWrapped(t *testing.T) {
	s := source("encoding/json fmt", `
	b, err := json.Marshal(vlan{2})
	env.Log("%s %v", b, err)
	env.Log("%v", fmt.Errorf("no: %w", &failure{"full"}))
	env.Log("%s", fmt.Sprint(vlan{3}))
	return nil`)
	s.Files[0].Text += `
type vlan struct{ id int }

func (v vlan) String() string { return fmt.Sprintf("vlan%d", v.id) }

type failure struct{ why string }

func (f *failure) Error() string { return f.why }

func (v vlan) MarshalJSON() ([]byte, error) { return []byte(fmt.Sprintf("\"v%d\"", v.id)), nil }
`
	said, err := logged(t, host.Hook{}, s, hook.Event{})
	if err != nil || !strings.Contains(said, `"v2"`) || !strings.Contains(said, "vlan3") || !strings.Contains(said, "no: full") {
		t.Errorf("%v:\n%s", err, said)
	}
}

func TestDirectoryOfFiles(t *testing.T) {
	s := source("", "\treturn greet(env)")
	s.Name = "hooks/drain"
	s.Files = append(s.Files, File{"greet.go", "package drain\n\nimport \"linkspan/core/hook\"\n\nfunc greet(env hook.Env) error {\n\tenv.Log(\"hello\")\n\treturn nil\n}\n"})
	if said, err := logged(t, host.Hook{}, s, hook.Event{}); err != nil || said != "hello\n" {
		t.Errorf("%q %v", said, err)
	}
}

// stays is how long a command would stay that is to be killed: a time that no
// other program sleeps.
var stays = fmt.Sprint(100000 + os.Getpid())

// children are the processes that this one has started and that still are.
func children() []string {
	out, err := exec.Command("pgrep", "-P", fmt.Sprint(os.Getpid()), "-f", serveArgument).Output()
	if err != nil {
		return nil // there is none
	}
	return strings.Fields(string(out))
}

// TestMisbehaviour: each ends in an error that says what happened, in time,
// with the program unharmed and nothing left behind. The checker, which would
// refuse some of it, is left out.
func TestMisbehaviour(t *testing.T) {
	loop := "\tfor {\n\t}"
	for _, tt := range []struct{ name, imports, body, want string }{
		{"endless loop", "", loop, "not done within 1s; it was killed"},
		{"sleep", "time", "\ttime.Sleep(time.Hour)\n\treturn nil", "not done within 1s; it was killed"},
		{"ignores its context", "time", "\tfor {\n\t\tif ctx.Err() != nil {\n\t\t\ttime.Sleep(time.Second)\n\t\t}\n\t}", "not done within 1s; it was killed"},
		{"minds its context", "", "\t<-ctx.Done()\n\treturn ctx.Err()", "hook \"drain\": context deadline exceeded"},
		{"deadlock", "sync", "\tvar m sync.Mutex\n\tm.Lock()\n\tm.Lock()\n\treturn nil", "not done within 1s; it was killed"},
		{"endless recursion", "", "\treturn Run(ctx, env, event)", "its calls nest too deep"},
		{"memory", "", "\tvar all [][]byte\n\tfor {\n\t\tall = append(all, make([]byte, 64<<20))\n\t}", "it took more than 512 MiB of memory"},
		{"one big piece of memory", "", "\t_ = make([]byte, 1<<33)\n\treturn nil", "it took more than 512 MiB of memory"},
		{"panic", "", "\tpanic(\"no such guest\")", "hooks/drain.go:10:2: panic: no such guest"},
		{"nil map", "", "\tvar m map[string]int\n\tm[\"a\"] = 1\n\treturn nil", "nil map"},
		{"index", "", "\tvar l []int\n\t_ = l[3]\n\treturn nil", "out of range"},
		{"panic in a goroutine", "time", "\tgo func() { panic(\"elsewhere\") }()\n\ttime.Sleep(time.Second)\n\treturn nil", "it died: panic: elsewhere"},
		{"a goroutine that stays", "", "\tgo func() {\n\t\tfor {\n\t\t}\n\t}()\n\treturn nil", ""},
		{"1 GB of output", "fmt strings", "\tline := strings.Repeat(\"x\", 1<<20)\n\tfor i := 0; i < 1000; i++ {\n\t\tfmt.Println(line)\n\t}\n\treturn nil", "it printed more than 8 MiB; it was killed"},
		{"1 GB without a newline", "fmt strings", "\tline := strings.Repeat(\"x\", 1<<20)\n\tfor i := 0; i < 1000; i++ {\n\t\tfmt.Print(line)\n\t}\n\treturn nil", "it printed more than 8 MiB; it was killed"},
		{"1 GB of logs", "strings", "\tline := strings.Repeat(\"x\", 1<<20)\n\tfor i := 0; i < 1000; i++ {\n\t\tenv.Log(\"%s\", line)\n\t}\n\treturn nil", "it printed more than 8 MiB; it was killed"},
		{"one value of 1 GB", "strings", "\tenv.Set(\"a\", strings.Repeat(\"x\", 100<<20))\n\treturn nil", "it broke off: it sent more than 16 MiB"},
		{"a long error", "errors strings", "\treturn errors.New(strings.Repeat(\"x\", 1<<20))", "xxx …"},
		{"a command that stays", "", "\t_, err := env.Run(ctx, \"/bin/sleep\", \"" + stays + "\")\n\treturn err", "/bin/sleep " + stays + ": not done in the time that it had; it was killed"},
		{"a command in the background", "", "\t_, err := env.Run(ctx, \"/bin/sh\", \"-c\", \"/bin/sleep " + stays + " &\")\n\treturn err", "kept its output open, and was killed"},
		{"a child that leaves its group", "", "\t_, err := env.Run(ctx, \"/bin/sh\", \"-c\", \"setsid /bin/sleep " + stays + " >/dev/null 2>&1 & setsid /bin/sleep " + stays + "\")\n\treturn err", "it was killed"},
		{"os.Exit", "os", "\tos.Exit(3)\n\treturn nil", "import \"os\" error"},
		{"os.Exit by another name", "log", "\tlog.Fatal(\"bye\")\n\treturn nil", "import \"log\" error"},
		{"a syntax error", "", "\treturn nil }", "drain.go"},
		{"its error", "errors", "\treturn errors.New(\"guest web1 does not move\")", "hook \"drain\": guest web1 does not move"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := children()
			limit := time.Minute
			if strings.Contains(tt.want, "within 1s") || strings.Contains(tt.want, "context deadline") || strings.Contains(tt.name, "that") {
				limit = time.Second
			}
			var said strings.Builder
			h := host.Hook{Name: "drain", Allow: []string{"/bin/sleep", "/bin/sh"}}
			err := Job{host.Hook{Name: "drain"}, source(tt.imports, tt.body), hook.Event{}, &HostEnv{Hook: h,
				Say: func(line string) { fmt.Fprintln(&said, line) }, Record: func([]string) error { return nil }}}.run(t.Context(), limit)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("%v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%v, want %q in it", err, tt.want)
			case err != nil && len(err.Error()) > maxError+100:
				t.Errorf("the error has %d bytes", len(err.Error()))
			case said.Len() > maxAnswer+maxShown:
				t.Errorf("%d bytes were shown", said.Len())
			}
			if left := children(); len(left) > len(before) {
				t.Errorf("left: %v, before %v", left, before)
			}
			if exec.Command("pgrep", "-x", "-f", "/bin/sleep "+stays).Run() == nil {
				t.Error("its command stayed")
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := errors.Join(os.MkdirAll(dir+"/hooks/many", 0o755), os.WriteFile(dir+"/"+name, []byte(text), mode), os.Chmod(dir+"/"+name, mode)); err != nil {
			t.Fatal(err)
		}
	}
	write("hooks/drain.go", "package drain\n", 0o644)
	write("hooks/open.go", "package drain\n", 0o666)
	write("hooks/many/a.go", "package many\n", 0o644)
	write("hooks/many/a_test.go", "package many\n", 0o644)
	one, err := Load(dir, "hooks/drain.go")
	if err != nil || len(one.Files) != 1 {
		t.Fatalf("%+v %v", one, err)
	}
	many, err := Load(dir, "hooks/many")
	if err != nil || len(many.Files) != 1 || many.Files[0].Name != "a.go" {
		t.Errorf("%+v %v", many, err)
	}
	if one.Digest() == many.Digest() || len(one.Digest()) != 64 {
		t.Error("digests")
	}
	open, err := Load(dir, "hooks/open.go")
	if err != nil || one.Untrusted != nil || (os.Geteuid() == 0) != (open.Untrusted != nil && strings.Contains(open.Untrusted.Error(), "chmod go-w")) {
		t.Errorf("%+v %v, and %v", open, err, one.Untrusted)
	}
	if err := os.Symlink("/etc", dir+"/out"); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(dir+"/hooks/fifo.go", 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../drain.go", "/etc/passwd", "hooks/none.go", "out/passwd", "hooks/fifo.go", "."} {
		if s, err := Load(dir, name); err == nil {
			t.Errorf("%s was read: %+v", name, s)
		}
	}
}

func BenchmarkHook(b *testing.B) {
	s := source("fmt", "\tenv.Log(\"hello %s\", fmt.Sprint(1))\n\treturn nil")
	for b.Loop() {
		if err := Run(context.Background(), Job{host.Hook{Name: "drain"}, s, hook.Event{}, &HostEnv{Say: func(string) {}}}); err != nil {
			b.Fatal(err)
		}
	}
}
