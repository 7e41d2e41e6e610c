package hostfile

import (
	"slices"
	"strings"
	"testing"

	"linkspan/core/diag"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
)

// Every rule is explained, and its examples are what it says: the wrong one
// has the fault and no other of the language, the right one none.
func TestRules(t *testing.T) {
	codes := func(src string) []string {
		site, _ := load(t, map[string]string{"a.hcl": src})
		_, diags := Load(site.Dir, Options{})
		var out []string
		for _, d := range diags {
			if !slices.Contains(out, d.Code) {
				out = append(out, d.Code)
			}
		}
		return out
	}
	for _, r := range rule.All() {
		if len(r.Explain) < 40 || strings.Contains(r.Explain, "\n") {
			t.Errorf("%s: an explanation is one paragraph, not %q", r.Code, r.Explain)
		}
		if r.Wrong == "" {
			continue
		}
		if got := codes(r.Wrong); !slices.Equal(got, []string{r.Code}) {
			t.Errorf("%s: its wrong example has %v", r.Code, got)
		}
		if got := codes(r.Right); len(got) > 0 {
			t.Errorf("%s: its right example has %v", r.Code, got)
		}
		if tidy, _ := syntax.Format([]byte(r.Right), "a.hcl"); string(tidy) != r.Right {
			t.Errorf("%s: its right example is not formatted", r.Code)
		}
	}
}

// Codes are unique, in order, and name errors but for the mild ones.
func TestCodes(t *testing.T) {
	last := "LS1000"
	for _, r := range rule.All() {
		if r.Code <= last || !strings.HasPrefix(r.Code, "LS1") {
			t.Errorf("%s after %s", r.Code, last)
		}
		last = r.Code
		if r.Severity != diag.Error && r.Code != rule.Manners.Code {
			t.Errorf("%s is a %s", r.Code, r.Severity)
		}
	}
}
