package lockfile

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"linkspan/hcl/syntax"
)

func lockOf(t *testing.T, text string) (Lock, []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, Name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	l, diags := Read(dir)
	var codes []string
	for _, d := range diags {
		codes = append(codes, d.Code)
	}
	return l, codes
}

func TestLockRoundTrip(t *testing.T) {
	want := []Plugin{
		{Name: "a", Version: "1.0.0", Protocol: 1, SHA256: map[string]string{"linux_amd64": strings.Repeat("a", 64), "linux_arm64": strings.Repeat("b", 64)}},
		{Name: "b", Version: "2 \"${x}\"", Protocol: 2, SHA256: map[string]string{"linux_amd64": strings.Repeat("0", 64)}},
	}
	text := Write([]Plugin{want[1], want[0]})
	l, codes := lockOf(t, string(text))
	for i := range l.Plugins {
		l.Plugins[i].Place = want[0].Place
	}
	if len(codes) > 0 || !reflect.DeepEqual(l.Plugins, want) {
		t.Errorf("%v\n%s\nbecame %+v", codes, text, l.Plugins)
	}
	if tidy, _ := syntax.Format(text, "x"); string(tidy) != string(text) {
		t.Errorf("it is not formatted:\n%s", text)
	}
}

func TestNoLock(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "site.hcl")} {
		if l, diags := Read(path); l.Exists || len(diags) > 0 {
			t.Errorf("%+v %v", l, diags)
		}
	}
}

func TestWrongLocks(t *testing.T) {
	digest := `"` + strings.Repeat("a", 64) + `"`
	good := map[string]string{"version": `"1"`, "protocol": "1", "sha256": "{ linux_amd64 = " + digest + " }"}
	with := func(key, value string) string {
		body := maps.Clone(good)
		body[key] = value
		var b strings.Builder
		for k, v := range body {
			if v != "" {
				b.WriteString(k + " = " + v + "\n")
			}
		}
		return "plugin \"a\" {\n" + b.String() + "}\n"
	}
	for text, code := range map[string]string{
		with("version", ""):                             "LS1010",
		with("protocol", ""):                            "LS1010",
		with("sha256", ""):                              "LS1010",
		with("version", "1"):                            "LS1011",
		with("version", "null"):                         "LS1011",
		with("protocol", "1.5"):                         "LS1011",
		with("protocol", "0"):                           "LS1011",
		with("protocol", "1e400"):                       "LS1011",
		with("sha256", digest):                          "LS1011",
		with("sha256", `{ linux_amd64 = "x" }`):         "LS1011",
		with("sha256", `{ linux_amd64 = 1 }`):           "LS1011",
		with("colour", `"red"`):                         "LS1011",
		with("version", "var.x"):                        "LS1005",
		with("version", `"1" } x {`):                    "LS1004",
		with("version", "\"1\"\nblock {}"):              "LS1006",
		with("version", `"1"`) + with("version", `"2"`): "LS1009",
		"plugin {}\n":                                   "LS1008",
		"host \"a\" {}\n":                               "LS1006",
		"x = 1\n":                                       "LS1007",
		"\xff":                                          "LS1003",
		strings.Repeat("[", 500):                        "LS1002",
	} {
		if _, codes := lockOf(t, text); len(codes) == 0 || codes[0] != code {
			t.Errorf("%q has %v, not %s", text, codes, code)
		}
	}
}

func FuzzReadLock(f *testing.F) {
	f.Add([]byte(Write([]Plugin{{Name: "a", Version: "1", Protocol: 1, SHA256: map[string]string{"linux_amd64": strings.Repeat("0", 64)}}})))
	f.Fuzz(func(t *testing.T, src []byte) {
		l, codes := lockOf(t, string(src))
		if len(codes) > 0 {
			return
		}
		again, codes := lockOf(t, string(Write(l.Plugins)))
		if len(codes) > 0 || len(again.Plugins) != len(l.Plugins) {
			t.Errorf("%+v became %v %+v", l, codes, again)
		}
	})
}
