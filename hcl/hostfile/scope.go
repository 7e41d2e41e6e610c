package hostfile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"linkspan/core/diag"
	"linkspan/hcl/builtin"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
)

// scope is what an expression can name.
type scope struct {
	variables map[string]cty.Value
	locals    map[string]cty.Value
	functions map[string]function.Function
	root      *hcl.EvalContext
}

func newScope(dir string) *scope {
	s := &scope{variables: map[string]cty.Value{}, locals: map[string]cty.Value{}, functions: builtin.All(dir)}
	s.refresh()
	return s
}

// refresh makes the context anew after variables or locals have come.
func (s *scope) refresh() {
	s.root = &hcl.EvalContext{Functions: s.functions, Variables: map[string]cty.Value{
		"var": cty.ObjectVal(s.variables), "local": cty.ObjectVal(s.locals),
	}}
}

func (s *scope) context() *hcl.EvalContext { return s.root }

// with makes a context with more names, e.g. "each", "host", "input".
func with(ctx *hcl.EvalContext, names map[string]cty.Value) *hcl.EvalContext {
	child := ctx.NewChild()
	child.Variables = names
	return child
}

// evaluate evaluates an expression and reports what is wrong with it, with a
// suggestion for a name that is not there.
func (l *loader) evaluate(e hcl.Expression, ctx *hcl.EvalContext) (cty.Value, bool) {
	if v, ok := literal(e); ok {
		return v, true
	}
	names := e.Variables()
	if d, known := strangeWord(names, ctx); !known {
		l.add(d)
		return cty.DynamicVal, false
	}
	if d, bad := unknownName(names, ctx); bad {
		l.undeclared(d)
		return cty.DynamicVal, false
	}
	v, diags := e.Value(ctx)
	if diags.HasErrors() {
		for _, d := range syntax.FromHCL(diags) {
			if r := syntax.Place(e.Range()); d.Range.IsZero() {
				d.Range = r
			}
			d.Detail += l.functionHint(d.Detail)
			if isSecret(e, ctx) {
				d.Detail = "the expression cannot be evaluated; it uses a sensitive value, so no more is said"
			}
			l.add(d)
		}
		return cty.DynamicVal, false
	}
	return v, true
}

// literal is the value of an expression that, as most do, names nothing: a text,
// a number, true, false, null, a list of such. Finding that out by the names in an
// expression takes longer than its evaluation.
func literal(e hcl.Expression) (cty.Value, bool) {
	switch x := e.(type) {
	case *hclsyntax.LiteralValueExpr:
		return x.Val, true
	case *hclsyntax.TemplateExpr:
		if x.IsStringLiteral() {
			v, ok := literal(x.Parts[0])
			return v, ok && v.Type() == cty.String
		}
	case *hclsyntax.TupleConsExpr:
		values := make([]cty.Value, len(x.Exprs))
		for i, e := range x.Exprs {
			v, ok := literal(e)
			if !ok {
				return cty.NilVal, false
			}
			values[i] = v
		}
		return cty.TupleVal(values), true
	}
	return cty.NilVal, false
}

var unknownFunction = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`There is no function named "([^"]*)"`) })

// functionHint suggests a function, which the expression's own diagnostics do
// only within a namespace.
func (l *loader) functionHint(detail string) string {
	m := unknownFunction().FindStringSubmatch(detail)
	if m == nil {
		return ""
	}
	return diag.DidYouMean(m[1], slices.Sorted(maps.Keys(l.scope.functions)))
}

// strangeWord finds the first of an expression's names whose first word its context
// does not have, whatever is declared: a bare word, each outside for_each.
func strangeWord(names []hcl.Traversal, ctx *hcl.EvalContext) (d diag.Diagnostic, known bool) {
	for _, t := range names {
		if _, ok := lookup(ctx, t.RootName()); !ok {
			return rule.Reference.In(syntax.Place(t.SourceRange()), "%s%s", missingRoot(t), diag.DidYouMean(t.RootName(), contextNames(ctx))), false
		}
	}
	return d, true
}

// unknownName finds the first of an expression's names that is not declared:
// var.gatway, local.x.
func unknownName(names []hcl.Traversal, ctx *hcl.EvalContext) (diag.Diagnostic, bool) {
	for _, t := range names {
		root, _ := lookup(ctx, t.RootName())
		if len(t) < 2 || !root.IsKnown() || root.IsNull() || !root.Type().IsObjectType() {
			continue
		}
		a, isAttr := t[1].(hcl.TraverseAttr)
		if isAttr && !root.Type().HasAttribute(a.Name) && slices.Contains([]string{"var", "local", "input", "host", "each"}, t.RootName()) {
			return rule.Reference.In(syntax.Place(a.SrcRange), "there is no %s.%s here.%s", t.RootName(), a.Name, diag.DidYouMean(a.Name, slices.Sorted(maps.Keys(root.Type().AttributeTypes())))), true
		}
	}
	return diag.Diagnostic{}, false
}

