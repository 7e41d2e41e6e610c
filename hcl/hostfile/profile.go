package hostfile

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"linkspan/core/diag"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
)

// profile is one `profile` block.
type profile struct {
	block  *hclsyntax.Block
	inputs map[string]typed
	used   bool
}

// profiles reads the profile blocks' names and inputs; their bodies are
// evaluated for each host that uses them.
func (l *loader) profiles() map[string]profile {
	out := make(map[string]profile)
	schema := language.Top("profile")
	inputSchema, _ := schema.Block("input")
	for _, b := range l.ofType("profile") {
		if !l.checkBlock(b, schema) && len(b.Labels) != 1 {
			continue
		}
		if first, twice := out[b.Labels[0]]; twice {
			l.add(twice2(b, "profile", syntax.LabelRange(first.block)))
			continue
		}
		out[b.Labels[0]] = profile{block: b, inputs: l.declaredInputs(b, inputSchema)}
	}
	return out
}

// declaredInputs reads the input blocks of a profile.
func (l *loader) declaredInputs(b *hclsyntax.Block, schema *language.Block) map[string]typed {
	out := make(map[string]typed)
	for _, c := range b.Body.Blocks {
		if c.Type != "input" {
			continue
		}
		t, ok := l.typed(c, schema)
		if !ok {
			continue
		}
		if first, twice := out[t.name]; twice {
			l.add(twice2(c, "input", first.place))
		}
		out[t.name] = t
	}
	return out
}

// use evaluates one `use` block into the host under construction.
func (l *loader) use(h *assembly, b *hclsyntax.Block) {
	if len(b.Labels) != 1 {
		l.add(rule.Labels.In(syntax.Place(b.TypeRange), `a use block takes the profile as a label: use "PROFILE" { … }`))
		return
	}
	p, ok := l.known[b.Labels[0]]
	if !ok {
		l.undeclared(rule.Profile.In(syntax.LabelRange(b), "no profile is called %q.%s", b.Labels[0], diag.DidYouMean(b.Labels[0], slices.Sorted(maps.Keys(l.known)))))
		return
	}
	p.used = true
	l.known[b.Labels[0]] = p
	for _, c := range b.Body.Blocks {
		l.add(rule.UnknownBlock.In(syntax.Place(c.TypeRange), "a use block has the profile's inputs as attributes, and no blocks"))
	}
	for _, each := range l.instances(b, h.ctx) {
		inputs, ok := l.inputs(p, b, each.ctx)
		if !ok {
			continue
		}
		ctx := with(each.ctx, map[string]cty.Value{"input": cty.ObjectVal(inputs)})
		h.used = new(syntax.LabelRange(b))
		before := len(l.diags)
		l.body(h, p.block, ctx)
		for i := before; i < len(l.diags); i++ {
			l.diags[i] = relatedTo(l.diags[i], usedHere, *h.used)
		}
		h.used = nil
	}
}

// unusedProfiles checks the names in profiles that no host uses; there is
// nothing to evaluate them with.
func (l *loader) unusedProfiles() {
	for _, name := range slices.Sorted(maps.Keys(l.known)) {
		if p := l.known[name]; !p.used {
			l.namesWithin(p.block, language.Top("profile"))
		}
	}
}

func (l *loader) namesWithin(b *hclsyntax.Block, schema *language.Block) {
	for _, c := range b.Body.Blocks {
		if inner, ok := schema.Block(c.Type); ok && !inner.Free && l.checkBlock(c, inner) {
			l.namesWithin(c, inner)
		}
	}
}

// usedHere is said beside a fault of a profile's block.
const usedHere = "the profile is used here"

// inputs evaluates what a use block gives a profile.
func (l *loader) inputs(p profile, b *hclsyntax.Block, ctx *hcl.EvalContext) (map[string]cty.Value, bool) {
	out := make(map[string]cty.Value)
	ok := true
	for _, a := range syntax.Attributes(b.Body) {
		t, known := p.inputs[a.Name]
		if a.Name == "for_each" && !known {
			continue
		}
		if !known {
			ok = false
			l.add(rule.UnknownAttribute.In(syntax.Place(a.NameRange), "profile %q has no input %q.%s", b.Labels[0], a.Name, diag.DidYouMean(a.Name, slices.Sorted(maps.Keys(p.inputs)))))
			continue
		}
		v, good := l.evaluate(a.Expr, ctx)
		if !good {
			ok = false
			continue
		}
		converted, err := t.convert(v)
		if err != nil {
			ok = false
			l.add(relatedTo(rule.Type.In(syntax.Place(a.Expr.Range()), "input %q: %v", t.name, err), "the input is declared here", t.place))
			continue
		}
		out[t.name] = converted
	}
	for _, name := range slices.Sorted(maps.Keys(p.inputs)) {
		if _, given := out[name]; given || b.Body.Attributes[name] != nil {
			continue
		}
		t := p.inputs[name]
		if t.fallback == cty.NilVal {
			ok = false
			l.add(relatedTo(rule.Missing.In(syntax.LabelRange(b), "profile %q needs the input %q", b.Labels[0], name), "the input is declared here", t.place))
			continue
		}
		out[name] = t.fallback
	}
	return out, ok
}

// overlay lays a later record over an earlier one of the same kind and name:
// attribute by attribute; a list replaces a list; route blocks replace all
// route blocks. Two profiles that give one attribute different values are
// rivals until the host says which.
func overlay(base, over record) record {
	out := base
	out.wrong = slices.Concat(base.wrong, over.wrong)
	out.values = slices.Clone(base.values)
	if over.place.File != "" {
		out.place, out.use = over.place, over.use
	}
	for _, v := range over.values {
		was, had := out.value(v.name)
		switch {
		case !had:
			out.values = append(out.values, v)
			continue
		case v.use != nil && was.use != nil && !v.RawEquals(was.Value):
			v.rival = new(*was)
		case v.use != nil && was.use == nil:
			continue // the host's own word stands
		}
		*was = v
	}
	out.blocks = overlayBlocks(base.blocks, over.blocks)
	return out
}

func overlayBlocks(base, over []record) []record {
	out := slices.Clone(base)
	replaced := make(map[string]bool)
	for _, o := range over {
		if o.schema.Many && len(o.schema.Labels) == 0 { // route: a list
			if !replaced[o.schema.Name] {
				replaced[o.schema.Name] = true
				out = slices.DeleteFunc(out, func(r record) bool { return r.schema.Name == o.schema.Name })
			}
			out = append(out, o)
			continue
		}
		i := slices.IndexFunc(out, func(r record) bool { return r.schema.Name == o.schema.Name && r.label == o.label })
		if i < 0 {
			out = append(out, o)
			continue
		}
		out[i] = overlay(out[i], o)
	}
	return out
}

// rivals reports the attributes on which two profiles still disagree.
func (l *loader) rivals(r *record) {
	if slices.ContainsFunc(r.values, func(v value) bool { return v.rival != nil }) {
		for _, v := range r.byName() {
			if v.rival == nil {
				continue
			}
			d := rule.Conflict.In(v.place, "two profiles set %s of %s %q differently; set it in the host", v.name, r.schema.Name, r.label)
			d = relatedTo(d, "the other profile's value", v.rival.place)
			l.add(relatedTo(d, usedHere, *v.use))
		}
	}
	for i := range r.blocks {
		l.rivals(&r.blocks[i])
	}
}
