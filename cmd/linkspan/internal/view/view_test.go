package view

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"

	"linkspan/core/diag"
	"linkspan/core/plan"
)

func TestCleanLeavesNothingForTheTerminal(t *testing.T) {
	for _, text := range []string{"\x1b[2J\x1b]0;title\x07", "a\rb", "xenbr0;id", "$(id)", "\u202egpj.exe", "\x00", "tab\tand\nline", "\xff\xfe", "Grüße"} {
		clean := Clean(text)
		for _, r := range clean {
			if !unicode.IsPrint(r) && r != '\n' && r != '\t' {
				t.Errorf("%q became %q, with %U", text, clean, r)
			}
		}
	}
	if got := Clean("Grüße $(id)"); got != "Grüße $(id)" {
		t.Errorf("printable text became %q", got)
	}
}

func TestColorIsDecidedOnce(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		m := make(map[string]string)
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return func(k string) string { return m[k] }
	}
	for _, tt := range []struct {
		flag  string
		env   func(string) string
		color bool
	}{
		{"auto", env(), false}, // no terminal
		{"always", env("NO_COLOR", "1"), true},
		{"never", env("CLICOLOR_FORCE", "1"), false},
		{"auto", env("CLICOLOR_FORCE", "1"), true},
		{"auto", env("CLICOLOR_FORCE", "0"), false},
		{"auto", env("CLICOLOR_FORCE", "1", "NO_COLOR", "1"), false},
	} {
		if got := NewStyle(tt.flag, nil, tt.env).Color; got != tt.color {
			t.Errorf("-color=%s: %v, want %v", tt.flag, got, tt.color)
		}
	}
	for locale, ascii := range map[string]bool{"C": true, "en_US.UTF-8": false, "de_DE.utf8": false, "": true} {
		if got := NewStyle("never", nil, env("LANG", locale)).ASCII; got != ascii {
			t.Errorf("LANG=%s: ASCII %v, want %v", locale, got, ascii)
		}
	}
}

func TestUnifiedDiff(t *testing.T) {
	file := func(text string) plan.FileState { return plan.FileState{Exists: true, Content: []byte(text)} }
	for _, tt := range []struct {
		name          string
		before, after plan.FileState
		want          []string
	}{
		{"made", plan.FileState{}, file("a\n"), []string{"--- /dev/null", "+++ /f", "+a"}},
		{"removed", file("a\n"), plan.FileState{}, []string{"--- /f", "+++ /dev/null", "-a"}},
		{"no line end", file("a"), file("a\n"), []string{"-a", `\ No newline at end of file`, "+a"}},
		{"no text", file("\xff"), file("a\n"), []string{"not UTF-8: 1 bytes become 2"}},
	} {
		got := UnifiedDiff(&plan.FileChange{Path: "/f", Before: tt.before, After: tt.after})
		for _, w := range tt.want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %q lacks %q", tt.name, got, w)
			}
		}
	}
}

func TestDiagnosticMarksItsRange(t *testing.T) {
	sources := map[string][]byte{"site.hcl": []byte("host \"h\" {\n\tbond \"größe\" {}\n}\n")}
	d := diag.Diagnostic{Severity: diag.Error, Code: "LS2001", Summary: "not an interface name", Detail: "a name is ASCII",
		Range: diag.Range{File: "site.hcl", Start: diag.Position{Line: 2, Column: 7, Byte: 17}, End: diag.Position{Line: 2, Column: 14, Byte: 26}}}
	var b bytes.Buffer
	Diagnostics(&b, Style{}, diag.List{d, d}, sources)
	out := b.String()
	if strings.Count(out, "LS2001") != 1 {
		t.Errorf("a duplicate is not folded:\n%s", out)
	}
	if !strings.Contains(out, "site.hcl:2:7") || !strings.Contains(out, "^^^^^^^") {
		t.Errorf("the place or the mark is missing:\n%s", out)
	}
}

// hostilePlan has text from files and plugins that means something to a
// terminal, to HTML and to Markdown.
func hostilePlan(host string, files int) *plan.Plan {
	evil := "\x1b[31m<script>alert(1)</script>```"
	stage := plan.Stage{Backend: "ifcfg", Phase: "persist", Changes: []plan.Change{{
		Ref: plan.Ref{Class: plan.ClassInterface, Name: evil}, Action: plan.Update, Type: "bridge",
		Settings: []plan.SettingChange{{Key: evil, Before: plan.Text(evil), After: plan.List(evil), Note: evil}},
	}}}
	for i := range files {
		stage.Operations = append(stage.Operations, plan.Operation{ID: fmt.Sprint(i), Kind: plan.OperationFile, Summary: "write " + evil,
			File:    &plan.FileChange{Path: fmt.Sprintf("/etc/%d", i), After: plan.FileState{Exists: true, Content: []byte(evil + "\n")}},
			Effects: []plan.Effect{{Kind: plan.EffectNote, Text: fmt.Sprint(i, evil)}, {Kind: plan.EffectUnreachable, Text: evil}}})
	}
	return plan.New(plan.Input{Host: host, Stages: []plan.StageInput{{Stage: stage}}})
}

func TestPlanTextIsSafe(t *testing.T) {
	var b bytes.Buffer
	Plan(&b, Style{}, hostilePlan("h", 3), PlanOptions{Diff: true, Verbose: true})
	if strings.Contains(b.String(), "\x1b") {
		t.Errorf("an escape sequence reached the terminal: %q", b.String())
	}
}

func TestPlansHTML(t *testing.T) {
	var b bytes.Buffer
	if err := PlansHTML(&b, []*plan.Plan{hostilePlan("h1", 3), plan.New(plan.Input{Host: "h2"})}); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	for _, bad := range []string{"<script", "\x1b", "http://", "https://", "ZgotmplZ"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	for _, want := range []string{"&lt;script&gt;", "h1", "h2", "No changes.", "prefers-color-scheme"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
	}
}

func TestPlansMarkdown(t *testing.T) {
	var many []*plan.Plan
	for i := range 500 {
		many = append(many, hostilePlan(fmt.Sprintf("dom0-%03d", i), i%7+1))
	}
	many = append(many, hostilePlan("large", 2000))
	var b bytes.Buffer
	if err := PlansMarkdown(&b, many); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if len(text) > maxMarkdown {
		t.Errorf("%d bytes, want at most %d", len(text), maxMarkdown)
	}
	for _, want := range []string{"501 hosts, 8 plans", "67 more", "too long for a comment", "`large`"} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%.2000s", want, text)
		}
	}
	if strings.Count(text, "````")%2 != 0 {
		t.Error("a fence is not closed")
	}
}
