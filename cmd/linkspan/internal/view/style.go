// Package view turns the values that commands compute into what people and
// programs read: text for a terminal, and JSON. Nothing is decided here.
package view

import (
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// Style is how text looks: with colour or without, with line drawing in UTF-8
// or in ASCII.
type Style struct {
	Color bool
	ASCII bool
}

// NewStyle decides once for every command. The flag is "auto", "always" or
// "never"; NO_COLOR and CLICOLOR_FORCE are as at no-color.org and
// bixense.com/clicolors; auto asks whether f is a terminal.
func NewStyle(flag string, f *os.File, env func(string) string) Style {
	s := Style{ASCII: !utf8Locale(env)}
	switch {
	case flag == "always":
		s.Color = true
	case flag == "never", env("NO_COLOR") != "":
	case env("CLICOLOR_FORCE") != "" && env("CLICOLOR_FORCE") != "0":
		s.Color = true
	default:
		s.Color = env("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
	}
	return s
}

// utf8Locale follows the order of setlocale(3): LC_ALL, LC_CTYPE, LANG.
func utf8Locale(env func(string) string) bool {
	for _, k := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := env(k); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

type tint string

const (
	bold   tint = "1"
	dim    tint = "2"
	red    tint = "31"
	green  tint = "32"
	yellow tint = "33"
	cyan   tint = "36"
)

func (s Style) paint(t tint, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + string(t) + "m" + text + "\x1b[0m"
}

// sign paints a sign and what follows it: + will be, - will not be, ~ changes.
func (s Style) sign(sign, text string) string {
	switch sign {
	case "+":
		return s.paint(green, sign+text)
	case "-":
		return s.paint(red, sign+text)
	case "~", "!":
		return s.paint(yellow, sign+text)
	}
	return sign + text
}

// Clean makes text from files, the kernel or a plugin safe for a terminal:
// control characters, escape sequences and what is not printable show as
// \u-escapes; line ends and tabs stay.
func Clean(text string) string {
	return cleaner(text, "\n\t")
}

func cleaner(text, keep string) string {
	if strings.IndexFunc(text, func(r rune) bool { return unprintable(r, keep) }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unprintable(r, keep) {
			b.WriteString(escapeRune(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func unprintable(r rune, keep string) bool {
	return !unicode.IsPrint(r) && !strings.ContainsRune(keep, r)
}

func escapeRune(r rune) string {
	const hex = "0123456789abcdef"
	if r < 0x100 {
		return `\x` + string([]byte{hex[r>>4], hex[r&15]})
	}
	out := []byte(`\u`)
	for shift := 12; shift >= 0; shift -= 4 {
		out = append(out, hex[(r>>shift)&15])
	}
	return string(out)
}

// wrap breaks text into lines of at most width characters at blanks; a word
// that is longer stays whole.
func wrap(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.FieldsSeq(paragraph) {
			switch {
			case line == "":
				line = word
			case len(line)+1+len(word) > width:
				lines = append(lines, line)
				line = word
			default:
				line += " " + word
			}
		}
		lines = append(lines, line)
	}
	return lines
}
