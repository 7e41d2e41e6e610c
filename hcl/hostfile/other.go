package hostfile

import (
	"fmt"
	"math"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
	"linkspan/hcl/values"
)

// other builds what is not an interface: backend, hook, check, apply.
func (d *definition) other(r *record) {
	path := r.schema.Name
	if r.label != "" {
		path = fmt.Sprintf("%s[%q]", r.schema.Name, r.label)
	}
	f := d.fields(path, r)
	d.doubt(path, r)
	switch r.schema.Name {
	case "backend":
		d.backend(f)
	case "hook":
		d.Host.Hooks = append(d.Host.Hooks, f.hook())
	case "check":
		d.Host.Checks = append(d.Host.Checks, host.Check{Name: r.label, Ping: f.text("ping"), TCP: f.text("tcp"), ARP: f.text("arp"),
			HTTP: f.text("http"), Command: f.texts("command"), Timeout: f.text("timeout")})
	case "apply":
		prune := f.boolean("prune")
		d.Host.Apply = host.ApplySettings{Confirm: f.text("confirm"), Prune: prune != nil && *prune}
	}
}

func (f fields) hook() host.Hook {
	h := host.Hook{Name: f.label, On: f.texts("on"), Script: f.text("script"), Timeout: f.text("timeout"), OnFailure: f.text("on_failure"),
		After: f.texts("after"), Allow: f.texts("allow")}
	if b := f.boolean("privileged"); b != nil {
		h.Privileged = *b
	}
	if v, ok := f.get("config"); ok {
		h.Config = values.Plain(v.Value)
	}
	if v, ok := f.get("env"); ok {
		h.Env = make(map[string]string)
		for it := v.ElementIterator(); it.Next(); {
			k, s := it.Element()
			h.Env[k.AsString()] = s.AsString()
		}
	}
	return h
}

// backend checks a backend's block against the schema that it declares.
func (d *definition) backend(f fields) {
	b := host.Backend{Name: f.label}
	if len(f.blocks) > 0 {
		d.add(rule.UnknownBlock.In(f.blocks[0].place, "a backend block has attributes only"))
	}
	f.scripted(&b)
	var schema host.Schema
	if d.options.Schema != nil {
		s, known, ok := d.options.Schema(f.label)
		if !ok {
			d.Host.Backends = append(d.Host.Backends, b) // so that it does not seem to be missing
			d.add(rule.Backend.In(f.place, "no backend is called %q.%s", f.label, suggestOrList(f.label, known)))
			return
		}
		schema = s
	}
	config := make(map[string]any)
	for _, v := range f.byName() {
		name := v.name
		if b.Script != "" && (name == "script" || name == "allow") {
			continue
		}
		f.get(name)
		i := slices.IndexFunc(schema.Attributes, func(a host.Attribute) bool { return a.Name == name })
		if i < 0 && d.options.Schema != nil {
			d.add(rule.UnknownAttribute.In(v.place, "backend %q has no attribute %q.%s", f.label, name, diag.DidYouMean(name, schemaNames(schema))))
			continue
		}
		if i >= 0 && !d.fits(&v, schema.Attributes[i]) {
			continue
		}
		config[name] = values.Plain(v.Value)
	}
	for _, a := range schema.Attributes {
		if _, given := f.value(a.Name); a.Required && !given {
			d.add(rule.Missing.In(f.place, "backend %q needs the attribute %s: %s", f.label, a.Name, clause(a.Doc)))
		}
	}
	if len(config) > 0 {
		b.Config = config
	}
	d.Host.Backends = append(d.Host.Backends, b)
}

// scripted takes what the block of a scripted backend says of its script.
func (f fields) scripted(b *host.Backend) {
	v, ok := f.get("script")
	if !ok {
		return
	}
	text, why := values.Convert(v.Value, language.String)
	if why != "" || text.IsNull() {
		f.add(rule.Type.In(v.place, "script is %s, not %s", why, values.Kind(v.Value)))
		return
	}
	b.Script = text.AsString()
	if v, ok := f.get("allow"); ok {
		list, why := values.Convert(v.Value, language.Strings)
		if why != "" {
			f.add(rule.Type.In(v.place, "allow is %s, not %s", why, values.Kind(v.Value)))
			return
		}
		for it := list.ElementIterator(); it.Next(); {
			_, path := it.Element()
			b.Allow = append(b.Allow, path.AsString())
		}
	}
	if f.loader.options.Scripted == nil {
		return
	}
	for _, d := range f.loader.options.Scripted(f.site.Dir, *b) {
		if d.Range.IsZero() {
			d.Range = v.place
		}
		f.add(d)
	}
}

func suggestOrList(name string, known []string) string {
	if hint := diag.DidYouMean(name, known); hint != "" {
		return hint
	}
	return " There are: " + quoted(known) + "."
}

func schemaNames(s host.Schema) []string {
	out := make([]string, len(s.Attributes))
	for i, a := range s.Attributes {
		out[i] = a.Name
	}
	return out
}

// fits checks one value against what the backend declares.
func (d *definition) fits(v *value, a host.Attribute) bool {
	types := map[host.AttributeType]language.Type{host.TypeString: language.String, host.TypeNumber: language.Any, host.TypeBool: language.Bool,
		host.TypeStringList: language.Strings, host.TypeStringMap: language.Names, host.TypeAny: language.Any}
	_, why := values.Convert(v.Value, types[a.Type])
	if a.Type == host.TypeNumber {
		if _, isNumber := values.Must(v.Value, cty.Number, "a number"); isNumber != "" {
			why = isNumber
		} else if f, _ := v.AsBigFloat().Float64(); math.IsInf(f, 0) {
			why = "a number of usual size"
		}
	}
	if why != "" {
		d.add(rule.Type.In(v.place, "%s is %s, not %s", a.Name, why, values.Kind(v.Value)))
		return false
	}
	return d.checkWords(v, &language.Attribute{Name: a.Name, Type: types[a.Type], Words: a.Words})
}
