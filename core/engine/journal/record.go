// Package journal keeps, for each apply, what is needed to undo it and to tell
// of it: one file a run in the state directory, only ever appended to. A
// record is synced before what it announces is done. The file is the only
// thing that an undo needs: no definition, no network, no memory of the
// program that made it.
package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"

	"linkspan/core/files"
	"linkspan/core/plan"
	"linkspan/core/process"
)

// Kind is what a record tells.
type Kind string

// The kinds of record, in the order in which they come.
const (
	KindBegin     Kind = "begin"     // nothing has been changed yet; holds what an undo needs
	KindStep      Kind = "step"      // a step begins, or has ended
	KindResumed   Kind = "resumed"   // a run that was cut off is carried on
	KindCommand   Kind = "command"   // a hook's command is about to run
	KindValue     Kind = "value"     // a hook keeps a value
	KindWarning   Kind = "warning"   // a backend had to leave something that is no failure
	KindApplied   Kind = "applied"   // everything was done, read again and checked
	KindDeadline  Kind = "deadline"  // it is undone then, unless confirmed; the last one counts
	KindConfirmed Kind = "confirmed" // it stays
	KindUndoing   Kind = "undoing"   // putting back begins
	KindUndone    Kind = "undone"    // everything is as before
	KindFailed    Kind = "failed"    // putting back failed; it can be tried again
)

// Record is one line of a journal.
type Record struct {
	Time     time.Time         `json:"time"` // the wall clock, for people
	Kind     Kind              `json:"kind"`
	Begin    *Begin            `json:"begin,omitempty"`
	Step     string            `json:"step,omitempty"` // e.g. "restart xend"
	Done     bool              `json:"done,omitempty"` // of a step: it has ended
	Boot     string            `json:"boot,omitempty"` // of resumed: as in Begin, as are Plugins
	Plugins  []process.Process `json:"plugins,omitempty"`
	Why      string            `json:"why,omitempty"` // of undoing: the reason; of failed: what is left
	Deadline *Deadline         `json:"deadline,omitempty"`
	Hook     string            `json:"hook,omitempty"`    // of command and value: its name
	Command  []string          `json:"command,omitempty"` // e.g. ["/usr/sbin/xl", "list"]
	Key      string            `json:"key,omitempty"`
	Value    string            `json:"value,omitempty"`   // "" forgets the key
	Warning  string            `json:"warning,omitempty"` // for people, with the backend's name
}

// Begin is what an undo needs, and what history shows.
type Begin struct {
	Host       string        `json:"host"`
	User       string        `json:"user"`
	Command    string        `json:"command"`
	Definition string        `json:"definition"` // where the host's block is: "site.hcl:17"
	Program    string        `json:"program"`    // version
	Root       string        `json:"root,omitempty"`
	Netns      string        `json:"netns,omitempty"`
	Boot       string        `json:"boot"` // of the kernel that it ran on: /proc/sys/kernel/random/boot_id
	Plan       *plan.Plan    `json:"plan"`
	Files      files.Images  `json:"files"`
	Snapshots  []Snapshot    `json:"snapshots,omitempty"`
	Confirm    time.Duration `json:"confirm_ns,omitempty"`  // how long a confirmation is waited for
	RollbackOf int           `json:"rollback_of,omitempty"` // the run that this one undoes
	// Hooks is what it takes to run the host's hooks without the definitions,
	// in the encoding of who runs them.
	Hooks json.RawMessage `json:"hooks,omitempty"`
	// Plugins are the processes of the backends that run in processes of their own.
	Plugins []process.Process `json:"plugins,omitempty"`
}

// Snapshot is what a backend has recorded of what it will touch.
type Snapshot struct {
	Backend string `json:"backend"`
	Data    []byte `json:"data"`
	// Volatile tells that a reboot brings the recorded state back by itself.
	Volatile bool `json:"volatile,omitempty"`
	// Plugin is what restores it, unless the backend is built in or a script.
	Plugin *Plugin `json:"plugin,omitempty"`
	// Script is what it takes to run a backend that is a script, without the
	// definitions, in the encoding of who runs it.
	Script json.RawMessage `json:"script,omitempty"`
}

// Deadline is a moment of one boot, on a clock that nobody can set.
type Deadline struct {
	Boot string        `json:"boot"`   // /proc/sys/kernel/random/boot_id
	At   time.Duration `json:"at_ns"`  // CLOCK_BOOTTIME
	For  time.Duration `json:"for_ns"` // how long it was from when it was set
}

// checksum is the CRC-32C of a record's JSON. Its tables are made when the first
// record needs them.
func checksum(body []byte) uint32 { return crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) }

// encode writes a record as a line: the CRC-32C of what follows in eight hex
// digits, a blank, JSON. A beginning can have tens of megabytes, which are not
// copied.
func encode(r Record) ([]byte, error) {
	const room = "00000000 "
	var line bytes.Buffer
	line.WriteString(room)
	if err := json.NewEncoder(&line).Encode(r); err != nil { // ends it with a newline
		return nil, err
	}
	out := line.Bytes()
	copy(out, fmt.Sprintf("%08x", checksum(out[len(room):len(out)-1])))
	return out, nil
}

// ErrDamaged says that a journal is not what was written.
var ErrDamaged = errors.New("damaged")

// decode reads all records, and tells where the last whole one ends. A last line
// that is not whole was cut off by a power cut before it counted, and is left out;
// anything else that does not match its checksum is ErrDamaged. Without the begin
// record's content, which is nearly all there is to decode, only its checksum is
// looked at.
func decode(data []byte, begin bool) (out []Record, end int64, err error) {
	for n := 1; len(data) > 0; n++ {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		r, err := decodeLine(line, begin || n > 1)
		if err != nil && (!whole || len(rest) == 0) {
			return out, end, nil
		}
		if err != nil {
			return nil, 0, fmt.Errorf("line %d: %w: %w", n, ErrDamaged, err)
		}
		if !whole {
			return out, end, nil // its line end was never written, so neither was its sync
		}
		out, data, end = append(out, r), rest, end+int64(len(line))+1
	}
	return out, end, nil
}

func decodeLine(line []byte, all bool) (Record, error) {
	var r Record
	sum, body, ok := bytes.Cut(line, []byte(" "))
	if !ok || len(sum) != 8 {
		return r, errors.New("no checksum")
	}
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if err != nil {
		return r, errors.New("no checksum")
	}
	if checksum(body) != uint32(want) {
		return r, errors.New("the checksum does not match")
	}
	if !all {
		return Record{Kind: KindBegin}, nil
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, err
	}
	if r.Kind == KindBegin && (r.Begin == nil || r.Begin.Plan == nil) {
		return r, errors.New("the beginning is empty")
	}
	return r, nil
}
