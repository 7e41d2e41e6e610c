package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPluginsPage does what plugins/README.md says, as a new author would:
// writes its files, runs its commands, in an empty directory, and looks for the
// output that it shows.
func TestPluginsPage(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022)) // what others may write is not started
	page, err := os.ReadFile("../../plugins/README.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(bin, "linkspan")); err != nil { // see TestMain
		t.Fatal(err)
	}
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	script, expected := pageScript(t, string(page))
	c := exec.CommandContext(t.Context(), "bash", "-e", "-u", "-c", script)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "LINKSPAN_SOURCE="+source, "PATH="+bin+":"+os.Getenv("PATH"), "LANG=C.UTF-8")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, stderr.Bytes())
	}
	parts := strings.Split(string(out), pageMark)
	for n, want := range expected {
		if missing := firstMissing(parts[n], want); missing != "" {
			t.Errorf("the page shows %q, and its commands have printed\n%s", missing, parts[n])
		}
	}
	if len(expected) < 4 {
		t.Errorf("the page shows only %d outputs", len(expected))
	}
}

// pageMark separates the outputs that are compared.
const pageMark = "\x1e"

// pageScript makes a shell script of a page: "sh" blocks are commands, "LANGUAGE
// FILE" blocks are written, "text" blocks are what the commands since the last
// one have printed.
func pageScript(t *testing.T, page string) (script string, expected []string) {
	t.Helper()
	blocks := strings.Split(page, "\n```")
	if len(blocks)%2 == 0 {
		t.Fatal("a block of the page has no end")
	}
	for n := 1; n < len(blocks); n += 2 {
		head, text, _ := strings.Cut(blocks[n], "\n")
		language, file, hasFile := strings.Cut(head, " ")
		switch {
		case language == "sh":
			script += text + "\n"
		case language == "text":
			script += "printf '\\036'\n"
			expected = append(expected, text)
		case hasFile:
			script += fmt.Sprintf("mkdir -p \"$(dirname %[1]s)\"\ncat > %[1]s <<'END_OF_FILE'\n%[2]s\nEND_OF_FILE\n", file, text)
		}
	}
	return script, expected
}

// firstMissing is the first line of want that does not come in have, in order;
// "…" stands for anything, and a line may go on.
func firstMissing(have, want string) string {
	rest := strings.Split(have, "\n")
	for line := range strings.SplitSeq(strings.TrimSpace(want), "\n") {
		for {
			if len(rest) == 0 {
				return line
			}
			l := rest[0]
			rest = rest[1:]
			if showsLine(l, line) {
				break
			}
		}
	}
	return ""
}

func showsLine(have, want string) bool {
	first, more, open := strings.Cut(want, "…")
	return strings.HasPrefix(have, first) && (!open || strings.Contains(have[len(first):], more))
}

func TestFirstMissing(t *testing.T) {
	have := "a 1.0 /tmp/x/a (locked) and more\nb\nc"
	for want, missing := range map[string]string{"a 1.0 …/a (locked)\nc": "", "c\nb": "b", "a 1.0 …/b": "a 1.0 …/b", "b\nd": "d"} {
		if got := firstMissing(have, want); got != missing {
			t.Errorf("of %q %q is missing, not %q", want, got, missing)
		}
	}
}
