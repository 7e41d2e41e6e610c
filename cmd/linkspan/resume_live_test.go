package main

import (
	"strings"
	"syscall"
	"testing"

	"linkspan/core/engine/fault"
	"linkspan/core/engine/journal"
	"linkspan/core/rehearse/lab"
)

// TestResumeOnTheKernel: the program is killed with its guard when the kernel has
// been changed; carried on, files and kernel are as planned, and hooks that had run
// do not run again.
func TestResumeOnTheKernel(t *testing.T) {
	long(t)
	if !lab.Inside(t) {
		return
	}
	liveHost(t)
	mustLive(t, applyLive("before")...)
	before := liveState(t)
	hooked := strings.Join([]string{"host \"dom0-01\" {", liveAfter, "  hook \"note\" {", "    on = [\"pre_apply\", \"post_apply\"]", "    script = \"note.go\"", "  }", "  backend \"ifcfg\" {}", "  backend \"netlink\" {}", "}", ""}, "\n")
	write(t, "/etc/linkspan/hooked/site.hcl", hooked)
	write(t, "/etc/linkspan/hooked/note.go", "package note\n\nimport (\n\t\"context\"\n\n\t\"linkspan/core/hook\"\n)\n\nfunc Run(ctx context.Context, env hook.Env, event hook.Event) error {\n\tenv.Log(\"noted in %s\", event.Phase)\n\treturn nil\n}\n")
	for _, definition := range []string{"after", "hooked"} {
		programs := make(map[string]int) // process by role
		changed := false
		cut := onKernel(t, func(c fault.Call) fault.Verdict {
			if programs[c.Role] == 0 {
				programs[c.Role] = c.PID
			}
			if c.Role != "plugin netlink" || !strings.HasPrefix(c.Name, "send") || changed {
				return fault.Verdict{}
			}
			data, err := c.Data()
			if err != nil {
				t.Error(err)
			}
			if changed = len(netlinkMessages(data)) > 1; changed {
				killBoth(t, programs)
			}
			return fault.Verdict{}
		}, applyLive(definition)...)
		if runs, err := journal.In("/var/lib/linkspan").Open(); err != nil || len(runs) != 1 || cut.code != -1 {
			t.Fatalf("%s: it ended with %d, open are %v (%v)\n%s", definition, cut.code, runs, err, cut.said)
		}
		said := mustLive(t, "rollback", "-resume", "-auto-approve", "/etc/linkspan/"+definition+"/site.hcl")
		if definition == "hooked" && (!strings.Contains(cut.said, "noted in pre_apply") || strings.Contains(said, "noted in pre_apply") || !strings.Contains(said, "noted in post_apply")) {
			t.Errorf("the hooks ran so:\n%s\n%s", cut.said, said)
		}
		mustLive(t, "plan", "-detailed-exitcode", "-host", "dom0-01", "/etc/linkspan/"+definition+"/site.hcl") // nothing is left to do
		mustLive(t, "rollback", "-auto-approve")
		if now := liveState(t); now != before {
			t.Fatalf("%s: rolled back, it is not as before:\n%s", definition, difference(now, before))
		}
	}
}

// killBoth kills the guard, and then the program.
func killBoth(t *testing.T, processes map[string]int) {
	t.Helper()
	for _, role := range []string{"guard", "program"} {
		if processes[role] == 0 {
			t.Errorf("there is no %s", role)
			continue
		}
		if err := syscall.Kill(processes[role], syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
}
