package hostfile

import (
	"encoding/json"

	"linkspan/core/host"
)

// JSONSchema returns a JSON Schema (draft 2020-12) of the language in HCL's
// JSON form: a block's label is a key of an object. Of the backends given, by
// name, the block is described as well; that of another may have any attribute.
func JSONSchema(backends map[string]host.Schema) ([]byte, error) {
	s := jsonSchema{backends}.object(topBlock())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "linkspan " + LanguageVersion
	return json.MarshalIndent(s, "", "  ")
}

// jsonSchema makes schemas of blocks.
type jsonSchema struct{ backends map[string]host.Schema }

func (j jsonSchema) object(of *block) map[string]any {
	properties := make(map[string]any)
	for _, a := range of.attributes {
		properties[a.name] = attributeSchema(a)
	}
	for _, c := range of.blocks {
		s := j.object(&c)
		if len(c.labels) > 0 {
			s = map[string]any{"type": "object", "additionalProperties": s}
			if c.name == "backend" {
				s["properties"] = j.backendBlocks()
			}
		} else if c.many {
			s = map[string]any{"oneOf": []any{s, map[string]any{"type": "array", "items": s}}}
		}
		properties[c.name] = s
	}
	out := map[string]any{"type": "object", "properties": properties, "additionalProperties": of.free}
	if of.doc != "" {
		out["description"] = of.doc
	}
	return out
}

// backendBlocks describes the blocks of the backends, by name.
func (j jsonSchema) backendBlocks() map[string]any {
	types := map[host.AttributeType]attributeType{host.TypeString: typeString, host.TypeNumber: typeNumber, host.TypeBool: typeBool,
		host.TypeStringList: typeStrings, host.TypeStringMap: typeNames}
	out := make(map[string]any)
	for name, s := range j.backends {
		b := block{doc: s.Doc}
		var required []string
		for _, a := range s.Attributes {
			b.attributes = append(b.attributes, attribute{name: a.Name, typ: types[a.Type], words: a.Words, doc: a.Doc})
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
func attributeSchema(a attribute) map[string]any {
	text := map[string]any{"type": "string"}
	forms := map[attributeType]map[string]any{
		typeNumber: {"type": "integer"}, typeSeconds: {"type": "number", "minimum": 0}, typeBool: {"type": "boolean"},
		typeStrings: {"type": "array", "items": text}, typeNames: {"type": "object", "additionalProperties": text},
		typeBools: {"type": "object", "additionalProperties": map[string]any{"type": "boolean"}},
		typeMode:  {"type": "integer", "minimum": 0, "maximum": len(host.BondModes()) - 1},
	}
	out := map[string]any{"description": a.doc}
	if f, ok := forms[a.typ]; ok {
		out["anyOf"] = []any{f, text}
	} else if a.typ == typeString {
		out["type"] = "string"
	}
	if len(a.words) > 0 {
		out["examples"] = a.words
	}
	return out
}
