package hostfile

import (
	"regexp"
	"slices"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
	"linkspan/hcl/values"
)

// assembly is one host while its blocks and those of its profiles are laid
// over each other.
type assembly struct {
	name    string
	place   diag.Range
	ctx     *hcl.EvalContext
	used    *diag.Range // the use block whose profile is being read
	top     record      // attributes of the host itself: vars, tags
	records []*record   // in the order in which they first came
	index   map[part]laid
	bodies  int // how many were laid over one another so far
}

// part is a block as a body names it.
type part struct{ kind, label string }

// laid is where a part is in an assembly's records, and the body that had it last.
type laid struct {
	at, body int
	place    diag.Range // in that body
}

// instance is one element of a for_each; key is "" without one.
type instance struct {
	ctx *hcl.EvalContext
	key string
}

// hosts evaluates every host block.
func (l *loader) hosts() {
	l.known = l.profiles()
	defer l.unusedProfiles()
	seen := make(map[string]diag.Range)
	l.eachFile(func(f *file) {
		for _, b := range f.blocks {
			if b.Type == "host" {
				l.hostBlock(b, seen)
				b.Body = nil // its syntax tree is 20 times its text, and not needed any more
			}
		}
	})
}

// hostBlock evaluates one host block; seen has the names given so far.
func (l *loader) hostBlock(b *hclsyntax.Block, seen map[string]diag.Range) {
	if len(b.Labels) != 1 {
		l.checkBlock(b, language.Top("host"))
		return
	}
	for _, each := range l.instances(b, l.scope.context()) {
		name, where, ok := l.hostName(b, each.ctx)
		if !ok {
			continue
		}
		if first, twice := seen[name]; twice {
			l.add(relatedTo(rule.Twice.In(where, "host %q is given twice", name), "first given here", first))
			continue
		}
		seen[name] = where
		l.host(b, name, each.ctx)
	}
}

