package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/hook"
)

// moduleDir is where a site's repository has the packages that hooks import; go
// list's "./..." and linkspan itself leave out a directory with a dot.
const moduleDir = ".linkspan"

// goLanguage is what package hooktest needs of Go.
const goLanguage = "1.23"

func (a *app) hooksModuleCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "module [DIR]",
		Short: "Makes DIR a Go module in which editors complete package hook",
		Long: `Makes the directory of definitions, here unless DIR says another, a Go module
in which an editor completes package hook, and go vet and go test work on the
hooks, without a network. The packages are put into DIR/` + moduleDir + `, as this program has
them: run it again after an upgrade. A go.mod that is there is left as it is.
The hosts need none of this.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			return a.hooksModule(dir)
		},
	}
}

func (a *app) hooksModule(dir string) error {
	below := filepath.Join(dir, moduleDir)
	changed, err := writeModule(below)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "go.mod")
	have, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text := "module site\n\ngo " + goLanguage + "\n\nrequire linkspan v0.0.0\n\nreplace linkspan => ./" + moduleDir + "\n"
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
		changed = append(changed, file)
	case err != nil:
		return err
	case !bytes.Contains(have, []byte("linkspan =>")):
		return fmt.Errorf("%s is of another module, and was left as it is; add to it: require linkspan v0.0.0, and: replace linkspan => ./%s", file, moduleDir)
	}
	if a.text() {
		for _, name := range changed {
			fmt.Fprintf(a.stdout, "%s is written.\n", view.Clean(name))
		}
		if len(changed) == 0 {
			fmt.Fprintln(a.stdout, "All is there already.")
		}
	}
	return a.send("module", map[string]any{"written": changed})
}

// writeModule makes the module of the packages, and returns the files that it
// has changed.
func writeModule(dir string) ([]string, error) {
	changed := []string{}
	write := func(name string, text []byte) error {
		if have, err := os.ReadFile(name); err == nil && bytes.Equal(have, text) {
			return nil
		}
		changed = append(changed, name)
		return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, text, 0o644))
	}
	text := "// Written by `linkspan hooks module`, for editors, go vet and go test.\nmodule linkspan\n\ngo " + goLanguage + "\n"
	if err := write(filepath.Join(dir, "go.mod"), []byte(text)); err != nil {
		return nil, err
	}
	sources := hook.Source()
	err := fs.WalkDir(sources, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		source, err := fs.ReadFile(sources, path)
		if err != nil {
			return err
		}
		return write(filepath.Join(dir, "core", "hook", filepath.FromSlash(path)), source)
	})
	return changed, err
}
