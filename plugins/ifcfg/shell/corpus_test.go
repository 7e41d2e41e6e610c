package shell

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Every file of the backend's corpus is kept byte for byte, and an edit changes
// its own lines only.
func TestCorpusBytes(t *testing.T) {
	files, err := filepath.Glob("../testdata/corpus/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := Parse(raw).Apply(nil); !bytes.Equal(got, raw) {
			t.Errorf("%s: not kept", f)
		}
		checkEdits(t, raw)
		keepsOtherLines(t, f, raw)
	}
	if len(files) < 150 {
		t.Errorf("%d files", len(files))
	}
}

// keepsOtherLines sets MTU and holds that every line without it is still there,
// in order.
func keepsOtherLines(t *testing.T, title string, raw []byte) {
	t.Helper()
	d := Parse(raw)
	edited := d.Apply([]Edit{{key: "MTU", value: "1499"}})
	if len(d.Problems) > 0 || len(raw) > 0 && raw[len(raw)-1] != '\n' {
		return
	}
	rest := edited
	for line := range bytes.Lines(raw) {
		if bytes.Contains(line, []byte("MTU=")) {
			continue
		}
		at := bytes.Index(rest, line)
		if at < 0 {
			t.Errorf("%s: the line %q is gone", title, line)
			return
		}
		rest = rest[at+len(line):]
	}
	if extra := len(edited) - len(raw); extra > len("MTU=1499\n") {
		t.Errorf("%s: %d bytes more", title, extra)
	}
}
