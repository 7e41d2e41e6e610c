package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/hcl/hostfile"
	"linkspan/hcl/lockfile"
	"linkspan/hcl/rule"
	"linkspan/plugins/launch"
	"linkspan/plugins/trust"
)

// finder finds the backends of one run: the built-in ones, and plugins as the
// lock file beside the definitions has them.
type finder struct {
	where     trust.Where
	lock      lockfile.Lock
	described map[string]backend.Description
	faults    map[string]error // by name, of what cannot be used
	warned    diag.List
	scripted  map[string]scriptedBackend // by name
	texts     map[string][]byte          // of scripts, for diagnostics
}

// newFinder reads the lock file beside the definitions at path. Without
// locked, as for `plugins lock`, what it says is not enforced.
func (a *app) newFinder(path string, locked bool) (*finder, diag.List, error) {
	f := &finder{described: make(map[string]backend.Description), faults: make(map[string]error), scripted: make(map[string]scriptedBackend), texts: make(map[string][]byte)}
	f.where.Builtins = builtinNames()
	for _, dir := range a.flags.pluginDirs {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, nil, usage(fmt.Errorf("-plugin-dir: %q is no directory", dir))
		}
		f.where.Dirs = append(f.where.Dirs, dir)
	}
	f.where.Overrides = make(map[string]string)
	for _, o := range a.flags.devOverrides {
		name, file, ok := strings.Cut(o, "=")
		if !ok || !trust.NameForm().MatchString(name) || file == "" {
			return nil, nil, usage(fmt.Errorf("-dev-override is NAME=PATH, not %q", o))
		}
		absolute, err := filepath.Abs(file)
		if err != nil {
			return nil, nil, err
		}
		f.where.Overrides[name] = absolute
	}
	var diags diag.List
	f.lock, diags = lockfile.Read(path)
	if f.lock.Exists && locked {
		f.where.Lock = &trust.Lock{File: f.lock.File, Dir: filepath.Dir(f.lock.File), Plugins: make(map[string]trust.Locked)}
		for _, p := range f.lock.Plugins {
			f.where.Lock.Plugins[p.Name] = trust.Locked{Version: p.Version, Protocol: p.Protocol, SHA256: p.SHA256}
		}
	}
	return f, diags, nil
}

// require keeps what the definitions' linkspan block asks of plugins.
func (f *finder) require(asked []hostfile.Plugin) {
	f.where.Required = make(map[string]trust.Required)
	for _, p := range asked {
		f.where.Required[p.Name] = trust.Required{Version: p.Version, SHA256: p.SHA256}
	}
}

// find gives the spec of a backend, and warns once of what is not checked.
func (f *finder) find(name string) (trust.Spec, error) {
	if s, ok := f.scripted[name]; ok {
		return s.spec, nil
	}
	spec, err := trust.Find(name, f.where)
	if err != nil {
		return spec, err
	}
	if _, seen := f.described[name]; seen {
		return spec, nil
	}
	switch {
	case spec.Override:
		f.warned = append(f.warned, trust.Overridden(spec))
	case spec.Path != "" && f.where.Lock == nil && spec.SHA256 == "":
		f.warned = append(f.warned, trust.Unlocked(spec))
	}
	return spec, nil
}

// describe asks a backend what it is, once. The built-in ones are asked in this
// process: it costs nothing, and validate must start fast.
func (f *finder) describe(ctx context.Context, name string) (backend.Description, error) {
	if d, ok := f.described[name]; ok {
		return d, nil
	}
	spec, err := f.find(name)
	if err != nil {
		return backend.Description{}, err
	}
	d, err := describe(ctx, spec)
	if err == nil {
		f.described[name] = d
	}
	return d, err
}

func describe(ctx context.Context, spec trust.Spec) (d backend.Description, err error) {
	if spec.Path == "" && len(spec.Args) < 3 {
		make, ok := builtins()[spec.Name]
		if !ok {
			return d, &trust.NotFoundError{Name: spec.Name, Known: builtinNames()}
		}
		return make().Describe(ctx)
	}
	set, err := launch.Open(ctx, []trust.Spec{spec}, launch.Options{})
	if err != nil {
		return d, err
	}
	defer set.Close()
	set.Each(func(got backend.Description, _ backend.Backend) { d = got })
	return d, nil
}

// schema is the shape of a backend's block, for the language.
func (f *finder) schema(name string) (host.Schema, []string, bool) {
	d, err := f.describe(context.Background(), name)
	if err == nil {
		return d.Schema, nil, true
	}
	if missing := new(trust.NotFoundError); !errors.As(err, &missing) {
		f.faults[name] = err
	}
	return host.Schema{}, trust.Discover(f.where), false
}

// schemas are the shapes of all backends' blocks. Of one that cannot be used it
// warns.
func (f *finder) schemas(ctx context.Context) map[string]host.Schema {
	out := make(map[string]host.Schema)
	for _, name := range trust.Discover(f.where) {
		d, err := f.describe(ctx, name)
		if err != nil {
			unusable := trust.Unusable(err)
			unusable.Severity = diag.Warning
			f.warned = append(f.warned, unusable)
			continue
		}
		out[name] = d.Schema
	}
	return out
}

// explained replaces "no such backend" by why one that was found cannot be used,
// and adds the warnings.
func (f *finder) explained(l diag.List) diag.List {
	var out diag.List
	for _, d := range l {
		if err := f.faultOf(d); err != nil {
			told := trust.Unusable(err)
			told.Range, told.Path = d.Range, d.Path
			d = told
		}
		out = append(out, d)
	}
	out, f.warned = append(out, f.warned...), nil
	return out
}

// faultOf is the reason behind a diagnostic that says that a backend is unknown.
func (f *finder) faultOf(d diag.Diagnostic) error {
	if d.Code != rule.CodeUnknownBackend {
		return nil
	}
	for name, err := range f.faults {
		if strings.Contains(d.Detail, fmt.Sprintf("%q", name)) {
			return err
		}
	}
	return nil
}

// specs are the specs of backends by name.
func (f *finder) specs(names []string) ([]trust.Spec, error) {
	var out []trust.Spec
	for _, name := range names {
		s, err := f.find(name)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// offline are the backends that the site's hosts use, to be asked without
// looking at a host: the built-in ones in this process, plugins as themselves.
// Close ends those.
func (f *finder) offline(ctx context.Context, site *hostfile.Site) (backends map[string]backend.Backend, closeAll func(), err error) {
	backends = make(map[string]backend.Backend)
	var started []trust.Spec
	for _, name := range usedBackends(site) {
		spec, err := f.find(name)
		if err != nil {
			return nil, nil, err
		}
		if make, ok := builtins()[name]; ok && spec.Path == "" {
			backends[name] = make()
			continue
		}
		started = append(started, spec)
	}
	if len(started) == 0 {
		return backends, func() {}, nil
	}
	set, err := launch.Open(ctx, started, launch.Options{})
	if err != nil {
		return nil, nil, err
	}
	set.Each(func(d backend.Description, b backend.Backend) { backends[d.Name] = b })
	return backends, set.Close, nil
}

// usedBackends are the names of the backends that the site's hosts use, sorted.
func usedBackends(site *hostfile.Site) []string {
	var out []string
	for i := range site.Definitions {
		out = append(out, backendNames(site.Definitions[i].Host)...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// backendNames are the names of the backends that a host uses.
func backendNames(h host.Host) []string {
	var out []string
	for _, b := range h.Backends {
		out = append(out, b.Name)
	}
	return out
}
