package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Plugin is the executable of a backend that is not built in, as it is kept: an
// undo must not depend on one that has been upgraded or removed since.
type Plugin struct {
	SHA256 string `json:"sha256"` // hex, of the executable; and its name below the state directory's "plugins"
}

// PluginPath is where a plugin is kept.
func (s Store) PluginPath(p Plugin) string { return filepath.Join(s.pluginDir(), p.SHA256) }

func (s Store) pluginDir() string { return filepath.Join(s.StateDir(), "plugins") }

// KeepPlugin keeps a copy of an executable, one for all runs that need it. It is
// on the disk when KeepPlugin returns.
func (s Store) KeepPlugin(executable string) (Plugin, error) {
	from, err := os.Open(executable)
	if err != nil {
		return Plugin{}, fmt.Errorf("keep the plugin: %w", err)
	}
	defer from.Close()
	if err := os.MkdirAll(s.pluginDir(), 0o700); err != nil {
		return Plugin{}, fmt.Errorf("keep the plugin: %w", err)
	}
	to, err := os.CreateTemp(s.pluginDir(), ".new-")
	if err != nil {
		return Plugin{}, fmt.Errorf("keep the plugin: %w", err)
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(to, sum), from)
	p := Plugin{SHA256: hex.EncodeToString(sum.Sum(nil))}
	if _, statErr := os.Stat(s.PluginPath(p)); err == nil && statErr == nil {
		return p, errors.Join(to.Close(), os.Remove(to.Name())) // it is kept already
	}
	err = errors.Join(err, to.Chmod(0o700), to.Sync(), to.Close())
	if err == nil {
		err = os.Rename(to.Name(), s.PluginPath(p))
	}
	if err != nil {
		return Plugin{}, errors.Join(fmt.Errorf("keep the plugin: %w", err), os.Remove(to.Name()))
	}
	return p, syncDir(s.pluginDir())
}

// prunePlugins removes the copies that no run needs.
func (s Store) prunePlugins() error {
	entries, err := os.ReadDir(s.pluginDir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	runs, err := s.All()
	if err != nil {
		return err // one that cannot be read may need any of them
	}
	needed := make(map[string]bool)
	for _, r := range runs {
		for _, snapshot := range r.Begin().Snapshots {
			if snapshot.Plugin != nil {
				needed[snapshot.Plugin.SHA256] = true
			}
		}
	}
	var errs []error
	for _, e := range entries {
		if !needed[e.Name()] {
			errs = append(errs, os.Remove(filepath.Join(s.pluginDir(), e.Name())))
		}
	}
	return errors.Join(errs...)
}
