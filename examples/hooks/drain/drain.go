//go:build go1.21

// Package drain saves the guests of the bridges that are about to change, and
// brings them back when the change is over, however it ended.
//
//	hook "drain" {
//	  on      = ["pre_restart", "post_restart", "on_rollback"]
//	  script  = "drain"
//	  timeout = "10m"
//	  allow   = ["/usr/sbin/xl"]
//	  config  = { directory = "/var/lib/xen/save", stay = ["dns"] }
//	}
package drain

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"linkspan/core/hook"
)

const (
	xl    = "/usr/sbin/xl"
	saved = "drain.saved" // the value that says which guests are in files
)

type config struct {
	Directory string   `json:"directory"` // where guests are kept meanwhile
	Stay      []string `json:"stay"`      // guests that bear the gap
}

// Run saves guests before a restart and restores them after it.
func Run(ctx context.Context, env hook.Env, event hook.Event) error {
	c := config{Directory: "/var/lib/xen/save"}
	if err := event.Decode(&c); err != nil {
		return err
	}
	if event.Phase == hook.PreRestart {
		return save(ctx, env, event, c)
	}
	return restore(ctx, env, event, c)
}

// save saves the guests that run, one after the other; those that are saved
// already are written down before the next one, in case it fails.
func save(ctx context.Context, env hook.Env, event hook.Event, c config) error {
	running, err := guests(ctx, env)
	if err != nil {
		return err
	}
	var done []string
	for _, guest := range event.Guests() {
		if !running[guest] || contains(c.Stay, guest) {
			env.Log("%s stays as it is", guest)
			continue
		}
		if _, err := env.Run(ctx, xl, "save", guest, path.Join(c.Directory, guest)); err != nil {
			return err
		}
		done = append(done, guest)
		env.Set(saved, strings.Join(done, " "))
	}
	env.Log("%d guests are saved", len(done))
	return nil
}

// restore brings back every guest that was saved, and tells of those that do
// not come.
func restore(ctx context.Context, env hook.Env, event hook.Event, c config) error {
	var left []string
	var failed error
	for _, guest := range strings.Fields(event.Values[saved]) {
		if _, err := env.Run(ctx, xl, "restore", path.Join(c.Directory, guest)); err != nil {
			left = append(left, guest)
			failed = errors.Join(failed, err)
			continue
		}
		env.Log("%s is back", guest)
	}
	env.Set(saved, strings.Join(left, " "))
	if failed != nil {
		return fmt.Errorf("guests %s are still in %s: %w", strings.Join(left, ", "), c.Directory, failed)
	}
	return nil
}

// guests are those that run: the first column of xl list, but for its heading
// and for Domain-0.
func guests(ctx context.Context, env hook.Env) (map[string]bool, error) {
	out, err := env.Run(ctx, xl, "list")
	if err != nil {
		return nil, err
	}
	running := make(map[string]bool)
	for i, line := range strings.Split(out.Stdout, "\n") {
		if words := strings.Fields(line); i > 0 && len(words) > 0 && words[0] != "Domain-0" {
			running[words[0]] = true
		}
	}
	return running, nil
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}
