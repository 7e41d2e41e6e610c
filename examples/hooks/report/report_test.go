package report

import (
	"context"
	"testing"

	"linkspan/core/hook"
	"linkspan/core/hook/hooktest"
)

func TestRun(t *testing.T) {
	env := hooktest.New()
	if err := Run(context.Background(), env, hooktest.Event(hook.PostApply)); err != nil {
		t.Fatal(err)
	}
	if logs := env.Logs(); len(logs) != 2 || logs[0] != "xenbr0 carries 192.168.0.2/24 on bond0.2" || env.Values()["bridges"] != "2" {
		t.Errorf("%q %v", logs, env.Values())
	}
}
