package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

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

// pluginTimeout is how long a plugin may take for one answer, where the
// operator says so; 0 is the usual time.
func (a *app) pluginTimeout() (time.Duration, error) {
	const name = "LINKSPAN_PLUGIN_TIMEOUT"
	text := a.getenv(name)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, usage(fmt.Errorf("%s is a time such as 5m, not %q", name, text))
	}
	return d, nil
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
	patience, err := a.pluginTimeout()
	if err != nil {
		return nil, err
	}
	set, err := launch.Open(ctx, specs, launch.Options{Log: log, CallTimeout: patience, Here: a.served})
	if err != nil {
		return nil, err
	}
	s := &session{definition: d, set: set, dir: site.Dir, request: engine.Request{
		Host: d.Host, Place: d.Place, Positions: d.Positions(), Root: root, Netns: a.flags.netns, StateDir: a.stateDir(),
	}}
	if root == "" && a.flags.netns == "" {
		s.request.Operator = operatorAddress(a.getenv)
	}
	executables := make(map[string]string)
	for _, spec := range specs {
		executables[spec.Name] = spec.Path
	}
	set.Each(func(description backend.Description, b backend.Backend) {
		if root != "" && description.Phase == backend.Activate {
			return // -root: what runs is left alone
		}
		s.request.Backends = append(s.request.Backends, engine.Backend{Description: description, Backend: b, Executable: executables[description.Name], Script: a.finder.scripted[description.Name].kept})
	})
	if err := a.useHooks(s, site.Dir); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() { s.set.Close() }
