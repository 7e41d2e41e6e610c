// Package syntax is what stands between a text and hashicorp/hcl: the guard before
// its parser, both forms of a file, the canonical format, and its diagnostics as
// ours. What the blocks mean it does not know.
package syntax

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"linkspan/core/diag"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
)

// Parsed is a parsed file; body is nil when the parser could make nothing of it.
type Parsed struct {
	Body  *hclsyntax.Body
	Diags diag.List
}

// Parse guards the parser and parses a file in the syntax of its name. The
// schema is of what may stand in it.
func Parse(src []byte, path string, schema *language.Block) Parsed {
	if strings.HasSuffix(path, ".json") {
		return parseJSON(src, path, schema)
	}
	diags := Guard(src, path)
	if diags.HasErrors() {
		return Parsed{Diags: diags}
	}
	f, faults := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	diags = append(diags, firstOfLines(FromHCL(faults))...)
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok || faults.HasErrors() {
		return Parsed{Diags: diags}
	}
	if bytes.Contains(src, []byte("${")) {
		spellWholeNumbers(body)
	}
	return Parsed{body, diags}
}

// firstOfLines keeps the first syntax error of each line, and none below a text
// that is not closed: the others follow from these.
func firstOfLines(l diag.List) diag.List {
	seen := make(map[int]bool)
	open := math.MaxInt // the line of such a text
	for i := range l {
		if l[i].Code == rule.Syntax.Code && strings.Contains(l[i].Detail, "Quoted strings may not be split") && l[i].Range.Start.Line < open {
			open = l[i].Range.Start.Line
			l[i].Detail = `a text is not closed: write the quote (") at its end, on the same line`
		}
	}
	return slices.DeleteFunc(l, func(d diag.Diagnostic) bool {
		line := d.Range.Start.Line
		again := seen[line] || line > open
		seen[line] = true
		return again && d.Code == rule.Syntax.Code
	})
}

// ReadFile reads a definition file, at most one byte more than is taken.
func ReadFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	b := bytes.NewBuffer(make([]byte, 0, min(info.Size(), MaxFile)+bytes.MinRead)) // with room, so that it is read in one go
	_, err = b.ReadFrom(io.LimitReader(f, MaxFile+1))
	return b.Bytes(), err
}

// Attributes are a body's attributes in the order in which they are written.
func Attributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	out := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	return out
}

// ElementRanges are the places of the elements of a list that is written as one;
// nil for another expression.
func ElementRanges(e hclsyntax.Expression) []diag.Range {
	switch x := e.(type) {
	case *hclsyntax.TupleConsExpr:
		out := make([]diag.Range, len(x.Exprs))
		for i, element := range x.Exprs {
			out[i] = Place(element.Range())
		}
		return out
	case jsonExpression:
		return x.elementRanges()
	}
	return nil
}

// LabelRange is the place of a block's label, or of its type when it has none.
func LabelRange(b *hclsyntax.Block) diag.Range {
	if len(b.LabelRanges) > 0 {
		return Place(b.LabelRanges[0])
	}
	return Place(b.TypeRange)
}
