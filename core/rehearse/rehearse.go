// Package rehearse carries a change out on a scratch Linux kernel that runs as
// an ordinary process (User-Mode Linux), and measures what it costs.
//
// The kernel holds the host with its present network, a switch that its cards
// lead to, a peer of the operator that asks every address and every guest each
// 2 ms, and guests on the bridges. The program itself is run there, as an
// operator would run it: apply, plan again, roll back. Nothing outside the
// kernel is touched, and nothing is left behind.
//
// Package uml boots the kernel, package lab lets Go tests run in it.
package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"linkspan/core/host"
	"linkspan/core/rehearse/uml"
)

// Scenario is one rehearsal.
type Scenario struct {
	Name   string    `json:"name"`   // of the start, for people, e.g. "eth0.2"
	Start  host.Host `json:"start"`  // the host's present network
	Wanted host.Host `json:"wanted"` // what the definition wants of it
	// Files are the host's files, by absolute path. Everything else in /etc and
	// /var is empty there.
	Files []File `json:"files"`
	// Sysctls are set before the host has any link: files below /proc/sys/net,
	// e.g. "ipv4/conf/default/rp_filter" → "1".
	Sysctls map[string]string `json:"sysctls,omitempty"`
	// Definition is what the program is given inside, as HCL.
	Definition []byte `json:"definition"`
	// Remarks are shown with the report: what differs from the real thing.
	Remarks []string `json:"remarks,omitempty"`
	// LinkDelay is how long a card's link stays away after the card has been
	// taken down and up again. Real cards and switches take one to three seconds.
	LinkDelay time.Duration `json:"link_delay,omitempty"`
	Undo      bool          `json:"undo,omitempty"` // roll the change back as well
}

// File is one file of the host.
type File struct {
	Path    string `json:"path"`
	Mode    uint32 `json:"mode"`
	Content []byte `json:"content"`
}

// Machine is where a rehearsal is held: a uml.Kernel, or uml.Namespaces.
type Machine interface {
	Run(context.Context, uml.Options) (exit int, err error)
}

// Options are how a rehearsal is run.
type Options struct {
	On       Machine
	Progress func(step string) // one line a step, before it begins; nil is silent
	Limit    time.Duration     // of the whole; 0 means ten minutes
	// Shell connects this terminal with a shell in the kernel when the plan has
	// been carried out.
	Shell bool
	// Keep leaves the kernel running when all is done, until the context ends,
	// and calls Kept with the terminal on which a shell in it waits.
	Keep bool
	Kept func(Report, string)
}

const limit = 10 * time.Minute

// Names of what Run and the program inside leave for one another in the share.
const (
	scenarioFile = "scenario.json"
	reportFile   = "report.json"
	progressFile = "progress"
	directing    = "rehearsal-director" // the program's first argument inside
)

// request is what the director gets.
type request struct {
	Scenario
	Shell bool `json:"shell,omitempty"`
	Keep  bool `json:"keep,omitempty"`
}

// Run rehearses the scenario on a kernel of its own. The running executable is
// what runs inside; it must call Main first of all. An error means that there
// was no rehearsal; what the rehearsal found is in the report.
func Run(ctx context.Context, s Scenario, o Options) (Report, error) {
	share, err := os.MkdirTemp("", "linkspan-rehearsal-")
	if err != nil {
		return Report{}, fmt.Errorf("make the directory of the rehearsal: %w", err)
	}
	defer os.RemoveAll(share)
	b, err := json.Marshal(request{Scenario: s, Shell: o.Shell, Keep: o.Keep})
	if err != nil {
		return Report{}, fmt.Errorf("encode the scenario: %w", err)
	}
	if err := os.WriteFile(filepath.Join(share, scenarioFile), b, 0o600); err != nil {
		return Report{}, fmt.Errorf("write the scenario: %w", err)
	}
	begin := time.Now()
	r, err := boot(ctx, share, o)
	if err != nil {
		return r, err
	}
	r.Took = time.Since(begin)
	return r, nil
}

// boot runs the kernel, a second time where the first died before the program
// inside had begun: under load, a few boots in a hundred hang.
func boot(ctx context.Context, share string, o Options) (Report, error) {
	for again := false; ; again = true {
		r, began, err := bootOnce(ctx, share, o)
		if err == nil || began || again || ctx.Err() != nil {
			return r, err
		}
		if o.Progress != nil {
			o.Progress("booting again: the kernel did not come up")
		}
	}
}

// bootLimit is how long a kernel may take until the program inside has begun;
// it takes about a second.
const bootLimit = time.Minute

func bootOnce(ctx context.Context, share string, o Options) (r Report, began bool, err error) {
	most := o.Limit
	if most == 0 {
		most = limit
	}
	inner, cancel := context.WithTimeoutCause(ctx, most, fmt.Errorf("it took longer than %s", most))
	if o.Shell || o.Keep {
		inner, cancel = context.WithCancel(ctx)
	}
	defer cancel()
	follower := follow(inner, share, o)
	follower.late = cancel
	defer follower.end()
	var said bytes.Buffer
	code, err := o.On.Run(inner, uml.Options{Args: []string{directing}, Share: share, Stdout: &said, Interactive: o.Shell, Terminal: o.Keep, Memory: 384, Modules: modules()})
	follower.end()
	began = follower.began()
	if err != nil && !(o.Keep && ctx.Err() != nil && began) {
		return r, began, fmt.Errorf("%w\n%s", err, strings.TrimSpace(said.String()))
	}
	if r, err = readReport(share); err != nil {
		return r, began, fmt.Errorf("%w\n%s", err, strings.TrimSpace(said.String()))
	}
	if code > 0 || r.Error != "" {
		return r, true, fmt.Errorf("the rehearsal could not be held: %s", strings.TrimSpace(r.Error+"\n"+said.String()))
	}
	return r, true, nil
}

// modules are the kernel's modules that a host's network needs. The one of
// dummy cards is not: it makes one by itself.
func modules() []string {
	return slices.DeleteFunc(uml.DefaultModules(), func(m string) bool { return m == "dummy" })
}

func readReport(share string) (Report, error) {
	var r Report
	b, err := os.ReadFile(filepath.Join(share, reportFile))
	if errors.Is(err, os.ErrNotExist) {
		return r, errors.New("the rehearsal ended without a report")
	}
	if err != nil {
		return r, fmt.Errorf("read the report: %w", err)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, fmt.Errorf("decode the report: %w", err)
	}
	return r, nil
}
