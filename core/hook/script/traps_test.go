package script

import (
	"strings"
	"testing"
	"time"

	"linkspan/core/hook"
	"linkspan/core/host"
)

// piece is a piece of a script: what its Run does, and what stands beside it.
type piece struct{ name, imports, body, beside string }

func (p piece) source() *Source {
	s := source(p.imports, p.body+"\nreturn nil")
	s.Files[0].Text += "\n" + p.beside + "\n"
	return s
}

// says runs the piece without the checks and returns what it logs, joined by
// blanks, or its error.
func (p piece) says(t *testing.T) string {
	t.Helper()
	var said []string
	env := &HostEnv{Say: func(line string) { said = append(said, line) }}
	if err := (Job{host.Hook{Name: "x"}, p.source(), hook.Event{}, env}).run(t.Context(), time.Minute); err != nil {
		return err.Error()
	}
	return strings.Join(said, " ")
}

// What stands beside several pieces.
const (
	guest = "type guest struct{ n string; e hook.Env }\nfunc (g guest) log() { g.e.Log(\"%s\", g.n) }\nfunc (g guest) name() string { return g.n }"
	vlan  = "type vlan struct{ id int }\nfunc (v vlan) String() string { return \"V\" }\nfunc (v vlan) MarshalJSON() ([]byte, error) { return []byte(\"7\"), nil }"
)

// traps are what the checker refuses: what Go would do, and what the
// interpreter does.
var traps = []struct {
	piece
	right, wrong, code string
}{
	{piece{"a closure in a loop", "", "var fs []func() string\nfor _, g := range []string{\"a\", \"b\"} {\n\tfs = append(fs, func() string { return g })\n}\nenv.Log(\"%s%s\", fs[0](), fs[1]())", ""}, "ab", "bb", "LS7004"},
	{piece{"a deferred argument", "", "n := 1\ndefer env.Log(\"%d\", n)\nn = 2", ""}, "1", "2", "LS7010"},
	{piece{"a deferred argument of the script's function", "", "n := 1\ndefer show(env, n)\nn = 2", "func show(env hook.Env, n int) { env.Log(\"%d\", n) }"}, "1", "2", "LS7010"},
	{piece{"a deferred receiver", "", "g := guest{\"a\", env}\ndefer g.log()\ng = guest{\"b\", env}", guest}, "a", "b", "LS7010"},
	{piece{"a deferred call in a loop", "", "for _, g := range []guest{{\"a\", env}, {\"b\", env}} {\n\tdefer g.log()\n}", guest}, "b a", "b b", "LS7010"},
	{piece{"a method value", "", "g := guest{\"a\", env}\nf := g.name\ng = guest{\"b\", env}\nenv.Log(\"%s\", f())", guest}, "a", "b", "LS7011"},
	{piece{"method values in a loop", "", "var fs []func() string\nfor _, g := range []guest{{\"a\", env}, {\"b\", env}} {\n\tfs = append(fs, g.name)\n}\nenv.Log(\"%s%s\", fs[0](), fs[1]())", guest}, "ab", "bb", "LS7011"},
	{piece{"the address of a loop's variable", "", "var ps []*string\nfor _, g := range []string{\"a\", \"b\"} {\n\tps = append(ps, &g)\n}\nenv.Log(\"%s%s\", *ps[0], *ps[1])", ""}, "ab", "bb", "LS7012"},
	{piece{"the address of a field of a loop's variable", "", "var ps []*string\nfor _, g := range []guest{{\"a\", env}, {\"b\", env}} {\n\tps = append(ps, &g.n)\n}\nenv.Log(\"%s%s\", *ps[0], *ps[1])", guest}, "ab", "bb", "LS7012"},
	{piece{"String in env.Log", "", "env.Log(\"%v\", vlan{2})", vlan}, "V", "{2}", "LS7013"},
	{piece{"String in a slice", "fmt", "env.Log(\"%s\", fmt.Sprint([]vlan{{2}}))", vlan}, "[V]", "[{2}]", "LS7013"},
	{piece{"MarshalJSON in a slice", "encoding/json", "b, err := json.Marshal([]vlan{{2}})\nenv.Log(\"%s %v\", b, err)", vlan}, "[7] <nil>", "[{\"Xid\":2}] <nil>", "LS7013"},
	{piece{"hidden fields in JSON", "encoding/json", "b, err := json.Marshal(pool{1, 2})\nenv.Log(\"%s %v\", b, err)", "type pool struct{ Shown, hidden int }"}, "{\"Shown\":1} <nil>", "{\"Shown\":1,\"Xhidden\":2} <nil>", "LS7016"},
	{piece{"a comparison returned", "", "env.Log(\"%v\", same(1, 1))", "func same(a, b int) any { return a == b }"}, "true", "hook \"x\": hooks/drain.go:", "LS7014"},
	{piece{"a negation returned", "", "env.Log(\"%v\", not(true))", "func not(a bool) any { return !a }"}, "false", "hook \"x\": hooks/drain.go:", "LS7014"},
}

// TestTraps: what the checker refuses, the interpreter gets wrong. A trap that
// a newer interpreter no longer has shows here, and its rule can go.
func TestTraps(t *testing.T) {
	for _, tt := range traps {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.says(t); !strings.HasPrefix(got, tt.wrong) {
				t.Errorf("it says %q, and not %q; Go would say %q", got, tt.wrong, tt.right)
			}
			if got := Check(tt.source()); len(got) == 0 || got[0].Code != tt.code {
				t.Errorf("it is not refused by %s: %v", tt.code, got)
			}
		})
	}
}

