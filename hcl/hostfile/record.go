package hostfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"linkspan/core/diag"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
	"linkspan/hcl/values"
)

// record is one block with its attributes evaluated and its own blocks read:
// the form in which a profile's block and a host's are laid over each other.
type record struct {
	schema *language.Block
	label  string // "" for a block without one
	place  diag.Range
	values []value // of different names; few, so that looking through them is quick
	blocks []record
	wrong  []string    // attributes that are given but have no good value
	use    *diag.Range // the host's use block that brought the record; nil when the host says it itself
}

// value finds an attribute.
func (r *record) value(name string) (*value, bool) {
	for i := range r.values {
		if v := &r.values[i]; v.name == name {
			return v, true
		}
	}
	return nil, false
}

// byName are the attributes sorted by name.
func (r *record) byName() []value {
	return slices.SortedFunc(slices.Values(r.values), func(a, b value) int { return strings.Compare(a.name, b.name) })
}

// value is an evaluated attribute. The value is never null.
type value struct {
	name string
	cty.Value
	place    diag.Range
	elements []diag.Range // of a list written as one
	use      *diag.Range  // the host's `use` that brought it; nil when the host says it itself
	wrong    bool         // given, but not good: reported already
	marked   cty.Value    // the value with the marks of what in it is sensitive
	rival    *value       // another profile's value that differs
}

// element is the place of one element of a list.
func (v *value) element(i int) diag.Range {
	if i < len(v.elements) {
		return v.elements[i]
	}
	return v.place
}

// strings are the elements of a list of strings.
func (v *value) strings() []string {
	var out []string
	if v.CanIterateElements() {
		out = make([]string, 0, v.LengthInt())
	}
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		out = append(out, e.AsString())
	}
	return out
}

func (v *value) int() int {
	n, _ := v.AsBigFloat().Int64()
	return int(n)
}

// checkBlock checks a block's labels, its attributes' and blocks' names, and
// that what is required is there.
func (l *loader) checkBlock(b *hclsyntax.Block, schema *language.Block) bool {
	before := len(l.diags)
	if len(b.Labels) != len(schema.Labels) {
		want := "no label"
		if len(schema.Labels) > 0 {
			want = fmt.Sprintf("its %s as a label: %s \"%s\" { … }", schema.Labels[0], b.Type, strings.ToUpper(schema.Labels[0]))
		}
		l.add(rule.Labels.In(syntax.Place(b.TypeRange), "a %s block takes %s", b.Type, want))
		return false
	}
	for _, a := range syntax.Attributes(b.Body) {
		l.checkAttributeName(a, b.Type, schema)
	}
	l.checkBlockNames(b, schema)
	return len(l.diags) == before
}

func (l *loader) checkBlockNames(b *hclsyntax.Block, schema *language.Block) {
	if len(b.Body.Blocks) == 0 {
		return
	}
	seen := make(map[string]diag.Range)
	for _, c := range b.Body.Blocks {
		inner, ok := schema.Block(c.Type)
		if !ok {
			l.unknownBlock(c, schema)
			continue
		}
		if inner.Many {
			continue
		}
		if first, twice := seen[c.Type]; twice {
			l.add(relatedTo(rule.Twice.In(syntax.Place(c.TypeRange), "a %s has one %s block", b.Type, c.Type), "first given here", first))
		}
		seen[c.Type] = syntax.Place(c.TypeRange)
	}
}

// required reports what is missing of a block when all that lies over it is
// known: a host need not repeat what its profile says.
func (l *loader) required(r *record) {
	for i := range r.schema.Attributes {
		a := &r.schema.Attributes[i]
		if _, ok := r.value(a.Name); !a.Required || ok || slices.Contains(r.wrong, a.Name) {
			continue
		}
		what := "the " + r.schema.Name + " block"
		if r.label != "" {
			what = fmt.Sprintf("%s %q", r.schema.Name, r.label)
		}
		l.add(rule.Missing.In(r.place, "%s needs the attribute %s: %s", what, a.Name, clause(a.Doc)))
	}
	for i := range r.blocks {
		l.required(&r.blocks[i])
	}
}

func (l *loader) checkAttributeName(a *hclsyntax.Attribute, in string, schema *language.Block) {
	if schema.Free {
		return
	}
	if _, ok := schema.Attribute(a.Name); ok {
		return
	}
	hint := diag.DidYouMean(a.Name, append(schema.AttributeNames(), schema.BlockNames()...))
	if _, ok := schema.Block(a.Name); ok {
		hint = fmt.Sprintf(" %s is a block: write it without \"=\".", a.Name)
	} else if _, write := schema.Elsewhere(a.Name); write != "" {
		hint = " Write " + write
	}
	l.add(rule.UnknownAttribute.In(syntax.Place(a.NameRange), "%s has no attribute %q.%s", article(in), a.Name, hint))
}

func (l *loader) unknownBlock(c *hclsyntax.Block, schema *language.Block) {
	hint := diag.DidYouMean(c.Type, schema.BlockNames())
	if _, ok := schema.Attribute(c.Type); ok {
		hint = fmt.Sprintf(" %s is an attribute: write %s = …", c.Type, c.Type)
	}
	in := "a file"
	if schema.Name != "" {
		in = article(schema.Name)
	}
	l.add(rule.UnknownBlock.In(syntax.Place(c.TypeRange), "%s has no block %q.%s", in, c.Type, hint))
}

