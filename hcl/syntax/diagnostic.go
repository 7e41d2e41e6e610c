package syntax

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"linkspan/core/diag"
	"linkspan/hcl/rule"
)

// Place turns a range of hcl into one of diag.
func Place(r hcl.Range) diag.Range {
	return diag.Range{File: r.Filename,
		Start: diag.Position{Line: r.Start.Line, Column: r.Start.Column, Byte: r.Start.Byte},
		End:   diag.Position{Line: r.End.Line, Column: r.End.Column, Byte: r.End.Byte}}
}

// FromHCL makes diagnostics of those of hcl: faults of the parser and of
// expressions, each with its code.
func FromHCL(in hcl.Diagnostics) diag.List {
	var out diag.List
	quotes := make(map[int]bool) // lines with typographic quotes: said once a line, and nothing that follows from it
	for _, d := range in {
		if strings.Contains(d.Detail, "Curly quotes") && d.Subject != nil && !quotes[d.Subject.Start.Line] {
			quotes[d.Subject.Start.Line] = true
			out = append(out, rule.Character.In(Place(*d.Subject), "a typographic quote, as word processors and web pages make them; write a straight one (\")"))
		}
	}
	for _, d := range in {
		if strings.Contains(d.Detail, "Single quotes are not valid") && d.Subject != nil && !quotes[d.Subject.Start.Line] {
			quotes[d.Subject.Start.Line] = true
			out = append(out, rule.Character.In(Place(*d.Subject), "a text is written in double quotes (\"), not in single ones"))
		}
	}
	for _, d := range in {
		if d.Subject != nil && quotes[d.Subject.Start.Line] {
			continue
		}
		kind := rule.Syntax
		switch {
		case d.Expression != nil || d.EvalContext != nil:
			kind = rule.Expression
		case d.Summary == "Missing block label": // of the JSON form
			kind = rule.Labels
		}
		detail := d.Detail
		if d.Summary != "" && !strings.Contains(detail, d.Summary) {
			detail = d.Summary + ": " + detail
		}
		g := kind.At("", "%s", OneLine(detail))
		if d.Severity == hcl.DiagWarning {
			g.Severity = diag.Warning
		}
		if d.Subject != nil {
			g.Range = Place(*d.Subject)
		}
		out = append(out, g)
	}
	return out
}

// OneLine joins a text's lines, with one blank between words.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
