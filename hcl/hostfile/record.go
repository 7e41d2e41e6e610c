package hostfile

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"linkspan/core/diag"
)

// record is one block with its attributes evaluated and its own blocks read:
// the form in which a profile's block and a host's are laid over each other.
type record struct {
	schema *block
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

// labelRange is the place of a block's label, or of its type when it has none.
func labelRange(b *hclsyntax.Block) diag.Range {
	if len(b.LabelRanges) > 0 {
		return place(b.LabelRanges[0])
	}
	return place(b.TypeRange)
}

// checkBlock checks a block's labels, its attributes' and blocks' names, and
// that what is required is there.
func (l *loader) checkBlock(b *hclsyntax.Block, schema *block) bool {
	before := len(l.diags)
	if len(b.Labels) != len(schema.labels) {
		want := "no label"
		if len(schema.labels) > 0 {
			want = fmt.Sprintf("its %s as a label: %s \"%s\" { … }", schema.labels[0], b.Type, strings.ToUpper(schema.labels[0]))
		}
		l.add(ruleLabels.In(place(b.TypeRange), "a %s block takes %s", b.Type, want))
		return false
	}
	for _, a := range sortedAttributes(b.Body) {
		l.checkAttributeName(a, b.Type, schema)
	}
	l.checkBlockNames(b, schema)
	return len(l.diags) == before
}

func (l *loader) checkBlockNames(b *hclsyntax.Block, schema *block) {
	if len(b.Body.Blocks) == 0 {
		return
	}
	seen := make(map[string]diag.Range)
	for _, c := range b.Body.Blocks {
		inner, ok := schema.block(c.Type)
		if !ok {
			l.unknownBlock(c, schema)
			continue
		}
		if inner.many {
			continue
		}
		if first, twice := seen[c.Type]; twice {
			l.add(relatedTo(ruleTwice.In(place(c.TypeRange), "a %s has one %s block", b.Type, c.Type), "first given here", first))
		}
		seen[c.Type] = place(c.TypeRange)
	}
}

// required reports what is missing of a block when all that lies over it is
// known: a host need not repeat what its profile says.
func (l *loader) required(r *record) {
	for i := range r.schema.attributes {
		a := &r.schema.attributes[i]
		if _, ok := r.value(a.name); !a.required || ok || slices.Contains(r.wrong, a.name) {
			continue
		}
		what := "the " + r.schema.name + " block"
		if r.label != "" {
			what = fmt.Sprintf("%s %q", r.schema.name, r.label)
		}
		l.add(ruleMissing.In(r.place, "%s needs the attribute %s: %s", what, a.name, clause(a.doc)))
	}
	for i := range r.blocks {
		l.required(&r.blocks[i])
	}
}

func (l *loader) checkAttributeName(a *hclsyntax.Attribute, in string, schema *block) {
	if schema.free {
		return
	}
	if _, ok := schema.attribute(a.Name); ok {
		return
	}
	hint := diag.DidYouMean(a.Name, append(schema.attributeNames(), schema.blockNames()...))
	if _, ok := schema.block(a.Name); ok {
		hint = fmt.Sprintf(" %s is a block: write it without \"=\".", a.Name)
	}
	l.add(ruleUnknownAttribute.In(place(a.NameRange), "%s has no attribute %q.%s", article(in), a.Name, hint))
}

func (l *loader) unknownBlock(c *hclsyntax.Block, schema *block) {
	hint := diag.DidYouMean(c.Type, schema.blockNames())
	if _, ok := schema.attribute(c.Type); ok {
		hint = fmt.Sprintf(" %s is an attribute: write %s = …", c.Type, c.Type)
	}
	in := "a file"
	if schema.name != "" {
		in = article(schema.name)
	}
	l.add(ruleUnknownBlock.In(place(c.TypeRange), "%s has no block %q.%s", in, c.Type, hint))
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
	return relatedTo(ruleTwice.In(labelRange(b), "%s %q is given twice", what, b.Labels[0]), "first given here", first)
}

// record reads a block. Faults are reported; what is right of it is returned.
func (l *loader) record(b *hclsyntax.Block, schema *block, ctx *hcl.EvalContext) record {
	l.checkBlock(b, schema)
	r := record{schema: schema, place: labelRange(b)}
	if len(b.Labels) > 0 {
		r.label = b.Labels[0]
	}
	attributes := sortedAttributes(b.Body)
	r.values = make([]value, 0, len(attributes))
	for _, a := range attributes {
		spec, known := schema.attribute(a.Name)
		switch {
		case !known && schema.free:
			spec = &attribute{name: a.Name, typ: typeAny, secret: schema.name == "backend"}
		case !known || spec.typ == typeRaw:
			continue
		}
		if v, ok := l.attribute(a, spec, ctx); ok {
			r.values = append(r.values, v)
		} else if v.wrong {
			r.wrong = append(r.wrong, a.Name)
		}
	}
	for _, c := range b.Body.Blocks {
		if inner, ok := schema.block(c.Type); ok && len(c.Labels) != len(inner.labels) {
			l.checkBlock(c, inner)
		} else if ok {
			r.blocks = append(r.blocks, l.record(c, inner, ctx))
		}
	}
	return r
}

// attribute evaluates one attribute and converts it to its type. A null value
// counts as not given.
func (l *loader) attribute(a *hclsyntax.Attribute, spec *attribute, ctx *hcl.EvalContext) (value, bool) {
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
	out := value{name: a.Name, place: place(a.Expr.Range()), elements: elementRanges(a.Expr), marked: v}
	if !simple && v.ContainsMarked() {
		v, _ = v.UnmarkDeep()
		l.site.secrets.conceal(v)
		if !spec.secret {
			l.add(ruleSecret.In(out.place, "%s cannot have a sensitive value: plans and files would show it", spec.name))
			out.wrong = true
			return out, false
		}
	}
	converted, why := convertTo(v, spec.typ)
	if why != "" {
		l.add(ruleType.In(out.place, "%s is %s, not %s%s", spec.name, why, kindOf(v), bracketsHint(v, spec.typ)))
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

// kindOf names the type of a value as people say it.
func kindOf(v cty.Value) string {
	t := v.Type()
	switch {
	case t == cty.String:
		return "a text"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t.IsMapType() || t.IsObjectType():
		return "an object"
	case t.IsListType() || t.IsSetType() || t.IsTupleType():
		return "a list"
	}
	return t.FriendlyName()
}

func bracketsHint(v cty.Value, typ attributeType) string {
	if typ == typeStrings && v.Type() == cty.String {
		return "; write it in brackets"
	}
	return ""
}

func elementRanges(e hclsyntax.Expression) []diag.Range {
	switch x := e.(type) {
	case *hclsyntax.TupleConsExpr:
		out := make([]diag.Range, len(x.Exprs))
		for i, element := range x.Exprs {
			out[i] = place(element.Range())
		}
		return out
	case jsonExpression:
		return x.elementRanges()
	}
	return nil
}

// convertTo gives a value the form of its attribute, or says what it should be.
func convertTo(v cty.Value, typ attributeType) (cty.Value, string) {
	switch typ {
	case typeString, typeMode:
		if v.Type() == cty.String || typ == typeMode && v.Type() == cty.Number {
			return must(v, cty.String, "a text")
		}
		return v, "a text"
	case typeNumber, typeSeconds:
		return numberOf(v, typ)
	case typeBool:
		return must(v, cty.Bool, "true or false")
	case typeStrings:
		if v.Type() == cty.String {
			return v, "a list of texts"
		}
		return listOf(v)
	case typeNames:
		return must(v, cty.Map(cty.String), "a map of texts")
	case typeBools:
		return must(v, cty.Map(cty.Bool), "a map of true and false")
	}
	return v, ""
}

// must converts and refuses null elements.
func must(v cty.Value, t cty.Type, what string) (cty.Value, string) {
	if t.IsPrimitiveType() && v.Type() == t && v.IsKnown() && !v.IsNull() {
		return v, ""
	}
	out, err := convert.Convert(v, t)
	if err != nil || out.IsNull() || !out.IsWhollyKnown() || hasNull(out) {
		return v, what
	}
	return out, ""
}

func hasNull(v cty.Value) bool {
	if !v.CanIterateElements() {
		return v.IsNull()
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); e.IsNull() {
			return true
		}
	}
	return false
}

func listOf(v cty.Value) (cty.Value, string) {
	if !v.CanIterateElements() || v.Type().IsObjectType() || v.Type().IsMapType() {
		return v, "a list of texts"
	}
	texts := make([]cty.Value, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() || e.Type() != cty.String {
			return v, "a list of texts"
		}
		texts = append(texts, e)
	}
	if len(texts) == 0 {
		return cty.ListValEmpty(cty.String), ""
	}
	return cty.ListVal(texts), ""
}

func numberOf(v cty.Value, typ attributeType) (cty.Value, string) {
	n, why := must(v, cty.Number, "a number")
	if why != "" {
		return v, why
	}
	scaled := n.AsBigFloat()
	what := "a whole number"
	if typ == typeSeconds {
		scaled, what = new(big.Float).Mul(scaled, big.NewFloat(100)), "a number of seconds with at most two decimals"
	}
	f, _ := scaled.Float64()
	if f != float64(int64(f)) || f < -1<<53 || f > 1<<53 {
		return v, what
	}
	return n, ""
}

// checkWords refuses a word that is not among the few that are taken. A bond's
// mode may also be its number.
func (l *loader) checkWords(v *value, spec *attribute) bool {
	if spec.words == nil {
		return true
	}
	given := []string{}
	switch {
	case spec.typ == typeStrings:
		given = v.strings()
	default:
		given = append(given, v.AsString())
	}
	ok := true
	for i, w := range given {
		if slices.Contains(spec.words, w) || spec.typ == typeMode && len(w) == 1 && w >= "0" && w <= "6" {
			continue
		}
		ok = false
		l.add(ruleWords.In(v.element(i), "%s is one of %s, not %q.%s", spec.name, quoted(spec.words), w, diag.DidYouMean(w, spec.words)))
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
