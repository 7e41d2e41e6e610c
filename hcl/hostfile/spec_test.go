package hostfile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linkspan/core/diag"
	"linkspan/core/host"
)

// testSchema knows one backend of one attribute.
func testSchema(name string) (host.Schema, []string, bool) {
	known := []string{"ifcfg", "xend"}
	return host.Schema{InterfaceOptions: true, Attributes: []host.Attribute{{Name: "release", Type: host.TypeString, Words: []string{"rhel5", "rhel6"}}}},
		known, slices.Contains(known, name)
}

// checked loads a path as the program does.
func checked(path string) (*Site, diag.List) {
	site, diags := Load(path, Options{Schema: testSchema})
	diags = append(diags, site.Check(diags)...)
	return site, diags.Sorted()
}

// show writes diagnostics with line and column, related places below.
func show(l diag.List) string {
	var b strings.Builder
	at := func(r diag.Range) string { return fmt.Sprintf("%d:%d", r.Start.Line, r.Start.Column) }
	for _, d := range l {
		fmt.Fprintf(&b, "%s-%s %s %s: %s: %s\n", at(d.Range), strings.TrimPrefix(at(diag.Range{Start: d.Range.End}), ""), d.Severity, d.Code, d.Summary, d.Detail)
		for _, r := range d.Related {
			fmt.Fprintf(&b, "    %s %s\n", at(r.Range), r.Message)
		}
	}
	return b.String()
}

// golden compares with NAME.want beside the definition.
func golden(t *testing.T, source, got string) {
	t.Helper()
	path := strings.TrimSuffix(source, ".hcl") + ".want"
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", source, got, want)
	}
}

func each(t *testing.T, pattern string, f func(t *testing.T, path string)) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".hcl"), func(t *testing.T) { f(t, path) })
	}
}

// The specification by example: what each definition means.
func TestSpec(t *testing.T) {
	each(t, "testdata/spec/*.hcl", func(t *testing.T, path string) {
		site, diags := checked(path)
		var hosts []host.Host
		for _, d := range site.Definitions {
			hosts = append(hosts, d.Host)
		}
		text, err := json.MarshalIndent(hosts, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, path, show(diags)+string(text)+"\n")
		if diags.HasErrors() {
			t.Error("a definition of the specification has errors")
		}
	})
}

// The mistakes that people make: each gives its messages, with their places.
func TestMistakeFiles(t *testing.T) {
	each(t, "testdata/mistakes/*.hcl", func(t *testing.T, path string) {
		site, diags := checked(path)
		golden(t, path, show(diags))
		if len(diags) == 0 {
			t.Error("nothing was said")
		}
		for name, src := range site.Sources {
			if strings.Contains(strings.ToLower(show(diags)+string(src)), "hunter22") {
				t.Errorf("%s: a secret is shown", name)
			}
		}
	})
}
