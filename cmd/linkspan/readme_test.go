package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fence = regexp.MustCompile("(?ms)^```(\\w+)[^\n]*\n(.*?)^```$")
	link  = regexp.MustCompile(`\]\(([^)#: ]+)[^):]*\)`)
)

// TestReadme holds that what the README shows is right: its definition and its
// hook are put together and validated, which checks the hook's types too.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := make(map[string][]string)
	for _, m := range fence.FindAllSubmatch(text, -1) {
		shown[string(m[1])] = append(shown[string(m[1])], string(m[2]))
	}
	if len(shown["hcl"]) != 2 || len(shown["go"]) < 1 {
		t.Fatalf("the README has %d definitions and %d Go texts, want a host, a hook's block, and the hook", len(shown["hcl"]), len(shown["go"]))
	}
	dir := t.TempDir()
	host := strings.TrimSuffix(strings.TrimSpace(shown["hcl"][0]), "}")
	write(t, filepath.Join(dir, "site.hcl"), host+shown["hcl"][1]+"}\n")
	write(t, filepath.Join(dir, "hooks/drain.go"), "package drain\n\nimport (\n\t\"context\"\n\n\t\"linkspan/core/hook\"\n)\n\n"+shown["go"][0])
	out, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	code := run([]string{"validate", dir}, &app{stdin: os.Stdin, stdout: out, stderr: out, getenv: os.Getenv})
	said, err := os.ReadFile(out.Name())
	if err != nil || code != 0 || !strings.Contains(string(said), "0 warnings") {
		t.Errorf("exit code %d, %v:\n%s", code, err, said)
	}
}

// TestLinks holds that what the pages point to is there.
func TestLinks(t *testing.T) {
	err := filepath.WalkDir("../..", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(name) != ".md" || strings.Contains(name, "testdata") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), string(m[1]))); err != nil {
				t.Errorf("%s points to %s, which is not there", name, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
