package shell

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seeds are texts that have been troublesome to some reader.
var seeds = []string{
	"", "\n", "DEVICE=eth0", "DEVICE=eth0\n", "DEVICE=eth0\r\nONBOOT=yes\r\n", "# c\n\nDEVICE='eth0'\nIPADDR=10.0.0.1 # c\n",
	"BONDING_OPTS=”mode=1 miimon=100″\n", "NAME=My Uplink\n", "A=1;B=2; C=3\n", "A=1; rm -rf x\n", ";A=1\nB=2\n", "A=(1 2)\nB=3\n",
	"A=\"x\nB=2\ny\"\nC=3\n", "A='x\nB=2\n", "A=x\\\nB=2\nC=3\n", "A=$(id)\nB=`id`\nC=\"$D\"\n", "  A=1 B=\"two words\" \t# rest\n",
	"A=~/x\nB=a:~\nC=\"~\"\n", "A==b\n=x\n1A=2\nA+=3\nA[0]=4\n", "export A=1\n", "A=a\"b c\"'d e'f\\ g\n", "A=\"\\x\\$\\\\\"\n", "A=1 #\x00\n", "if true; then\nA=1\nfi\n",
}

// What edits promise, for any bytes: the file is kept, the edited keys have
// their new values, the others the ones they had, and a second time changes nothing.
func FuzzShellVariables(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkEdits(t, raw) })
}

func checkEdits(t *testing.T, raw []byte) {
	d := Parse(raw)
	if got := d.Apply(nil); !bytes.Equal(got, raw) {
		t.Fatalf("no edits changed %q to %q", raw, got)
	}
	list := []Edit{{key: "DEVICE", value: "eth0"}, {key: "A", value: "two words"}, {key: "B", unset: true}, {key: "IPADDR", unset: true}}
	edited := d.Apply(list)
	again := Parse(edited)
	for _, e := range list {
		if v, ok := again.Get(e.key); ok == e.unset || v != e.value {
			t.Fatalf("%q became %q, in which %s is %q (%v)", raw, edited, e.key, v, ok)
		}
	}
	if second := again.Apply(list); !bytes.Equal(second, edited) {
		t.Fatalf("%q became %q and then %q", raw, edited, second)
	}
	if len(d.Problems) > 0 || bytes.ContainsAny(raw, Typographic) {
		return // a damaged line is replaced as a whole
	}
	before, after := d.Values(), again.Values()
	for _, e := range list {
		delete(before, e.key)
		delete(after, e.key)
	}
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Fatalf("%q became %q: other keys were %v and are %v", raw, edited, before, after)
	}
}

// The parser and bash agree on every file in which the parser finds no fault:
// each key has the value that a sourcing bash gives it.
func TestAgreesWithBash(t *testing.T) {
	bash := requireBash(t)
	pieces := []string{"x", "y=z", "”", "'q r'", "'$x'", "\"s t\"", "\"\\$\\x\"", "\\ ", "\\$", "#", ":", "~", "\r", "''", "\"a\nb\"", "{a,b}", "*", "!", "\\\\", "\"'\"", "$"}
	ends := []string{"\n", "\n", "\n", "\r\n", ";", "; ", " ", "\t", " # A=9\n", ";\n", "\n\n", "\n  "}
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	var texts []string
	for n := range 3000 {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			b.WriteString([]string{"A=", "B=", "C=", "# A="}[r.IntN(4)])
			for range r.IntN(4) {
				b.WriteString(pieces[r.IntN(len(pieces))])
			}
			b.WriteString(ends[r.IntN(len(ends))])
		}
		texts = append(texts, b.String())
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d", n)), []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Each file in a subshell, so that none sees another's variables; keys and
	// values end in NUL.
	const script = `cd "$1"; for f in *; do (HOME=/home PATH=; exec 3>&1 >/dev/null 2>&1; trap 'for k in A B C; do printf "%s\0" "${!k-UNSET}"; done >&3' EXIT; . ./$f); done; true`
	out, err := exec.Command(bash, "--norc", "-c", script, "bash", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	values := strings.Split(string(out), "\x00")
	if len(values) != 3*len(texts)+1 {
		t.Fatalf("%d values for %d files", len(values), len(texts))
	}
	compared := 0
	for n, text := range texts {
		compared += compareWithBash(t, text, values[3*n:3*n+3])
	}
	t.Logf("%d values compared", compared)
	if compared < len(texts) {
		t.Errorf("only %d values were compared", compared)
	}
}

func compareWithBash(t *testing.T, text string, values []string) int {
	t.Helper()
	d := Parse([]byte(text))
	if len(d.Problems) > 0 {
		return 0
	}
	for i, key := range []string{"A", "B", "C"} {
		have, ok := d.Get(key)
		if !ok {
			have = "UNSET"
		}
		if have != values[i] {
			t.Errorf("%q: %s is %q to bash and %q to the parser", text, key, values[i], have)
		}
	}
	return len(values)
}

func requireBash(t testing.TB) string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	return bash
}

