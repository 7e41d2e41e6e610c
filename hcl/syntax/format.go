package syntax

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"linkspan/core/diag"
)

// Format returns the canonical format of a definition. It refuses what does
// not parse. Lines end with LF.
func Format(src []byte, filename string) ([]byte, diag.List) {
	if diags := Guard(src, filename); diags.HasErrors() {
		return nil, diags
	}
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	if _, diags := hclsyntax.ParseConfig(src, filename, hcl.InitialPos); diags.HasErrors() {
		return nil, firstOfLines(FromHCL(diags))
	}
	return hclwrite.Format(src), nil
}

// Unfinished reports whether an expression ends within brackets or within a
// text over many lines, so that more lines can follow.
func Unfinished(expression string) bool {
	if diags := Guard([]byte(expression), Typed); diags.HasErrors() {
		return false
	}
	tokens, _ := hclsyntax.LexExpression([]byte(expression), Typed, hcl.InitialPos)
	open := 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			open++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			open--
		}
	}
	return open > 0
}

// Typed is what the ranges of an expression's diagnostics carry as their file.
const Typed = "(expression)"
