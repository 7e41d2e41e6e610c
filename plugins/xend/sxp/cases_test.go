package sxp

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
)

// trap is one case of testdata, by the names of its parts: "in", "out", …
type trap struct {
	name  string
	parts map[string]string
}

// traps reads an archive of testdata.
func traps(t *testing.T, file string) []trap {
	t.Helper()
	a, err := txtar.ParseFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out []trap
	for _, f := range a.Files {
		name, part := path.Split(f.Name)
		name = strings.TrimSuffix(name, "/")
		text := string(f.Data)
		if p, quoted := strings.CutSuffix(part, ".quoted"); quoted {
			part, text = p, unquoted(t, f)
		}
		if len(out) == 0 || out[len(out)-1].name != name {
			out = append(out, trap{name, map[string]string{}})
		}
		out[len(out)-1].parts[part] = text
	}
	return out
}

func unquoted(t *testing.T, f txtar.File) string {
	var b strings.Builder
	for line := range strings.Lines(string(f.Data)) {
		s, err := strconv.Unquote(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("%s: %q: %v", f.Name, line, err)
		}
		b.WriteString(s)
	}
	return b.String()
}

// expected is what a case says comes out; nothing said is no change.
func (c trap) expected() string {
	if out, ok := c.parts["out"]; ok {
		return out
	}
	return c.parts["in"]
}

func TestEdit(t *testing.T) {
	for _, c := range slices.Concat(traps(t, "edit.txtar"), traps(t, "lookup.txtar")) {
		t.Run(c.name, func(t *testing.T) {
			in := []byte(c.parts["in"])
			out, n, err := Remark(in)
			if err != nil {
				t.Fatal(err)
			}
			if string(out) != c.expected() {
				t.Errorf("got\n%q\nwant\n%q", out, c.expected())
			}
			if owed := holds(in, out, n); owed != "" {
				t.Error(owed)
			}
			runs, said := c.parts["runs"]
			if have := effective(in); said && have != strings.TrimSpace(runs) {
				t.Errorf("xend would run %s, not %s", have, runs)
			}
		})
	}
}

// effective is what xend would run.
func effective(src []byte) string {
	f, err := Parse(src)
	if err != nil {
		return err.Error()
	}
	if lists := f.Lists(Directive); len(lists) > 0 {
		if v, ok := lists[0].Value(); ok {
			return v
		}
	}
	return "nothing"
}

func TestRefused(t *testing.T) {
	for _, c := range traps(t, "refused.txtar") {
		t.Run(c.name, func(t *testing.T) {
			in := c.parts["in"]
			out, _, err := Remark([]byte(in))
			if err == nil {
				t.Fatalf("it was edited: %q", out)
			}
			got := err.Error()
			if e, ok := errors.AsType[*Error](err); ok {
				line := in[strings.LastIndex(in[:e.Offset], "\n")+1 : e.Offset]
				got = fmt.Sprintf("%d:%d: %s", 1+strings.Count(in[:e.Offset], "\n"), 1+utf8.RuneCountInString(line), e.Reason)
			}
			if got != strings.TrimSpace(c.parts["refused"]) {
				t.Errorf("%s, want %s", got, c.parts["refused"])
			}
			if c.parts["in"] != in {
				t.Error("the text was changed")
			}
		})
	}
	if _, _, err := Remark([]byte(strings.Repeat("(", 5000))); err == nil || !strings.Contains(err.Error(), "nested") {
		t.Errorf("5000 open lists: %v", err)
	}
}

func TestRestore(t *testing.T) {
	for _, c := range traps(t, "restore.txtar") {
		t.Run(c.name, func(t *testing.T) {
			out, _, err := Restore([]byte(c.parts["in"]))
			if err != nil {
				t.Fatal(err)
			}
			if string(out) != c.expected() {
				t.Errorf("got\n%q\nwant\n%q", out, c.expected())
			}
			if again, n, err := Restore(out); err != nil || n > 0 || string(again) != string(out) {
				t.Errorf("a second time: %d, %v", n, err)
			}
		})
	}
}

// TestThereAreManyTraps keeps the collection from shrinking unseen.
func TestThereAreManyTraps(t *testing.T) {
	n := 0
	for _, f := range []string{"edit.txtar", "lookup.txtar", "refused.txtar", "restore.txtar"} {
		n += len(traps(t, f))
	}
	if n < 100 {
		t.Errorf("%d cases", n)
	}
}

// FuzzRemark: no input panics; an edit keeps what it owes.
func FuzzRemark(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(randomFile(seed))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		out, n, err := Remark(src)
		if err != nil {
			return
		}
		if owed := holds(src, out, n); owed != "" {
			t.Fatalf("%s: %q became %q", owed, src, out)
		}
	})
}

// FuzzRestore: what comes back means the same but for network-script, and
// nothing is left to bring back.
func FuzzRestore(f *testing.F) {
	for seed := range uint64(100) {
		if out, n, err := Remark(randomFile(seed)); err == nil && n > 0 {
			f.Add(out)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		out, n, err := Restore(src)
		if err != nil {
			return
		}
		if n == 0 && string(out) != string(src) {
			t.Fatal("nothing to bring back, and changed")
		}
		if n > 0 && len(mustParse(t, out).Lists(Directive)) != len(mustParse(t, src).Lists(Directive))+n {
			t.Fatalf("%d came back from %q as %q", n, src, out)
		}
	})
}

func mustParse(t *testing.T, src []byte) *File {
	f, err := Parse(src)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