func article(word string) string {
	if strings.ContainsRune("aeiou", rune(word[0])) && word != "use" {
		return "an " + word
	}
	return "a " + word
}

// relatedTo adds a second place that has no path of the host.
func relatedTo(d diag.Diagnostic, message string, r diag.Range) diag.Diagnostic {
	d.Related = append(d.Related, diag.Related{Message: message, Range: r})
	return d
}

// twice2 reports a second block of one label.
func twice2(b *hclsyntax.Block, what string, first diag.Range) diag.Diagnostic {
	return relatedTo(rule.Twice.In(syntax.LabelRange(b), "%s %q is given twice", what, b.Labels[0]), "first given here", first)
}

// record reads a block. Faults are reported; what is right of it is returned.
func (l *loader) record(b *hclsyntax.Block, schema *language.Block, ctx *hcl.EvalContext) record {
	l.checkBlock(b, schema)
	r := record{schema: schema, place: syntax.LabelRange(b)}
	if len(b.Labels) > 0 {
		r.label = b.Labels[0]
	}
	attributes := syntax.Attributes(b.Body)
	r.values = make([]value, 0, len(attributes))
	for _, a := range attributes {
		spec, known := schema.Attribute(a.Name)
		switch {
		case !known && schema.Free:
			spec = &language.Attribute{Name: a.Name, Type: language.Any, Secret: schema.Name == "backend"}
		case !known: // reported already
			r.wrong = append(r.wrong, a.Name, meant(a.Name, schema))
			continue
		case spec.Type == language.Raw:
			continue
		}
		if v, ok := l.attribute(a, spec, ctx); ok {
			r.values = append(r.values, v)
		} else if v.wrong {
			r.wrong = append(r.wrong, a.Name)
		}
	}
	for _, c := range b.Body.Blocks {
		if inner, ok := schema.Block(c.Type); ok && len(c.Labels) != len(inner.Labels) {
			l.checkBlock(c, inner)
		} else if ok {
			r.blocks = append(r.blocks, l.record(c, inner, ctx))
		}
	}
	return r
}

// attribute evaluates one attribute and converts it to its type. A null value
// counts as not given.
func (l *loader) attribute(a *hclsyntax.Attribute, spec *language.Attribute, ctx *hcl.EvalContext) (value, bool) {
	v, simple := literal(a.Expr)
	ok := simple
	if !simple {
		v, ok = l.evaluate(a.Expr, ctx)
	}
	if !ok || !v.IsWhollyKnown() { // unknown: already reported where it comes from
		return value{wrong: true}, false
	}
	if v.IsNull() {
		return value{}, false
	}
	out := value{name: a.Name, place: syntax.Place(a.Expr.Range()), elements: syntax.ElementRanges(a.Expr), marked: v}
	if !simple && v.ContainsMarked() {
		v, _ = v.UnmarkDeep()
		l.site.secrets.conceal(v)
		if !spec.Secret {
			l.add(rule.Secret.In(out.place, "%s cannot have a sensitive value: plans and files would show it", spec.Name))
			out.wrong = true
			return out, false
		}
	}
	converted, why := values.Convert(v, spec.Type)
	if why != "" {
		l.add(rule.Type.In(out.place, "%s is %s, not %s%s", spec.Name, why, givenAs(v, spec.Type), bracketsHint(v, spec.Type)))
		out.wrong = true
		return out, false
	}
	out.Value = converted
	out.wrong = !l.checkWords(&out, spec)
	return out, !out.wrong
}

// clause turns a sentence into a part of one.
func clause(sentence string) string {
	s := strings.TrimSuffix(sentence, ".")
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// meant is the attribute that an unknown name was most likely meant to be, so that
// it is not called missing; "" if none is near.
func meant(name string, schema *language.Block) string {
	if ours, _ := schema.Elsewhere(name); ours != "" {
		return ours
	}
	return diag.Suggest(name, schema.AttributeNames())
}

// givenAs says what a value is; a number, where another number is asked for.
func givenAs(v cty.Value, typ language.Type) string {
	if v.Type() == cty.Number && (typ == language.Number || typ == language.Seconds) {
		return v.AsBigFloat().Text('g', -1)
	}
	return values.Kind(v)
}

func bracketsHint(v cty.Value, typ language.Type) string {
	if typ == language.Strings && v.Type() == cty.String {
		return "; write it in brackets"
	}
	return ""
}

// checkWords refuses a word that is not among the few that are taken. A bond's
// mode may also be its number.
func (l *loader) checkWords(v *value, spec *language.Attribute) bool {
	if spec.Words == nil {
		return true
	}
	given := []string{}
	switch {
	case spec.Type == language.Strings:
		given = v.strings()
	default:
		given = append(given, v.AsString())
	}
	ok := true
	for i, w := range given {
		if slices.Contains(spec.Words, w) || spec.Type == language.Mode && len(w) == 1 && w >= "0" && w <= "6" {
			continue
		}
		ok = false
		l.add(rule.Words.In(v.element(i), "%s is one of %s, not %q.%s", spec.Name, quoted(spec.Words), w, diag.DidYouMean(w, spec.Words)))
	}
	return ok
}

func quoted(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fmt.Sprintf("%q", w)
	}
	return strings.Join(out, ", ")
}
