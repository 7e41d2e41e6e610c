package hostfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linkspan/core/diag"
)

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The value of a variable comes from the first of: -var, -var-file, the
// directory's files, the environment, the default.
func TestVariableSources(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"a.hcl":           "variable \"mtu\" {\n  type    = number\n  default = 1000\n}\nhost \"a\" {\n  ethernet \"eth0\" { mtu = var.mtu }\n  backend \"ifcfg\" {}\n}\n",
		"named.vars.hcl":  "mtu = 1003\n",
		"second.vars.hcl": "mtu = 1004\n",
	})
	env := []string{"LINKSPAN_VAR_mtu=1001"}
	file := func(n string) string { return filepath.Join(dir, n) }
	check := func(o Options, want int) {
		t.Helper()
		site, diags := Load(dir, o)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if got := *site.Definitions[0].Host.Interfaces[0].MTU; got != want {
			t.Errorf("%+v: mtu %d, want %d", o, got, want)
		}
	}
	check(Options{}, 1000)
	check(Options{Environ: env}, 1001)
	writeFiles(t, dir, map[string]string{"x.auto.vars.hcl": "mtu = 1002\n"})
	check(Options{Environ: env}, 1002)
	check(Options{Environ: env, VarFiles: []string{file("named.vars.hcl")}}, 1003)
	check(Options{VarFiles: []string{file("named.vars.hcl"), file("second.vars.hcl")}}, 1004)
	check(Options{Vars: []string{"mtu=1", "mtu=1005"}, VarFiles: []string{file("named.vars.hcl")}, Environ: env}, 1005)
}

// A secret from outside reaches no diagnostic, no source line, no message of
// the model.
func TestSecretsFromOutside(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"a.hcl": "variable \"key\" {\n  type      = string\n  sensitive = true\n  validation {\n    condition     = length(var.key) > 100\n    error_message = \"bad: ${var.key}\"\n  }\n}\n" +
			"host \"a\" {\n  ethernet \"eth0\" { mac = \"x${var.key}\" }\n  backend \"ifcfg\" {}\n}\n",
		"x.auto.vars.hcl": "key = \"canary77\"\n",
	})
	site, diags := Load(dir, Options{})
	diags = append(diags, site.Check(diags)...)
	text := fmt.Sprint(diags)
	for _, src := range site.Sources {
		text += string(src)
	}
	if strings.Contains(text, "canary77") || len(diags) != 2 {
		t.Errorf("%d diagnostics: %s", len(diags), text)
	}
	if got := site.Redact("the key canary77"); strings.Contains(got, "canary77") {
		t.Error(got)
	}
}

