// Package hook is what a hook script imports: the event that it is told, and
// the environment in which it acts.
//
// A hook is a Go file beside the host definitions, interpreted on the host
// without a compiler:
//
//	//go:build go1.21
//
//	// Package drain moves guests away before the network restarts.
//	package drain
//
//	import (
//		"context"
//
//		"linkspan/core/hook"
//	)
//
//	func Run(ctx context.Context, env hook.Env, event hook.Event) error {
//		for _, guest := range event.Guests() {
//			if _, err := env.Run(ctx, "/usr/sbin/xl", "migrate", guest, "dom0-02"); err != nil {
//				return err
//			}
//		}
//		return nil
//	}
//
// It runs in a process of its own, without privileges, and can reach the host
// only through Env. Everything that it is given is a copy.
package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Phases at which a hook can run, in their order.
const (
	Validate    = "validate"     // after the plan is made; an error refuses the plan, and nothing can be run
	PreApply    = "pre_apply"    // before the first change
	PreRestart  = "pre_restart"  // before services restart or the kernel changes; only if they do
	PostRestart = "post_restart" // after that
	Check       = "check"        // is the host healthy? An error undoes; retried until its timeout
	PostApply   = "post_apply"   // everything is done and checked
	OnRollback  = "on_rollback"  // everything has been put back
)

// Event is what happens: a copy that the hook may change as it likes.
type Event struct {
	Phase    string            `json:"phase"`            // one of the phases
	Host     string            `json:"host"`             // e.g. "dom0-01"
	Tags     []string          `json:"tags"`             // of the host
	Vars     map[string]any    `json:"vars"`             // of the host: JSON-like values
	DryRun   bool              `json:"dryrun"`           // `linkspan hooks test`: commands are recorded, not run
	Plan     Plan              `json:"plan"`             // of all phases
	Restarts []string          `json:"restarts"`         // of pre_restart and post_restart: the services, e.g. "network"
	Backends []string          `json:"backends"`         // of pre_restart and post_restart: those that change something live, e.g. "netlink"
	Outcome  string            `json:"outcome"`          // of check and post_apply "applied", of on_rollback "undone", else ""
	Reason   string            `json:"reason"`           // of on_rollback: why
	Config   json.RawMessage   `json:"config,omitempty"` // of the hook's block; see Decode
	Env      map[string]string `json:"env"`              // of the hook's block; its commands have it as well
	Values   map[string]string `json:"values"`           // what earlier hooks of this run have set
}

// Plan is what will be done, or was.
type Plan struct {
	Digest     string      `json:"digest"` // "ls1-7d01f2c95cd2ab58"
	Changes    []Change    `json:"changes"`
	Files      []string    `json:"files"`      // paths that are written or removed
	Operations []string    `json:"operations"` // of backends that act themselves, in the words of an operator
	Restarts   []string    `json:"restarts"`   // services that are restarted, in order
	Bridges    []Bridge    `json:"bridges"`    // that are touched, with the guests on them
	Effects    []string    `json:"effects"`    // what is implied, a line each
	Network    []Interface `json:"network"`    // as declared
}

// Change is one object that changes.
type Change struct {
	Backend string `json:"backend"`
	Type    string `json:"type"`   // "bridge", "bond", …
	Name    string `json:"name"`   // "xenbr0"
	Action  string `json:"action"` // "create", "update" or "delete"
}

// Bridge is a bridge that the plan touches.
type Bridge struct {
	Name   string   `json:"name"`
	Guests []string `json:"guests"` // names, as far as they are known
}

// Interface is one interface, as declared (Plan.Network) or as it is
// (Env.Network).
type Interface struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"`
	Addresses []string `json:"addresses"` // "192.168.0.2/24"
	Ports     []string `json:"ports"`     // of a bond or bridge
	Parent    string   `json:"parent"`    // of a VLAN
	MTU       int      `json:"mtu"`       // 0: not said
}

// Decode reads the hook's config into a value of the script's own: a struct
// with json tags, a map, a slice. A key that the value has no place for is an
// error, as a misspelt one would otherwise do nothing.
func (e Event) Decode(into any) error {
	if len(e.Config) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(e.Config))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return nil
}

// Touches reports whether the plan changes the interface of that name.
func (e Event) Touches(name string) bool {
	for _, c := range e.Plan.Changes {
		if c.Name == name {
			return true
		}
	}
	return false
}

// Guests are the guests on all bridges that the plan touches, each once.
func (e Event) Guests() []string {
	var out []string
	seen := make(map[string]bool)
	for _, b := range e.Plan.Bridges {
		for _, g := range b.Guests {
			if !seen[g] {
				seen[g] = true
				out = append(out, g)
			}
		}
	}
	return out
}

// Env is how a hook acts. The program does what is asked, outside the hook's
// process, and writes it into the journal.
type Env interface {
	// Log shows a line under the hook's name.
	Log(format string, args ...any)
	// Run runs a command, without a shell, with nothing on its input. Its path
	// must be among those that the hook's block allows. A command that fails is
	// an error that holds the last line it said; Output is there as well. When
	// ctx ends, the command and all that it has started are killed.
	Run(ctx context.Context, path string, args ...string) (Output, error)
	// ReadFile reads a file of the host, at most 1 MiB: one that everybody may
	// read, unless the hook's block says privileged = true.
	ReadFile(path string) ([]byte, error)
	// Network tells the host's interfaces as they are now: those of the kernel
	// where a backend of the host reads it, else those of the files. At an undo
	// only those of the kernel are known; where none reads it, it is an error.
	Network(ctx context.Context) ([]Interface, error)
	// Set keeps a value for later hooks of this run (Event.Values) and for the
	// report; an empty one forgets it.
	Set(key, value string)
}

// Output is what a command said.
type Output struct {
	Stdout string `json:"stdout"` // at most 1 MiB
	Stderr string `json:"stderr"` // at most 1 MiB
	Code   int    `json:"code"`   // exit code; 0 is success
}

// Denied is a policy's refusal; see Deny. Scripts use IsDenied.
type Denied struct {
	Path   string // what of the definition is refused
	Detail string
}

func (d *Denied) Error() string {
	if d.Path == "" {
		return d.Detail
	}
	return d.Path + ": " + d.Detail
}

// Deny refuses a plan in the validate phase. The path says what of the
// definition is refused, so that the message points there: `bridge["xenbr0"]`,
// `bridge["xenbr0"].mtu`; "" is the whole host.
func Deny(path, format string, args ...any) error {
	return &Denied{Path: path, Detail: fmt.Sprintf(format, args...)}
}

// IsDenied reports whether the error is, or wraps, one of Deny.
func IsDenied(err error) bool {
	var d *Denied
	return errors.As(err, &d)
}

// IsNotAllowed reports whether a command was refused because the hook's block
// does not allow it.
func IsNotAllowed(err error) bool {
	var n *NotAllowed
	return errors.As(err, &n)
}

// NotAllowed is a command that the hook's block does not allow.
type NotAllowed struct{ Path string }

func (n *NotAllowed) Error() string {
	return fmt.Sprintf("command %q is not allowed: the hook's block needs allow = [%q]", n.Path, n.Path)
}
