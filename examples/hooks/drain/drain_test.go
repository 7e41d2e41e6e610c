package drain

import (
	"context"
	"strings"
	"testing"

	"linkspan/core/hook"
	"linkspan/core/hook/hooktest"
)

const list = `Name                                        ID   Mem VCPUs	State	Time(s)
Domain-0                                     0  2048     4     r-----    1234.5
web1                                         1   512     1     -b----      12.3
db1                                          3  1024     2     -b----      45.6
`

// TestThereAndBack: the guests that run are saved, and restored after it.
func TestThereAndBack(t *testing.T) {
	env := hooktest.New()
	env.Allow(xl)
	env.Reply("/usr/sbin/xl list", hook.Output{Stdout: list})
	event := hooktest.Config(hooktest.Event(hook.PreRestart), map[string]any{"stay": []string{"db1"}})
	if err := Run(context.Background(), env, event); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(env.Commands(), "; "); got != "/usr/sbin/xl list; /usr/sbin/xl save web1 /var/lib/xen/save/web1" {
		t.Errorf("it ran %s", got)
	}

	after := hooktest.Event(hook.PostRestart)
	after.Values = env.Values()
	env = hooktest.New()
	if err := Run(context.Background(), env, after); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(env.Commands(), "; "); got != "/usr/sbin/xl restore /var/lib/xen/save/web1" || len(env.Values()) != 0 {
		t.Errorf("it ran %s and kept %v", got, env.Values())
	}
}

// TestOneFails: those that are saved already come back when the change is
// undone.
func TestOneFails(t *testing.T) {
	env := hooktest.New()
	env.Reply("/usr/sbin/xl list", hook.Output{Stdout: list})
	env.Reply("/usr/sbin/xl save db1 /var/lib/xen/save/db1", hook.Output{Code: 1, Stderr: "no space left\n"})
	if err := Run(context.Background(), env, hooktest.Event(hook.PreRestart)); err == nil {
		t.Fatal("it did not fail")
	}
	back := hooktest.Event(hook.OnRollback)
	back.Values = env.Values()
	env = hooktest.New()
	if err := Run(context.Background(), env, back); err != nil || len(env.Commands()) != 1 || !strings.HasSuffix(env.Commands()[0], "/web1") {
		t.Errorf("%v, it ran %q", err, env.Commands())
	}
}

// TestDoesNotComeBack: the error names the guest and where it is.
func TestDoesNotComeBack(t *testing.T) {
	env := hooktest.New()
	env.Fail("/usr/sbin/xl restore /var/lib/xen/save/web1", "xenstore is gone")
	event := hooktest.Event(hook.PostRestart)
	event.Values[saved] = "web1 db1"
	err := Run(context.Background(), env, event)
	if err == nil || !strings.Contains(err.Error(), "guests web1 are still in /var/lib/xen/save") || env.Values()[saved] != "web1" {
		t.Errorf("%v, kept %v", err, env.Values())
	}
}
