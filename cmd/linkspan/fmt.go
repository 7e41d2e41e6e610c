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
	"linkspan/core/diag"
	"linkspan/core/plan"
	"linkspan/hcl/syntax"
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

// formatted is one file and its canonical format.
type formatted struct {
	path      string
	mode      fs.FileMode
	src, tidy []byte
}

// format formats files, or standard input. When one of them does not parse,
// all faults are shown and none is changed.
func (a *app) format(paths []string, f fmtFlags) error {
	if slices.Equal(paths, []string{"-"}) {
		return a.formatInput(f)
	}
	files, err := hclFiles(paths, f.recursive)
	if err != nil {
		return err
	}
	var changed []formatted
	var diags diag.List
	a.sources = make(map[string][]byte)
	for _, path := range files {
		one, more, err := readFormatted(path)
		if err != nil {
			return fmt.Errorf("fmt: %w", err)
		}
		if more.HasErrors() {
			diags = append(diags, more...)
			a.sources[path] = one.src
		} else if !bytes.Equal(one.src, one.tidy) {
			changed = append(changed, one)
		}
	}
	if err := a.refuse(diags); err != nil {
		return err
	}
	for _, one := range changed {
		if err := a.tellFormatted(one, f); err != nil {
			return err
		}
		if f.check {
			continue
		}
		if err := replaceFile(one.path, one.tidy, one.mode); err != nil {
			return fmt.Errorf("fmt: %w", err)
		}
	}
	return f.checked(len(changed))
}

func readFormatted(path string) (formatted, diag.List, error) {
	info, err := os.Stat(path)
	if err != nil {
		return formatted{}, nil, err
	}
	if !info.Mode().IsRegular() {
		return formatted{}, nil, fmt.Errorf("%s is no regular file", path)
	}
	if strings.HasSuffix(path, ".json") {
		return formatted{}, nil, fmt.Errorf("%s is in the JSON form, which has tools of its own; only the native syntax is formatted", path)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return formatted{}, nil, err
	}
	tidy, diags := syntax.Format(src, path)
	return formatted{path, info.Mode().Perm(), src, tidy}, diags, nil
}

// tellFormatted names a file that is not formatted, or shows how it differs.
func (a *app) tellFormatted(one formatted, f fmtFlags) error {
	if a.text() && f.diff {
		fmt.Fprintln(a.stdout, view.Clean(view.UnifiedDiff(&plan.FileChange{Path: one.path,
			Before: plan.FileState{Exists: true, Content: one.src}, After: plan.FileState{Exists: true, Content: one.tidy}})))
	} else if a.text() {
		fmt.Fprintln(a.stdout, view.Clean(one.path))
	}
	return a.send("file", one.path)
}

// checked is the end of a run that found so many files that are not formatted.
func (f fmtFlags) checked(n int) error {
	if !f.check || n == 0 {
		return nil
	}
	return exit{code: exitRefused, err: fmt.Errorf("%s not formatted; `linkspan fmt` formats them", count(n, "file"))}
}

// formatInput formats standard input to standard output; with -check or -diff
// it tells instead.
func (a *app) formatInput(f fmtFlags) error {
	src, err := io.ReadAll(a.stdin)
	if err != nil {
		return fmt.Errorf("fmt: standard input: %w", err)
	}
	tidy, diags := syntax.Format(src, "-")
	a.sources = map[string][]byte{"-": src}
	if err := a.refuse(diags); err != nil {
		return err
	}
	if same := bytes.Equal(src, tidy); f.check || f.diff {
		if same {
			return nil
		}
		if err := a.tellFormatted(formatted{path: "-", src: src, tidy: tidy}, f); err != nil {
			return err
		}
		return f.checked(1)
	}
	if a.text() {
		_, err = a.stdout.Write(tidy)
		return err
	}
	return a.send("formatted", string(tidy))
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
