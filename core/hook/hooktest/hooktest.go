// Package hooktest is a hook's environment in tests: it answers what the test
// has told it to, and remembers what the hook did. Nothing happens on the host.
//
//	func TestRun(t *testing.T) {
//		env := hooktest.New()
//		env.Reply("/usr/sbin/xl list", hook.Output{Stdout: "web1\n"})
//		if err := Run(context.Background(), env, hooktest.Event(hook.PreRestart)); err != nil {
//			t.Fatal(err)
//		}
//		if got := env.Commands(); len(got) != 2 {
//			t.Errorf("it ran %q", got)
//		}
//	}
//
// The same test runs natively (go test) and interpreted (linkspan hooks test).
package hooktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"linkspan/core/hook"
)

// Env is a hook.Env. A command that nobody has told it of succeeds and says
// nothing; a file that nobody has told it of is not there.
type Env struct {
	allow    []string
	replies  map[string]reply
	files    map[string]string
	network  []hook.Interface
	commands []string
	logs     []string
	values   map[string]string
}

type reply struct {
	output hook.Output
	err    error
}

// New makes an environment that allows every command.
func New() *Env {
	return &Env{replies: make(map[string]reply), files: make(map[string]string), values: make(map[string]string)}
}

// Allow allows these commands, by their absolute paths, and no others.
func (e *Env) Allow(paths ...string) { e.allow = append(e.allow, paths...) }

// Reply tells what a command says, e.g. "/usr/sbin/xl list": the whole command
// line, words joined by blanks. A code other than 0 is an error for the hook.
func (e *Env) Reply(command string, output hook.Output) {
	r := reply{output: output}
	if output.Code != 0 {
		r.err = fmt.Errorf("%s: exit status %d", command, output.Code)
	}
	e.replies[command] = r
}

// Fail tells that a command cannot be run, and why.
func (e *Env) Fail(command, why string) {
	e.replies[command] = reply{output: hook.Output{Code: -1}, err: fmt.Errorf("%s: %s", command, why)}
}

// File tells what a file of the host has.
func (e *Env) File(path, content string) { e.files[path] = content }

// Interfaces tells how the host's interfaces are.
func (e *Env) Interfaces(all ...hook.Interface) { e.network = all }

// Commands are the command lines that were run, or refused, in their order.
func (e *Env) Commands() []string { return slices.Clone(e.commands) }

// Logs are the lines that were logged.
func (e *Env) Logs() []string { return slices.Clone(e.logs) }

// Values are what was kept.
func (e *Env) Values() map[string]string { return maps.Clone(e.values) }

// Log remembers a line.
func (e *Env) Log(format string, args ...any) {
	e.logs = append(e.logs, fmt.Sprintf(format, args...))
}

// Run remembers a command and answers as it was told.
func (e *Env) Run(ctx context.Context, path string, args ...string) (hook.Output, error) {
	if err := ctx.Err(); err != nil {
		return hook.Output{}, err
	}
	line := strings.Join(append([]string{path}, args...), " ")
	if e.allow != nil && !slices.Contains(e.allow, path) {
		return hook.Output{}, &hook.NotAllowed{Path: path}
	}
	e.commands = append(e.commands, line)
	r := e.replies[line]
	return r.output, r.err
}

// ReadFile answers as it was told.
func (e *Env) ReadFile(path string) ([]byte, error) {
	content, ok := e.files[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("no such file")}
	}
	return []byte(content), nil
}

// Network answers as it was told.
func (e *Env) Network(ctx context.Context) ([]hook.Interface, error) {
	return slices.Clone(e.network), ctx.Err()
}

// Set keeps a value.
func (e *Env) Set(key, value string) {
	if value == "" {
		delete(e.values, key)
		return
	}
	e.values[key] = value
}

// Event is what a hook of that phase is told when two cards of "dom0-01" are
// joined to a bond with two VLANs, each on a bridge: xenbr0 with the guests
// web1 and web2, and xenbr1 with db1.
func Event(phase string) hook.Event {
	e := hook.Event{
		Phase: phase, Host: "dom0-01", Values: map[string]string{}, Vars: map[string]any{}, Env: map[string]string{},
		Plan: hook.Plan{
			Digest: "ls1-7d01f2c95cd2ab58",
			Changes: []hook.Change{
				{Backend: "ifcfg", Type: "bond", Name: "bond0", Action: "create"},
				{Backend: "ifcfg", Type: "vlan", Name: "bond0.2", Action: "create"}, {Backend: "ifcfg", Type: "vlan", Name: "bond0.3", Action: "create"},
				{Backend: "ifcfg", Type: "bridge", Name: "xenbr0", Action: "create"}, {Backend: "ifcfg", Type: "bridge", Name: "xenbr1", Action: "create"},
			},
			Files:    []string{"/etc/sysconfig/network-scripts/ifcfg-bond0", "/etc/sysconfig/network-scripts/ifcfg-xenbr0"},
			Restarts: []string{"network"},
			Bridges:  []hook.Bridge{{Name: "xenbr0", Guests: []string{"web1", "web2"}}, {Name: "xenbr1", Guests: []string{"db1"}}},
			Network: []hook.Interface{
				{Name: "bond0", Type: "bond", Ports: []string{"eth0", "eth1"}},
				{Name: "bond0.2", Type: "vlan", Parent: "bond0"}, {Name: "bond0.3", Type: "vlan", Parent: "bond0"},
				{Name: "xenbr0", Type: "bridge", Addresses: []string{"192.168.0.2/24"}, Ports: []string{"bond0.2"}},
				{Name: "xenbr1", Type: "bridge", Addresses: []string{"192.168.1.2/24"}, Ports: []string{"bond0.3"}},
			},
		},
	}
	switch phase {
	case hook.PreRestart, hook.PostRestart:
		e.Restarts = []string{"network"}
	case hook.Check, hook.PostApply:
		e.Outcome = "applied"
	case hook.OnRollback:
		e.Outcome, e.Reason = "undone", "a check failed"
	}
	return e
}

// Config gives an event the config of a hook's block: any value.
func Config(e hook.Event, value any) hook.Event {
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("hooktest: config: %v", err)) // a test's own mistake
	}
	e.Config = text
	return e
}