// TestRight: what authors write most, the checker takes and the interpreter
// gets right.
func TestRight(t *testing.T) {
	for _, tt := range []struct {
		piece
		want string
	}{
		{piece{"defer without arguments", "", "n := 1\ndefer func() { env.Log(\"%d\", n) }()\nn = 2", ""}, "2"},
		{piece{"defer with constants", "", "defer env.Log(\"%s %d\", \"a\", 3)", ""}, "a 3"},
		{piece{"a function made outside of the loop", "", "var fs []func() string\nfor _, g := range []string{\"a\", \"b\"} {\n\tfs = append(fs, make1(g))\n}\nenv.Log(\"%s%s\", fs[0](), fs[1]())", "func make1(g string) func() string { return func() string { return g } }"}, "ab"},
		{piece{"String and Error in fmt", "fmt", "env.Log(\"%s %s\", fmt.Sprint(vlan{2}), fmt.Sprintf(\"%v\", &vlan{2}))", vlan}, "V V"},
		{piece{"MarshalJSON", "encoding/json", "b, err := json.Marshal(vlan{2})\nenv.Log(\"%s %v\", b, err)", vlan}, "7 <nil>"},
		{piece{"an error of the script's own, wrapped", "errors fmt", "err := fmt.Errorf(\"no: %w\", &full{\"disk\"})\nf, ok := errors.Unwrap(err).(*full)\nenv.Log(\"%v %v %s\", err, ok, f.what)", "type full struct{ what string }\nfunc (f *full) Error() string { return f.what + \" is full\" }"}, "no: disk is full true disk"},
		{piece{"errors.Is", "errors fmt", "env.Log(\"%v\", errors.Is(fmt.Errorf(\"no: %w\", errFull), errFull))", "var errFull = errors.New(\"full\")"}, "true"},
		{piece{"an interface of the program, embedded", "", "var e hook.Env = quiet{env}\ne.Log(\"%d\", 1)", "type quiet struct{ hook.Env }\nfunc (q quiet) Log(format string, args ...any) { q.Env.Log(\"quiet \"+format, args...) }"}, "quiet 1"},
		{piece{"sorting", "sort", "l := []string{\"b\", \"a\"}\nsort.Slice(l, func(i, j int) bool { return l[i] < l[j] })\nm := by{\"d\", \"c\"}\nsort.Sort(m)\nenv.Log(\"%v%v\", l, m)", "type by []string\nfunc (b by) Len() int { return len(b) }\nfunc (b by) Less(i, j int) bool { return b[i] < b[j] }\nfunc (b by) Swap(i, j int) { b[i], b[j] = b[j], b[i] }"}, "[a b][c d]"},
		{piece{"a reader of the script's own", "bufio io", "s := bufio.NewScanner(&text{\"x\\ny\"})\nfor s.Scan() {\n\tenv.Log(\"%s\", s.Text())\n}", "type text struct{ s string }\nfunc (r *text) Read(p []byte) (int, error) {\n\tif r.s == \"\" {\n\t\treturn 0, io.EOF\n\t}\n\tn := copy(p, r.s)\n\tr.s = r.s[n:]\n\treturn n, nil\n}"}, "x y"},
		{piece{"JSON into structs", "encoding/json", "var d dom\nerr := json.Unmarshal([]byte(`{\"n\":\"q\",\"l\":[{\"n\":\"r\"}]}`), &d)\nenv.Log(\"%s %s %v\", d.N, d.L[0].N, err)", "type dom struct {\n\tN string `json:\"n\"`\n\tL []dom `json:\"l\"`\n}"}, "q r <nil>"},
		{piece{"a panic caught", "fmt", "env.Log(\"%v\", caught())", "func caught() (err error) {\n\tdefer func() {\n\t\tif r := recover(); r != nil {\n\t\t\terr = fmt.Errorf(\"caught: %v\", r)\n\t\t}\n\t}()\n\tvar m map[string]int\n\tm[\"a\"] = 1\n\treturn nil\n}"}, "caught: assignment to entry in nil map"},
		{piece{"copies", "", "a := [2]int{1, 2}\nb := a\nb[0] = 9\ng := guest{\"a\", env}\nl := []guest{g}\ng.n = \"b\"\nenv.Log(\"%v %v %s %s\", a, b, l[0].n, g.n)", guest}, "[1 2] [9 2] a b"},
		{piece{"times", "time", "t := time.Date(2026, time.May, 3, 4, 5, 6, 0, time.UTC)\nenv.Log(\"%s %s %v\", 90*time.Second, t.Format(time.RFC3339), t.Weekday() == time.Sunday)", ""}, "1m30s 2026-05-03T04:05:06Z true"},
		{piece{"labels and switches", "", "outer:\nfor i := 0; i < 3; i++ {\n\tfor j := 0; j < 3; j++ {\n\t\tswitch {\n\t\tcase j == 1:\n\t\t\tcontinue outer\n\t\tcase i == 2:\n\t\t\tbreak outer\n\t\t}\n\t\tenv.Log(\"%d%d\", i, j)\n\t}\n}", ""}, "00 10"},
		{piece{"type switches", "", "for _, x := range []any{1, \"s\", nil, 2.5} {\n\tswitch v := x.(type) {\n\tcase int, string:\n\t\tenv.Log(\"is %v\", v)\n\tcase nil:\n\t\tenv.Log(\"nil\")\n\tdefault:\n\t\tenv.Log(\"other %v\", v)\n\t}\n}", ""}, "is 1 is s nil other 2.5"},
		{piece{"a generic function", "", "env.Log(\"%d\", length([]int{1, 2}))", "func length[T any](in []T) int { return len(in) }"}, "2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Check(tt.source()); len(got) > 0 {
				t.Errorf("%v", got)
			}
			if got := tt.says(t); got != tt.want {
				t.Errorf("it says %q, not %q", got, tt.want)
			}
		})
	}
}
