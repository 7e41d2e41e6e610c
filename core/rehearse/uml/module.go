package uml

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// loadModules loads kernel modules by name with all that they need, as
// modprobe would: modules.dep (kmod, depmod(8)) lists for each file the files
// that must be loaded before it, the deepest last. A module that is built in
// (modules.builtin) is there already.
func loadModules(dir string, names []string) error {
	needs, err := readDependencies(filepath.Join(dir, "modules.dep"))
	if err != nil {
		return err
	}
	builtin, err := readDependencies(filepath.Join(dir, "modules.builtin"))
	if err != nil {
		return err
	}
	loaded := make(map[string]bool)
	for _, name := range names {
		files := needs[name]
		if _, there := builtin[name]; len(files) == 0 && !there {
			return fmt.Errorf("the rehearsal kernel has no module %q", name)
		}
		for i := len(files) - 1; i >= 0; i-- {
			if loaded[files[i]] {
				continue
			}
			if err := insert(filepath.Join(dir, files[i])); err != nil {
				return err
			}
			loaded[files[i]] = true
		}
	}
	return nil
}

// readDependencies maps a module's name to its file and the files it needs.
func readDependencies(path string) (map[string][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the modules of the rehearsal kernel: %w", err)
	}
	defer f.Close()
	out := make(map[string][]string)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		file, rest, _ := strings.Cut(lines.Text(), ":") // modules.builtin has names only
		name := strings.TrimSuffix(filepath.Base(file), ".ko")
		out[strings.ReplaceAll(name, "-", "_")] = append([]string{file}, strings.Fields(rest)...)
	}
	return out, lines.Err()
}

func insert(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("load module: %w", err)
	}
	defer f.Close()
	params := ""
	if filepath.Base(path) == "bonding.ko" {
		params = "max_bonds=0" // else the module makes a bond0 of its own
	}
	if err := unix.FinitModule(int(f.Fd()), params, 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load module %s: %w", path, err)
	}
	return nil
}