// BenchmarkParse parses files of the usual size; 10,000 of them are to take
// less than a second.
func BenchmarkParse(b *testing.B) {
	text := []byte("# Broadcom Corporation NetXtreme II BCM5708 Gigabit Ethernet\nDEVICE=bond0.123\nTYPE=Vlan\nBOOTPROTO=none\nONBOOT=yes\nVLAN=yes\nPHYSDEV=bond0\nVLAN_ID=123\nUSERCTL=no\nNM_CONTROLLED=no\n" +
		"IPADDR=192.168.12.34\nNETMASK=255.255.255.0\nPREFIX=24\nGATEWAY=192.168.12.1\nDNS1=192.168.12.53\nDOMAIN=\"example.com example.org\"\nIPV6INIT=no\nBRIDGE=xenbr123\n")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if d := Parse(text); len(d.Values()) != 17 {
			b.Fatal(len(d.Values()))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Seconds())/float64(b.N)*10000, "s/10000files")
}

// Files that are programs: what they say is known only where no statement may
// say otherwise.
func TestPrograms(t *testing.T) {
	for _, c := range []struct{ text, key, want, reason string }{
		{"export A=1\n", "A", "1", "export"},
		{"export A='two words' # why\n", "A", "two words", "export"},
		{"export A=1 B=2\n", "A", "-", "export"},
		{"A=1\nif true; then\n  A=2\nfi\n", "A", "-", "if"},
		{"if true; then\n  A=2\nfi\nA=1\n", "A", "1", "if"},
		{"B=1\nif true; then\n  A=2\nfi\n", "B", "1", "if"},
		{"A=1\n[ -n \"$X\" ] && A=2\n", "A", "-", "&&"},
		{"A=1\n[ -n \"$A\" ] && B=2\n", "A", "1", "&&"},
		{"A=1\ncat <<EOF\nA=2\nEOF\n", "A", "1", "here-document"},
		{"A=1\ncat <<EOF\ndon't\nEOF\nB=2\n", "B", "2", "here-document"},
		{"cat <<EOF\nEOF\nB=2\n", "B", "2", "here-document"},
		{"A=1\n. ./common\n", "A", "-", "not known"},
		{". ./common\nA=1\n", "A", "1", "not known"},
		{"A=1\nsource common\nB=2\n", "B", "2", "not known"},
		{"A=1\neval B=2\n", "A", "-", "not known"},
		{"A=1\nunset A\n", "A", "-", "unset"},
		{"A=1\nread B\n", "A", "1", "read"},
		{"A=1\nread A\n", "A", "-", "read"},
		{"f() { A=2; }\nA=1\n", "A", "1", "function"},
		{"f() { A=2; }\nA=1\nf\n", "A", "-", "function"},
		{"A=1\nfor A in x y; do :; done\n", "A", "-", "loop"},
		{"A=1\nwhile false; do\nA=2\ndone\n", "A", "-", "loop"},
		{"A=1\ncase $X in\n  y) A=2;;\nesac\n", "A", "-", "case"},
		{"A=1\n{ A=2; }\n", "A", "-", "compound"},
		{"A=1\n( A=2 )\nB=2\n", "B", "2", "compound"},
		{"A=0\nA=1; if true; then :; fi\n", "A", "-", "if"},
		{"A=1\n: ${A:=2}; true && :\n", "A", "-", "&&"},
		{"A=1\ndeclare -x B=1\n", "A", "1", "declare"},
		{"A=1\ndeclare -x A=2\n", "A", "-", "declare"},
		{"A=1\nA+=2\n", "A", "-", "+="},
		{"A=1\nA[0]=2\nB=3\n", "B", "3", "list"},
		{"A=(1 2)\nB=3\n", "B", "3", "list"},
		{"A=1\nif true; then\nB=2\n", "A", "1", "stops"},
		{"A=1\nif true; then\nB=2\n", "B", "-", "stops"},
		{"A=1; if true; then\nB=2\n", "A", "-", "stops"},
		{"A=1\ntrue &&\n", "A", "1", "stops"}, // no program at all: bash has run line 1
	} {
		d := Parse([]byte(c.text))
		have, ok := d.Get(c.key)
		if !ok {
			have = "-"
		}
		if have != c.want {
			t.Errorf("%q: %s is %q, not %q", c.text, c.key, have, c.want)
		}
		if !slices.ContainsFunc(d.Problems, func(p Problem) bool { return strings.Contains(p.Reason, c.reason) }) {
			t.Errorf("%q: %+v does not say %q", c.text, d.Problems, c.reason)
		}
		checkEdits(t, []byte(c.text))
	}
}

