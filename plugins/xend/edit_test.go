package xend

import (
	"bytes"
	"strings"
	"testing"
)

// Each case is a trap that a line-based editor falls into.
func TestRemark(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "(network-script network-bridge)\n", "#linkspan#(network-script network-bridge)\n"},
		{"absent", "(vif-script vif-bridge)\n", "(vif-script vif-bridge)\n"},
		{"already a comment", "# (network-script network-bridge)\n#(network-script x)\n", "# (network-script network-bridge)\n#(network-script x)\n"},
		{"indented", "   (network-script x)\n", "   #linkspan#(network-script x)\n"},
		{"two", "(network-script a)\n(network-script b)\n", "#linkspan#(network-script a)\n#linkspan#(network-script b)\n"},
		{"over lines", "(network-script\n  'network-bridge netdev=eth1'\n)\n", "#linkspan#(network-script\n#linkspan#  'network-bridge netdev=eth1'\n#linkspan#)\n"},
		{"after a list on its line", "(a b)(network-script x)\n", "(a b)#linkspan#(network-script x)\n"},
		{"before a list on its line", "(network-script x)(a b)\n", "#linkspan#(network-script x)\n(a b)\n"},
		{"before a comment on its line", "(network-script x) # why\n", "#linkspan#(network-script x) # why\n"},
		{"quoted name", "(\"network-script\" x)\n", "#linkspan#(\"network-script\" x)\n"},
		{"octal name", "('network\\055script' x)\n", "#linkspan#('network\\055script' x)\n"},
		{"a comment inside", "(network-script # )\n x)\n(a b)\n", "#linkspan#(network-script # )\n#linkspan# x)\n(a b)\n"},
		{"in a string", "'\n(network-script x)\n'\n", "'\n(network-script x)\n'\n"},
		{"nested", "(a (network-script x))\n", "(a (network-script x))\n"},
		{"another word", "(network-scripts x)\n", "(network-scripts x)\n"},
		{"semicolon is no comment", "; (network-script x)\n", "; #linkspan#(network-script x)\n"},
		{"CRLF", "(network-script x)(a b)\r\n", "#linkspan#(network-script x)\r\n(a b)\r\n"},
		{"no line end", "(a b)\n(network-script x)", "(a b)\n#linkspan#(network-script x)"},
		{"empty directive", "(network-script )\n", "#linkspan#(network-script )\n"},
		{"quote inside an atom", "(network-script'x')\n", "(network-script'x')\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := remark([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != c.want {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
			again, n, err := remark(got)
			if err != nil || n != 0 || !bytes.Equal(again, got) {
				t.Errorf("a second time: %d directives, %v", n, err)
			}
		})
	}
}

// What xend would not start with, or drops, or reads differently, is refused.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, in, reason string }{
		{"unclosed list", "(network-script x\n", "ends inside a list"},
		{"cut off in an atom", "(network-script network-bridge", "xend drops the whole list"},
		{"cut off in a comment", "(network-script x # y", "xend drops the whole list"},
		{"surplus parenthesis", "(a b))\n", "closing parenthesis"},
		{"unclosed string", "(a 'b)\n", "not closed"},
		{"byte order mark", "\xef\xbb\xbf(a b)\n", "byte order mark"},
		{"curly quote", "(network-script “network-bridge”)\n", "typographic quote"},
		{"unknown escape", `(a '^.*\.example\.org$')` + "\n", "read it differently"},
		{"hexadecimal escape", `(a '\x41')` + "\n", "read it differently"},
		{"octal too large", `(a '\777')` + "\n", "octal"},
		{"end of transmission", "(a b)\x04(c d)\n", "^D"},
		{"NUL", "\x00", "invalid character"},
		{"deep", strings.Repeat("(", 5000), "nested"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := remark([]byte(c.in)); err == nil || !strings.Contains(err.Error(), c.reason) {
				t.Errorf("got %v, want %q", err, c.reason)
			}
		})
	}
}

// FuzzRemark: no input panics; an edit changes nothing but the directives, is
// made once, and goes away without a trace where no line end was put in.
func FuzzRemark(f *testing.F) {
	f.Add([]byte("(a b)(network-script 'x y')(c d)\n# (network-script z)\n"))
	f.Add([]byte("(network-script\n x)\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		out, n, err := remark(src)
		if err != nil || bytes.Contains(src, []byte(mark)) {
			return
		}
		if n == 0 && !bytes.Equal(out, src) {
			t.Fatal("changed without a directive")
		}
		if _, again, err := remark(out); err != nil || again != 0 {
			t.Fatalf("a second time: %d, %v", again, err)
		}
		back, _, err := unmark(out)
		if err != nil {
			t.Fatal(err)
		}
		squeeze := func(b []byte) []byte {
			return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r"), nil), []byte("\n"), nil)
		}
		if !bytes.Equal(squeeze(back), squeeze(src)) {
			t.Fatalf("%q came back as %q", src, back)
		}
	})
}
