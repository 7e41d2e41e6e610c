package sxp

import (
	"fmt"
	"unicode/utf8"
)

// maxDepth bounds nesting, for our own stack; real files nest two deep.
const maxDepth = 1000

// parser reads a file as one release does.
type parser struct {
	src      []byte
	at       int
	release  release
	comments []Span
	quirky   bool // it has met what releases read differently
}

func (p *parser) fail(f Fault, offset int, format string, args ...any) *Error {
	return &Error{Fault: f, Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// file reads to the end of the file.
func (p *parser) file() ([]Node, *Error) { return p.sequence(0) }

// sequence reads expressions up to the end of the file, or of the list that
// depth tells it is in.
func (p *parser) sequence(depth int) ([]Node, *Error) {
	if depth > maxDepth {
		return nil, p.fail(Fatal, p.at, "lists are nested more than %d deep", maxDepth)
	}
	var out []Node
	for p.at < len(p.src) {
		c := p.src[p.at]
		switch {
		case isSpace(c):
			p.at++
			continue
		case c == '#':
			if !p.comment() && depth > 0 {
				return nil, p.fail(Silent, p.at, "the file ends in a comment inside a list, without a line end: xend drops the whole list without a word")
			}
			continue
		case c == ')' && depth > 0:
			return out, nil
		}
		n, err := p.expression(depth)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	if depth > 0 {
		return nil, p.fail(Fatal, p.at, "the file ends inside a list")
	}
	return out, nil
}

// expression reads the expression that begins here.
func (p *parser) expression(depth int) (Node, *Error) {
	switch c := p.src[p.at]; {
	case c == ')':
		return Node{}, p.fail(Fatal, p.at, "a closing parenthesis without an opening one")
	case c == '(':
		return p.list(depth)
	case c == '\'' || c == '"':
		return p.str(c)
	case c == 4 && depth == 0:
		return Node{}, p.fail(Silent, p.at, "a ^D: at the top level xend stops reading here without a word")
	case c < ' ' || c >= 0x7f:
		return Node{}, p.fail(Fatal, p.at, "%s cannot begin a word", describe(p.src[p.at:]))
	}
	return p.atom(depth)
}

func (p *parser) list(depth int) (Node, *Error) {
	start := p.at
	p.at++
	children, err := p.sequence(depth + 1)
	if err != nil {
		return Node{}, err
	}
	p.at++ // the closing parenthesis
	return Node{Kind: List, Children: children, Start: start, End: p.at}, nil
}

// comment skips to the line end; only LF ends it. It reports whether there was
// one.
func (p *parser) comment() bool {
	start, ended := p.at, false
	for p.at < len(p.src) && !ended {
		ended = p.src[p.at] == '\n'
		p.at++
	}
	p.comments = append(p.comments, Span{start, p.at})
	return ended
}

// atom reads a bare word. A separator ends it and may begin the next; quotes,
// backslashes and what is not ASCII are letters in it.
func (p *parser) atom(depth int) (Node, *Error) {
	start := p.at
	for p.at++; p.at < len(p.src) && !p.endsAtom(p.src[p.at]); p.at++ {
	}
	if p.at == len(p.src) && depth > 0 {
		return Node{}, p.fail(Silent, p.at, "the file ends in a word inside a list: xend drops the whole list without a word")
	}
	return Node{Kind: Atom, Text: string(p.src[start:p.at]), Start: start, End: p.at}, nil
}

func (p *parser) endsAtom(c byte) bool {
	switch c {
	case '#', '{', '}', '(', ')', '<', '>', '[', ']', ';':
		return true
	case '!':
		p.quirky = true
		return p.release.bang
	}
	return isSpace(c)
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// describe names the character at the beginning of text.
func describe(text []byte) string {
	r, _ := utf8.DecodeRune(text)
	switch {
	case r == '\uFEFF':
		return "a byte order mark (save the file without one)"
	case r >= '\u2018' && r <= '\u201f':
		return fmt.Sprintf("the typographic quote %q", r)
	case r != utf8.RuneError && r > 0x7f:
		return fmt.Sprintf("%q, which is not ASCII,", r)
	}
	return fmt.Sprintf("the byte 0x%02x", text[0])
}

// str reads a quoted string.
func (p *parser) str(quote byte) (Node, *Error) {
	start := p.at
	var text []byte
	for p.at++; p.at < len(p.src); {
		c := p.src[p.at]
		switch c {
		case quote:
			p.at++
			return Node{Kind: String, Text: string(text), Start: start, End: p.at}, nil
		case '\\':
			b, err := p.escape()
			if err != nil {
				return Node{}, err
			}
			text = append(text, b)
		default:
			text = append(text, c)
			p.at++
		}
	}
	return Node{}, p.fail(Fatal, start, "a string that is not closed")
}

// simpleEscapes are the escapes that every release knows.
var simpleEscapes = map[byte]byte{'a': '\a', 'b': '\b', 't': '\t', 'n': '\n', 'v': '\v', 'f': '\f', 'r': '\r', '\\': '\\', '\'': '\'', '"': '"'}

func (p *parser) escape() (byte, *Error) {
	start := p.at
	p.at++
	if p.at == len(p.src) {
		return 0, p.fail(Fatal, start, "the file ends in an escape")
	}
	c := p.src[p.at]
	if b, ok := simpleEscapes[c]; ok {
		p.at++
		return b, nil
	}
	switch {
	case c == 'x':
		return p.hex(start)
	case isOctal(c):
		return p.octal(start)
	}
	return p.unknown(start)
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// hex reads \xHH; the letters count from 0 and not from 10, in every release.
func (p *parser) hex(start int) (byte, *Error) {
	n := 0
	for range 2 {
		p.at++
		if p.at == len(p.src) {
			return 0, p.fail(Fatal, start, "the file ends in an escape")
		}
		switch c := p.src[p.at]; {
		case c >= '0' && c <= '9':
			n = n*16 + int(c-'0')
		case c >= 'a' && c <= 'f':
			n = n*16 + int(c-'a')
		case c >= 'A' && c <= 'F':
			n = n*16 + int(c-'A')
		default:
			return 0, p.fail(Fatal, start, `%q in an escape \xHH`, c)
		}
	}
	p.at++
	return byte(n), nil
}

// octal reads one to three digits; with fewer than three the releases before
// 3.0.3 fail at what follows them.
func (p *parser) octal(start int) (byte, *Error) {
	n, digits := 0, 0
	for ; digits < 3; digits++ {
		if p.at == len(p.src) {
			return 0, p.fail(Fatal, start, "the file ends in an escape")
		}
		if !isOctal(p.src[p.at]) {
			break
		}
		n = n*8 + int(p.src[p.at]-'0')
		p.at++
	}
	if n > 0xff {
		return 0, p.fail(Fatal, start, `an octal escape above \377`)
	}
	if digits < 3 {
		p.quirky = true
		if p.release.octal == octalFails {
			return 0, p.fail(Differs, start, "Xen %s does not start with an octal escape of fewer than three digits, later ones read it; write all three", p.release.name)
		}
	}
	return byte(n), nil
}

// unknown reads a backslash before any other character.
func (p *parser) unknown(start int) (byte, *Error) {
	p.quirky = true
	letter := p.src[p.at]
	switch p.release.octal {
	case octalFails:
		return 0, p.fail(Differs, start, `Xen %s does not start with the escape \%c, later ones read it in two ways; write \\ for a backslash`, p.release.name, letter)
	case octalDrops:
		p.at++
		return '\\', nil
	}
	for p.at < len(p.src) && !isOctal(p.src[p.at]) {
		p.at++
	}
	return p.octal(start)
}