// hostNameForm is also the form of a folder below render's output.
var hostNameForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`) })

func (l *loader) hostName(b *hclsyntax.Block, ctx *hcl.EvalContext) (string, diag.Range, bool) {
	name, where := b.Labels[0], syntax.LabelRange(b)
	if a := b.Body.Attributes["name"]; a != nil {
		v, ok := l.attribute(a, &language.Attribute{Name: "name", Type: language.String}, ctx)
		if !ok {
			return "", where, false
		}
		name, where = v.AsString(), v.place
	} else if b.Body.Attributes["for_each"] != nil {
		l.add(rule.Missing.In(where, "a host with for_each needs name, e.g. name = each.key"))
		return "", where, false
	}
	if len(name) > 253 || !hostNameForm().MatchString(name) {
		l.add(rule.HostName.In(where, "%q is no host name: letters, digits, dots and hyphens", name))
		return "", where, false
	}
	return name, where, true
}

// instances expands a block's for_each.
func (l *loader) instances(b *hclsyntax.Block, ctx *hcl.EvalContext) []instance {
	a := b.Body.Attributes["for_each"]
	if a == nil {
		return []instance{{ctx: ctx}}
	}
	v, ok := l.evaluate(a.Expr, ctx)
	if !ok {
		l.incomplete = true
		return nil
	}
	t := v.Type()
	iterable := t.IsMapType() || t.IsObjectType() || t.IsSetType() && t.ElementType() == cty.String
	if v.IsMarked() {
		l.add(rule.ForEach.In(syntax.Place(a.Expr.Range()), "for_each takes no sensitive value: its keys become names that everybody sees"))
		l.incomplete = true
		return nil
	}
	if !v.IsWhollyKnown() { // reported where it comes from
		l.incomplete = true
		return nil
	}
	if v.IsNull() || !iterable {
		hint := ""
		l.incomplete = true
		if t.IsTupleType() || t.IsListType() {
			hint = "; make a set of the list with toset(…)"
		}
		l.add(rule.ForEach.In(syntax.Place(a.Expr.Range()), "for_each takes a map, an object or a set of texts%s", hint))
		return nil
	}
	var out []instance
	for it := v.ElementIterator(); it.Next(); {
		key, val := it.Element()
		if t.IsSetType() {
			key = val
		}
		if key.IsNull() {
			l.add(rule.ForEach.In(syntax.Place(a.Expr.Range()), "for_each has a null element"))
			return nil
		}
		each := cty.ObjectVal(map[string]cty.Value{"key": key, "value": val})
		out = append(out, instance{ctx: with(ctx, map[string]cty.Value{"each": each}), key: key.AsString()})
	}
	return out
}

// host assembles one host: its profiles in order, then its own blocks.
func (l *loader) host(b *hclsyntax.Block, name string, ctx *hcl.EvalContext) {
	l.incomplete = false
	blocks := len(b.Body.Blocks)
	h := &assembly{name: name, place: syntax.LabelRange(b), top: record{schema: language.Top("host"), label: name}, records: make([]*record, 0, blocks), index: make(map[part]laid, blocks)}
	self := map[string]cty.Value{"name": cty.StringVal(name), "tags": cty.ListValEmpty(cty.String), "vars": cty.EmptyObjectVal}
	for _, own := range []string{"tags", "vars"} {
		spec, _ := language.Top("host").Attribute(own)
		a := b.Body.Attributes[own]
		if a == nil {
			continue
		}
		if v, ok := l.attribute(a, spec, ctx); ok {
			self[own] = v.Value
			if own == "vars" {
				self[own] = v.marked // what is made of a secret in vars is one too
			}
		}
	}
	h.ctx = with(ctx, map[string]cty.Value{"host": cty.ObjectVal(self)})
	l.checkBlock(b, language.Top("host"))
	for _, c := range b.Body.Blocks {
		if c.Type == "use" {
			l.use(h, c)
		}
	}
	l.body(h, b, h.ctx)
	for _, r := range h.records {
		l.rivals(r)
		l.required(r)
	}
	l.rivals(&h.top)
	l.finish(h)
}

// body lays the blocks of a host or profile over what the assembly has.
func (l *loader) body(h *assembly, b *hclsyntax.Block, ctx *hcl.EvalContext) {
	schema := language.HostBody()
	for _, a := range syntax.Attributes(b.Body) {
		spec, ok := schema.Attribute(a.Name)
		if !ok {
			continue
		}
		if v, ok := l.attribute(a, spec, ctx); ok {
			v.use = h.used
			h.top = overlay(h.top, record{values: []value{v}})
		}
	}
	h.bodies++
	for _, c := range b.Body.Blocks {
		inner, ok := schema.Block(c.Type)
		if !ok || c.Type == "use" {
			continue
		}
		if len(c.Labels) != len(inner.Labels) {
			l.checkBlock(c, inner)
			continue
		}
		instances := l.instances(c, ctx)
		h.records = slices.Grow(h.records, len(instances))
		for _, each := range instances {
			r := l.record(c, inner, each.ctx)
			l.nameOf(&r, c, each)
			markUse(&r, h.used)
			if first, twice := h.lay(&r); twice {
				l.add(relatedTo(rule.Twice.In(r.place, "%s %q is given twice", r.schema.Name, r.label), "first given here", first))
			}
		}
	}
}

// nameOf gives an interface the name of its `name` attribute.
func (l *loader) nameOf(r *record, b *hclsyntax.Block, each instance) {
	v, ok := r.value("name")
	switch {
	case ok:
		r.label, r.place = v.AsString(), v.place
		r.values = slices.DeleteFunc(r.values, func(v value) bool { return v.name == "name" })
	case b.Body.Attributes["for_each"] != nil && b.Body.Attributes["name"] == nil:
		l.add(rule.Missing.In(r.place, "%s %q with for_each needs name, e.g. name = each.key", r.schema.Name, r.label))
		l.incomplete = true
	case slices.Contains(r.wrong, "name"):
		l.incomplete = true
	}
}

func markUse(r *record, use *diag.Range) {
	if use == nil {
		return
	}
	r.use = use
	for i := range r.values {
		r.values[i].use = use
	}
	for i := range r.blocks {
		markUse(&r.blocks[i], use)
	}
}

// lay adds a record, over one of the same kind and name in an earlier body. Of
// two in one body the second is not taken; first is the place of the first.
func (h *assembly) lay(r *record) (first diag.Range, twice bool) {
	key := part{r.schema.Name, r.label}
	was, there := h.index[key]
	switch {
	case !there:
		was.at = len(h.records)
		h.records = append(h.records, r)
	case was.body == h.bodies:
		return was.place, true
	default:
		*h.records[was.at] = overlay(*h.records[was.at], *r)
	}
	h.index[key] = laid{was.at, h.bodies, r.place}
	return diag.Range{}, false
}

const (
	placesOfBlock = 6 // about how many places an interface's block has
	usualImplied  = 4 // about how many cards a host names only as ports
)

// finish makes the definition of an assembled host.
func (l *loader) finish(h *assembly) {
	places := &places{parts: make([]string, 0, len(h.records)+usualImplied), spots: make([]spot, 0, placesOfBlock*len(h.records)+usualImplied)}
	d := definition{loader: l, Definition: Definition{Host: host.Host{Name: h.name}, Place: h.place, places: places, secrets: &l.site.secrets, incomplete: l.incomplete}}
	if v, ok := h.top.value("tags"); ok {
		d.Host.Tags = v.strings()
	}
	if v, ok := h.top.value("vars"); ok {
		vars, isMap := values.Plain(v.Value).(map[string]any)
		if !isMap {
			l.add(rule.Type.In(v.place, "vars is an object, e.g. { rack = \"a1\" }"))
		}
		d.Host.Vars = vars
	}
	kinds := make(map[string]*record, len(h.records))
	d.Host.Interfaces = make([]host.Interface, 0, len(h.records)+usualImplied)
	for _, r := range h.records {
		if !slices.Contains(host.Kinds(), host.Kind(r.schema.Name)) {
			d.other(r)
			continue
		}
		if first, twice := kinds[r.label]; twice {
			l.add(relatedTo(rule.TwoKinds.In(r.place, "%q is declared as a %s and as a %s", r.label, first.schema.Name, r.schema.Name), "first given here", first.place))
			continue
		}
		kinds[r.label] = r
		d.iface(r)
	}
	if !d.Definition.incomplete {
		d.implied()
	}
	d.sort()
	l.site.Definitions = append(l.site.Definitions, d.Definition)
}
