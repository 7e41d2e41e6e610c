package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// longAgo is when the files of a template were written: a time that a file
// keeps only if it is not written anew.
var longAgo = time.Unix(1_200_000_000, 987654321)

// copyTree copies a tree with modes and times; files of the repository, whose
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
