package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/plan"
	"linkspan/hcl/hostfile"
)

type fmtFlags struct{ check, diff, recursive bool }

func (a *app) fmtCommand() *cobra.Command {
	var f fmtFlags
	c := &cobra.Command{
		Use:   "fmt [PATH…]",
		Short: "The canonical format of definitions; - formats standard input",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"."}
			}
			return a.format(args, f)
		},
	}
	c.Flags().BoolVar(&f.check, "check", false, "write nothing; exit 3 if a file is not formatted")
	c.Flags().BoolVar(&f.diff, "diff", false, "show the differences")
	c.Flags().BoolVar(&f.recursive, "recursive", false, "folders below too")
	return c
}

func (a *app) format(paths []string, f fmtFlags) error {
	if slices.Equal(paths, []string{"-"}) {
		return a.formatInput()
	}
	files, err := hclFiles(paths, f.recursive)
	if err != nil {
		return err
	}
	type result struct {
		path      string
		mode      fs.FileMode
		src, tidy []byte
	}
	var changed []result
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("fmt: %w", err)
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("fmt: %w", err)
		}
		tidy, diags := hostfile.Format(src, path)
		if diags.HasErrors() {
			a.sources = map[string][]byte{path: src}
			return a.refuse(diags)
		}
		if !bytes.Equal(src, tidy) {
			changed = append(changed, result{path, info.Mode().Perm(), src, tidy})
		}
	}
	for _, r := range changed {
		if a.text() && f.diff {
			fmt.Fprintln(a.stdout, view.Clean(view.UnifiedDiff(&plan.FileChange{Path: r.path,
				Before: plan.FileState{Exists: true, Content: r.src}, After: plan.FileState{Exists: true, Content: r.tidy}})))
		} else if a.text() {
			fmt.Fprintln(a.stdout, view.Clean(r.path))
		}
		if err := a.send("file", r.path); err != nil {
			return err
		}
		if f.check {
			continue
		}
		if err := replaceFile(r.path, r.tidy, r.mode); err != nil {
			return fmt.Errorf("fmt: %w", err)
		}
	}
	if f.check && len(changed) > 0 {
		return exit{code: exitRefused, err: fmt.Errorf("%s not formatted; `linkspan fmt` formats them", count(len(changed), "file"))}
	}
	return nil
}

func (a *app) formatInput() error {
	src, err := io.ReadAll(a.stdin)
	if err != nil {
		return fmt.Errorf("fmt: standard input: %w", err)
	}
	tidy, diags := hostfile.Format(src, "-")
	a.sources = map[string][]byte{"-": src}
	if err := a.refuse(diags); err != nil {
		return err
	}
	_, err = a.stdout.Write(tidy)
	return err
}

// hclFiles lists the *.hcl files meant by paths, sorted; a file that is named
// itself is taken whatever its name.
func hclFiles(paths []string, recursive bool) ([]string, error) {
	var out []string
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("fmt: %w", err)
		}
		if !info.IsDir() {
			out = append(out, p)
			continue
		}
		err = filepath.WalkDir(p, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir() && path != p && (!recursive || strings.HasPrefix(e.Name(), ".")):
				return fs.SkipDir
			case !e.IsDir() && strings.HasSuffix(path, ".hcl"):
				out = append(out, path)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("fmt: %w", err)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// replaceFile writes a definition beside the old one and renames it over it,
// so that no reader sees half a file.
func replaceFile(path string, content []byte, mode fs.FileMode) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".linkspan-fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing left to remove
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Chmod(mode); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), target)
}
