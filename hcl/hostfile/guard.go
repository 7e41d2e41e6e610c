package hostfile

import (
	"bytes"
	"unicode/utf8"

	"linkspan/core/diag"
)

// maxFile and maxDepth bound what reaches the parser: some 200 KB of nested
// brackets overflow its stack, which nothing can recover (hashicorp/hcl#809).
const (
	maxFile  = 1 << 20 // bytes
	maxDepth = 200     // open brackets, braces, templates and "!" in a row
)

// guard refuses a file that the parser should not see, and explains what
// editors and web pages put into files.
func guard(src []byte, name string) diag.List {
	switch {
	case len(src) > maxFile:
		return diag.List{ruleSize.In(diag.Range{File: name}, "it has more than %d bytes; split it", maxFile)}
	case bytes.HasPrefix(src, []byte("\xef\xbb\xbf")):
		return diag.List{ruleCharacter.In(at(src, name, 0, 3), "the file begins with a byte order mark; save it as UTF-8 without one")}
	case bytes.IndexByte(src, 0) >= 0:
		i := bytes.IndexByte(src, 0)
		return diag.List{ruleCharacter.In(at(src, name, i, 1), "a NUL byte; is this a text file, and saved as UTF-8?")}
	case !utf8.Valid(src):
		i := invalidAt(src)
		return diag.List{ruleCharacter.In(at(src, name, i, 1), "the byte 0x%02x is not UTF-8; save the file as UTF-8", src[i])}
	}
	return depth(src, name)
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

// depth counts brackets without regard to strings and comments: it may count
// more than the parser nests, never less.
func depth(src []byte, name string) diag.List {
	open, bangs := 0, 0
	for i, c := range src {
		switch c {
		case '(', '[', '{':
			open++
		case ')', ']', '}':
			open = max(open-1, 0)
		}
		if c == '!' || c == '-' {
			bangs++
		} else if c != ' ' && c != '\t' {
			bangs = 0
		}
		if open > maxDepth || bangs > maxFile/16 {
			return diag.List{ruleSize.In(at(src, name, i, 1), "brackets are nested more than %d deep here", maxDepth)}
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
