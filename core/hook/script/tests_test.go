package script

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// tested is a hook that logs each guest, with this text of a test beside it.
func tested(body string) *Source {
	s := source("", "\tfor _, g := range event.Guests() {\n\t\tif _, err := env.Run(ctx, \"/usr/sbin/xl\", \"migrate\", g); err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n\treturn nil")
	s.Tests = []File{{"drain_test.go", "package drain\n\nimport (\n\t\"context\"\n\t\"testing\"\n\n\t\"linkspan/core/hook\"\n\t\"linkspan/core/hook/hooktest\"\n)\n\nfunc TestRun(t *testing.T) {\n\tenv := hooktest.New()\n\tevent := hooktest.Event(hook.PreRestart)\n" + body + "\n}\n"}}
	return s
}

func TestInterpretedTests(t *testing.T) {
	const run = "\terr := Run(context.Background(), env, event)\n"
	for _, tt := range []struct{ name, body, want string }{
		{"holds", run + "\tif err != nil || len(env.Commands()) != 3 || env.Commands()[0] != \"/usr/sbin/xl migrate web1\" {\n\t\tt.Errorf(\"%v %q\", err, env.Commands())\n\t}", "TestRun held"},
		{"fails", run + "\tt.Errorf(\"%v %d\", err, len(env.Commands()))", "TestRun failed TestRun: <nil> 3"},
		{"a reply", "\tenv.Reply(\"/usr/sbin/xl migrate web2\", hook.Output{Code: 1})\n" + run + "\tif err == nil {\n\t\tt.Fatal(\"no error\")\n\t}\n\tt.Log(err)\n\tt.Fail()", "TestRun failed TestRun: /usr/sbin/xl migrate web2: exit status 1"},
		{"not allowed", "\tenv.Allow(\"/bin/true\")\n" + run + "\tif !hook.IsNotAllowed(err) {\n\t\tt.Fatal(err)\n\t}", "TestRun held"},
		{"ends at Fatal", run + "\tt.Fatal(\"stop\", err)\n\tt.Log(\"never\")", "TestRun failed TestRun: stop <nil>"},
		{"skips", run + "\tt.Skip(\"not here\", err)", "TestRun skipped TestRun: not here <nil>"},
		{"a panic", run + "\tvar m map[string]error\n\tm[\"a\"] = err", "TestRun failed TestRun: panic: "},
		{"sub-tests in a loop", run + "\t_ = err\n\tfor _, name := range []string{\"a\", \"b\"} {\n\t\tt.Run(name, func(t *testing.T) {\n\t\t\tif name == \"b\" {\n\t\t\t\tt.Errorf(\"is %s\", name)\n\t\t\t}\n\t\t})\n\t}", "TestRun failed TestRun/b: is b"},
		{"hangs", run + "\tfor err == nil {\n\t}", "TestRun failed time is over; it was killed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			limit := time.Minute
			if tt.name == "hangs" {
				limit = 2 * time.Second
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), limit, errors.New("time is over"))
			defer cancel()
			results, err := RunTests(ctx, tested(tt.body), func(string) {})
			if err != nil || len(results) != 1 {
				t.Fatalf("%v %v", results, err)
			}
			got := results[0].Name + " " + map[[2]bool]string{{}: "held", {true, false}: "failed", {false, true}: "skipped"}[[2]bool{results[0].Failed, results[0].Skipped}]
			got = strings.TrimSpace(got + " " + strings.Join(results[0].Lines, " "))
			if !strings.HasPrefix(got, tt.want) || tt.want == "TestRun held" && got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
	if _, err := RunTests(t.Context(), tested("\tx := 1"), func(string) {}); err == nil || !strings.Contains(fmt.Sprint(err), "hooks/drain_test.go:4") {
		t.Errorf("%v", err)
	}
}

// shortly is a context that ends soon.
func shortly(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeoutCause(t.Context(), 2*time.Second, errors.New("time is over"))
}
