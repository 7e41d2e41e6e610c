package shell

import (
	"bytes"
	"fmt"
	"strings"
)

// unquote reads one word as bash does, from s whose line ends at limit, and
// returns its value and length. A word that would run something, or that does
// not end on its line, gives the reason and where it ends all the same.
func unquote(s []byte, limit int) (value string, n int, why string) {
	if plain := plainLength(s[:limit]); plain == limit || s[plain] == ' ' || s[plain] == '\t' || s[plain] == ';' {
		return string(s[:plain]), plain, tilde(s[:plain])
	}
	var b strings.Builder
	for n < limit {
		switch c := s[n]; c {
		case ' ', '\t', ';':
			return b.String(), n, tilde(s[:n])
		case '\'':
			end := bytes.IndexByte(s[n+1:], '\'')
			if end < 0 {
				return "", len(s), unclosed
			}
			if n+1+end > limit {
				return "", n + end + 2, "a quote (') is not closed on its line"
			}
			b.Write(s[n+1 : n+1+end])
			n += end + 2
		case '"':
			m, reason := doubleQuoted(s[n+1:], limit-n-1, &b)
			if reason != "" {
				return "", n + 1 + m, reason
			}
			n += m + 1
		case '\\':
			if n+1 >= limit {
				return "", limit + 1, "a backslash at the end joins the next line"
			}
			b.WriteByte(s[n+1])
			n += 2
		case '$', '`':
			return "", n, fmt.Sprintf("the value holds %q, which the shell evaluates", c)
		case '&', '|', '<', '>':
			return "", n, fmt.Sprintf("the value holds %q, at which the shell begins a command", c)
		case '(', ')':
			return "", n, fmt.Sprintf("the value holds %q, %s", c, notExpected)
		default:
			b.WriteByte(c)
			n++
		}
	}
	return b.String(), n, tilde(s[:n])
}

// Reasons at which the shell gives up the file.
const (
	unclosed    = "a quote is never closed"
	notExpected = "at which the shell stops reading the file"
)

// plainLength counts the bytes that mean themselves to the shell.
func plainLength(s []byte) int {
	for n, c := range s {
		if special[c] {
			return n
		}
	}
	return len(s)
}

var special = func() (out [256]bool) {
	for _, c := range []byte(" \t'\"\\$`;&|<>()") {
		out[c] = true
	}
	return out
}()

// tilde tells of a "~" that bash replaces by a home directory: at the start of
// a value and after a colon, outside quotes.
func tilde(word []byte) string {
	if len(word) > 0 && word[0] == '~' || bytes.Contains(word, []byte(":~")) {
		return `the value holds "~", which the shell replaces by a directory`
	}
	return ""
}

// doubleQuoted reads up to the closing quote and returns the length with it.
func doubleQuoted(s []byte, limit int, b *strings.Builder) (n int, why string) {
	for n = 0; n < len(s); n++ {
		switch c := s[n]; c {
		case '"':
			if n >= limit && why == "" {
				why = `a quote (") is not closed on its line`
			}
			return n + 1, why
		case '$', '`':
			if why == "" {
				why = fmt.Sprintf("the value holds %q, which the shell evaluates also in double quotes", c)
			}
		case '\\':
			if n+1 < len(s) && s[n+1] == '\n' {
				why = "a backslash at the end joins the next line"
			}
			if n+1 < len(s) && bytes.IndexByte([]byte("$`\"\\"), s[n+1]) >= 0 {
				n++
			}
			b.WriteByte(s[n])
		default:
			b.WriteByte(c)
		}
	}
	return len(s), unclosed
}
