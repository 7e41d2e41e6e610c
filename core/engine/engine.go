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

// stage asks one backend: Read, Render, the difference, Plan.
func (r *Request) stage(ctx context.Context, b Backend) stageResult {
	setup, name := r.setup(b), b.Description.Name
	read, err := b.Backend.Read(ctx, backend.ReadRequest{Setup: setup})
	if err != nil {
		return stageResult{err: err}
	}
	rendered, err := b.Backend.Render(ctx, backend.RenderRequest{Setup: setup, Facts: read.Facts})
	if err != nil {
		return stageResult{err: err}
	}
	out := stageResult{guests: read.Guests, diags: append(slices.Clone(read.Diagnostics), withoutSaid(rendered.Diagnostics, read.Diagnostics)...)}
	if out.diags.HasErrors() {
		return out
	}
	fingerprinted := make(chan []plan.Fingerprint, 1) // made while the backend plans
	go func() { fingerprinted <- fingerprints(b, read) }()
	changes := plan.Diff(rendered.Objects, read.Objects)
	planned, err := b.Backend.Plan(ctx, backend.PlanRequest{Setup: setup, Facts: read.Facts, Desired: rendered.Objects, Actual: read, Changes: changes})
	if err != nil {
		return stageResult{err: err}
	}
	out.diags = append(out.diags, planned.Diagnostics...)
	if err := withinPaths(b.Description, planned.Operations); err != nil {
		return stageResult{err: err}
	}
	restarts, err := asSaid(setup.Config, changes, planned.Restarts)
	if err != nil {
		return stageResult{err: err}
	}
	out.input = plan.StageInput{
		Stage:     plan.Stage{Backend: name, Phase: string(b.Description.Phase), Changes: changes, Operations: planned.Operations},
		Activates: b.Description.Phase == backend.Activate, Restarts: restarts, Effects: planned.Effects,
	}
	out.fingerprints = <-fingerprinted
	return out
}

// withoutSaid leaves out what has been said already in the same words.
func withoutSaid(l, said diag.List) diag.List {
	var out diag.List
	for _, d := range l {
		same := func(e diag.Diagnostic) bool { return e.Code == d.Code && e.Path == d.Path && e.Detail == d.Detail }
		if !slices.ContainsFunc(said, same) {
			out = append(out, d)
		}
	}
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
func fingerprints(of Backend, read backend.ReadResponse) []plan.Fingerprint {
	var out []plan.Fingerprint
	add := func(object, digest string) {
		out = append(out, plan.Fingerprint{Backend: of.Description.Name, Object: object, Digest: digest})
	}
	for _, f := range read.Files {
		if f.Exists {
			add(f.Path, f.Digest())
		}
	}
	if of.Script != nil {
		add(fmt.Sprintf("the script of backend %q", of.Description.Name), sum(of.Script))
	}
	b, err := json.Marshal(read.Objects)
	if err != nil {
		panic(fmt.Sprintf("engine: fingerprint: %v", err)) // only strings and slices: cannot fail
	}
	add("objects", sum(b))
	return out
}

// sum is a SHA-256 in hexadecimal digits.
func sum(b []byte) string {
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}
