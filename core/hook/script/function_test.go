package script

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

const functionText = `package site

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

type Net struct {
	VLAN int      ` + "`json:\"vlan\"`" + `
	Tags []string ` + "`json:\"tags\"`" + `
}

func Text(a string, b bool, c float64) string { return fmt.Sprintf("%s %v %v", a, b, c) }

func Sum(of ...int) int {
	n := 0
	for _, i := range of {
		n += i
	}
	return n
}

func Small(n uint8) uint8 { return n }

func Networks(in map[string]Net) []Net {
	var out []Net
	for _, n := range in {
		out = append(out, n)
	}
	return out
}

func Addr(a netip.Addr) (netip.Addr, error) { return a.Next(), nil }

func Anything(x any) any { return x }

func Fails(why string) (string, error) { return "", errors.New(why) }

func Panics(m map[string]string) string { m["a"] = strings.ToUpper("b"); var n map[string]int; n["x"] = 1; return m["a"] }

func Loops() int {
	for {
	}
}

func Fills() int {
	var all [][]byte
	for {
		all = append(all, make([]byte, 64<<20))
	}
}

func Chan(c chan int) int { return 0 }

func Two() (int, int) { return 1, 2 }

func Nothing() {}

func Self(l List) int { return 0 }

type List struct{ Next []List }

func Hidden(h struct{ a int }) int { return 0 }

func Generic[T any](t T) int { return 0 }

var Variable = 1
`

func functionsOf(t *testing.T, text string) *Functions {
	t.Helper()
	f, diags := LoadFunctions(t.Context(), &Source{Name: "functions.go", Files: []File{{"functions.go", text}}})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	t.Cleanup(f.Close)
	return f
}

func TestSignature(t *testing.T) {
	f := functionsOf(t, functionText)
	for name, want := range map[string]string{
		"text":     "{[{a string} {b bool} {c number}] false string}",
		"Text":     "{[{a string} {b bool} {c number}] false string}",
		"sum":      "{[{of number}] true number}",
		"networks": "{[{in map(object({ vlan = number, tags = list(string) }))}] false list(object({ vlan = number, tags = list(string) }))}",
		"addr":     "{[{a string}] false string}",
		"anything": "{[{x any}] false any}",
		"loops":    "{[] false number}",
		"tex":      `package site has no function Tex. Did you mean "Text"?`,
		"variable": "has no function Variable",
		"chan":     "parameter c of chan: the language has no type for chan int",
		"two":      "two gives (int, int); it must give one value",
		"nothing":  "nothing gives (); it must give one value",
		"self":     "its type holds itself",
		"hidden":   "the field a begins with a small letter",
		"generic":  "has type parameters",
	} {
		s, diags := f.Signature(name)
		got := fmt.Sprint(s)
		if len(diags) > 0 {
			got = diags[0].Detail
			if diags[0].Code != "LS7018" || diags[0].Range.File != "functions.go" {
				t.Errorf("%s: %v", name, diags)
			}
		}
		if !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestCall: values come and go typed; what goes wrong is an error, and the
// next call is served all the same.
func TestCall(t *testing.T) {
	f := functionsOf(t, functionText)
	for _, tt := range []struct{ name, args, want string }{
		{"text", `["x",true,1.5]`, `"x true 1.5"`},
		{"sum", `[1,2,3]`, `6`},
		{"sum", `[]`, `0`},
		{"networks", `[{"a":{"vlan":2,"tags":["x"]}}]`, `[{"tags":["x"],"vlan":2}]`},
		{"addr", `["192.168.0.1"]`, `"192.168.0.2"`},
		{"addr", `["nowhere"]`, "argument 0: ParseAddr"},
		{"anything", `[{"a":[1,null]}]`, `{"a":[1,null]}`},
		{"sum", `[1,"x"]`, "argument 1: a string does not fit into the Go type int"},
		{"sum", `[1.5]`, "argument 0: a number 1.5 does not fit into the Go type int"},
		{"small", `[256]`, "argument 0: a number 256 does not fit into the Go type uint8"},
		{"fails", `["it rains"]`, "it rains"},
		{"panics", `[{}]`, "nil map"},
		{"loops", `[]`, "not done within"},
		{"fills", `[]`, "it took more than 512 MiB of memory"},
		{"text", `["y",false,0]`, `"y false 0"`},
	} {
		f.limit = time.Minute
		if tt.name == "loops" {
			f.limit = 500 * time.Millisecond
		}
		var args []any
		if err := json.Unmarshal([]byte(tt.args), &args); err != nil {
			t.Fatal(err)
		}
		v, err := f.Call(t.Context(), tt.name, args)
		text, _ := json.Marshal(v)
		got := string(text)
		if err != nil {
			got = err.Error()
		}
		if wrong, ok := err.(*ArgumentError); ok {
			got = fmt.Sprintf("argument %d: %v", wrong.Argument, err)
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s %s: %s, want %s", tt.name, tt.args, got, tt.want)
		}
	}
}

func BenchmarkFunction(b *testing.B) {
	f, diags := LoadFunctions(b.Context(), &Source{Name: "functions.go", Files: []File{{"functions.go", functionText}}})
	if len(diags) > 0 {
		b.Fatal(diags)
	}
	defer f.Close()
	for i := 0; b.Loop(); i++ {
		if _, err := f.Call(b.Context(), "sum", []any{1, i}); err != nil {
			b.Fatal(err)
		}
	}
}