func missingRoot(t hcl.Traversal) string {
	name := t.RootName()
	switch name {
	case "each":
		return "each is known only in a block with for_each."
	case "input":
		return "input is known only in a profile."
	case "host":
		return "host is known only in a host or profile."
	case "yes", "on", "enabled":
		return fmt.Sprintf("%q names nothing here; what is on is written true.", name)
	case "no", "off", "disabled":
		return fmt.Sprintf("%q names nothing here; what is off is written false.", name)
	}
	return fmt.Sprintf("%q names nothing here; a text is written with quotes, %q.", name, name)
}

func lookup(ctx *hcl.EvalContext, name string) (cty.Value, bool) {
	for c := ctx; c != nil; c = c.Parent() {
		if v, ok := c.Variables[name]; ok {
			return v, true
		}
	}
	return cty.NilVal, false
}

func contextNames(ctx *hcl.EvalContext) []string {
	var out []string
	for c := ctx; c != nil; c = c.Parent() {
		out = append(out, slices.Sorted(maps.Keys(c.Variables))...)
	}
	return out
}

// locals evaluates all `locals` blocks, each name after those it needs.
func (l *loader) locals() {
	attributes := make(map[string]*hclsyntax.Attribute)
	for _, b := range l.ofType("locals") {
		if len(b.Labels) > 0 {
			l.add(rule.Labels.In(syntax.Place(b.LabelRanges[0]), "locals takes no label"))
		}
		for _, inner := range b.Body.Blocks {
			l.add(rule.UnknownBlock.In(syntax.Place(inner.TypeRange), "locals has attributes only, NAME = VALUE"))
		}
		for _, a := range syntax.Attributes(b.Body) {
			if first, twice := attributes[a.Name]; twice {
				l.add(relatedTo(rule.Twice.In(syntax.Place(a.NameRange), "local.%s is given twice", a.Name), "first given here", syntax.Place(first.NameRange)))
				continue
			}
			attributes[a.Name] = a
		}
	}
	v := localsVisit{loader: l, attributes: attributes, state: map[string]int{}}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		l.scope.locals[name] = cty.DynamicVal // so that a wrong one is reported once
	}
	l.scope.refresh()
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		v.visit(name)
	}
	l.scope.refresh()
}

// localsVisit walks the locals depth first.
type localsVisit struct {
	*loader
	attributes map[string]*hclsyntax.Attribute
	state      map[string]int // 1: on the way, 2: done
	way        []string
}

func (v *localsVisit) visit(name string) {
	a, ok := v.attributes[name]
	if !ok || v.state[name] == 2 {
		return
	}
	if v.state[name] == 1 {
		circle := append(slices.Clone(v.way[slices.Index(v.way, name):]), name)
		v.add(rule.Cycle.In(syntax.Place(a.NameRange), "local.%s", strings.Join(circle, " needs local.")))
		return
	}
	v.state[name] = 1
	v.way = append(v.way, name)
	for _, need := range v.needs(a.Expr) {
		v.visit(need)
	}
	v.way = v.way[:len(v.way)-1]
	v.state[name] = 2
	if value, ok := v.evaluate(a.Expr, v.context(a.Expr)); ok {
		v.scope.locals[name] = value
	}
}

// needs are the locals that an expression names; all, when it names `local` as
// a whole.
func (v *localsVisit) needs(e hcl.Expression) []string {
	var out []string
	for _, t := range e.Variables() {
		if t.RootName() != "local" {
			continue
		}
		if len(t) > 1 {
			if step, ok := t[1].(hcl.TraverseAttr); ok {
				out = append(out, step.Name)
				continue
			}
		}
		return slices.Sorted(maps.Keys(v.attributes))
	}
	return out
}

// context has the locals that an expression needs: an object of all of them for
// each would take time that grows with their square. An unknown one gets all,
// for the suggestion.
func (v *localsVisit) context(e hcl.Expression) *hcl.EvalContext {
	some := make(map[string]cty.Value)
	for _, name := range v.needs(e) {
		value, ok := v.scope.locals[name]
		if !ok {
			some = v.scope.locals
			break
		}
		some[name] = value
	}
	return with(v.scope.context(), map[string]cty.Value{"local": cty.ObjectVal(some)})
}

// ofType are the top-level blocks of one type, in order; of hosts, those in
// files that hold other blocks too.
func (l *loader) ofType(name string) []*hclsyntax.Block {
	var out []*hclsyntax.Block
	for _, f := range l.files {
		for _, b := range f.blocks {
			if b.Type == name {
				out = append(out, b)
			}
		}
	}
	return out
}
