package xm

import (
	"bytes"
	"fmt"
	"strings"
)

type tokenKind int

const (
	word tokenKind = iota
	number
	text
	sign
)

// token is one token of Python. The text of a string is its value.
type token struct {
	kind      tokenKind
	text, raw string
}

// statement is one simple statement, or the head of a compound one.
type statement struct {
	tokens   []token
	line     int
	indented bool // it stands inside a compound statement
}

// split reads the file's statements.
func split(src []byte) ([]statement, error) {
	l := &lexer{src: bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n")), line: 1}
	l.src = bytes.TrimPrefix(l.src, []byte("\ufeff"))
	for l.at < len(l.src) {
		if err := l.next(); err != nil {
			return nil, fmt.Errorf("line %d: %w", l.line, err)
		}
	}
	if len(l.open) > 0 {
		return nil, fmt.Errorf("the file ends inside %q", l.open)
	}
	l.flush()
	return l.out, nil
}

type lexer struct {
	src      []byte
	at, line int
	open     []byte // brackets that are open
	tokens   []token
	start    int  // line of the first of tokens
	indented bool // the line at hand
	body     bool // a ":" has begun a body on the line at hand
	out      []statement
}

// next reads one token, or passes white space.
func (l *lexer) next() error {
	c := l.src[l.at]
	switch {
	case c == '\n':
		l.newline()
	case c == ' ' || c == '\t' || c == '\f':
		l.blank()
	case c == '#':
		for l.at < len(l.src) && l.src[l.at] != '\n' {
			l.at++
		}
	case c == '\\' && bytes.HasPrefix(l.src[l.at:], []byte("\\\n")):
		l.at += 2
		l.line++
	case c == ';' && len(l.open) == 0:
		l.at++
		l.flush()
	case isLetter(c):
		return l.word()
	case c == '\'' || c == '"':
		return l.str("")
	case c >= '0' && c <= '9':
		start := l.at
		for l.at < len(l.src) && (isLetter(l.src[l.at]) || isDigit(l.src[l.at]) || l.src[l.at] == '.') {
			l.at++
		}
		l.add(number, string(l.src[start:l.at]), string(l.src[start:l.at]))
	default:
		return l.sign(c)
	}
	return nil
}

// newline ends the statement where no bracket is open.
func (l *lexer) newline() {
	l.at++
	l.line++
	if len(l.open) == 0 {
		l.flush()
		l.indented, l.body = false, false
	}
}

// blank at the beginning of a line is an indentation.
func (l *lexer) blank() {
	if l.at == 0 || l.src[l.at-1] == '\n' && len(l.open) == 0 && len(l.tokens) == 0 {
		l.indented = true
	}
	l.at++
}

func (l *lexer) add(kind tokenKind, value, raw string) {
	if len(l.tokens) == 0 {
		l.start = l.line
	}
	l.tokens = append(l.tokens, token{kind, value, raw})
}

func (l *lexer) flush() {
	if len(l.tokens) > 0 {
		l.out = append(l.out, statement{l.tokens, l.start, l.indented || l.body})
		l.body = l.body || isCompound(l.tokens[0].text) // what follows ";" belongs to it
	}
	l.tokens = nil
}

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// word reads a name, or the prefix of a string with the string.
func (l *lexer) word() error {
	start := l.at
	for l.at < len(l.src) && (isLetter(l.src[l.at]) || isDigit(l.src[l.at])) {
		l.at++
	}
	w := string(l.src[start:l.at])
	if l.at < len(l.src) && (l.src[l.at] == '\'' || l.src[l.at] == '"') && len(w) <= 2 && strings.Trim(w, "rRuUbB") == "" {
		return l.str(strings.ToLower(w))
	}
	l.add(word, w, w)
	return nil
}

func (l *lexer) sign(c byte) error {
	switch c {
	case '(', '[', '{':
		l.open = append(l.open, c)
	case ')', ']', '}':
		pair := map[byte]byte{')': '(', ']': '[', '}': '{'}[c]
		if len(l.open) == 0 || l.open[len(l.open)-1] != pair {
			return fmt.Errorf("%q closes nothing", rune(c))
		}
		l.open = l.open[:len(l.open)-1]
	}
	if c < ' ' || c == 0x7f || c == '?' || c == '$' || c == '\\' {
		return fmt.Errorf("%q is no Python", rune(c))
	}
	s := string(c)
	if next := l.at + 1; next < len(l.src) && l.src[next] == '=' && strings.IndexByte("=!<>+-*/%|&^", c) >= 0 {
		s += "="
	}
	l.at += len(s)
	l.add(sign, s, s)
	return nil
}

// str reads a string literal with its prefix.
func (l *lexer) str(prefix string) error {
	quote := l.src[l.at : l.at+1]
	if triple := bytes.Repeat(quote, 3); bytes.HasPrefix(l.src[l.at:], triple) {
		quote = triple
	}
	start := l.at
	l.at += len(quote)
	var value strings.Builder
	for l.at < len(l.src) {
		c := l.src[l.at]
		switch {
		case bytes.HasPrefix(l.src[l.at:], quote):
			l.at += len(quote)
			l.add(text, value.String(), string(l.src[start:l.at]))
			l.line += bytes.Count(l.src[start:l.at], []byte("\n"))
			return nil
		case c == '\n' && len(quote) == 1:
			return fmt.Errorf("a string that is not closed on its line")
		case c == '\\':
			s, n := escape(l.src[l.at:], strings.Contains(prefix, "r"))
			value.WriteString(s)
			l.at += n
		default:
			value.WriteByte(c)
			l.at++
		}
	}
	return fmt.Errorf("a string that is not closed")
}

var simple = map[byte]string{'\n': "", '\\': "\\", '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v"}

// escape reads an escape of a string, and how many bytes it has. Escapes by
// number stay as they are written: no name of a bridge needs one.
func escape(src []byte, raw bool) (string, int) {
	if len(src) < 2 {
		return `\`, 1
	}
	if s, ok := simple[src[1]]; ok && !raw {
		return s, 2
	}
	return string(src[:2]), 2
}
