package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/hcl/lockfile"
	"linkspan/plugins/launch"
	"linkspan/plugins/trust"
)

// lockChange is what `plugins lock` did about one plugin.
type lockChange struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	SHA256  string `json:"sha256,omitempty"`
	What    string `json:"what"` // "added", "changed", "kept" or "removed"
}

// pluginsLock records the plugins that the definitions use. What the present
// lock file says is not enforced: it is about to be replaced, and the change to
// be reviewed.
func (a *app) pluginsLock(ctx context.Context, dir string) error {
	a.relock = true
	site, diags, err := a.load(dir)
	if err != nil {
		return err
	}
	notYet := func(d diag.Diagnostic) bool { return d.Code == trust.CodeUnlocked }
	if err := a.refuse(slices.DeleteFunc(diags, notYet)); err != nil {
		return err
	}
	before := a.finder.lock
	var locked []lockfile.Plugin
	var changes []lockChange
	for _, name := range usedBackends(site) {
		spec, err := a.finder.find(name)
		switch {
		case err != nil:
			return err
		case spec.Override:
			return fmt.Errorf("backend %q is overridden by -dev-override and cannot be locked", name)
		case spec.Path == "":
			continue
		}
		p, err := lockedAs(ctx, spec)
		if err != nil {
			return err
		}
		have, _ := before.Plugin(name)
		locked = append(locked, withPlatforms(p, have))
		changes = append(changes, lockChange{name, p.Version, p.SHA256[trust.Platform()], whatChanged(p, have)})
	}
	for _, p := range before.Plugins {
		if _, used := (lockfile.Lock{Plugins: locked}).Plugin(p.Name); !used {
			changes = append(changes, lockChange{Name: p.Name, Version: p.Version, What: "removed"})
		}
	}
	if err := writeLock(before, locked); err != nil {
		return err
	}
	return a.showLock(before.File, changes)
}

// lockedAs starts a plugin and records it as it is on this platform.
func lockedAs(ctx context.Context, spec trust.Spec) (lockfile.Plugin, error) {
	sum, err := spec.Digest()
	if err != nil {
		return lockfile.Plugin{}, err
	}
	spec.SHA256 = sum // what is started is what is recorded
	set, err := launch.Open(ctx, []trust.Spec{spec}, launch.Options{})
	if err != nil {
		return lockfile.Plugin{}, err
	}
	defer set.Close()
	p := lockfile.Plugin{Name: spec.Name, Protocol: set.Protocols()[0], SHA256: map[string]string{trust.Platform(): sum}}
	set.Each(func(d backend.Description, _ backend.Backend) { p.Version = d.Version })
	if p.Version == "" {
		return p, fmt.Errorf("plugin %q (%s) does not say its version, and cannot be locked", spec.Name, spec.Path)
	}
	return p, nil
}

// withPlatforms keeps what was recorded on other platforms of the same version.
func withPlatforms(p, have lockfile.Plugin) lockfile.Plugin {
	if p.Version != have.Version || p.Protocol != have.Protocol {
		return p
	}
	all := maps.Clone(have.SHA256)
	maps.Copy(all, p.SHA256)
	p.SHA256 = all
	return p
}

func whatChanged(p, have lockfile.Plugin) string {
	switch {
	case have.Name == "":
		return "added"
	case p.Version != have.Version, p.Protocol != have.Protocol, have.SHA256[trust.Platform()] != p.SHA256[trust.Platform()]:
		return "changed"
	}
	return "kept"
}

// writeLock replaces the lock file, or removes it when nothing is to be locked.
func writeLock(before lockfile.Lock, locked []lockfile.Plugin) error {
	if len(locked) == 0 {
		if !before.Exists {
			return nil
		}
		return os.Remove(before.File)
	}
	f, err := os.CreateTemp(filepath.Dir(before.File), ".linkspan.lock-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // when it has not become the lock file
	_, err = f.Write(lockfile.Write(locked))
	if err := errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", before.File, err)
	}
	return os.Rename(f.Name(), before.File)
}

func (a *app) showLock(file string, changes []lockChange) error {
	if a.text() {
		for _, c := range changes {
			fmt.Fprintf(a.stdout, "%-10s %-8s %s\n", c.Name, c.Version, c.What)
		}
		if len(changes) == 0 {
			fmt.Fprintln(a.stdout, "The definitions use no plugins: there is nothing to lock.")
		} else {
			fmt.Fprintf(a.stdout, "%s is to be reviewed and kept in git.\n", file)
		}
	}
	return a.send("lock", changes)
}

// verified is how one locked plugin is on this machine.
type verified struct {
	Name  string `json:"name"`
	Path  string `json:"path,omitempty"`
	Fault string `json:"fault,omitempty"`
}

// pluginsVerify checks every locked plugin without starting it.
func (a *app) pluginsVerify(dir string) error {
	f, err := a.here(dir)
	if err != nil {
		return err
	}
	if !f.lock.Exists {
		return fmt.Errorf("there is no %s; `linkspan plugins lock` writes it", f.lock.File)
	}
	var all []verified
	bad := 0
	for _, p := range f.lock.Plugins {
		spec, err := f.find(p.Name)
		if err == nil {
			err = spec.Verify()
		}
		v := verified{Name: p.Name, Path: spec.Path}
		if err != nil {
			v.Fault = err.Error()
			bad++
		}
		all = append(all, v)
		if a.text() {
			if v.Fault == "" {
				fmt.Fprintf(a.stdout, "%-10s good   %s\n", v.Name, v.Path)
			} else {
				fmt.Fprintf(a.stdout, "%-10s wrong  %s\n", v.Name, v.Fault)
			}
		}
	}
	if err := a.send("verification", all); err != nil {
		return err
	}
	if bad > 0 {
		return exit{code: exitError, err: fmt.Errorf("%s not what the lock file says", plural(bad, "plugin is", "plugins are"))}
	}
	return nil
}
