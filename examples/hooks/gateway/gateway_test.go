package gateway

import (
	"context"
	"testing"

	"linkspan/core/hook"
	"linkspan/core/hook/hooktest"
)

const ping = "/bin/ping -n -c 1 -W 2 192.168.0.1"

func TestRun(t *testing.T) {
	event := hooktest.Config(hooktest.Event(hook.Check), map[string]any{"address": "192.168.0.1"})
	env := hooktest.New()
	if err := Run(context.Background(), env, event); err != nil || len(env.Commands()) != 1 || env.Commands()[0] != ping {
		t.Errorf("%v, it ran %q", err, env.Commands())
	}
	env = hooktest.New()
	env.Reply(ping, hook.Output{Code: 1})
	if err := Run(context.Background(), env, event); err == nil {
		t.Error("nobody answers, and it is content")
	}
	if err := Run(context.Background(), env, hooktest.Event(hook.Check)); err == nil {
		t.Error("it pings nobody, and is content")
	}
}
