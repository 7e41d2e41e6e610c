// Package backend is the contract between the program and a backend: what a
// backend is asked and what it answers, as Go values and two small interfaces.
//
// A backend knows one place where a network is kept: the files of a
// distribution, the running kernel, a hypervisor's configuration, a switch. It
// never decides what is done; it says what it would want (Render), what there
// is (Read) and which operations lead from one to the other (Plan), and the
// program does the rest. Files are written by the program, in one transaction
// with those of all other backends, so a backend for files has nothing to
// apply. One that changes something else is an Applier as well.
package backend

import (
	"context"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// Phase is when a backend's changes are made.
type Phase string

// The phases, in order.
const (
	// Persist: what the next boot or restart will read.
	Persist Phase = "persist"
	// Activate: what runs now.
	Activate Phase = "activate"
)

// Description is what a backend says of itself. It is the same at every call.
type Description struct {
	Name     string // as in `backend "NAME" {}`: lower-case letters, digits, "-"
	Version  string // of the backend, for people, e.g. "1.2.0"
	Doc      string // one sentence
	Phase    Phase
	Schema   host.Schema // of its block
	Features []string    // optional abilities, e.g. FeatureApply; unknown ones are ignored
	// Paths are the files and directories (ending in "/") that it may change,
	// as seen on the host. The program refuses a file operation elsewhere.
	Paths []string
}

// FeatureApply says that the backend is an Applier.
const FeatureApply = "apply"

// FeatureVolatile says that what the backend changes itself is gone after a
// reboot, as the state of the kernel is: an undo after one leaves it alone.
const FeatureVolatile = "volatile"

// Backend is one place where a network is kept. The methods are called in the
// order in which they stand here, may be called again, and from several
// goroutines at once: what a request holds is shared by calls and not to be
// changed. An error means that the backend itself failed; what is wrong with
// the definition or with the host comes as diagnostics.
type Backend interface {
	// Describe says what the backend is. It touches nothing.
	Describe(ctx context.Context) (Description, error)
	// Read says what is there. It only reads, and leaves no trace.
	Read(ctx context.Context, r ReadRequest) (ReadResponse, error)
	// Render says what the definition means to this backend. It is pure: the
	// same request gives the same response. An attribute that the backend
	// cannot express is refused by an error diagnostic, never dropped.
	Render(ctx context.Context, r RenderRequest) (RenderResponse, error)
	// Plan says which operations make the changes, in order, and what they
	// imply. It is pure.
	Plan(ctx context.Context, r PlanRequest) (PlanResponse, error)
}

// Applier is a backend with operations of plan.OperationOwn.
type Applier interface {
	Backend
	// Apply carries the operations out in order, calling progress before and
	// after each one. It stops at the first that fails, or when ctx ends, with
	// the operation at hand finished or undone. An operation whose result is
	// already there is not an error.
	Apply(ctx context.Context, r ApplyRequest, progress func(Progress)) error
	// Snapshot records everything that the operations will touch, so that
	// Restore can bring it back in another process.
	Snapshot(ctx context.Context, r ApplyRequest) ([]byte, error)
	// Restore brings the recorded state back. Restoring twice is restoring once.
	Restore(ctx context.Context, snapshot []byte) error
}

// Setup is what every request carries.
type Setup struct {
	Host   host.Host      // as declared
	Config map[string]any // the body of the backend's block
	Root   string         // the host's "/": "" or "/" is the real one
	Netns  string         // name of a network namespace; "" is the present one
	// StateDir is where the program keeps its state; a backend only reads it.
	StateDir string
}

// ReadRequest asks what is there.
type ReadRequest struct{ Setup }

// ReadResponse is what is there.
type ReadResponse struct {
	Objects []plan.Object // sorted by Ref
	// Files are the files that Plan may want to change, and those that stand
	// for "no such file"; sorted by path.
	Files []File
	// Facts are what Render needs to know of the host and the definition does
	// not say, e.g. {"release": "rhel5"}.
	Facts map[string]string
	// Opaque is what Plan needs to know of the actual state beyond the objects,
	// in the backend's own encoding; it comes back in PlanRequest.Actual.
	Opaque []byte
	// Guests are the virtual machines' network interfaces that the backend
	// knows of, those of machines that are off among them.
	Guests      []plan.Guest
	Diagnostics diag.List // findings: what is there and will be misunderstood
}

// File is one file as read.
type File struct {
	Path string `json:"path"` // as seen on the host, without Root
	plan.FileState
}

// RenderRequest asks what the definition means.
type RenderRequest struct {
	Setup
	Facts map[string]string // from Read; empty when offline
}

// RenderResponse is what the definition means.
type RenderResponse struct {
	Objects []plan.Object // sorted by Ref
	// Files are the complete files for a host that has none of them, for
	// `linkspan render`; sorted by path. A backend without files leaves it empty.
	Files       []File
	Diagnostics diag.List
}

// PlanRequest asks for the operations.
type PlanRequest struct {
	Setup
	Facts   map[string]string
	Desired []plan.Object
	Actual  ReadResponse
	Changes []plan.Change // plan.Diff(Desired, Actual.Objects), in order
}

// PlanResponse is the operations.
type PlanResponse struct {
	Operations  []plan.Operation // in order
	Restarts    []plan.Restart   // services that must be restarted for it
	Effects     []plan.Effect    // of the whole, beyond those of each operation
	Diagnostics diag.List
}

// ApplyRequest asks for operations to be carried out.
type ApplyRequest struct {
	Setup
	Operations []plan.Operation
}

// Progress tells how an operation goes.
type Progress struct {
	Operation string // its ID
	Done      bool   // false: about to begin
	Error     string // when it failed
	// Warning is what people should know of an operation that is done and counts
	// as done: what it had to leave, e.g. because another program must make it again.
	Warning string
}
