package main

import (
	"strings"
	"testing"

	"linkspan/core/engine/fault"
)

// TestFlushes: an apply makes at most four flushes, whatever the number of
// interfaces; one with nothing to do makes none, and writes to no file.
func TestFlushes(t *testing.T) {
	for _, s := range []scene{scenarioScenes(t)[0], manyScenes(t, 50)[0]} {
		dir := s.copy(t)
		for _, run := range []struct {
			name string
			most int
		}{{"the first apply", 4}, {"nothing to do", 0}, {"a rollback", 4}, {"another apply", 4}} {
			args := s.args
			if run.name == "a rollback" {
				args = []string{"rollback", "-auto-approve", "-root", "before"}
			}
			flushes, written := 0, 0
			out := linkspan(t, dir, func(c fault.Call) fault.Verdict {
				at := c.Target()
				switch inside := strings.HasPrefix(at, dir+"/before"); {
				case c.Name == "fsync" && inside, c.Name == "syncfs":
					flushes++
				case c.Name == "write" && inside:
					written++
				}
				return fault.Verdict{}
			}, args...)
			if out.code != 0 || flushes > run.most || run.most == 0 && written > 0 || run.most > 0 && (flushes == 0 || written == 0) {
				t.Errorf("%s ended with %d after %d flushes (at most %d) and %d writes:\n%s", run.name, out.code, flushes, run.most, written, out.said)
			}
		}
	}
}
