package webhook

import (
	"context"
	"strings"
	"testing"

	"linkspan/core/hook"
	"linkspan/core/hook/hooktest"
)

func TestRun(t *testing.T) {
	for phase, want := range map[string]string{
		hook.PostApply:  `--data {"host":"dom0-01","plan":"ls1-7d01f2c95cd2ab58","outcome":"applied","text":"dom0-01: 5 changes are applied"} https://chat.example.net/x`,
		hook.OnRollback: `"text":"dom0-01: 5 changes are undone: a check failed"} https://chat.example.net/x`,
	} {
		env := hooktest.New()
		env.Allow("/usr/bin/curl")
		event := hooktest.Config(hooktest.Event(phase), map[string]any{"url": "https://chat.example.net/x"})
		if err := Run(context.Background(), env, event); err != nil || len(env.Commands()) != 1 || !strings.HasSuffix(env.Commands()[0], want) {
			t.Errorf("%s: %v, it ran %q", phase, err, env.Commands())
		}
	}
	if err := Run(context.Background(), hooktest.New(), hooktest.Event(hook.PostApply)); err == nil {
		t.Error("without a URL it is content")
	}
}
