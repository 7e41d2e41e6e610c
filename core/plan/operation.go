package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// OperationKind tells who carries an operation out.
type OperationKind string

// The kinds of operation.
const (
	// OperationFile writes, replaces or removes one file; the program does it,
	// not the backend, in one transaction with all others.
	OperationFile OperationKind = "file"
	// OperationOwn is carried out by the backend (a kernel message, a call to
	// a switch) from Data.
	OperationOwn OperationKind = "own"
)

// Operation is one thing that will be done, in words and as data.
type Operation struct {
	ID      string        `json:"id"` // unique within the stage, e.g. "3"
	Kind    OperationKind `json:"kind"`
	Summary string        `json:"summary"` // what an operator would type: "ip link add bond0 type bond", "write /etc/…"
	Objects []Ref         `json:"objects,omitempty"`
	File    *FileChange   `json:"file,omitempty"`
	Data    []byte        `json:"data,omitempty"` // the backend's own encoding
	Effects []Effect      `json:"effects,omitempty"`
}

// FileState is one file at one time. The zero state means "no such file".
type FileState struct {
	Exists  bool   `json:"exists"`
	Mode    uint32 `json:"mode,omitempty"` // permission bits; 0 in an After means: keep, or 0644 when new
	Content []byte `json:"content,omitempty"`
}

// Digest is the hex SHA-256 of existence and content, without the mode.
func (f FileState) Digest() string {
	if !f.Exists {
		return "absent"
	}
	sum := sha256.Sum256(f.Content)
	return hex.EncodeToString(sum[:])
}

// FileChange replaces one file. Before is what was read when the plan was
// made; an apply that finds something else refuses.
type FileChange struct {
	Path   string    `json:"path"` // absolute, as seen on the host: without the -root prefix
	Before FileState `json:"before"`
	After  FileState `json:"after"`
	Note   string    `json:"note,omitempty"` // e.g. "1 directive remarked"
}

// EffectKind says what an operation implies beyond itself.
type EffectKind string

// The kinds of effect.
const (
	EffectAddress     EffectKind = "address"     // an address comes, goes or moves
	EffectRoute       EffectKind = "route"       // a route goes or comes with it
	EffectPort        EffectKind = "port"        // a port is attached or detached
	EffectGuest       EffectKind = "guest"       // a guest's port is touched
	EffectLink        EffectKind = "link"        // a link goes down or up
	EffectUnreachable EffectKind = "unreachable" // traffic stops for about Gap
	EffectOperator    EffectKind = "operator"    // the operator's own session is touched
	EffectLater       EffectKind = "later"       // it takes effect only at a later event
	EffectNote        EffectKind = "note"        // worth knowing: why it differs from what one would expect
)

// Effect is one implied consequence.
type Effect struct {
	Kind    EffectKind    `json:"kind"`
	Text    string        `json:"text"` // one line for people
	Objects []Ref         `json:"objects,omitempty"`
	Gap     time.Duration `json:"gap_ns,omitempty"` // of EffectUnreachable: predicted
}

// Restart is a service that must be restarted for the change to take effect.
type Restart struct {
	Service string `json:"service"` // "xend", "network"
	Why     string `json:"why"`
	// Order sorts restarts: lower first. xend is 10, network is 20, as in the
	// article that linkspan began with.
	Order int `json:"order"`
	// Replaceable tells that a backend that activates makes the restart
	// needless; New skips it then.
	Replaceable bool `json:"replaceable,omitempty"`
	// Skipped says why it will not be done, e.g. `restart = "never"`.
	Skipped string `json:"skipped,omitempty"`
	// Command is the site's own way to restart it, without a shell; Interfaces
	// are to be taken down and up instead of the whole, the lower ones first.
	// Without either the service is restarted.
	Command    []string `json:"command,omitempty"`
	Interfaces []string `json:"interfaces,omitempty"`
	// Timeout bounds it; 0 is the program's own limit.
	Timeout time.Duration `json:"timeout_ns,omitempty"`
}

// How says in a few words what will be done, e.g. "restarting xend" or "ifdown
// and ifup of bond0, xenbr0".
func (r Restart) How() string {
	switch {
	case len(r.Command) > 0:
		return fmt.Sprintf("restarting %s: %s", r.Service, strings.Join(r.Command, " "))
	case len(r.Interfaces) > 0:
		return "ifdown and ifup of " + strings.Join(r.Interfaces, ", ")
	}
	return "restarting " + r.Service
}
