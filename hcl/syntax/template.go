package syntax

import (
	"math/big"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// spellWholeNumbers has the numbers in the templates of a body spelt by
// wholeNumber: `"bond0.${each.value}"`, `"10.${floor(each.value / 250)}.0.1"`.
func spellWholeNumbers(body *hclsyntax.Body) {
	_ = hclsyntax.VisitAll(body, func(n hclsyntax.Node) hcl.Diagnostics {
		t, ok := n.(*hclsyntax.TemplateExpr)
		if !ok {
			return nil
		}
		for i, part := range t.Parts {
			switch part.(type) {
			case *hclsyntax.LiteralValueExpr, *hclsyntax.TemplateExpr: // a text already
			case *hclsyntax.ScopeTraversalExpr: // who looks for the names in an expression must find it below
				t.Parts[i] = templatePart{&hclsyntax.ParenthesesExpr{Expression: part, SrcRange: part.Range()}}
			default:
				t.Parts[i] = templatePart{part}
			}
		}
		return nil
	})
}

// templatePart is an expression within a template.
type templatePart struct{ hclsyntax.Expression }

// Value evaluates the expression and spells it if it is a whole number.
func (p templatePart) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	v, diags := p.Expression.Value(ctx)
	return wholeNumber(v), diags
}

// wholeNumber spells a whole number as text; any other value stays as it is.
// The text is the one that the template itself would make, which takes 50 µs
// for each number: cty keeps 512 bits of those that come from a literal, and
// math/big computes all of them to find the shortest text (go-cty v1.20.0,
// convert/conversion_primitive.go).
func wholeNumber(v cty.Value) cty.Value {
	bare, marks := v.Unmark()
	if bare.Type() != cty.Number || !bare.IsKnown() || bare.IsNull() {
		return v
	}
	f := bare.AsBigFloat()
	n, accuracy := f.Int64()
	if accuracy != big.Exact || n == 0 || f.Prec() < 64 { // -0; numbers of few bits, whose last digits are rounded
		return v
	}
	return cty.StringVal(strconv.FormatInt(n, 10)).WithMarks(marks)
}
