package xl

import (
	"bytes"
	"fmt"
	"strings"
)

// maxDepth bounds nested lists.
const maxDepth = 100

// Parse reads a whole file. The error is an *Error.
func Parse(src []byte) ([]Assignment, error) {
	p := &parser{src: src}
	var out []Assignment
	for {
		if err := p.skip(true); err != nil {
			return nil, err
		}
		switch {
		case p.at == len(src):
			return out, nil
		case src[p.at] == ';':
			p.at++
			continue
		}
		a, err := p.assignment()
		if err != nil {
			return nil, err
		}
		out = append(out, a)
		if err := p.end(); err != nil {
			return nil, err
		}
	}
}

type parser struct {
	src []byte
	at  int
}

func (p *parser) fail(offset int, format string, args ...any) *Error {
	return &Error{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// skip passes blanks, and line ends with their comments where they may stand.
// A comment needs its line end.
func (p *parser) skip(lines bool) error {
	for p.at < len(p.src) {
		switch c := p.src[p.at]; {
		case c == ' ' || c == '\t', c == '\n' && lines:
			p.at++
		case c == '#' && lines:
			n := bytes.IndexByte(p.src[p.at:], '\n')
			if n < 0 {
				return p.fail(p.at, "a comment without a line end: xl takes it for an error")
			}
			p.at += n + 1
		default:
			return nil
		}
	}
	return nil
}

func (p *parser) assignment() (Assignment, error) {
	a := Assignment{Line: 1 + bytes.Count(p.src[:p.at], []byte("\n"))}
	start := p.at
	if c := p.src[p.at]; c < 'a' || c > 'z' {
		return a, p.strange(p.at)
	}
	for p.at < len(p.src) && isKey(p.src[p.at]) {
		p.at++
	}
	a.Key = string(p.src[start:p.at])
	if err := p.skip(false); err != nil {
		return a, err
	}
	if p.at+1 < len(p.src) && p.src[p.at] == '+' && p.src[p.at+1] == '=' {
		a.Append = true
		p.at++
	}
	if p.at == len(p.src) || p.src[p.at] != '=' {
		return a, p.strange(p.at)
	}
	p.at++
	if err := p.skip(false); err != nil {
		return a, err
	}
	a.Start = p.at
	v, err := p.value(0)
	a.Value, a.End = v, p.at
	return a, err
}

func isKey(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '_'
}

// end passes what ends a statement.
func (p *parser) end() error {
	if err := p.skip(false); err != nil {
		return err
	}
	if p.at == len(p.src) || p.src[p.at] == ';' || p.src[p.at] == '\n' || p.src[p.at] == '#' {
		return nil
	}
	return p.strange(p.at)
}

func (p *parser) value(depth int) (Value, error) {
	if p.at == len(p.src) {
		return Value{}, p.fail(p.at, "a value is missing")
	}
	switch c := p.src[p.at]; {
	case c == '[' && depth < maxDepth:
		return p.list(depth)
	case c == '"' || c == '\'':
		return p.quoted(c)
	case c >= '0' && c <= '9':
		start := p.at
		for p.at < len(p.src) && (isDigit(p.src[p.at])) {
			p.at++
		}
		return Value{Text: string(p.src[start:p.at])}, nil
	}
	e := p.strange(p.at)
	if !e.Python && p.src[p.at] != '\r' && p.src[p.at] > ' ' {
		e.Reason = fmt.Sprintf("%q: a value is a number, a text in quotes, or a list", rune(p.src[p.at]))
	}
	return Value{}, e
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c == 'x' }

func (p *parser) list(depth int) (Value, error) {
	v := Value{IsList: true}
	p.at++
	for comma := true; ; {
		if err := p.skip(true); err != nil {
			return v, err
		}
		switch {
		case p.at == len(p.src):
			return v, p.fail(p.at, "the file ends inside a list")
		case p.src[p.at] == ']':
			p.at++
			return v, nil
		case p.src[p.at] == ',' && !comma:
			comma = true
			p.at++
			continue
		case !comma:
			return v, p.strange(p.at)
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, item)
		comma = false
	}
}

// escapes are xl's; before any other character a backslash and that character
// vanish (xlu__cfgl_dequote).
var escapes = map[byte]byte{'a': '\a', 'b': '\b', 't': '\t', 'n': '\n', 'v': '\v', 'f': '\f', 'r': '\r', '\\': '\\', '\'': '\'', '"': '"'}

func (p *parser) quoted(quote byte) (Value, error) {
	start := p.at
	var text strings.Builder
	for p.at++; p.at < len(p.src) && p.src[p.at] != '\n'; p.at++ {
		c := p.src[p.at]
		switch {
		case c == quote:
			p.at++
			return Value{Text: text.String()}, nil
		case c != '\\':
			text.WriteByte(c)
			continue
		}
		if p.at++; p.at == len(p.src) || p.src[p.at] == '\n' {
			break
		}
		letter := p.src[p.at]
		if letter == 'x' || letter >= '0' && letter <= '7' {
			return Value{}, p.fail(p.at-1, `the escape \%c: xl reads numbers wrongly`, letter)
		}
		if b, ok := escapes[letter]; ok {
			text.WriteByte(b)
		}
	}
	return Value{}, p.fail(start, "a string that is not closed on its line")
}

// strange says what stands where xl expects something else.
func (p *parser) strange(at int) *Error {
	if at >= len(p.src) {
		return p.fail(len(p.src), "the file ends in the middle of an assignment")
	}
	c := p.src[at]
	e := p.fail(at, "%q is not expected here", rune(c))
	switch {
	case c == '\r':
		e.Reason = "a carriage return: xl takes Windows line ends for an error"
	case c >= 'A' && c <= 'Z':
		e.Reason = fmt.Sprintf("%q: xl's keys begin with a small letter", rune(c))
	case strings.IndexByte("+,-.():", c) >= 0: // the lexer's likely_python
		e.Python = true
		e.Reason = fmt.Sprintf("%q: xl says that this looks like Python code", rune(c))
	}
	return e
}
