package main

import (
	"context"
	"fmt"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/engine/journal"
	"linkspan/plugins/launch"
	"linkspan/plugins/trust"
)

// restorer gives the backend that restores a snapshot: a built-in one in this
// process, since an undo must not depend on a subprocess that could not be
// started; a site's own from the copy that was kept of it or of its script.
func (a *app) restorer(s journal.Snapshot) (backend.Applier, func(), error) {
	b, done, err := a.backendOf(context.Background(), s)
	if err != nil {
		return nil, nil, err
	}
	applier, ok := b.Backend.(backend.Applier)
	if !ok {
		done()
		return nil, nil, fmt.Errorf("backend %q has nothing of its own to restore", s.Backend)
	}
	return applier, done, nil
}

// backendOf is the backend that made a snapshot.
func (a *app) backendOf(ctx context.Context, s journal.Snapshot) (engine.Backend, func(), error) {
	if s.Plugin == nil {
		b, err := a.hereOf(s)
		if err != nil {
			return engine.Backend{}, nil, err
		}
		d, err := b.Describe(ctx)
		return engine.Backend{Description: d, Backend: b, Script: s.Script}, func() {}, err
	}
	// The copy lies in the state directory, which is trusted as the journal is;
	// its checksum tells that it is the one that took the snapshot.
	path := a.journals().PluginPath(*s.Plugin)
	set, err := launch.Open(ctx, []trust.Spec{{Name: s.Backend, Path: path, SHA256: s.Plugin.SHA256, Override: true}}, launch.Options{})
	if err != nil {
		return engine.Backend{}, nil, err
	}
	var out engine.Backend
	set.Each(func(d backend.Description, b backend.Backend) {
		out = engine.Backend{Description: d, Backend: b, Executable: path}
	})
	return out, set.Close, nil
}

// hereOf is the backend that made a snapshot, in this process.
func (a *app) hereOf(s journal.Snapshot) (backend.Backend, error) {
	if s.Script != nil {
		return a.keptBackend(s.Backend, s.Script)
	}
	make, ok := builtins()[s.Backend]
	if !ok {
		return nil, fmt.Errorf("no built-in backend is called %q", s.Backend)
	}
	return make(), nil
}

// backendsOf are the backends that have changed something themselves in a run.
func (a *app) backendsOf(ctx context.Context, run *journal.Run) ([]engine.Backend, func(), error) {
	var out []engine.Backend
	var closers []func()
	done := func() {
		for _, f := range closers {
			f()
		}
	}
	for _, s := range run.Begin().Snapshots {
		b, f, err := a.backendOf(ctx, s)
		if err != nil {
			done()
			return nil, nil, err
		}
		out, closers = append(out, b), append(closers, f)
	}
	return out, done, nil
}
