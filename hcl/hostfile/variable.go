package hostfile

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"linkspan/core/diag"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
)

// envPrefix begins the environment's names of variables.
const envPrefix = "LINKSPAN_VAR_"

// typed is a declared input: a variable of the directory or of a profile.
type typed struct {
	name      string
	typ       cty.Type
	defaults  *typeexpr.Defaults
	fallback  cty.Value // cty.NilVal when a value is required
	sensitive bool
	place     diag.Range
	block     *hclsyntax.Block
}

// given is a value for a variable and where it came from.
type given struct {
	value  cty.Value
	raw    string // when the value is text that is still to be read by its type
	isText bool
	from   string
	place  diag.Range
	source hcl.Range
}

// variables evaluates the `variable` blocks and starts the scope.
func (l *loader) variables() {
	l.scope = newScope(l.site.Dir)
	l.functions()
	declared := make(map[string]typed)
	for _, b := range l.ofType("variable") {
		t, ok := l.typed(b, language.Top("variable"))
		if !ok {
			continue
		}
		if first, twice := declared[t.name]; twice {
			l.add(twice2(b, "variable", first.place))
			continue
		}
		declared[t.name] = t
	}
	values := l.givenValues(declared)
	for name, list := range values {
		for _, g := range list {
			if declared[name].sensitive {
				l.site.secrets.conceal(g.value)
				l.site.secrets.text(g.raw)
				l.mask(g.source)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		t := declared[name]
		v, ok := l.variableValue(t, values[name])
		if !ok {
			v = cty.DynamicVal // later uses are not reported again
		}
		if t.sensitive {
			v = v.Mark(secretMark)
		}
		l.scope.variables[name] = v
	}
	l.scope.refresh()
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		l.validations(declared[name])
	}
}

// typed reads a variable or input block.
func (l *loader) typed(b *hclsyntax.Block, schema *language.Block) (typed, bool) {
	if !l.checkBlock(b, schema) {
		return typed{}, false
	}
	t := typed{name: b.Labels[0], typ: cty.DynamicPseudoType, fallback: cty.NilVal, place: syntax.LabelRange(b), block: b}
	if !hclsyntax.ValidIdentifier(t.name) {
		l.add(rule.Variable.In(t.place, "%q is no name of a variable: letters, digits, _ and -, not beginning with a digit", t.name))
		return t, false
	}
	ok := true
	if a := b.Body.Attributes["type"]; a != nil {
		typ, defaults, diags := typeexpr.TypeConstraintWithDefaults(a.Expr)
		l.add(syntax.FromHCL(diags)...)
		ok = !diags.HasErrors()
		t.typ, t.defaults = typ, defaults
	}
	if a := b.Body.Attributes["sensitive"]; a != nil {
		v, diags := a.Expr.Value(nil)
		l.add(syntax.FromHCL(diags)...)
		t.sensitive = v.Type() == cty.Bool && v.IsWhollyKnown() && !v.IsNull() && v.True()
	}
	if a := b.Body.Attributes["default"]; a != nil && ok {
		v, diags := a.Expr.Value(&hcl.EvalContext{Functions: l.scope.functions})
		l.add(syntax.FromHCL(diags)...)
		if diags.HasErrors() {
			return t, false
		}
		if t.sensitive {
			l.site.secrets.conceal(v)
			l.mask(a.Expr.Range())
		}
		v, err := t.convert(v)
		if err != nil {
			l.add(rule.Variable.In(syntax.Place(a.Expr.Range()), "the default of %q does not fit its type: %v", t.name, err))
			return t, false
		}
		t.fallback = v
	}
	return t, ok
}

func (t typed) convert(v cty.Value) (cty.Value, error) {
	if t.defaults != nil && !v.IsNull() {
		v = t.defaults.Apply(v)
	}
	return convert.Convert(v, t.typ)
}

// variableValue chooses and converts the value of a variable.
func (l *loader) variableValue(t typed, g []given) (cty.Value, bool) {
	if len(g) == 0 {
		if t.fallback == cty.NilVal {
			l.add(rule.Variable.In(t.place, "the variable %q has no default and no value was given; use -var %s=VALUE, a *.auto.vars.hcl file, or the environment's %s%s", t.name, t.name, envPrefix, t.name))
			return cty.NilVal, false
		}
		return t.fallback, true
	}
	v := g[0].value
	if g[0].isText {
		var ok bool
		if v, ok = l.textValue(t, g[0]); !ok {
			return cty.NilVal, false
		}
	}
	out, err := t.convert(v)
	if err != nil {
		l.add(rule.Variable.In(orElse(g[0].place, t.place), "the value of %q from %s does not fit its type: %v", t.name, g[0].from, err))
		return cty.NilVal, false
	}
	return out, true
}

func orElse(a, b diag.Range) diag.Range {
	if a.IsZero() {
		return b
	}
	return a
}

// textValue reads a value from a command line: as it stands for a string,
// number, bool or any; as an expression otherwise.
func (l *loader) textValue(t typed, g given) (cty.Value, bool) {
	if t.typ.IsPrimitiveType() || t.typ == cty.DynamicPseudoType {
		return cty.StringVal(g.raw), true
	}
	if diags := syntax.Guard([]byte(g.raw), g.from); diags.HasErrors() {
		l.add(diags...)
		return cty.NilVal, false
	}
	e, diags := hclsyntax.ParseExpression([]byte(g.raw), g.from, hcl.InitialPos)
	if !diags.HasErrors() {
		var v cty.Value
		if v, diags = e.Value(nil); !diags.HasErrors() {
			return v, true
		}
	}
	l.add(rule.Variable.In(t.place, "the value of %q from %s is no expression of type %s", t.name, g.from, typeexpr.TypeString(t.typ)))
	return cty.NilVal, false
}

// givenValues collects the values, the winning one of each name first: -var,
// -var-file, *.auto.vars.hcl, the environment.
func (l *loader) givenValues(declared map[string]typed) map[string][]given {
	out := make(map[string][]given)
	take := func(name string, g given, strict bool) {
		if _, ok := declared[name]; !ok {
			if strict {
				l.add(rule.Variable.In(g.place, "%s sets %q, but no variable of that name is declared.%s", g.from, name, diag.DidYouMean(name, slices.Sorted(maps.Keys(declared)))))
			}
			return
		}
		out[name] = append(out[name], g)
	}
	for _, v := range backwards(l.options.Vars) {
		name, value, ok := strings.Cut(v, "=")
		if !ok {
			l.add(rule.Variable.In(diag.Range{}, "-var takes NAME=VALUE, not %q", v))
			continue
		}
		take(name, given{raw: value, value: cty.NullVal(cty.String), isText: true, from: "-var"}, true)
	}
	for _, f := range append(backwards(l.options.VarFiles), l.autoFiles()...) {
		body := l.varsFile(f)
		if body == nil {
			continue
		}
		for _, a := range syntax.Attributes(body) {
			v, diags := a.Expr.Value(nil)
			l.add(syntax.FromHCL(diags)...)
			if !diags.HasErrors() {
				take(a.Name, given{value: v, from: f, place: syntax.Place(a.Expr.Range()), source: a.Expr.Range()}, true)
			}
		}
	}
	for _, e := range l.options.Environ {
		if name, value, ok := strings.Cut(e, "="); ok && strings.HasPrefix(name, envPrefix) {
			take(strings.TrimPrefix(name, envPrefix), given{raw: value, value: cty.NullVal(cty.String), isText: true, from: "the environment's " + name}, false)
		}
	}
	return out
}

// varsFile parses a file of variables; nil when that cannot be done.
func (l *loader) varsFile(path string) *hclsyntax.Body {
	src, err := syntax.ReadFile(path)
	if err != nil {
		l.add(rule.Read.In(diag.Range{File: path}, "%v", err))
		l.broken = true
		return nil
	}
	l.site.Sources[path] = src
	p := syntax.Parse(src, path, &language.Block{Free: true})
	l.add(p.Diags...)
	if p.Body == nil {
		l.broken = true
		return nil
	}
	for _, b := range p.Body.Blocks {
		l.add(rule.UnknownBlock.In(syntax.Place(b.TypeRange), "a file of variables has attributes only, NAME = VALUE"))
	}
	return p.Body
}

// backwards is the list with its last element first: of two options of one
// kind the later wins, as in Terraform.
func backwards(list []string) []string {
	out := slices.Clone(list)
	slices.Reverse(out)
	return out
}

// autoFiles are the *.auto.vars.hcl files of the directory; a later name wins
// over an earlier one, as in Terraform.
func (l *loader) autoFiles() []string {
	entries, err := os.ReadDir(l.site.Dir)
	if err != nil {
		return nil // the directory itself was reported already
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(strings.TrimSuffix(e.Name(), ".json"), ".auto.vars"+native) {
			out = append(out, filepath.Join(l.site.Dir, e.Name()))
		}
	}
	slices.Reverse(out)
	return out
}

// validations evaluates a variable's conditions.
func (l *loader) validations(t typed) {
	for _, b := range t.block.Body.Blocks {
		if b.Type != "validation" {
			continue
		}
		condition, message := b.Body.Attributes["condition"], b.Body.Attributes["error_message"]
		if condition == nil || message == nil {
			l.add(rule.Missing.In(syntax.Place(b.TypeRange), "a validation needs condition and error_message"))
			continue
		}
		v, ok := l.evaluate(condition.Expr, l.scope.context())
		text, textOK := l.evaluate(message.Expr, l.scope.context())
		if !ok || !textOK || !v.IsWhollyKnown() {
			continue
		}
		v, _ = v.Unmark()
		if v.Type() != cty.Bool || v.IsNull() {
			l.add(rule.Type.In(syntax.Place(condition.Expr.Range()), "a condition is true or false"))
			continue
		}
		if v.False() {
			l.add(relatedTo(rule.Variable.In(t.place, "the value of %q is refused: %s", t.name, textOf(text)), "by this condition", syntax.Place(condition.Expr.Range())))
		}
	}
}

func textOf(v cty.Value) string {
	if v.ContainsMarked() {
		return hidden
	}
	if v.Type() == cty.String && v.IsWhollyKnown() && !v.IsNull() {
		return v.AsString()
	}
	return fmt.Sprintf("(a message of type %s)", v.Type().FriendlyName())
}
