package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/hook/script"
	"linkspan/core/host"
	"linkspan/plugins"
	"linkspan/plugins/trust"
)

// scriptedArgument is the word after the program's name that makes it a
// scripted backend: PROGRAM scripted-serve NAME DIR SCRIPT COMMAND…
const scriptedArgument = "scripted-serve"

// scriptedBackend is a backend that is a script: how it is served, and what the
// journal keeps of it.
type scriptedBackend struct {
	spec trust.Spec
	kept json.RawMessage // a keptScript
}

// keptScript is what a journal keeps of a backend that is a script: an undo must
// depend neither on the definitions' directory nor on what it says meanwhile.
type keptScript struct {
	Source *script.Source `json:"source"`
	Allow  []string       `json:"allow,omitempty"`
}

// keptBackend makes the backend that a journal has kept. Its script runs in a
// process of its own, which ends with this one.
func (a *app) keptBackend(name string, kept json.RawMessage) (backend.Backend, error) {
	var k keptScript
	err := json.Unmarshal(kept, &k)
	if err == nil && k.Source == nil {
		err = errors.New("no source was kept")
	}
	if err != nil {
		return nil, fmt.Errorf("the script of backend %q: %w", name, err)
	}
	return script.NewBackend(k.Source, k.Allow, func(line string) { a.progress(fmt.Sprintf("backend %s: %s", name, line)) })
}

// serveScripted serves a scripted backend over the plugin protocol if the
// command line says so.
func serveScripted() bool {
	if len(os.Args) < 5 || os.Args[1] != scriptedArgument {
		return false
	}
	s, err := script.Load(os.Args[3], os.Args[4])
	if err == nil {
		b, made := script.NewBackend(s, os.Args[5:], func(line string) { fmt.Fprintln(os.Stderr, line) })
		if err = made; err == nil {
			plugins.Serve(b)
			return true
		}
	}
	fmt.Fprintf(os.Stderr, "linkspan: backend %q: %v\n", os.Args[2], err)
	os.Exit(1)
	return true
}

// script takes a backend whose block names a script, and checks that.
func (f *finder) script(dir string, b host.Backend) diag.List {
	if slices.Contains(f.where.Builtins, b.Name) {
		return diag.List{script.RuleSource.At("", "backend %q is built in, and cannot be a script", b.Name)}
	}
	if !trust.NameForm().MatchString(b.Name) {
		return diag.List{script.RuleSource.At("", "%q is no name of a backend: it has lower-case letters, digits and hyphens, at most 32", b.Name)}
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return diag.List{script.RuleSource.At("", "%v", err)}
	}
	spec := trust.Spec{Name: b.Name, Args: append([]string{scriptedArgument, b.Name, absolute, b.Script}, b.Allow...)}
	if known, ok := f.scripted[b.Name]; ok {
		if !slices.Equal(known.spec.Args, spec.Args) {
			return diag.List{script.RuleSource.At("", "backend %q has another script, or may run other commands, for another host; a directory has one of a name", b.Name)}
		}
		return nil
	}
	s, err := script.Load(dir, b.Script)
	if err != nil {
		return diag.List{script.RuleSource.At("", "%v", err)}
	}
	for name, text := range s.Texts() {
		f.texts[name] = text
	}
	if diags := script.CheckBackend(s); diags.HasErrors() {
		return diags
	}
	kept, err := json.Marshal(keptScript{s, b.Allow})
	if err != nil {
		return diag.List{script.RuleSource.At("", "%v", err)}
	}
	f.scripted[b.Name] = scriptedBackend{spec, kept}
	return nil
}
