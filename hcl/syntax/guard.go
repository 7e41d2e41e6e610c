package syntax

import (
	"bytes"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"linkspan/core/diag"
	"linkspan/hcl/rule"
)

// MaxFile and maxDepth bound what reaches the parser: some 200 KB of nested
// brackets overflow its stack, which nothing can recover (hashicorp/hcl#809).
const (
	MaxFile  = 1 << 20 // bytes
	maxDepth = 200     // open brackets, braces and templates
	// maxDirectives bounds template directives, %{ … }: the parser's time grows
	// with their square (hcl v2.25.0: 21 s for 100,000).
	maxDirectives = 4000
	// fewBrackets cannot overflow the stack however they are nested, so that a
	// usual file need not be read token by token beforehand.
	fewBrackets = 1000
)

// Guard refuses a file that the parser should not see, and explains what
// editors and web pages put into files.
func Guard(src []byte, name string) diag.List {
	if diags := guardText(src, name); diags.HasErrors() {
		return diags
	}
	if diags := depth(src, name, hclsyntax.LexConfig); diags.HasErrors() {
		return diags
	}
	return manners(src, name)
}

// guardText is the part of Guard that does not depend on the syntax.
func guardText(src []byte, name string) diag.List {
	switch {
	case len(src) > MaxFile:
		return diag.List{rule.Size.In(diag.Range{File: name}, "it has more than %d bytes; split it", MaxFile)}
	case bytes.HasPrefix(src, []byte("\xef\xbb\xbf")):
		return diag.List{rule.Character.In(at(src, name, 0, 3), "the file begins with a byte order mark; save it as UTF-8 without one")}
	case bytes.IndexByte(src, 0) >= 0:
		i := bytes.IndexByte(src, 0)
		return diag.List{rule.Character.In(at(src, name, i, 1), "a NUL byte; is this a text file, and saved as UTF-8?")}
	case !utf8.Valid(src):
		i := invalidAt(src)
		return diag.List{rule.Character.In(at(src, name, i, 1), "the byte 0x%02x is not UTF-8; save the file as UTF-8", src[i])}
	case bytes.Count(src, []byte("%{")) > maxDirectives:
		return diag.List{rule.Size.In(diag.Range{File: name}, "it has more than %d template directives; split it", maxDirectives)}
	}
	return nil
}

// manners warns, once a file, of what works but should not be there.
func manners(src []byte, name string) diag.List {
	var out diag.List
	if i := bytes.Index(src, []byte("\r\n")); i >= 0 {
		out = append(out, rule.Manners.In(at(src, name, i, 2), "lines end as on Windows, with CR LF; `linkspan fmt` makes it LF"))
	}
	if i := tabAt(src); i >= 0 {
		out = append(out, rule.Manners.In(at(src, name, i, 1), "a line is indented with a tab; `linkspan fmt` writes blanks"))
	}
	return out
}

// tabAt finds the first line that begins with a tab, or -1. A file with a
// heredoc is left alone: its text may need them.
func tabAt(src []byte) int {
	if bytes.Contains(src, []byte("<<")) {
		return -1
	}
	if bytes.HasPrefix(src, []byte("\t")) {
		return 0
	}
	if i := bytes.Index(src, []byte("\n\t")); i >= 0 {
		return i + 1
	}
	return -1
}

func invalidAt(src []byte) int {
	for i := 0; i < len(src); {
		r, n := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}

// depth refuses deep nesting. Bytes decide for usual files; closing brackets in
// strings and comments could hide nesting from such a count, so where there
// are many brackets, or many seem nested, the tokens decide: the scanner, unlike
// the parser, does not recurse.
func depth(src []byte, name string, lex lexer) diag.List {
	open, total, deepest, signs := 0, 0, 0, 0
	for i, c := range src {
		switch c {
		case '(', '[', '{':
			open, total = open+1, total+1
			deepest = max(deepest, open)
		case ')', ']', '}':
			open = max(open-1, 0)
		}
		if c == '!' || c == '-' {
			signs++
		} else if c != ' ' && c != '\t' {
			signs = 0
		}
		if signs > MaxFile/16 {
			return diag.List{rule.Size.In(at(src, name, i, 1), "a sign is repeated more than %d times here", MaxFile/16)}
		}
	}
	if total <= fewBrackets && deepest <= maxDepth {
		return nil
	}
	return tokenDepth(src, name, lex)
}

// lexer scans a file, an expression or a template.
type lexer func(src []byte, filename string, start hcl.Pos) (hclsyntax.Tokens, hcl.Diagnostics)

func tokenDepth(src []byte, name string, lex lexer) diag.List {
	tokens, _ := lex(src, name, hcl.InitialPos) // its faults are the parser's to tell
	open := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			open++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			open = max(open-1, 0)
		}
		if open > maxDepth {
			return diag.List{rule.Size.In(Place(t.Range), "brackets are nested more than %d deep here", maxDepth)}
		}
	}
	return nil
}

// at makes the range of n bytes at an offset.
func at(src []byte, name string, offset, n int) diag.Range {
	line := 1 + bytes.Count(src[:offset], []byte("\n"))
	column := 1 + utf8.RuneCount(src[bytes.LastIndexByte(src[:offset], '\n')+1:offset])
	return diag.Range{File: name,
		Start: diag.Position{Line: line, Column: column, Byte: offset},
		End:   diag.Position{Line: line, Column: column + 1, Byte: offset + n}}
}
