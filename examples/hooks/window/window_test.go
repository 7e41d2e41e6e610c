package window

import (
	"context"
	"testing"
	"time"

	"linkspan/core/hook"
	"linkspan/core/hook/hooktest"
)

func TestOpen(t *testing.T) {
	night := config{Days: []string{"Saturday"}, From: "22:00", To: "04:00"}
	noon := config{From: "12:00", To: "13:30"}
	for _, tt := range []struct {
		name string
		c    config
		now  string // 2026-05-02 is a Saturday
		want bool
	}{
		{"in the night", night, "2026-05-02 23:00", true},
		{"after midnight", night, "2026-05-03 03:59", true},
		{"too late", night, "2026-05-03 04:00", false},
		{"too early", night, "2026-05-02 21:59", false},
		{"another night", night, "2026-05-03 23:00", false},
		{"the morning before", night, "2026-05-02 02:00", false},
		{"at noon", noon, "2026-05-04 12:00", true},
		{"after noon", noon, "2026-05-04 13:30", false},
	} {
		now, err := time.Parse("2006-01-02 15:04", tt.now)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tt.c.open(now); err != nil || got != tt.want {
			t.Errorf("%s: %v %v", tt.name, got, err)
		}
	}
}

func TestRun(t *testing.T) {
	always := hooktest.Config(hooktest.Event(hook.Validate), map[string]any{"from": "00:00", "to": "23:59"})
	never := hooktest.Config(hooktest.Event(hook.Validate), map[string]any{"from": "12:00", "to": "12:00"})
	wrong := hooktest.Config(hooktest.Event(hook.Validate), map[string]any{"from": "noon", "to": "12:00"})
	if err := Run(context.Background(), hooktest.New(), never); !hook.IsDenied(err) {
		t.Errorf("never: %v", err)
	}
	if err := Run(context.Background(), hooktest.New(), wrong); err == nil || hook.IsDenied(err) {
		t.Errorf("wrong: %v", err)
	}
	if err := Run(context.Background(), hooktest.New(), always); err != nil && !hook.IsDenied(err) { // denied in the last minute of a day
		t.Errorf("always: %v", err)
	}
}
