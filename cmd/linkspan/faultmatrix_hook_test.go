package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hookHost is the scenario with a hook of one phase.
func hookHost(t *testing.T, s scene, phase string, b badHook) string {
	t.Helper()
	dir := s.copy(t)
	var list strings.Builder
	for _, i := range append([]string{"context", "linkspan/core/hook"}, strings.Fields(b.imports)...) {
		fmt.Fprintf(&list, "\t%q\n", i)
	}
	write(t, filepath.Join(dir, "hooks/bad.go"), "package bad\n\nimport (\n"+list.String()+")\n\nfunc Run(ctx context.Context, env hook.Env, event hook.Event) error {\n"+b.body+"\nreturn nil\n}\n"+b.beside)
	site := filepath.Join(dir, "site.hcl")
	text, err := os.ReadFile(site)
	if err != nil {
		t.Fatal(err)
	}
	with := strings.Replace(string(text), `  backend "ifcfg" {}`, fmt.Sprintf("  hook \"bad\" {\n    on = [%q]\n    script = \"hooks/bad.go\"\n    timeout = \"1s\"\n  }\n  backend \"ifcfg\" {}", phase), 1)
	if err := os.WriteFile(site, []byte(with), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// badHook is a hook that does wrong, and what is said of it.
type badHook struct{ name, imports, body, beside, says string }

// phasesTried are before anything has changed, and after everything has.
var phasesTried = []string{"pre_apply", "post_apply"}

func tryHooks(t *testing.T, bad []badHook) {
	s := scenarioScenes(t)[0]
	tried := 0
	for _, b := range bad {
		for _, phase := range phasesTried {
			dir := hookHost(t, s, phase, b)
			out := linkspan(t, dir, nil, s.args...)
			tried++
			if out.code != exitError && out.code != exitUndone {
				t.Errorf("%s, %s: it ended with %d:\n%s", b.name, phase, out.code, out.said)
			}
			if at := hostState(t, dir); at != s.old || leftover(t, dir) != "" {
				t.Errorf("%s, %s: it is not as before:\n%s%s", b.name, phase, difference(at, s.old), leftover(t, dir))
			}
			if !strings.Contains(out.said, "bad") || !strings.Contains(out.said, b.says) {
				t.Errorf("%s, %s: the hook is not named, or %q not said:\n%s", b.name, phase, b.says, out.said)
			}
		}
	}
	t.Logf("%d runs", tried)
}

// rowHookCrashes: whatever way a hook ends, it is told with its file, and nothing
// is changed or everything is put back.
func rowHookCrashes(t *testing.T) {
	tryHooks(t, []badHook{
		{"panics", "", `panic("too much")`, "", "hooks/bad.go"},
		{"nil map", "", "var m map[string]int\nm[\"a\"] = 1", "", "hooks/bad.go"},
		{"index", "", "a := []int{}\nn := 3\nenv.Log(\"%d\", a[n])", "", "hooks/bad.go"},
		{"exits", "os", "os.Exit(0)", "", ""},
		{"recurses", "", "deep(1)", "func deep(n int) int { return deep(n+1) + 1 }\n", ""},
		{"a goroutine panics", "time", "go func() { panic(\"aside\") }()\ntime.Sleep(time.Second)", "", ""},
		{"an error", "errors", `return errors.New("the pool is full")`, "", "the pool is full"},
	})
}

// rowHookHangs: a hook that does not end is ended at its time.
func rowHookHangs(t *testing.T) {
	tryHooks(t, []badHook{
		{"loops", "", "n := 0\nfor {\n\tn++\n}", "", "1s"},
		{"sleeps", "time", "time.Sleep(time.Hour)", "", "1s"},
		{"waits", "", "<-make(chan int)", "", ""},
	})
}

// rowHookFloods: what a hook says without end is cut, and nothing of it can move
// the terminal's cursor.
func rowHookFloods(t *testing.T) {
	s := scenarioScenes(t)[0]
	for name, body := range map[string]string{
		"lines":    "for i := 0; i < 300000; i++ {\n\tenv.Log(\"line %d of the flood\", i)\n}",
		"one line": "env.Log(\"%s\", strings.Repeat(\"x\", 64<<20))",
		"escapes":  "env.Log(\"\\x1b[2J\\x1b]0;owned\\x07\\x00\\x9b31m\")",
	} {
		dir := hookHost(t, s, "pre_apply", badHook{imports: "strings", body: "_ = strings.ToUpper\n" + body})
		out := linkspan(t, dir, nil, s.args...)
		if at := hostState(t, dir); at != s.old && at != s.new || leftover(t, dir) != "" {
			t.Errorf("%s: it is neither the old nor the new:\n%s", name, difference(at, s.old))
		}
		if len(out.said) > 1<<20 {
			t.Errorf("%s: %d bytes were said", name, len(out.said))
		}
		if strings.ContainsAny(out.said, "\x1b\x07\x00") {
			t.Errorf("%s: escapes got through: %q", name, out.said[len(out.said)-200:])
		}
		t.Logf("%s: ended with %d, %d bytes said", name, out.code, len(out.said))
	}
}
