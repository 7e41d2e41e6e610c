package host

// Schema is the shape of a backend's block in the language, declared once by
// the backend; it gives validation, completion and documentation.
type Schema struct {
	Doc        string      `json:"doc,omitempty"`
	Attributes []Attribute `json:"attributes,omitempty"`
	// InterfaceOptions tells whether the backend takes `backend_options`.
	InterfaceOptions bool `json:"interface_options,omitempty"`
}

// Attribute is one attribute of a backend's block.
type Attribute struct {
	Name     string        `json:"name"`
	Type     AttributeType `json:"type"`
	Required bool          `json:"required,omitempty"`
	Default  any           `json:"default,omitempty"`
	Words    []string      `json:"words,omitempty"` // the values that are taken, when they are few
	Doc      string        `json:"doc,omitempty"`
}

// AttributeType is spelt as the language spells types.
type AttributeType string

// The types of attributes.
const (
	TypeString     AttributeType = "string"
	TypeNumber     AttributeType = "number"
	TypeBool       AttributeType = "bool"
	TypeStringList AttributeType = "list(string)"
	TypeStringMap  AttributeType = "map(string)"
	TypeAny        AttributeType = "any"
)
