// Package engine is the one place that sequences: it asks the backends, makes
// the plan, and carries it out so that the host has the new configuration in
// full or the old one in full.
//
// It depends on interfaces only: backends come from the program, files from
// package files, services through Services.
package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

// Backend is a backend that is ready to be asked.
type Backend struct {
	Description backend.Description
	Backend     backend.Backend
	Executable  string // of its plugin; "" for one that is built in or a script
	// Script is what it takes to run one that is a script without the
	// definitions, for an undo; nil for all others. See journal.Snapshot.
	Script json.RawMessage
}

// Request is one host, its definition and its backends.
type Request struct {
	Host        host.Host
	Place       diag.Range            // the host's block
	Positions   map[string]diag.Range // host.Path → place
	Root, Netns string                // "" is the real root, the present namespace
	StateDir    string                // on the real file system
	Backends    []Backend
	Hooks       []plan.Hook
	Operator    string // address that the operator's session came in on; see plan.Input
}

// setup is what every call of a backend carries.
func (r *Request) setup(b Backend) backend.Setup {
	block, _ := r.Host.Backend(b.Description.Name)
	return backend.Setup{Host: r.Host, Config: block.Config, Root: r.Root, Netns: r.Netns, StateDir: r.StateDir}
}

// Plan asks every backend at once what there is, what the definition means and
// which operations lead there, and makes the plan. With an error among the
// diagnostics there is no plan. An error means that a backend failed.
func Plan(ctx context.Context, r Request) (*plan.Plan, diag.List, error) {
	results := make([]stageResult, len(r.Backends))
	var wg sync.WaitGroup
	for i, b := range r.Backends {
		wg.Go(func() { results[i] = r.stage(ctx, b) })
	}
	wg.Wait()
	in := plan.Input{Host: r.Host.Name, Definition: r.Place, Root: r.Root, Netns: r.Netns, Hooks: r.Hooks, Positions: r.Positions, Operator: r.Operator, Lowers: lowers(&r.Host)}
	var diags diag.List
	for i, res := range results {
		name := r.Backends[i].Description.Name
		if res.err != nil {
			return nil, diags, fmt.Errorf("backend %q: %w", name, res.err)
		}
		for _, d := range res.diags {
			if d.Source == "" {
				d.Source = fmt.Sprintf("backend %q", name)
			}
			diags = append(diags, d)
		}
		res.input.Diagnostics = nil
		in.Stages = append(in.Stages, res.input)
		in.Fingerprints = append(in.Fingerprints, res.fingerprints...)
		in.Guests = append(in.Guests, res.guests...)
	}
	if diags.HasErrors() {
		return nil, diags, nil
	}
	p := plan.New(in)
	p.Diagnostics = diags
	return p, diags, nil
}

// stageResult is one backend's part.
type stageResult struct {
	input        plan.StageInput
	fingerprints []plan.Fingerprint
	guests       []plan.Guest
	diags        diag.List
	err          error
}

// lowers are what each declared interface stands on.
func lowers(h *host.Host) map[string][]string {
	out := make(map[string][]string, len(h.Interfaces))
	for i := range h.Interfaces {
		out[h.Interfaces[i].Name] = h.Interfaces[i].Lowers()
	}
	return out
}

// stage asks one backend.
func (r *Request) stage(ctx context.Context, b Backend) stageResult {
	setup := r.setup(b)
	c, err := backend.Compare(ctx, b.Backend, backend.CompareRequest{Setup: setup})
	if err != nil {
		return stageResult{err: err}
	}
	out := stageResult{guests: c.Guests, diags: c.Diagnostics}
	if out.diags.HasErrors() {
		return out
	}
	if err := withinPaths(b.Description, c.Operations); err != nil {
		return stageResult{err: err}
	}
	restarts, err := asSaid(setup.Config, c.Changes, c.Restarts)
	if err != nil {
		return stageResult{err: err}
	}
	out.input = plan.StageInput{
		Stage:     plan.Stage{Backend: b.Description.Name, Phase: string(b.Description.Phase), Changes: c.Changes, Operations: c.Operations},
		Activates: b.Description.Phase == backend.Activate, Restarts: restarts, Effects: c.Effects,
	}
	out.fingerprints = fingerprints(b, c)
	return out
}

// withinPaths refuses a file operation outside what the backend has declared.
func withinPaths(d backend.Description, operations []plan.Operation) error {
	for _, op := range operations {
		if op.File == nil {
			continue
		}
		inside := func(p string) bool {
			return op.File.Path == p || strings.HasSuffix(p, "/") && strings.HasPrefix(op.File.Path, p) && !strings.Contains(op.File.Path, "/../")
		}
		if !slices.ContainsFunc(d.Paths, inside) {
			return fmt.Errorf("it wants to change %q, but declares only %q", op.File.Path, d.Paths)
		}
	}
	return nil
}

// fingerprints are of each file read, of the objects as a whole, and of a
// backend's script.
func fingerprints(of Backend, c backend.Comparison) []plan.Fingerprint {
	out := make([]plan.Fingerprint, 0, len(c.Digests)+2)
	add := func(object, digest string) {
		out = append(out, plan.Fingerprint{Backend: of.Description.Name, Object: object, Digest: digest})
	}
	for _, f := range c.Digests {
		add(f.Path, f.Digest)
	}
	if of.Script != nil {
		add(fmt.Sprintf("the script of backend %q", of.Description.Name), sum(of.Script))
	}
	add("objects", c.Objects)
	return out
}

// sum is a SHA-256 in hexadecimal digits.
func sum(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}
