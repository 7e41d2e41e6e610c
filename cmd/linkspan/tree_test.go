package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/xattr"
)

// longAgo is when the files of a template were written: a time that a file
// keeps only if it is not written anew.
var longAgo = time.Unix(1_200_000_000, 987654321)

// copyTree copies a tree with modes, owners, attributes and times; files of the repository, whose
// times are those of the checkout, become files of long ago.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if e.IsDir() {
			return os.MkdirAll(target, info.Mode().Perm())
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.WriteFile(target, text, info.Mode().Perm()); err != nil {
			return err
		}
		if err := dressLike(target, path, info); err != nil {
			return err
		}
		at := info.ModTime()
		if filepath.Dir(from) == exampleDir {
			at = longAgo
		}
		return os.Chtimes(target, at, at)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dressLike gives a file the owner, the mode and the attributes of another one.
func dressLike(target, like string, info fs.FileInfo) error {
	st := info.Sys().(*syscall.Stat_t)
	if os.Geteuid() == 0 {
		if err := os.Chown(target, int(st.Uid), int(st.Gid)); err != nil {
			return err
		}
	}
	if err := os.Chmod(target, info.Mode()); err != nil {
		return err
	}
	names, err := xattr.List(like)
	if err != nil {
		return nil // a file system without them
	}
	for _, name := range names {
		value, err := xattr.Get(like, name)
		if err == nil {
			err = xattr.Set(target, name, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
