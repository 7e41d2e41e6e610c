//go:build go1.21

// Package window refuses a plan outside of the maintenance window.
//
//	hook "window" {
//	  on     = ["validate"]
//	  script = "window"
//	  config = { days = ["Saturday", "Sunday"], from = "22:00", to = "04:00" }
//	}
package window

import (
	"context"
	"fmt"
	"strings"
	"time"

	"linkspan/core/hook"
)

type config struct {
	Days []string `json:"days"` // on which it begins; none: every day
	From string   `json:"from"` // "22:00", by the host's clock
	To   string   `json:"to"`   // "04:00": of the next day if it is before from
}

// Run refuses what is planned now, if it is not the time for it.
func Run(ctx context.Context, env hook.Env, event hook.Event) error {
	var c config
	if err := event.Decode(&c); err != nil {
		return err
	}
	open, err := c.open(time.Now())
	if err != nil || open {
		return err
	}
	days := "every day"
	if len(c.Days) > 0 {
		days = strings.Join(c.Days, ", ")
	}
	return hook.Deny("", "changes are made from %s to %s, %s; now it is %s", c.From, c.To, days, time.Now().Format("Monday 15:04"))
}

// open reports whether the window is open at that time.
func (c config) open(now time.Time) (bool, error) {
	from, err := minutes(c.From)
	if err != nil {
		return false, err
	}
	to, err := minutes(c.To)
	if err != nil {
		return false, err
	}
	at := now.Hour()*60 + now.Minute()
	if from <= to {
		return at >= from && at < to && c.begins(now), nil
	}
	if at >= from {
		return c.begins(now), nil
	}
	return at < to && c.begins(now.AddDate(0, 0, -1)), nil
}

// begins reports whether a window begins on that day.
func (c config) begins(day time.Time) bool {
	for _, d := range c.Days {
		if d == day.Weekday().String() {
			return true
		}
	}
	return len(c.Days) == 0
}

// minutes are those since midnight of "22:00".
func minutes(clock string) (int, error) {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of the day, e.g. \"22:00\"", clock)
	}
	return t.Hour()*60 + t.Minute(), nil
}
