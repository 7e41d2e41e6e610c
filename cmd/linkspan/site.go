package main

import (
	"context"
	"fmt"
	"maps"
	"os"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/fleet"
	"linkspan/core/host"
	"linkspan/hcl/hostfile"
	"linkspan/plugins/trust"
)

// load reads the definitions at path ("" is the present directory) and shows
// what is wrong with them; an error ends the command.
func (a *app) load(path string) (*hostfile.Site, diag.List, error) {
	if path == "" {
		path = "."
	}
	if _, err := os.Stat(path); err != nil {
		return nil, nil, fmt.Errorf("definitions: %w", err)
	}
	finder, lockDiags, err := a.newFinder(path, !a.relock)
	if err != nil {
		return nil, nil, err
	}
	a.finder = finder
	site, diags := hostfile.Load(path, hostfile.Options{
		Vars: a.flags.vars, VarFiles: a.flags.varFiles, Environ: os.Environ(), Schema: finder.schema, Required: finder.require, Function: a.function, Scripted: finder.script,
	})
	diags = append(lockDiags, finder.explained(diags)...)
	if site != nil {
		a.sources = site.Sources
		maps.Copy(a.sources, a.scripts)
		maps.Copy(a.sources, finder.texts)
		diags = append(diags, site.Check(diags)...)
		diags = append(diags, fleet.Validate(members(site))...)
		diags = append(diags, a.checkHooks(site)...)
	}
	return site, diags, nil
}

// members are the definitions as a fleet, in their order.
func members(site *hostfile.Site) []fleet.Member {
	out := make([]fleet.Member, len(site.Definitions))
	for i := range site.Definitions {
		d := &site.Definitions[i]
		out[i] = fleet.Member{Host: &d.Host, Resolve: d.Resolve}
	}
	return out
}

// schema is the shape of a built-in backend's block.
func (a *app) schema(name string) (host.Schema, []string, bool) {
	d, err := describe(context.Background(), trust.Builtin(name))
	return d.Schema, builtinNames(), err == nil
}

// definition loads the definitions and chooses the one host that is meant.
// Errors in the definitions of other hosts count as well: nothing is planned
// from a directory with an error.
func (a *app) definition(path string) (*hostfile.Site, *hostfile.Definition, error) {
	site, diags, err := a.load(path)
	if err != nil {
		return nil, nil, err
	}
	if err := a.refuse(diags); err != nil {
		return nil, nil, err
	}
	choice := fleet.Choice{Names: a.flags.hosts(), Tags: a.flags.tags, Machine: hostName(a.root())}
	if len(choice.Names)+len(choice.Tags) == 0 && a.flags.root != "" && len(site.Definitions) == 1 {
		choice.Names = []string{site.Definitions[0].Host.Name} // another root, and only one host can be meant
	}
	chosen, diags := fleet.Select(members(site), choice)
	if err := a.refuse(diags); err != nil {
		return nil, nil, err
	}
	if len(chosen) != 1 {
		return nil, nil, usage(fmt.Errorf("%d hosts are meant; choose one with -host", len(chosen)))
	}
	return site, &site.Definitions[chosen[0]], nil
}

// several are the places of the definitions that -host and -tag mean; of all
// without them.
func (a *app) several(site *hostfile.Site) ([]int, diag.List) {
	if choice := (fleet.Choice{Names: a.flags.hosts(), Tags: a.flags.tags}); len(choice.Names)+len(choice.Tags) > 0 {
		return fleet.Select(members(site), choice)
	}
	return allOf(site), nil
}

func allOf(site *hostfile.Site) []int {
	out := make([]int, len(site.Definitions))
	for i := range out {
		out[i] = i
	}
	return out
}

// hosts are the names and patterns of -host.
func (c common) hosts() []string {
	if c.host == "" {
		return nil
	}
	return []string{c.host}
}

// offline renders one host with every backend that it uses, without looking at
// a host: what a backend refuses shows at validate.
func (a *app) offline(ctx context.Context, d *hostfile.Definition, backends map[string]backend.Backend) (map[string]backend.RenderResponse, diag.List, error) {
	out := make(map[string]backend.RenderResponse)
	var diags diag.List
	for _, b := range d.Host.Backends {
		r, err := backends[b.Name].Render(ctx, backend.RenderRequest{Setup: backend.Setup{Host: d.Host, Config: b.Config}})
		if err != nil {
			return nil, nil, fmt.Errorf("backend %q: %w", b.Name, err)
		}
		for _, g := range r.Diagnostics {
			if g.Source == "" {
				g.Source = fmt.Sprintf("backend %q", b.Name)
			}
			diags = append(diags, g)
		}
		out[b.Name] = r
	}
	return out, d.Resolve(diags), nil
}
