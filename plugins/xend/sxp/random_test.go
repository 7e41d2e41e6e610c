package sxp

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// files is how many random files TestRandomFiles tries:
//
//	go test ./plugins/xend/sxp -run RandomFiles -files 100000
var files = flag.Int("files", 3000, "random `files` to edit")

// author writes random files as people, distributions and other tools do, with
// every trap of the grammar.
type author struct {
	*rand.Rand
	strings.Builder
	eol string
}

func (a *author) pick(of ...string) string { return of[a.IntN(len(of))] }

// blank is what may stand between two expressions.
func (a *author) blank() string {
	return a.pick(" ", " ", "  ", "\t", a.eol, a.eol+"  ", "\v", "\f", "\r", " "+a.comment()+a.eol, a.comment()+a.eol)
}

func (a *author) comment() string {
	return a.pick("#", "# ", "##") + a.pick("", " it's (unbalanced", "(network-script network-bridge)", " (network-script 'network-bridge netdev=eth1')", "“curly”", "(xen-api-server ((9363 pam", "linkspan#", "linkspan# half", "linkspan+#", " see #linkspan# there")
}

func (a *author) atom() string {
	return a.pick("xend-http-server", "yes", "no", "256", "a'b", `c"d`, `e\f`, "é"[:0]+"x\xff", "h;i", "{j}", "[<;", "~/k", "network-script", "@", "0.0.0.0", "vnc-listen", "n\x00m")
}

func (a *author) quoted() string {
	q := a.pick("'", `"`)
	text := a.pick("", "network-bridge netdev=eth1", "^localhost$ ^localhost\\\\.localdomain$", "(network-script x)", "# no comment", "two\nlines", "\x80\xff", `\'\"\\\n\055`, `\x2d`, "\n#linkspan#(network-script x)\n", "#linkspan#")
	if !strings.Contains(text, `\`) {
		text = strings.ReplaceAll(text, q, "")
	}
	return q + text + q
}

func (a *author) value(depth int) string {
	switch n := a.IntN(10); {
	case n < 5:
		return a.atom()
	case n < 8:
		return a.quoted()
	case depth > 4:
		return "()"
	}
	return a.list(depth + 1)
}

func (a *author) list(depth int) string {
	var b strings.Builder
	b.WriteString("(" + a.pick("", "", a.blank()))
	for i := range a.IntN(4) {
		if i > 0 {
			b.WriteString(a.blank())
		}
		b.WriteString(a.value(depth))
	}
	b.WriteString(a.pick("", "", a.blank()) + ")")
	return strings.ReplaceAll(b.String(), "#)", "# )") // a comment would hide it
}

// directive is a network-script list in one of its guises.
func (a *author) directive() string {
	head := a.pick("network-script", "network-script", "network-script", "'network-script'", `"network-script"`, `'network\055script'`)
	list := "(" + a.pick("", "", a.blank()) + head
	for range a.IntN(3) {
		list += a.blank() + a.value(3)
	}
	return list + a.pick("", "", a.blank()) + ")"
}

// randomFile is one random file; most of them xend would start with.
func randomFile(seed uint64) []byte {
	a := &author{Rand: rand.New(rand.NewPCG(seed, 7))}
	a.eol = a.pick("\n", "\n", "\n", "\r\n")
	for range a.IntN(12) {
		switch a.IntN(6) {
		case 0, 1:
			a.WriteString(a.directive())
		case 2:
			a.WriteString(a.comment() + a.eol)
		case 3:
			a.WriteString(a.value(0))
		default:
			a.WriteString(a.list(0))
		}
		a.WriteString(a.pick("", " ", a.eol, a.eol, a.eol+a.eol, " "+a.comment()+a.eol))
	}
	a.WriteString(a.pick("", a.eol, a.eol))
	return a.spoilt([]byte(a.String()))
}

// spoilt breaks one file of five: cut off, or with something strange in it.
func (a *author) spoilt(src []byte) []byte {
	if len(src) == 0 || a.IntN(5) > 0 {
		return src
	}
	at := a.IntN(len(src))
	if a.IntN(3) == 0 {
		return src[:at]
	}
	strange := a.pick("(", ")", "'", `"`, `\`, "#", "\n", "\r", "!", "\x04", "\x00", "é", "\ufeff", "“", `\d`, `\7`, `\x4g`, `'\777'`, " # ", "#linkspan#")
	return slices.Concat(src[:at], []byte(strange), src[at:])
}

// TestRandomFiles: the edit takes the directives away and nothing else, leaves
// every other expression as it was, is made once, and comes back to the byte.
func TestRandomFiles(t *testing.T) {
	edited, refused := 0, 0
	for seed := range uint64(*files) {
		src := randomFile(seed)
		out, n, err := Remark(src)
		if err != nil {
			refused++
			continue
		}
		if n > 0 {
			edited++
		}
		if err := holds(src, out, n); err != "" {
			t.Fatalf("seed %d: %s\n%q\nbecame\n%q", seed, err, src, out)
		}
	}
	t.Logf("%d files: %d edited, %d refused", *files, edited, refused)
	if edited < *files/4 || refused < *files/20 || refused > *files/2 {
		t.Errorf("of %d files %d were edited and %d refused: the files are no test any more", *files, edited, refused)
	}
}

// holds says what an edit owes and did not keep; "" is nothing.
func holds(src, out []byte, n int) string {
	if n == 0 {
		if !bytes.Equal(src, out) {
			return "nothing to do, and changed"
		}
		return ""
	}
	before, err := Parse(src)
	after, err2 := Parse(out)
	if err != nil || err2 != nil {
		return "it does not parse"
	}
	kept := slices.DeleteFunc(slices.Clone(before.Nodes), func(n Node) bool { return n.Head() == Directive })
	if len(kept) != len(after.Nodes) || len(after.Lists(Directive)) > 0 {
		return "other expressions are there"
	}
	for i, k := range kept {
		if string(src[k.Start:k.End]) != string(out[after.Nodes[i].Start:after.Nodes[i].End]) {
			return "an expression has other bytes"
		}
	}
	if again, n, err := Remark(out); err != nil || n > 0 || !bytes.Equal(again, out) {
		return "a second edit does something"
	}
	back, _, err := Restore(out)
	if err != nil {
		return "it does not come back: " + err.Error()
	}
	// What was remarked before the edit comes back as well.
	if was, _, err := Restore(src); err != nil || !bytes.Equal(back, was) {
		return "it comes back as " + string(back)
	}
	return ""
}
