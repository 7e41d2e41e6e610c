package hostfile

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"linkspan/hcl/syntax"
	"linkspan/hcl/writer"
)

// What is written reads back as the same host, and is in the canonical format.
func TestWriteRoundTrip(t *testing.T) {
	files, err := filepath.Glob("testdata/spec/*.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	hosts := 0
	for _, f := range append(files, "../../examples/xen-bond-vlan/site.hcl") {
		site, diags := Load(f, Options{})
		if diags.HasErrors() {
			continue // a file of mistakes
		}
		for _, d := range site.Definitions {
			hosts++
			text := writer.Host(d.Host)
			path := filepath.Join(t.TempDir(), "a.hcl")
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			again, diags := Load(path, Options{})
			if len(diags) > 0 {
				t.Fatalf("%s: %v\n%s", f, diags, text)
			}
			if !reflect.DeepEqual(again.Definitions[0].Host, d.Host) {
				t.Errorf("%s: wrote\n%s\nread %+v\nwant %+v", f, text, again.Definitions[0].Host, d.Host)
			}
			if tidy, _ := syntax.Format(text, "a.hcl"); string(tidy) != string(text) {
				t.Errorf("%s: not formatted:\n%s", f, text)
			}
			if empty := regexp.MustCompile(`\{\s*\n\s*\}`).Find(text); empty != nil {
				t.Errorf("%s: an empty block over two lines:\n%s", f, text)
			}
		}
	}
	if hosts < 3 {
		t.Errorf("only %d hosts were written", hosts)
	}
}
