package xend

import (
	"fmt"
	"unicode/utf8"
)

// node is one expression of the file as xend's parser sees it (xen
// RELEASE-4.4.0, tools/python/xen/xend/sxp.py), with the bytes that it spans.
type node struct {
	list       bool
	children   []node
	text       string // of an atom or string, after escapes
	start, end int
}

// syntaxError is what keeps xend from starting.
type syntaxError struct {
	offset int
	reason string
}

func (e *syntaxError) Error() string { return e.reason }

// maxDepth bounds nesting; xend's own parser is recursive in places too.
const maxDepth = 1000

// parseSxp reads the top-level expressions. It accepts exactly what every
// release of xend from 3.0.3 to 4.4 reads alike, and refuses what one of them
// would not start with, drop, or read differently.
func parseSxp(src []byte) ([]node, error) {
	p := &sxpParser{src: src}
	return p.sequence(0)
}

type sxpParser struct {
	src []byte
	at  int
}

func (p *sxpParser) fail(offset int, format string, args ...any) error {
	return &syntaxError{offset: offset, reason: fmt.Sprintf(format, args...)}
}

// sequence reads expressions up to the end of the file, or of the list that
// depth tells it is in.
func (p *sxpParser) sequence(depth int) ([]node, error) {
	if depth > maxDepth {
		return nil, p.fail(p.at, "lists are nested more than %d deep", maxDepth)
	}
	var out []node
	for p.at < len(p.src) {
		c := p.src[p.at]
		switch {
		case isSpace(c):
			p.at++
		case c == '#':
			if !p.comment() && depth > 0 {
				return nil, p.fail(p.at, "the file ends in a comment inside a list, without a line end: xend drops the whole list without a word")
			}
		case c == ')':
			if depth == 0 {
				return nil, p.fail(p.at, "a closing parenthesis without an opening one")
			}
			return out, nil
		case c == '(':
			n, err := p.listNode(depth)
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		case c == '\'' || c == '"':
			n, err := p.str(c)
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		case c == 4:
			return nil, p.fail(p.at, "a ^D: at the top level xend stops reading here without a word")
		default:
			n, err := p.atom(depth)
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		}
	}
	if depth > 0 {
		return nil, p.fail(p.at, "the file ends inside a list")
	}
	return out, nil
}

func (p *sxpParser) listNode(depth int) (node, error) {
	start := p.at
	p.at++
	children, err := p.sequence(depth + 1)
	if err != nil {
		return node{}, err
	}
	p.at++ // the closing parenthesis
	return node{list: true, children: children, start: start, end: p.at}, nil
}

// comment skips to the line end; only LF ends it. It reports whether there was one.
func (p *sxpParser) comment() bool {
	for p.at < len(p.src) {
		p.at++
		if p.src[p.at-1] == '\n' {
			return true
		}
	}
	return false
}

// atom reads a bare word. A separator ends it and may begin the next.
func (p *sxpParser) atom(depth int) (node, error) {
	start := p.at
	c := p.src[p.at]
	if c < ' ' || c >= 0x7f {
		r, _ := utf8.DecodeRune(p.src[p.at:])
		return node{}, p.fail(p.at, "invalid character: %s", describe(c, r))
	}
	if c == '!' {
		return node{}, p.fail(p.at, "%q: xend up to 3.4 takes it for a separator, later ones for a letter", c)
	}
	p.at++
	for p.at < len(p.src) && !endsAtom(p.src[p.at]) {
		if p.src[p.at] == '!' {
			return node{}, p.fail(p.at, "%q inside a word: xend up to 3.4 takes it for a separator, later ones for a letter", '!')
		}
		p.at++
	}
	if p.at == len(p.src) && depth > 0 {
		return node{}, p.fail(p.at, "the file ends in a word inside a list: xend drops the whole list without a word")
	}
	return node{text: string(p.src[start:p.at]), start: start, end: p.at}, nil
}

func describe(c byte, r rune) string {
	switch {
	case r == '\uFEFF':
		return "a byte order mark; save the file without one"
	case r != utf8.RuneError && r > 0x7f:
		return fmt.Sprintf("%q (a typographic quote or other character that is not ASCII cannot begin a word)", r)
	}
	return fmt.Sprintf("byte 0x%02x", c)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func endsAtom(c byte) bool {
	switch c {
	case '#', '{', '}', '(', ')', '<', '>', '[', ']', ';':
		return true
	}
	return isSpace(c)
}

// str reads a quoted string. Escapes on which the releases differ are refused.
func (p *sxpParser) str(quote byte) (node, error) {
	start := p.at
	var text []byte
	p.at++
	for p.at < len(p.src) {
		c := p.src[p.at]
		switch {
		case c == quote:
			p.at++
			return node{text: string(text), start: start, end: p.at}, nil
		case c == '\\':
			b, err := p.escape()
			if err != nil {
				return node{}, err
			}
			text = append(text, b)
		default:
			text = append(text, c)
			p.at++
		}
	}
	return node{}, p.fail(start, "a string that is not closed")
}

// simpleEscapes are the escapes that every release knows.
var simpleEscapes = map[byte]byte{'a': '\a', 'b': '\b', 't': '\t', 'n': '\n', 'v': '\v', 'f': '\f', 'r': '\r', '\\': '\\', '\'': '\'', '"': '"'}

func (p *sxpParser) escape() (byte, error) {
	start := p.at
	p.at++
	if p.at >= len(p.src) {
		return 0, p.fail(start, "the file ends in an escape")
	}
	c := p.src[p.at]
	if b, ok := simpleEscapes[c]; ok {
		p.at++
		return b, nil
	}
	if c < '0' || c > '7' {
		return 0, p.fail(start, `the escape \%c: xend's releases read it differently; write \\ for a backslash`, c)
	}
	n := 0
	for digits := 0; digits < 3 && p.at < len(p.src) && p.src[p.at] >= '0' && p.src[p.at] <= '7'; digits++ {
		n = n*8 + int(p.src[p.at]-'0')
		p.at++
	}
	if n > 0xff {
		return 0, p.fail(start, "an octal escape above \\377")
	}
	return byte(n), nil
}

// head is the text of a list's first element; "" when it has none.
func (n node) head() string {
	if !n.list || len(n.children) == 0 || n.children[0].list {
		return ""
	}
	return n.children[0].text
}

// value spells what xend takes for a list's value: its first element after the
// head that is not an attribute list.
func (n node) value() string {
	for _, c := range n.children[1:] {
		if c.list && c.head() == "@" {
			continue
		}
		if c.list {
			return "(…)"
		}
		return c.text
	}
	return ""
}

// equal reports whether two expressions mean the same.
func (n node) equal(m node) bool {
	if n.list != m.list || n.text != m.text || len(n.children) != len(m.children) {
		return false
	}
	for i := range n.children {
		if !n.children[i].equal(m.children[i]) {
			return false
		}
	}
	return true
}
