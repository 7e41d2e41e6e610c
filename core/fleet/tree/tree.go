// Package tree keeps a directory of rendered files: a folder for each host with
// its files as they are on the host, so that a repository can hold it beside
// the definitions and review its changes.
//
// What was written is listed in the folder .linkspan of the directory, a file
// for each host; so only files that come from here are ever called stale or
// removed, and a README, a .git or a note in a host's folder is nobody's
// concern. The lists stand outside of the hosts' folders so that those can be
// copied to hosts as they are.
//
// Writing 1,000 hosts of 61 files for the first time takes 3.5 to 5 s, again
// with nothing changed 0.9 to 1.3 s, on two virtual cores and a disk that others used
// (go test ./core/fleet/tree -run '^$' -bench .).
package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"linkspan/core/fleet"
)

// Host is one host's files.
type Host struct {
	Name  string // also the name of its folder
	Files []File
}

// File is one file below a host's folder.
type File struct {
	Path    string // with slashes and without one in front, e.g. "etc/sysconfig/network"
	Content []byte
}

// Options say how Write goes.
type Options struct {
	Prune bool // remove stale files
	Check bool // write and remove nothing, only tell
	Some  bool // the hosts are not all: those that are not given are left alone
}

// Result is what Write did, or with Check would do. Paths begin with the
// host's name and are sorted.
type Result struct {
	Files   int      // all files of the hosts given
	Written []string // those that were not there or differed
	Stale   []string // those that were written once and are given no more; removed with Prune
}

// lists is the folder of the lists.
const lists = ".linkspan"

// Write makes the tree below dir hold the hosts' files. A file that has its
// content already is not written. Nothing outside of dir is touched, also where
// a symlink leads there.
func Write(ctx context.Context, dir string, hosts []Host, o Options) (Result, error) {
	if err := check(hosts); err != nil {
		return Result{}, err
	}
	root, err := open(dir, o.Check)
	if errors.Is(err, fs.ErrNotExist) && o.Check {
		return missing(hosts), nil
	}
	if err != nil {
		return Result{}, err
	}
	defer root.Close()
	results := make([]Result, len(hosts))
	err = fleet.Each(ctx, len(hosts), func(_ context.Context, i int) (err error) {
		w := writer{root: root, host: hosts[i], options: o}
		results[i], err = w.write()
		return err
	})
	if err != nil {
		return Result{}, err
	}
	if !o.Some {
		gone, err := removedHosts(root, hosts, o)
		if err != nil {
			return Result{}, err
		}
		results = append(results, gone)
	}
	return join(results), nil
}

// check refuses names that lead out of a host's folder, and doubles.
func check(hosts []Host) error {
	folders := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		if !fs.ValidPath(h.Name) || path.Base(h.Name) != h.Name || h.Name == "." || h.Name == lists || folders[h.Name] {
			return fmt.Errorf("%q cannot be a host's folder, or is one already", h.Name)
		}
		folders[h.Name] = true
		files := make(map[string]bool, len(h.Files))
		for _, f := range h.Files {
			if !fs.ValidPath(f.Path) || f.Path == "." || files[f.Path] {
				return fmt.Errorf("%q of host %q cannot be a file, or is given twice", f.Path, h.Name)
			}
			files[f.Path] = true
		}
	}
	return nil
}

func open(dir string, only bool) (*os.Root, error) {
	if !only {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	return os.OpenRoot(dir)
}

// missing is the result of a check of a directory that is not there.
func missing(hosts []Host) Result {
	var all []Result
	for _, h := range hosts {
		r := Result{Files: len(h.Files)}
		for _, f := range h.Files {
			r.Written = append(r.Written, path.Join(h.Name, f.Path))
		}
		all = append(all, r)
	}
	return join(all)
}

func join(results []Result) Result {
	out := Result{Written: []string{}, Stale: []string{}}
	for _, r := range results {
		out.Files += r.Files
		out.Written = append(out.Written, r.Written...)
		out.Stale = append(out.Stale, r.Stale...)
	}
	slices.Sort(out.Written)
	slices.Sort(out.Stale)
	return out
}

// removedHosts deals with the files of hosts that are no more: those of which
// there is a list.
func removedHosts(root *os.Root, hosts []Host, o Options) (Result, error) {
	entries, err := fs.ReadDir(root.FS(), lists)
	if errors.Is(err, fs.ErrNotExist) {
		return Result{}, nil
	}
	if err != nil {
		return Result{}, err
	}
	there := make(map[string]bool, len(hosts))
	for _, h := range hosts {
		there[h.Name] = true
	}
	var out Result
	for _, e := range entries {
		if there[e.Name()] || !e.Type().IsRegular() {
			continue
		}
		w := writer{root: root, host: Host{Name: e.Name()}, options: o}
		r, err := w.write()
		if err != nil {
			return Result{}, err
		}
		out.Stale = append(out.Stale, r.Stale...)
	}
	return out, nil
}
