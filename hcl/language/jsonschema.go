package language

import (
	"encoding/json"

	"linkspan/core/host"
)

// JSONSchema returns a JSON Schema (draft 2020-12) of the language in HCL's
// JSON form: a block's label is a key of an object. Of the backends given, by
// name, the block is described as well; that of another may have any attribute.
func JSONSchema(backends map[string]host.Schema) ([]byte, error) {
	s := jsonSchema{backends}.object(File())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "linkspan " + Version
	return json.MarshalIndent(s, "", "  ")
}

// jsonSchema makes schemas of blocks.
type jsonSchema struct{ backends map[string]host.Schema }

func (j jsonSchema) object(of *Block) map[string]any {
	properties := make(map[string]any)
	for _, a := range of.Attributes {
		properties[a.Name] = attributeSchema(a)
	}
	for _, c := range of.Blocks {
		s := j.object(&c)
		if len(c.Labels) > 0 {
			s = map[string]any{"type": "object", "additionalProperties": s}
			if c.Name == "backend" {
				s["properties"] = j.backendBlocks()
			}
		} else if c.Many {
			s = map[string]any{"oneOf": []any{s, map[string]any{"type": "array", "items": s}}}
		}
		properties[c.Name] = s
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": of.Free}
	if of.Doc != "" {
		out["description"] = of.Doc
	}
	return out
}

// backendBlocks describes the blocks of the backends, by name.
func (j jsonSchema) backendBlocks() map[string]any {
	types := map[host.AttributeType]Type{host.TypeString: String, host.TypeNumber: Number, host.TypeBool: Bool,
		host.TypeStringList: Strings, host.TypeStringMap: Names}
	out := make(map[string]any)
	for name, s := range j.backends {
		b := Block{Doc: s.Doc}
		var required []string
		for _, a := range s.Attributes {
			b.Attributes = append(b.Attributes, Attribute{Name: a.Name, Type: types[a.Type], Words: a.Words, Doc: a.Doc})
			if a.Required {
				required = append(required, a.Name)
			}
		}
		one := j.object(&b)
		if len(required) > 0 {
			one["required"] = required
		}
		out[name] = one
	}
	return out
}

// attributeSchema also takes a text everywhere: in JSON it may be a template.
func attributeSchema(a Attribute) map[string]any {
	text := map[string]any{"type": "string"}
	forms := map[Type]map[string]any{
		Number: {"type": "integer"}, Seconds: {"type": "number", "minimum": 0}, Bool: {"type": "boolean"},
		Strings: {"type": "array", "items": text}, Names: {"type": "object", "additionalProperties": text},
		Bools: {"type": "object", "additionalProperties": map[string]any{"type": "boolean"}},
		Mode:  {"type": "integer", "minimum": 0, "maximum": len(host.BondModes()) - 1},
	}
	out := map[string]any{"description": a.Doc}
	if f, ok := forms[a.Type]; ok {
		out["anyOf"] = []any{f, text}
	} else if a.Type == String {
		out["type"] = "string"
	}
	if len(a.Words) > 0 {
		out["examples"] = a.Words
	}
	return out
}
