package syntax

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"

	"linkspan/core/diag"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
)

// parseJSON parses a file in HCL's JSON form, for definitions that programs
// write: https://github.com/hashicorp/hcl/blob/main/json/spec.md.
func parseJSON(src []byte, path string, schema *language.Block) Parsed {
	if diags := guardJSON(src, path); diags.HasErrors() {
		return Parsed{Diags: diags}
	}
	f, faults := hcljson.Parse(src, path)
	if faults.HasErrors() {
		return Parsed{Diags: FromHCL(oneOfEachLine(faults))}
	}
	body, faults := jsonBody(f.Body, schema)
	if faults.HasErrors() {
		return Parsed{Diags: FromHCL(oneOfEachLine(faults))}
	}
	return Parsed{Body: body}
}

// oneOfEachLine keeps the first fault of a line; hcl tells one wrong value in
// several ways.
func oneOfEachLine(faults hcl.Diagnostics) hcl.Diagnostics {
	seen := make(map[int]bool)
	return slices.DeleteFunc(faults, func(d *hcl.Diagnostic) bool {
		again := d.Subject != nil && seen[d.Subject.Start.Line]
		if d.Subject != nil {
			seen[d.Subject.Start.Line] = true
		}
		return again
	})
}

// jsonBody gives a body of the JSON form the shape of the native syntax. JSON
// does not tell a block from an attribute whose value is an object; the schema
// does. What the schema does not have becomes an attribute, to be reported.
func jsonBody(in hcl.Body, schema *language.Block) (*hclsyntax.Body, hcl.Diagnostics) {
	attributes, faults := in.JustAttributes()
	out := &hclsyntax.Body{Attributes: make(hclsyntax.Attributes), SrcRange: in.MissingItemRange(), EndRange: in.MissingItemRange()}
	headers := new(hcl.BodySchema)
	for name, a := range attributes {
		if b, ok := schema.Block(name); ok {
			headers.Blocks = append(headers.Blocks, hcl.BlockHeaderSchema{Type: name, LabelNames: b.Labels})
			continue
		}
		out.Attributes[name] = &hclsyntax.Attribute{Name: name, Expr: jsonExpression{noExpression, a.Expr}, SrcRange: a.Range, NameRange: a.NameRange}
	}
	content, _, more := in.PartialContent(headers)
	faults = append(faults, more...)
	for _, b := range content.Blocks {
		inner, _ := schema.Block(b.Type)
		body, more := jsonBody(b.Body, inner)
		faults = append(faults, more...)
		out.Blocks = append(out.Blocks, &hclsyntax.Block{Type: b.Type, Labels: b.Labels, Body: body,
			TypeRange: b.TypeRange, LabelRanges: b.LabelRanges, OpenBraceRange: b.DefRange, CloseBraceRange: b.DefRange})
	}
	slices.SortStableFunc(out.Blocks, func(a, b *hclsyntax.Block) int { return a.OpenBraceRange.Start.Byte - b.OpenBraceRange.Start.Byte })
	return out, faults
}

// jsonExpression is an expression of the JSON form where the native syntax is
// expected. The embedded expression only completes the interface.
type jsonExpression struct {
	hclsyntax.Expression
	json hcl.Expression
}

var noExpression = &hclsyntax.LiteralValueExpr{Val: cty.DynamicVal}

func (e jsonExpression) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	return e.json.Value(ctx)
}
func (e jsonExpression) Variables() []hcl.Traversal { return e.json.Variables() }
func (e jsonExpression) Range() hcl.Range           { return e.json.Range() }
func (e jsonExpression) StartRange() hcl.Range      { return e.json.StartRange() }

// UnwrapExpression is how hcl looks at an expression without evaluating it, as
// for types and lists.
func (e jsonExpression) UnwrapExpression() hcl.Expression { return e.json }

// elementRanges are the places of the elements of a list.
func (e jsonExpression) elementRanges() []diag.Range {
	list, faults := hcl.ExprList(e.json)
	if faults.HasErrors() {
		return nil
	}
	out := make([]diag.Range, len(list))
	for i, x := range list {
		out[i] = Place(x.Range())
	}
	return out
}

// guardJSON is Guard for the JSON form, whose texts are templates or types and
// are parsed by the native parser after their escapes were resolved.
func guardJSON(src []byte, name string) diag.List {
	if diags := guardText(src, name); diags.HasErrors() {
		return diags
	}
	open := 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '{', '[':
			if open++; open > maxDepth {
				return diag.List{rule.Size.In(at(src, name, i, 1), "brackets are nested more than %d deep here", maxDepth)}
			}
		case '}', ']':
			open = max(open-1, 0)
		case '"':
			end := textEnd(src, i)
			var text string
			if err := json.Unmarshal(src[i:end], &text); err == nil && !shallow(text, name) {
				return diag.List{rule.Size.In(at(src, name, i, 1), "this text is nested more than %d deep, or has too many template directives", maxDepth)}
			}
			i = end - 1
		}
	}
	return nil
}

// textEnd is the offset after the text of JSON that begins at start.
func textEnd(src []byte, start int) int {
	for i := start + 1; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(src)
}

// shallow reports whether the native parser may see a text, as a template and
// as an expression.
func shallow(text, name string) bool {
	if strings.Count(text, "%{") > maxDirectives {
		return false
	}
	for _, lex := range []lexer{hclsyntax.LexTemplate, hclsyntax.LexExpression} {
		if depth([]byte(text), name, lex).HasErrors() {
			return false
		}
	}
	return !bytes.Contains([]byte(text), []byte{0})
}
