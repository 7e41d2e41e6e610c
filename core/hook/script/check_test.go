package script

import (
	"strings"
	"testing"

	"linkspan/core/diag"
)

// codes are the codes and lines of a check: "LS7004:11".
func codes(l diag.List) string {
	var out []string
	for _, d := range l {
		out = append(out, d.Code+":"+strings.TrimPrefix(d.Range.String(), d.Range.File+":"))
	}
	return strings.Join(out, " ")
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct{ name, imports, body, want string }{
		{"right", "", "\treturn nil", ""},
		{"all that is offered", "bufio bytes encoding/base64 encoding/csv encoding/hex encoding/json errors fmt io math net/netip net/url path regexp sort strconv strings sync time unicode unicode/utf8",
			"\t_ = []any{bufio.NewReader, bytes.Equal, base64.StdEncoding, csv.NewReader, hex.DecodeString, json.Marshal, errors.Is, fmt.Sprint, io.EOF, math.MaxInt32, netip.ParseAddr, url.Parse, path.Join, regexp.MustCompile, sort.Strings, strconv.Itoa, strings.Fields, &sync.Mutex{}, time.Second, unicode.IsDigit, utf8.RuneLen}\n\td := 2 * time.Second\n\tenv.Log(\"%s\", d)\n\tvar b strings.Builder\n\tb.WriteString(\"x\")\n\tr := csv.NewReader(strings.NewReader(b.String()))\n\tr.Comma = ';'\n\treturn nil", ""},
		{"unused variable", "", "\tx := 1\n\treturn nil", "LS7002:10"},
		{"unused import", "fmt", "\treturn nil", "LS7002:5"},
		{"missing return", "", "\tenv.Log(\"a\")", "LS7002:11"},
		{"unknown field", "", "\tenv.Log(event.Hots)\n\treturn nil", "LS7002:10"},
		{"wrong argument", "", "\tenv.Log(1)\n\treturn nil", "LS7002:10"},
		{"range over a number", "", "\tfor i := range 5 {\n\t\tenv.Log(\"%d\", i)\n\t}\n\treturn nil", "LS7002:10"},
		{"min", "", "\tenv.Log(\"%d\", min(1, 2))\n\treturn nil", "LS7002:10"},
		{"not offered", "os os/exec", "\treturn nil", "LS7003:5 LS7003:6"},
		{"yaegi's own tables", "github.com/traefik/yaegi/stdlib", "\treturn nil", "LS7003:5"},
		{"unsafe", "unsafe", "\treturn nil", "LS7003:5"},
		{"closure in a loop", "", "\tfor _, g := range event.Guests() {\n\t\tf := func() { env.Log(\"%s\", g) }\n\t\tf()\n\t}\n\treturn nil", "LS7004:11"},
		{"closure out of a loop", "", "\tf := func(g string) { env.Log(\"%s\", g) }\n\tfor _, g := range event.Guests() {\n\t\tf(g)\n\t}\n\treturn nil", ""},
		{"loop in a closure", "", "\tf := func() {\n\t\tfor _, g := range event.Guests() {\n\t\t\tenv.Log(\"%s\", g)\n\t\t}\n\t}\n\tf()\n\treturn nil", ""},
		{"go", "", "\tgo env.Log(\"x\")\n\treturn nil", "LS7005:10"},
		{"errors.As", "errors", "\tvar d *hook.Denied\n\tif errors.As(nil, &d) {\n\t\treturn d\n\t}\n\treturn nil", "LS7007:12"},
		{"syntax", "", "\treturn nil nil", "LS7001:10"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Check(source(tt.imports, tt.body))
			if codes(got) != tt.want {
				t.Errorf("%s, want %q\n%v", codes(got), tt.want, got)
			}
			for _, d := range got {
				if d.Range.File != "hooks/drain.go" || d.Range.Start.Column == 0 {
					t.Errorf("the place is %+v", d.Range)
				}
			}
		})
	}
}

func TestCheckWantsRun(t *testing.T) {
	for text, want := range map[string]string{
		"package drain\n": "LS7006:1",
		"package drain\n\nfunc Run() error { return nil }\n": "LS7006:3",
		"package drain\n\nvar Run = 1\n":                     "LS7006:1",
	} {
		if got := codes(Check(&Source{Name: "hooks/drain.go", Files: []File{{"drain.go", text}}})); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestRuleExamples: each rule's wrong example gives that rule, and its right
// one nothing.
func TestRuleExamples(t *testing.T) {
	for _, r := range Rules() {
		if r.Explain == "" {
			t.Errorf("%s is not explained", r.Code)
		}
		for text, want := range map[string]string{r.Wrong: r.Code, r.Right: ""} {
			if text == "" {
				continue
			}
			got := ""
			for _, d := range Check(&Source{Name: "drain.go", Files: []File{{"drain.go", text}}}) {
				got = d.Code
			}
			if got != want {
				t.Errorf("%s: %q, want %q, for\n%s", r.Code, got, want, text)
			}
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, r := range Rules() {
		f.Add(r.Wrong)
		f.Add(r.Right)
	}
	f.Fuzz(func(t *testing.T, text string) {
		Check(&Source{Name: "drain.go", Files: []File{{"drain.go", text}}}) // neither panics nor hangs
	})
}