// Functions of the site's own are called with values of their types; what is
// wrong with an argument points at it; a built-in name cannot be another.
func TestOwnFunctions(t *testing.T) {
	text := func(types ...string) *Function {
		f := &Function{Result: "string", Call: func(args []any) (any, error) {
			if args[0] == "bad" {
				return nil, &ArgumentError{0, errors.New("bad is not good")}
			}
			return fmt.Sprintf("%T %v", args[0], args), nil
		}}
		for i, typ := range types {
			f.Params = append(f.Params, Param{fmt.Sprint("p", i), typ})
		}
		return f
	}
	all := map[string]*Function{
		"one": text("string"), "two": text("number", "list(string)"), "many": {Params: []Param{{"p", "number"}}, Variadic: true, Result: "number", Call: func(args []any) (any, error) { return len(args), nil }},
		"object": text("object({ vlan = number })"), "wrong": text("nothing"), "lies": {Result: "number", Call: func([]any) (any, error) { return "x", nil }},
	}
	for _, tt := range []struct{ expression, want string }{
		{`one("x")`, "string [x]"},
		{`one(4)`, "string [4]"}, // as the language converts
		{`two(4, ["a"])`, "[a]]"},
		{`many(1, 2, 3)`, "3"},
		{`many()`, "0"},
		{`object({ vlan = 2 })`, "map[vlan:2]"},
		{`two("x", [])`, `a.hcl:1:19: Invalid function argument: Invalid value for "p0" parameter: a number is required`},
		{`one("bad")`, `a.hcl:1:19: Invalid function argument: Invalid value for "p0" parameter: bad is not good`},
		{`one()`, "Not enough function arguments"},
		{`one("a", "b")`, "Too many function arguments"},
		{`object({})`, `attribute "vlan" is required`},
		{`wrong("x")`, "LS1028"},
		{`lies()`, "a number is required"},
		{`ones("x")`, `Did you mean "one"?`},
	} {
		dir := t.TempDir()
		blocks := ""
		for name := range all {
			if name != "wrong" || strings.HasPrefix(tt.expression, "wrong") {
				blocks += fmt.Sprintf("function %q {\n  script = \"f.go\"\n}\n", name)
			}
		}
		writeFiles(t, dir, map[string]string{"a.hcl": "locals { a = " + tt.expression + " }\n", "b.hcl": blocks})
		site, diags := Load(dir, Options{Function: func(at, name, script string) (*Function, diag.List) {
			if at != dir || script != "f.go" {
				t.Errorf("%s %s", at, script)
			}
			return all[name], nil
		}})
		got := ""
		for _, d := range diags {
			got += fmt.Sprintf("%s:%d:%d: %s %s\n", filepath.Base(d.Range.File), d.Range.Start.Line, d.Range.Start.Column, d.Detail, d.Code)
		}
		if len(diags) == 0 {
			v, _ := site.Evaluate("local.a", "")
			got = fmt.Sprint(v.Plain)
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s, want %s", tt.expression, got, tt.want)
		}
	}
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"a.hcl": "function \"upper\" {\n  script = \"f.go\"\n}\nfunction \"f\" {}\nlocals { a = g(1) }\nfunction \"g\" {\n  script = \"f.go\"\n}\nfunction \"g\" {\n  script = \"f.go\"\n}\n"})
	_, diags := Load(dir, Options{})
	if got := fmt.Sprint(diags.Sorted()); len(diags) != 3 || !strings.Contains(got, `a.hcl:1: error LS1028`) || !strings.Contains(got, "a.hcl:4: error LS1010") || !strings.Contains(got, "a.hcl:9: error LS1009") {
		t.Errorf("%v", got)
	}
}

// file and its kin stay below the directory, by ".." and by symlink.
func TestFilesStayBelow(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "site")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFiles(t, top, map[string]string{"outside": "canary"})
	writeFiles(t, dir, map[string]string{"inside": "fine"})
	if err := os.Symlink("../outside", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for call, good := range map[string]bool{
		`file("inside")`: true, `file("../outside")`: false, `file("link")`: false, `templatefile("link", {})`: false,
		`file("/etc/hostname")`: false, `templatefile("../outside", {})`: false, `length(fileset("../*")) == 0 ? "" : file("nothing")`: true,
	} {
		writeFiles(t, dir, map[string]string{"a.hcl": "locals { a = " + call + " }\n"})
		if _, diags := Load(dir, Options{}); diags.HasErrors() == good || strings.Contains(fmt.Sprint(diags), "canary") {
			t.Errorf("%s: %v", call, diags)
		}
	}
}

// One file that does not parse does not hide what is wrong in others, and
// nothing is said that may follow from it.
func TestBrokenFile(t *testing.T) {
	_, got := load(t, map[string]string{
		"a.hcl": "variable \"v\" {\n",
		"b.hcl": "host \"b\" {\n  ethernet \"eth0\" {\n    description = var.v\n    mtu         = \"x\"\n  }\n  backend \"ifcfg\" {}\n}\n",
	})
	if strings.Count(got, "\n") != 1 || !strings.Contains(got, "a.hcl:1: error LS1004") || !strings.Contains(got, "b.hcl:4: error LS1011") {
		t.Error(got)
	}
}
