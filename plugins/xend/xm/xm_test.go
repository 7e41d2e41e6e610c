package xm

import (
	"strings"
	"testing"
)

// spell writes a value as the cases do; "?" is unknown, "-" is not there.
func spell(v Value, ok bool) string {
	switch {
	case !ok:
		return "-"
	case v.Unknown != "":
		return "?"
	case v.Kind == List:
		var items []string
		for _, i := range v.Items {
			items = append(items, spell(i, true))
		}
		return "[" + strings.Join(items, "|") + "]"
	case v.Kind == None:
		return "None"
	}
	return v.Text
}

// Each case is what a file leaves in vif. What Python might do otherwise is
// unknown: a guess would show a guest on a bridge that it never comes to.
func TestRead(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "vif = ['mac=00:16:3e:00:00:01, bridge=xenbr0']\n", "[mac=00:16:3e:00:00:01, bridge=xenbr0]"},
		{"two, a trailing comma", "vif = [ 'bridge=a', \"bridge=b\", ]\n", "[bridge=a|bridge=b]"},
		{"none", "name = 'x'\n", "-"},
		{"empty", "vif = [ '' ]", "[]"},
		{"over lines, with comments", "vif = [ 'bridge=a', # the first\n  # 'bridge=b',\n 'bridge=c' ]\n", "[bridge=a|bridge=c]"},
		{"the last assignment counts", "vif = ['bridge=a']\nvif = ['bridge=b']\n", "[bridge=b]"},
		{"joined", "vif = ['mac=1,' + 'bridge=a', 'mac=2,' 'bridge=b']\n", "[mac=1,bridge=a|mac=2,bridge=b]"},
		{"a name of a string", "br = 'xenbr1'\nvif = ['bridge=' + br]\n", "[bridge=xenbr1]"},
		{"a tuple", "vif = ('bridge=a',)\n", "[bridge=a]"},
		{"parentheses alone", "vif = (['bridge=a'])\n", "[bridge=a]"},
		{"line continuation", "vif = \\\n ['bridge=a']\n", "[bridge=a]"},
		{"Windows line ends", "vif = ['bridge=a']\r\n", "[bridge=a]"},
		{"behind a semicolon", "name = 'x'; vif = ['bridge=a']\n", "[bridge=a]"},
		{"in a string of three quotes", "doc = '''\nvif = ['bridge=a']\n'''\n", "-"},
		{"escapes", `vif = ['br\x69dge=a', r'a\n', 'it\'s']` + "\n", `[br\x69dge=a|a\n|it's]`},
		{"an import does no harm", "import os, re\narch = os.uname()[4]\nvif = ['bridge=a']\n", "[bridge=a]"},
		{"an if elsewhere", "if arch == 'x':\n    lib = 'lib64'\nelse:\n    lib = 'lib'\nvif = ['bridge=a']\n", "[bridge=a]"},
		{"assigned after an if", "if x:\n  vif = []\nvif = ['bridge=a']\n", "[bridge=a]"},

		{"formatted", "vif = ['bridge=%s' % br]\n", "?"},
		{"a name that is not known", "vif = ['bridge=' + br]\n", "?"},
		{"the number of the machine", "vif = ['mac=00:16:3e:00:00:%02x' % vmid]\n", "?"},
		{"in an if", "if x:\n    vif = ['bridge=a']\n", "?"},
		{"in an if, on its line", "if x: vif = ['bridge=a']\n", "?"},
		{"in an if, behind a semicolon", "if x: y = 1; vif = ['bridge=a']\n", "?"},
		{"changed in an if", "vif = ['bridge=a']\nif x:\n    vif = []\n", "?"},
		{"appended", "vif = []\nvif.append('bridge=a')\n", "?"},
		{"added", "vif = []\nvif += ['bridge=a']\n", "?"},
		{"an item replaced", "vif = ['bridge=a']\nvif[0] = 'bridge=b'\n", "?"},
		{"multiplied", "vif = ['bridge=a'] * 2\n", "?"},
		{"chosen", "vif = ['bridge=a'] if x else []\n", "?"},
		{"called", "vif = networks('a')\n", "?"},
		{"a comprehension", "vif = ['bridge=' + b for b in 'ab']\n", "?"},
		{"the same list by another name", "l = []\nvif = l\nl.append('bridge=a')\n", "?"},
		{"two at once", "name, vif = 'x', ['bridge=a']\n", "?"},
		{"a chain", "x = vif = ['bridge=a']\n", "?"},
		{"handed on", "vif = ['bridge=a']\nfix(vif)\n", "?"},
		{"in a loop", "vif = ['bridge=a']\nfor vif in x: pass\n", "?"},
		{"in a function", "vif = ['bridge=a']\ndef f():\n    global vif\n    vif = []\nf()\n", "?"},
		{"in a function that is called later", "def f():\n    global vif\n    vif = []\nvif = ['bridge=a']\nf()\n", "?"},
		{"in a lambda", "f = lambda: vif.append('x')\nvif = ['bridge=a']\nf()\n", "?"},
		{"another file", "vif = ['bridge=a']\nexecfile('/etc/xen/common')\n", "?"},
		{"only another file", "execfile('/etc/xen/common')\n", "?"},
		{"another file first", "execfile('/etc/xen/common')\nvif = ['bridge=a']\n", "[bridge=a]"},
		{"everything of a module", "vif = ['bridge=a']\nfrom site_config import *\n", "?"},
		{"this of a module", "from site_config import vif\n", "?"},
		{"executed", "vif = ['bridge=a']\nexec 'vi' + 'f = 1'\n", "?"},
		{"by the table of names", "vif = ['bridge=a']\nglobals()['vi' + 'f'] = []\n", "?"},
		{"removed", "vif = ['bridge=a']\ndel vif\n", "?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := Read([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := spell(v.Get("vif")); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestReasonsNameTheLine(t *testing.T) {
	v, err := Read([]byte("# web1\nname = 'web1'\nvif = ['bridge=a']\nif x:\n    vif = []\n"))
	if err != nil {
		t.Fatal(err)
	}
	vif, _ := v.Get("vif")
	if vif.Unknown != "line 5 may change it: vif = [ ]" {
		t.Error(vif.Unknown)
	}
	if name, _ := v.Get("name"); name.Line != 2 {
		t.Error(name)
	}
}

func TestNoPython(t *testing.T) {
	for _, src := range []string{"vif = ['bridge=a'\n", "vif = 'a\n", "vif = '''a\n", "vif = ]\n", "vif = (]\n", "vif = $x\n", "\x00"} {
		if _, err := Read([]byte(src)); err == nil {
			t.Errorf("%q was read", src)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"vif = ['a', \"b\" 'c' + '''d\n''']\n", "if x: y = 1; z = (2,)\ndef f():\n\treturn vif\n", "a = u'\\\n'; b = a\n", "from x import *\nexec 'a'\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		v, err := Read(src)
		if err != nil {
			return
		}
		v.Get("vif")
		// What follows at the left margin by literals alone is known, whatever
		// stood before it, unless a function may change it.
		after, err := Read(append(src, "\n\nvif = ['bridge=x']\n"...))
		if err != nil {
			return // the end was in the middle of something
		}
		if got := spell(after.Get("vif")); got != "[bridge=x]" && got != "?" {
			t.Errorf("%q leaves %s", src, got)
		}
	})
}
