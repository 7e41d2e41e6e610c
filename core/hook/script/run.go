package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"linkspan/core/hook"
	"linkspan/core/hook/script/symbols"
	"linkspan/core/host"
)

// defaultTimeout is how long a hook may take when its block does not say.
const defaultTimeout = 30 * time.Second

// DeniedError is what a hook of phase validate refuses.
type DeniedError struct {
	Hook    string
	Denials []hook.Denied
}

// Error gives all refusals in one line.
func (e *DeniedError) Error() string {
	var parts []string
	for _, d := range e.Denials {
		parts = append(parts, d.Error())
	}
	return fmt.Sprintf("hook %q: %s", e.Hook, strings.Join(parts, "; "))
}

// Timeout is how long a hook may take, in each phase.
func Timeout(h host.Hook) (time.Duration, error) {
	if h.Timeout == "" {
		return defaultTimeout, nil
	}
	d, err := time.ParseDuration(h.Timeout)
	if err != nil {
		return 0, fmt.Errorf("hook %q: timeout: %w", h.Name, err)
	}
	return d, nil
}

// Job is one run of a hook.
type Job struct {
	Hook   host.Hook
	Source *Source
	Event  hook.Event // completed by what the hook's block says
	Env    hook.Env   // does what the hook asks for
}

// Run checks and runs a hook once. The error tells what went wrong with the
// hook's name, or is a DeniedError. The script's process is gone when Run
// returns.
func Run(ctx context.Context, j Job) error {
	h, src := j.Hook, j.Source
	if !src.checked.Load() { // it does not change, and may run in several phases
		if err := Check(src).Err(); err != nil {
			return fmt.Errorf("hook %q: %w", h.Name, err)
		}
		src.checked.Store(true)
	}
	limit, err := Timeout(h)
	if err != nil {
		return err
	}
	if h.Config != nil {
		if j.Event.Config, err = json.Marshal(h.Config); err != nil {
			return fmt.Errorf("hook %q: config: %w", h.Name, err)
		}
	}
	j.Event.Env = h.Env
	return j.run(ctx, limit)
}

// run runs a hook that has been checked.
func (j Job) run(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit+grace, fmt.Errorf("not done within %s", limit))
	defer cancel()
	// Two threads run Go code, so a busy one takes at most twice its time.
	r := request{Kind: symbols.Hook, Dir: j.Source.dir(), Files: j.Source.Files, CPU: 2 * (limit + grace)}
	p, err := start(r, j.Hook.Privileged, func(line string) { j.Env.Log("%s", line) })
	if err != nil {
		return fmt.Errorf("hook %q: %w", j.Hook.Name, err)
	}
	done, err := p.call(ctx, call{Event: &j.Event, Timeout: limit}, func(m message) *reply { return answer(ctx, m, j.Env) })
	if err != nil {
		return fmt.Errorf("hook %q: %w", j.Hook.Name, err)
	}
	p.end() // how it ends does not matter once it is done
	p.said.finish()
	if len(done.Denied) > 0 {
		e := &DeniedError{Hook: j.Hook.Name}
		for _, d := range done.Denied {
			e.Denials = append(e.Denials, hook.Denied{Path: d.Path, Detail: d.Detail})
		}
		return e
	}
	if done.Error != "" {
		return fmt.Errorf("hook %q: %s", j.Hook.Name, short(done.Error))
	}
	return nil
}

// maxError bounds what is shown of a script's error, in bytes.
const maxError = 4 << 10

func short(text string) string {
	if len(text) > maxError {
		return strings.ToValidUTF8(text[:maxError], "") + " …"
	}
	return text
}

// answer does what a script asks for; nil is for what has no answer.
func answer(ctx context.Context, m message, env hook.Env) *reply {
	switch m.Op {
	case "set":
		env.Set(m.Key, m.Text)
		return nil
	case "run":
		return answerRun(ctx, m, env)
	case "read":
		content, err := env.ReadFile(m.Text)
		return &reply{Content: content, Error: text(err)}
	case "network":
		network, err := env.Network(ctx)
		return &reply{Network: network, Error: text(err)}
	}
	return &reply{Error: fmt.Sprintf("the program does not know %q", m.Op)}
}

func answerRun(ctx context.Context, m message, env hook.Env) *reply {
	if len(m.Args) == 0 {
		return &reply{Error: "no command is given"}
	}
	if m.Timeout > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeoutCause(ctx, m.Timeout, errors.New("not done in the time that it had"))
		defer cancel()
	}
	out, err := env.Run(ctx, m.Args[0], m.Args[1:]...)
	var refused *hook.NotAllowed
	return &reply{Output: out, Error: text(err), NotAllowed: errors.As(err, &refused)}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
