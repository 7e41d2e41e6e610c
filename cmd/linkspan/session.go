package main

import (
	"context"
	"io"
	"path/filepath"

	"linkspan/core/backend"
	"linkspan/core/engine"
	"linkspan/core/hook/phases"
	"linkspan/hcl/hostfile"
	"linkspan/plugins/launch"
)

// session is one host with its backends started.
type session struct {
	definition *hostfile.Definition
	request    engine.Request
	set        *launch.Set
	hooks      *phases.Hooks
	dir        string // of the definitions
}

// openSession loads the definitions at path, chooses the host, and starts the
// backends that it uses.
func (a *app) openSession(ctx context.Context, path string) (*session, error) {
	site, d, err := a.definition(path)
	if err != nil {
		return nil, err
	}
	root := a.root()
	if root != "" {
		if root, err = filepath.Abs(root); err != nil {
			return nil, err
		}
	}
	specs, err := a.finder.specs(backendNames(d.Host))
	if err != nil {
		return nil, err
	}
	var log io.Writer
	if a.flags.log {
		log = a.stderr
	}
	set, err := launch.Open(ctx, specs, launch.Options{Log: log})
	if err != nil {
		return nil, err
	}
	s := &session{definition: d, set: set, dir: site.Dir, request: engine.Request{
		Host: d.Host, Place: d.Place, Positions: d.Positions, Root: root, Netns: a.flags.netns, StateDir: a.stateDir(),
	}}
	if root == "" && a.flags.netns == "" {
		s.request.Operator = operatorAddress(a.getenv)
	}
	set.Each(func(description backend.Description, b backend.Backend) {
		if root != "" && description.Phase == backend.Activate {
			return // -root: what runs is left alone
		}
		s.request.Backends = append(s.request.Backends, engine.Backend{Description: description, Backend: b})
	})
	if err := a.useHooks(s, site.Dir); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() { s.set.Close() }
