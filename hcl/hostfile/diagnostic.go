package hostfile

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"linkspan/core/diag"
)

// place turns a range of hcl into one of diag.
func place(r hcl.Range) diag.Range {
	return diag.Range{File: r.Filename,
		Start: diag.Position{Line: r.Start.Line, Column: r.Start.Column, Byte: r.Start.Byte},
		End:   diag.Position{Line: r.End.Line, Column: r.End.Column, Byte: r.End.Byte}}
}

// fromHCL gives diagnostics of the parser and of expressions a code.
func fromHCL(in hcl.Diagnostics) diag.List {
	var out diag.List
	quotes := make(map[int]bool) // lines with typographic quotes: said once a line, and nothing that follows from it
	for _, d := range in {
		if strings.Contains(d.Detail, "Curly quotes") && d.Subject != nil && !quotes[d.Subject.Start.Line] {
			quotes[d.Subject.Start.Line] = true
			out = append(out, ruleCharacter.In(place(*d.Subject), "a typographic quote, as word processors and web pages make them; write a straight one (\")"))
		}
	}
	for _, d := range in {
		if strings.Contains(d.Detail, "Single quotes are not valid") && d.Subject != nil && !quotes[d.Subject.Start.Line] {
			quotes[d.Subject.Start.Line] = true
			out = append(out, ruleCharacter.In(place(*d.Subject), "a text is written in double quotes (\"), not in single ones"))
		}
	}
	for _, d := range in {
		if d.Subject != nil && quotes[d.Subject.Start.Line] {
			continue
		}
		rule := ruleSyntax
		switch {
		case d.Expression != nil || d.EvalContext != nil:
			rule = ruleExpression
		case d.Summary == "Missing block label": // of the JSON form
			rule = ruleLabels
		}
		detail := d.Detail
		if d.Summary != "" && !strings.Contains(detail, d.Summary) {
			detail = d.Summary + ": " + detail
		}
		g := rule.At("", "%s", oneLine(detail))
		if d.Severity == hcl.DiagWarning {
			g.Severity = diag.Warning
		}
		if d.Subject != nil {
			g.Range = place(*d.Subject)
		}
		out = append(out, g)
	}
	return out
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
