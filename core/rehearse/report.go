package rehearse

import (
	"fmt"
	"time"
)

// Report is what a rehearsal found.
type Report struct {
	Start   string        `json:"start"`
	Took    time.Duration `json:"took_ns"`
	There   Leg           `json:"there"`
	Back    *Leg          `json:"back,omitempty"` // the roll-back, where it was asked for
	End     []string      `json:"end"`            // the network after the change, a line a link
	Remarks []string      `json:"remarks,omitempty"`
	Error   string        `json:"error,omitempty"` // why there was no rehearsal
}

// Leg is one way: the change, or its undoing.
type Leg struct {
	Exit       int           `json:"exit"` // exit code of the program
	Output     string        `json:"output,omitempty"`
	Took       time.Duration `json:"took_ns"`
	Digest     string        `json:"digest,omitempty"` // of the plan
	Operations int           `json:"operations"`
	Predicted  []string      `json:"predicted,omitempty"` // what the plan says will not be reachable
	Streams    []Stream      `json:"streams"`
	// Changes are what rtnetlink told meanwhile, each with the milliseconds since
	// the program was started.
	Changes []string `json:"changes,omitempty"`
	// Drops are the host kernel's own counters of packets thrown away that grew,
	// e.g. "Ip OutNoRoutes 2"; not all are of the streams.
	Drops []string `json:"drops,omitempty"`
	// Second is the exit code of a second plan: 0 when it has nothing to do, 2
	// when it has.
	Second       int    `json:"second"`
	SecondOutput string `json:"second_output,omitempty"`
	// Views is the exit code of status: 0 when what is declared, the files and
	// the kernel say the same.
	Views       int    `json:"views"`
	ViewsOutput string `json:"views_output,omitempty"`
	// Unreached are addresses and guests' ports of the new network that nobody
	// answers at.
	Unreached []string `json:"unreached,omitempty"`
	// Differences are what the undoing did not bring back.
	Differences []string `json:"differences,omitempty"`
}

// StreamKind is whose packets a stream is.
type StreamKind string

// The kinds of stream.
const (
	Operator StreamKind = "operator" // the address with the default route
	Address  StreamKind = "address"  // another address of the host
	Guest    StreamKind = "guest"    // the peer asks a guest
	Guests   StreamKind = "guests"   // a guest asks another on its bridge
)

// Stream is what was measured of one target that is asked every 2 ms.
type Stream struct {
	Kind StreamKind `json:"kind"`
	Name string     `json:"name"` // an address, or a guest's port
	Sent int        `json:"sent"`
	Lost int        `json:"lost"`
	// Gap is the longest time from the last question that was answered before a
	// loss to the first one after it.
	Gap time.Duration `json:"gap_ns"`
	// Pause is the longest time in which nothing was asked: the kernel has one
	// processor, and while others use it, the peer waits.
	Pause time.Duration `json:"pause_ns"`
	// Losses are when packets were lost, the first few times.
	Losses []Loss `json:"losses,omitempty"`
	// Silent says that it did not answer before the change either; it counts
	// for nothing.
	Silent bool `json:"silent,omitempty"`
}

// Loss is one stretch of packets that were lost.
type Loss struct {
	After time.Duration `json:"after_ns"` // since the program was started
	Lost  int           `json:"lost"`
	// Before and Next are what changed in the host's network before and after
	// the first of them.
	Before string `json:"before,omitempty"`
	Next   string `json:"next,omitempty"`
	// During is what the program had last said that it would do.
	During string `json:"during,omitempty"`

	at time.Time
}

// Outcome is what a leg comes to, the worst first.
type Outcome string

// The outcomes.
const (
	UndoFailed Outcome = "undo failed"
	Undone     Outcome = "undone"
	Refused    Outcome = "refused"
	Failed     Outcome = "failed"
	Differs    Outcome = "differs"
	Losses     Outcome = "packets lost"
	Good       Outcome = "nothing lost"
)

// Exit codes of the program that have a meaning here.
const (
	exitUndone     = 5
	exitUndoFailed = 6
)

// Outcome judges the leg.
func (l *Leg) Outcome() Outcome {
	switch {
	case l.Exit == exitUndoFailed:
		return UndoFailed
	case l.Exit == exitUndone:
		return Undone
	case l.Exit == 1:
		return Refused
	case l.Exit != 0:
		return Failed
	case l.Second != 0 || l.Views != 0 || len(l.Differences) > 0 || len(l.Unreached) > 0:
		return Differs
	case l.Lost() > 0:
		return Losses
	}
	return Good
}

// Lost is how many packets were lost on all streams that count.
func (l *Leg) Lost() int {
	n := 0
	for _, s := range l.Streams {
		if !s.Silent {
			n += s.Lost
		}
	}
	return n
}

// Outcome judges the rehearsal: the worse of both ways.
func (r *Report) Outcome() Outcome {
	there := r.There.Outcome()
	if r.Back == nil {
		return there
	}
	for _, o := range []Outcome{UndoFailed, Undone, Refused, Failed, Differs, Losses} {
		if there == o || r.Back.Outcome() == o {
			return o
		}
	}
	return Good
}

// String gives "192.168.0.2: 2 of 1833 lost, longest gap 7ms".
func (s Stream) String() string {
	return fmt.Sprintf("%s: %d of %d lost, longest gap %s", s.Name, s.Lost, s.Sent, s.Gap.Round(time.Millisecond))
}
