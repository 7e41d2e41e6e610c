package hostfile

import (
	"fmt"
	"strings"
	"testing"

	"linkspan/hcl/syntax"
)

func TestEvaluate(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"a.hcl": "variable \"key\" {\n  default   = \"hunter22\"\n  sensitive = true\n}\nlocals {\n  n = { a = [1, 2.5], b = null }\n}\n" +
		"host \"h\" {\n  tags = [\"xen\"]\n  vars = { rack = \"a1\", key = \"x-${var.key}\" }\n  backend \"ifcfg\" {}\n}\n"})
	site, diags := Load(dir, Options{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, c := range []struct{ expression, host, want string }{
		{"local.n.a[1] * 2", "", "5"},
		{"local.n", "", "{\n  a = [1, 2.5]\n  b = null\n}"},
		{`"a\nb"`, "", `"a\nb"`},
		{"host.tags", "h", `["xen"]`},
		{"host.vars.rack", "h", `"a1"`},
		{"var.key", "", "(sensitive)"},
		{"[upper(var.key)]", "", "(sensitive)"},
		{"host.vars.key", "h", `"(sensitive)"`},
		{"host.name", "", "LS1015 host is known only in a host or profile."},
		{"host.name", "i", `LS1015 no host is called "i"`},
		{"uper(1)", "", `LS1005 Call to unknown function: There is no function named "uper". Did you mean "upper"?`},
		{"[", "", "LS1004"},
		{strings.Repeat("[", 300), "", "LS1002"},
		{"", "", "LS1004"},
		{"cidrhost(var.key, 1)", "", "LS1005 the expression cannot be evaluated; it uses a sensitive value, so no more is said"},
	} {
		v, diags := site.Evaluate(c.expression, c.host)
		got := v.Text
		if len(diags) > 0 {
			got = diags[0].Code + " " + diags[0].Detail
		}
		if got != c.want && !(strings.HasPrefix(c.want, "LS") && strings.HasPrefix(got, c.want)) {
			t.Errorf("%s: %q, want %q", c.expression, got, c.want)
		}
		if strings.Contains(strings.ToLower(fmt.Sprint(v, diags)), "hunter22") {
			t.Errorf("%s: a secret is shown: %v %v", c.expression, v, diags)
		}
	}
}

// A site without definitions knows the functions.
func TestEvaluateNothing(t *testing.T) {
	s := Empty(".")
	if v, diags := s.Evaluate("max(1, 2)", ""); v.Text != "2" || len(diags) > 0 {
		t.Error(v, diags)
	}
	if _, diags := s.Evaluate("var.x", ""); !diags.HasErrors() {
		t.Error("a variable out of nowhere")
	}
}

func TestUnfinished(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "1": false, "[": true, "[1,": true, "[1]": false, "f(": true, "f({": true, "f({})": false, "]": false,
		`"["`: false, `"${[`: true, `"${[1][0]}"`: false, "<<EOT\n": true, "<<EOT\na\nEOT\n": false, strings.Repeat("[", 300): false,
	} {
		if got := syntax.Unfinished(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"a.hcl": "variable \"v\" { default = 1 }\nlocals { l = 1 }\nhost \"h\" {\n  backend \"ifcfg\" {}\n}\n"})
	site, _ := Load(dir, Options{})
	names := " " + strings.Join(site.Names(), " ") + " "
	for _, want := range []string{" var.v ", " local.l ", " cidrhost( "} {
		if !strings.Contains(names, want) {
			t.Errorf("%s is missing of %s", want, names)
		}
	}
}