// What the parser says of a program holds for bash: a key that it knows has that
// value there, in either branch of the conditions.
func TestProgramsAgreeWithBash(t *testing.T) {
	bash := requireBash(t)
	pieces := []string{"A=1\n", "B=2\n", "A=3; B=4\n", "export A=5\n", "export B='x y' # c\n", "export A=6 B=7\n", "if COND; then\n A=8\nfi\n", "if COND; then B=9; fi\n", "COND && A=10\n", "COND || B=11\n",
		"cat <<E\nA=12\nE\n", "cat <<'E'\nB=don't\nE\n", "cat <<E\nE\n", "unset A\n", "read B <<<x\n", "f() { A=13; }\n", "f\n", "for A in p q; do B=$A; done\n", "{ B=14; }\n", "( A=15 )\n", "eval A=16\n",
		": ${B:=17}\n", "case $A in 1) B=18;; esac\n", "A=19 true\n", "A=20; COND && B=21; A=22\n", "declare A=23\n", "readonly_=1\n", "let A=24\n", "((B=25))\n", "printf -v A 26\n", "B+=27\n", "A[0]=28\n", "# A=29\n", "\n", "A=\"30\n31\"\n", "true; B=32\n", "x() (\nA=33\n)\n"}
	wrong := []string{"if true; then\n", "true &&\n", "fi\n", "A=34; )\n"}
	r := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	var texts []string
	for n := range 600 {
		var b strings.Builder
		for range 1 + r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
			if r.IntN(30) == 0 {
				b.WriteString(wrong[r.IntN(len(wrong))])
			}
		}
		text := strings.ReplaceAll(b.String(), "COND", []string{"true", "false"}[r.IntN(2)])
		texts = append(texts, text)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d", n)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const script = `cd "$1"; for f in *; do (PATH=/bin:/usr/bin; exec 3>&1 >/dev/null 2>&1; . ./$f; for k in A B; do printf "%s\0" "${!k-UNSET}"; done >&3); done; true`
	out, err := exec.Command(bash, "--norc", "-c", script, "bash", dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	values := strings.Split(string(out), "\x00")
	if len(values) != 2*len(texts)+1 {
		t.Fatalf("%d values for %d files", len(values), len(texts))
	}
	known := 0
	for n, text := range texts {
		d := Parse([]byte(text))
		for i, key := range []string{"A", "B"} {
			have, ok := d.Get(key)
			if !ok {
				continue
			}
			known++
			if have != values[2*n+i] {
				t.Errorf("%q: %s is %q to bash and %q to the parser", text, key, values[2*n+i], have)
			}
		}
		checkEdits(t, []byte(text))
	}
	t.Logf("%d values known", known)
	if known < len(texts)/3 {
		t.Errorf("only %d values are known", known)
	}
}

// A nest of brackets costs neither the stack nor minutes.
func TestDeepNest(t *testing.T) {
	for _, piece := range []string{"(", "{ ", "$(", "if ", "((", "A=(", "\"$(", "f() ", "${A:-"} {
		Parse([]byte(strings.Repeat(piece, maxScript/len(piece)-2) + "\n"))
	}
}
