package hostfile

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"linkspan/core/diag"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
	"linkspan/hcl/values"
)

// Value is what an expression gave.
type Value struct {
	Text      string // as an expression of the language; "(sensitive)" when it may not be shown
	Type      string // e.g. "string", "list of number", "object"
	Plain     any    // a JSON-like value; nil when it may not be shown
	Sensitive bool
}

// Evaluate evaluates one expression with the site's variables, locals and
// functions and, if host names one, its host.name, host.tags and host.vars.
func (s *Site) Evaluate(expression, host string) (Value, diag.List) {
	if diags := syntax.Guard([]byte(expression), syntax.Typed); diags.HasErrors() {
		return Value{}, diags
	}
	e, faults := hclsyntax.ParseExpression([]byte(expression), syntax.Typed, hcl.InitialPos)
	if faults.HasErrors() {
		return Value{}, syntax.FromHCL(faults)
	}
	ctx := s.scope.context()
	if host != "" {
		d, ok := s.Definition(host)
		if !ok {
			return Value{}, diag.List{rule.Reference.In(diag.Range{File: syntax.Typed}, "no host is called %q", host)}
		}
		ctx = with(ctx, map[string]cty.Value{"host": d.self()})
	}
	l := &loader{site: s, scope: s.scope}
	v, ok := l.evaluate(e, ctx)
	s.secrets.redactAll(l.diags)
	if !ok {
		return Value{}, l.diags
	}
	return s.valueOf(v), l.diags
}

// self is the host as expressions see it.
func (d *Definition) self() cty.Value {
	tags := make([]any, len(d.Host.Tags))
	for i, t := range d.Host.Tags {
		tags[i] = t
	}
	return cty.ObjectVal(map[string]cty.Value{"name": cty.StringVal(d.Host.Name), "tags": values.Of(tags), "vars": values.Of(d.Host.Vars)})
}

// valueOf spells a value. One in which a secret stands is not shown, also when
// it came by way of a host's vars, which carry no marks.
func (s *Site) valueOf(v cty.Value) Value {
	t := v.Type().FriendlyName()
	switch {
	case v.ContainsMarked():
		return Value{Text: hidden, Type: t, Sensitive: true}
	case !v.IsWhollyKnown():
		return Value{Text: "(not known: see the faults of the definitions)", Type: t}
	}
	text := string(hclwrite.Format(hclwrite.TokensForValue(v).Bytes()))
	if shown := s.secrets.redact(text); shown != text {
		return Value{Text: shown, Type: t, Sensitive: true}
	}
	return Value{Text: text, Type: t, Plain: values.Plain(v)}
}

// Names are what can begin a name in an expression: functions with their
// bracket, variables and locals, for completion.
func (s *Site) Names() []string {
	var out []string
	for name := range s.scope.functions {
		out = append(out, name+"(")
	}
	for name := range s.scope.variables {
		out = append(out, "var."+name)
	}
	for name := range s.scope.locals {
		out = append(out, "local."+name)
	}
	slices.Sort(out)
	return out
}
