package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// extractedWith is the Go release whose standard library the tables show.
const extractedWith = "go1.26"

// TestTablesAreUpToDate: the tables are what the generator makes of the
// packages now; a name that is new, or gone, shows.
func TestTablesAreUpToDate(t *testing.T) {
	for dir, sources := range sets {
		if dir == "std" && !strings.HasPrefix(runtime.Version(), extractedWith+".") {
			t.Logf("the tables of the standard library are of %s, this is %s", extractedWith, runtime.Version())
			continue
		}
		want, err := tables(dir, sources)
		if err != nil {
			t.Fatal(err)
		}
		have, err := filepath.Glob(filepath.Join("..", dir, "*.go"))
		if err != nil || len(have) != len(want) {
			t.Errorf("%s has %d files, want %d (%v)", dir, len(have), len(want), err)
		}
		for name, content := range want {
			if is, err := os.ReadFile(filepath.Join("..", dir, name)); err != nil || !bytes.Equal(is, content) {
				t.Errorf("%s/%s is out of date (%v): run go generate in core/hook/script/symbols", dir, name, err)
			}
		}
	}
}
