package xl

import (
	"errors"
	"strings"
	"testing"
)

func TestSet(t *testing.T) {
	const key = "vif.default.bridge"
	for _, c := range []struct{ name, in, want string }{
		{"shipped", "# default bridge\n#vif.default.bridge=\"xenbr0\"\n", "# default bridge\n#vif.default.bridge=\"xenbr0\"\nvif.default.bridge=\"br7\"\n"},
		{"empty file", "", "vif.default.bridge=\"br7\"\n"},
		{"another value", "vif.default.bridge = 'xenbr0' # ours\n", "vif.default.bridge = \"br7\" # ours\n"},
		{"the last one counts", "vif.default.bridge=\"a\"\nautoballoon=0\nvif.default.bridge=\"b\"\n", "vif.default.bridge=\"a\"\nautoballoon=0\nvif.default.bridge=\"br7\"\n"},
		{"the same value, spelt otherwise", "vif.default.bridge='br7'\n", "vif.default.bridge='br7'\n"},
		{"a list", "vif.default.bridge=[ 'a',\n 'b' ]\n", "vif.default.bridge=\"br7\"\n"},
		{"between semicolons", "a=1;vif.default.bridge=\"x\";b=2\n", "a=1;vif.default.bridge=\"br7\";b=2\n"},
		{"no final line end", "autoballoon=\"auto\"", "autoballoon=\"auto\"\nvif.default.bridge=\"br7\"\n"},
		{"no final line end behind it", "vif.default.bridge=\"x\"", "vif.default.bridge=\"br7\""},
		{"a longer key", "vif.default.bridge2=\"x\"\n", "vif.default.bridge2=\"x\"\nvif.default.bridge=\"br7\"\n"},
		{"other bytes", "# \xfc\nx='\xff'\n", "# \xfc\nx='\xff'\nvif.default.bridge=\"br7\"\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := Set([]byte(c.in), key, "br7")
			if err != nil {
				t.Fatal(err)
			}
			if string(out) != c.want {
				t.Errorf("got\n%q\nwant\n%q", out, c.want)
			}
			if again, err := Set(out, key, "br7"); err != nil || string(again) != string(out) {
				t.Errorf("a second time: %q, %v", again, err)
			}
		})
	}
}

// What xl does not read is refused: a file with one such line ends every xl
// command ("Failed to parse config file").
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name, in, reason string
		python           bool
	}{
		{"Windows line ends", "a=1\r\nb=2\r\n", "carriage return", false},
		{"capital letters", "Autoballoon=1\n", "small letter", false},
		{"a comment at the end without line end", "a=1\n# b", "without a line end", false},
		{"bare word", "vif.default.bridge=xenbr0\n", "in quotes", false},
		{"negative number", "a=-1\n", "Python", true},
		{"a call", "a=f()\n", "in quotes", false},
		{"a method", "vif.append('x')\n", "Python", true},
		{"open string", "a=\"b\n", "not closed", false},
		{"open list", "a=[ 'b'\n", "ends inside a list", false},
		{"no commas", "a=[ 'b' 'c' ]\n", "not expected", false},
		{"two commas", "a=[ 'b',, 'c' ]\n", "Python", true},
		{"no value", "a=\n", "not expected", false},
		{"only a key", "a", "middle of an assignment", false},
		{"two on a line", "a=1 b=2\n", "not expected", false},
		{"escape by number", `a="\x41"` + "\n", "wrongly", false},
		{"deep", "a=" + strings.Repeat("[", 5000), "in quotes", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := Set([]byte(c.in), "vif.default.bridge", "br7")
			e, ok := errors.AsType[*Error](err)
			if !ok || !strings.Contains(e.Reason, c.reason) || e.Python != c.python {
				t.Errorf("%q, %+v; want %q", out, err, c.reason)
			}
		})
	}
	for _, value := range []string{`a"b`, `a\b`, "a\nb"} {
		if out, err := Set(nil, "vif.default.bridge", value); err == nil {
			t.Errorf("%q was written: %q", value, out)
		}
	}
	if out, err := Set([]byte("vif.default.bridge='a'\nvif.default.bridge+='b'\n"), "vif.default.bridge", "br7"); err == nil {
		t.Errorf("an assignment in two parts became %q", out)
	}
}

func TestLast(t *testing.T) {
	all, err := Parse([]byte("vif = [ 'bridge=a', \n# no\n'bridge=b', ]; name='x'\nvif += ['bridge=c']\nmemory=0x10\n"))
	if err != nil {
		t.Fatal(err)
	}
	vif, ok := Last(all, "vif")
	if !ok || len(vif.Value.Items) != 3 || vif.Value.Items[2].Text != "bridge=c" || vif.Line != 1 {
		t.Errorf("%+v", vif)
	}
	if m, _ := Last(all, "memory"); m.Value.Text != "0x10" || m.Line != 5 {
		t.Errorf("%+v", m)
	}
}

// FuzzSet: no input panics; an edit sets the value, is made once, and moves no
// other byte.
func FuzzSet(f *testing.F) {
	for _, s := range []string{"a=1;b='c' # d\nvif.default.bridge = [ 'x', [ \"y\" ] ]\n", "vif.default.bridge=\"a\\tb\"\nz+='1'", "#\n;;\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := Set(src, "vif.default.bridge", "br7")
		if err != nil {
			return
		}
		all, err := Parse(out)
		if err != nil {
			t.Fatal(err)
		}
		if last, ok := Last(all, "vif.default.bridge"); !ok || last.Value.Text != "br7" {
			t.Fatalf("%q became %q", src, out)
		}
		before, after := 0, 0
		for before < min(len(src), len(out)) && src[before] == out[before] {
			before++
		}
		for after < min(len(src), len(out))-before && src[len(src)-1-after] == out[len(out)-1-after] {
			after++
		}
		if changed := out[before : len(out)-after]; len(changed) > len("\nvif.default.bridge=\"br7\"\n") {
			t.Fatalf("%q became %q: %q", src, out, changed)
		}
	})
}
