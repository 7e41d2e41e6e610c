package main

import (
	"regexp"
	"testing"

	"linkspan/core/rehearse/lab"
)

// tellingHook tells when it runs and whether the new bridge is there, and with a
// file "kill" beside the definitions kills the guard and the program, as a power cut
// does, after the kernel has changed.
const tellingHook = `package tell

import (
	"context"

	"linkspan/core/hook"
)

// Run tells it.
func Run(ctx context.Context, env hook.Env, event hook.Event) error {
	bridge := "without xenbr1"
	network, err := env.Network(ctx)
	if err != nil {
		return err
	}
	for _, i := range network {
		if i.Name == "xenbr1" {
			bridge = "with xenbr1"
		}
	}
	env.Log("%s %s %s, kept %q, %s.", event.Phase, event.Restarts, bridge, event.Values["drained"], event.Reason)
	if event.Phase == hook.PreRestart {
		env.Set("drained", "web1")
	}
	if event.Phase == hook.PostRestart {
		_, err = env.Run(ctx, "/bin/sh", "-c", "test -e /etc/linkspan/kill || exit 0\nfor p in /proc/[0-9]*; do\ngrep -q 'g[u]ard' $p/cmdline 2>/dev/null && kill -9 ${p#/proc/}\ndone\nkill -9 $PPID")
	}
	return err
}
`

// TestHooksAroundTheKernel: hooks run before and after the kernel is changed, and
// see it so; when all is put back, by a rollback or after a crash at the next boot,
// they run from the journal, with what they had kept.
func TestHooksAroundTheKernel(t *testing.T) {
	long(t)
	if !lab.Inside(t) {
		return
	}
	liveHost(t)
	mustLive(t, applyLive("before")...)
	before := liveState(t)
	write(t, "/etc/linkspan/hooked/tell.go", tellingHook)
	write(t, "/etc/linkspan/hooked/site.hcl", "host \"dom0-01\" {\n"+liveAfter+`
  backend "ifcfg" {}
  backend "netlink" {}
  hook "tell" {
    on     = ["pre_restart", "post_restart", "on_rollback"]
    script = "tell.go"
    allow  = ["/bin/sh"]
  }
}
`)
	says := func(said, pattern string) {
		t.Helper()
		if !regexp.MustCompile(`(?s)` + pattern).MatchString(said) {
			t.Errorf("no %q in\n%s", pattern, said)
		}
	}
	says(mustLive(t, applyLive("hooked")...), `tell: pre_restart \[\] without xenbr1, kept "", .*tell: post_restart \[\] with xenbr1, kept "web1"`)
	says(mustLive(t, "rollback", "-auto-approve"), `tell: pre_restart \[\] with xenbr1.*tell: post_restart \[\] without xenbr1.*tell: on_rollback \[\] without xenbr1, .*rolled back by hand`)
	if now := liveState(t); now != before {
		t.Fatalf("rolled back, it is not as before:\n%s", difference(now, before))
	}

	write(t, "/etc/linkspan/kill", "")
	if out := onKernel(t, nil, applyLive("hooked")...); out.code != -1 || liveState(t) == before {
		t.Fatalf("it was not killed: %d\n%s", out.code, out.said)
	}
	says(mustLive(t, "recover"), `tell: on_rollback \[\] without xenbr1, kept "web1", undone by .linkspan recover`)
	if now := liveState(t); now != before {
		t.Errorf("recovered, it is not as before:\n%s", difference(now, before))
	}
}
