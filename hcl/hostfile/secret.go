package hostfile

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"linkspan/core/diag"
	"linkspan/hcl/values"
)

// secretMark marks a value that comes from a sensitive variable; expressions
// carry it on to what they make of the value.
const secretMark = "sensitive"

// hidden is what stands in the place of a secret.
const hidden = "(sensitive)"

// shortestSecret is the length in bytes of the shortest text that is taken out
// of messages; a shorter one would take ordinary words with it.
const shortestSecret = 3

// secrets are the texts that may not be shown.
type secrets struct{ texts []string }

// conceal remembers every text in a value.
func (s *secrets) conceal(v cty.Value) {
	v, _ = v.UnmarkDeep()
	if !v.IsWhollyKnown() || v.IsNull() {
		return
	}
	if v.CanIterateElements() {
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			s.conceal(e)
		}
		return
	}
	if text, ok := values.Scalar(values.Plain(v)); ok && v.Type() != cty.Bool {
		s.text(text)
	}
}

func (s *secrets) text(t string) {
	if len(t) < shortestSecret || slices.Contains(s.texts, t) {
		return
	}
	s.texts = append(s.texts, t)
	slices.SortFunc(s.texts, func(a, b string) int { return len(b) - len(a) }) // the longest first: one may hold another
}

// redact takes the secrets out of a text.
func (s *secrets) redact(text string) string {
	if s == nil {
		return text
	}
	for _, t := range s.texts {
		text = strings.ReplaceAll(text, t, hidden)
	}
	return text
}

func (s *secrets) redactAll(l diag.List) {
	if s == nil || len(s.texts) == 0 {
		return
	}
	for i := range l {
		l[i].Detail = s.redact(l[i].Detail)
		l[i].Related = slices.Clone(l[i].Related)
		for j := range l[i].Related {
			l[i].Related[j].Message = s.redact(l[i].Related[j].Message)
		}
	}
}

// Redact takes the values of sensitive variables, and what expressions made of
// them, out of a text that is to be shown. Texts of one or two bytes stay.
func (s *Site) Redact(text string) string { return s.secrets.redact(text) }

// mask overwrites a stretch of a source that holds a secret, so that no
// snippet shows it; the lines keep their lengths.
func (l *loader) mask(r hcl.Range) {
	src := l.site.Sources[r.Filename]
	for i := r.Start.Byte; i < r.End.Byte && i < len(src); i++ {
		if src[i] != '\n' {
			src[i] = '*'
		}
	}
}

// isSecret reports whether an expression names anything sensitive.
func isSecret(e hcl.Expression, ctx *hcl.EvalContext) bool {
	for _, t := range e.Variables() {
		if root, ok := lookup(ctx, t.RootName()); ok {
			v, diags := t.TraverseAbs(&hcl.EvalContext{Variables: map[string]cty.Value{t.RootName(): root}})
			if diags.HasErrors() { // an index into a secret that is not there
				v = root
			}
			if v.ContainsMarked() {
				return true
			}
		}
	}
	return false
}
