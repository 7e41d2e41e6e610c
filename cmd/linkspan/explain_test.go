package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linkspan/core/diag"
	"linkspan/core/fleet"
	"linkspan/core/host"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
)

// diagnosed loads a definition as the program does, as site.hcl.
func diagnosed(t *testing.T, definition string) diag.List {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "site.hcl"), definition)
	for _, script := range []string{"drain", "announce"} { // those of the examples
		write(t, filepath.Join(dir, script+".go"), "package "+script+"\n\nimport (\n\t\"context\"\n\n\t\"linkspan/core/hook\"\n)\n\n"+
			"func Run(ctx context.Context, env hook.Env, event hook.Event) error { return nil }\n")
	}
	_, diags, err := standard().load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return diags.Sorted()
}

// codesOf are the codes that a definition meets, each once.
func codesOf(t *testing.T, definition string) []string {
	t.Helper()
	var out []string
	for _, d := range diagnosed(t, definition) {
		if !slices.Contains(out, d.Code) {
			out = append(out, d.Code)
		}
	}
	return out
}

// foundEarlier are rules whose fault, in a definition, an earlier rule finds.
var foundEarlier = map[string]string{"LS2002": "LS1025", "LS2029": "LS1012"}

// The examples of every rule about definitions are what they say: the wrong one
// has that fault and no other, the right one none, and it is formatted.
func TestExamplesOfRules(t *testing.T) {
	for _, r := range slices.Concat(rule.All(), host.Rules(), fleet.Rules()) {
		if r.Wrong == "" {
			continue
		}
		// What the language itself is about needs no backend to be plain.
		got := slices.DeleteFunc(codesOf(t, r.Wrong), func(code string) bool { return code == "LS2034" && strings.HasPrefix(r.Code, "LS1") })
		want := r.Code
		if earlier := foundEarlier[want]; earlier != "" {
			want = earlier
		}
		if r.Code[:3] == "LS1" {
			got = slices.DeleteFunc(got, func(code string) bool { return code[:3] == "LS2" })
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%s: its wrong example has %v:\n%s", r.Code, got, r.Wrong)
		}
		for _, code := range codesOf(t, r.Right) {
			if r.Code[:3] != "LS1" || code[:3] == "LS1" {
				t.Errorf("%s: its right example has %s:\n%s", r.Code, code, r.Right)
			}
		}
		if tidy, _ := syntax.Format([]byte(r.Right), "site.hcl"); string(tidy) != r.Right {
			t.Errorf("%s: its right example is not formatted:\n%s", r.Code, r.Right)
		}
	}
}

// The place of every fault of the examples, and of what is shown beside it, is
// the one in testdata/places.txt: its lines and columns.
func TestPlacesOfExamples(t *testing.T) {
	at := func(r diag.Range) string {
		return fmt.Sprintf("%d:%d-%d:%d", r.Start.Line, r.Start.Column, r.End.Line, r.End.Column)
	}
	var got strings.Builder
	for _, r := range slices.Concat(rule.All(), host.Rules(), fleet.Rules()) {
		if r.Wrong == "" {
			continue
		}
		fmt.Fprintf(&got, "%s %s\n", r.Code, r.Summary)
		for n, line := range strings.Split(strings.TrimSuffix(r.Wrong, "\n"), "\n") {
			fmt.Fprintf(&got, "  %3d | %.100s\n", n+1, line)
		}
		for _, d := range diagnosed(t, r.Wrong) {
			fmt.Fprintf(&got, "  %s %s %s\n", at(d.Range), d.Severity, d.Code)
			for _, related := range d.Related {
				fmt.Fprintf(&got, "    %s %s\n", at(related.Range), related.Message)
			}
		}
	}
	const golden = "testdata/places.txt"
	if os.Getenv("LINKSPAN_TEST_UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the places are not those of %s (LINKSPAN_TEST_UPDATE=1 writes it):\n%s", golden, got.String())
	}
}

// Every rule of every package has a code of its own, a summary, an explanation
// in whole sentences, and either both examples or none.
func TestEveryRuleIsExplained(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range rules() {
		if seen[r.Code] || len(r.Code) != 6 || !strings.HasPrefix(r.Code, "LS") {
			t.Errorf("the code %q is not one code of one rule", r.Code)
		}
		seen[r.Code] = true
		if r.Severity != diag.Error && r.Severity != diag.Warning || r.Summary == "" || strings.HasSuffix(r.Summary, ".") {
			t.Errorf("%s: severity %q, summary %q", r.Code, r.Severity, r.Summary)
		}
		if len(r.Explain) < 40 || !strings.HasSuffix(strings.TrimSpace(r.Explain), ".") {
			t.Errorf("%s: not an explanation: %q", r.Code, r.Explain)
		}
		if (r.Wrong == "") != (r.Right == "") {
			t.Errorf("%s: one example without the other", r.Code)
		}
	}
}
