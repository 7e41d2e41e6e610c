package script

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"linkspan/core/hook"
	"linkspan/core/hook/script/symbols"
)

// The program and a script's process speak in JSON, one value after the other:
// the program sends the request, then calls; the process answers each call
// with messages, of which the last is "done".

// request is what the process is started for.
type request struct {
	Kind  symbols.Kind  `json:"kind"`
	Dir   string        `json:"dir"` // of the files, as the definition names it
	Files []File        `json:"files"`
	CPU   time.Duration `json:"cpu,omitempty"` // time on a processor that it may take; 0: any
}

// call is one thing that the process is to do.
type call struct {
	Event   *hook.Event       `json:"event,omitempty"`   // a hook runs
	Test    string            `json:"test,omitempty"`    // a test runs
	Name    string            `json:"name,omitempty"`    // a function, or a backend's method, is called
	Args    []json.RawMessage `json:"args,omitempty"`    // with these arguments
	Timeout time.Duration     `json:"timeout,omitempty"` // its context ends then
}

// message is something that the process asks for, or the end of a call.
type message struct {
	Op      string          `json:"op"` // "log", "run", "read", "network", "set", "progress" or "done"
	Text    string          `json:"text,omitempty"`
	Args    []string        `json:"args,omitempty"`
	Key     string          `json:"key,omitempty"`
	Timeout time.Duration   `json:"timeout,omitempty"` // of "run": 0 is none
	Error   string          `json:"error,omitempty"`
	Arg     int             `json:"arg,omitempty"` // of a function's error: 1 + the argument that is wrong
	Denied  []denial        `json:"denied,omitempty"`
	Value   json.RawMessage `json:"value,omitempty"` // of "done": a result
}

// denial is a hook.Denied on its way.
type denial struct {
	Path   string `json:"path"`
	Detail string `json:"detail"`
}

// reply answers "run", "read" and "network".
type reply struct {
	Output     hook.Output      `json:"output"`
	Content    []byte           `json:"content,omitempty"`
	Network    []hook.Interface `json:"network,omitempty"`
	Error      string           `json:"error,omitempty"`
	NotAllowed bool             `json:"not_allowed,omitempty"`
}

// maxAnswer bounds all that a process sends during one call, in bytes.
const maxAnswer = 16 << 20

// boundedReader ends when more than maxAnswer bytes came since n was set to 0.
type boundedReader struct {
	r io.Reader
	n int
}

// Read reads what is left of the bound.
func (b *boundedReader) Read(p []byte) (int, error) {
	if b.n > maxAnswer {
		return 0, fmt.Errorf("it sent more than %d MiB", maxAnswer>>20)
	}
	n, err := b.r.Read(p)
	b.n += n
	return n, err
}
