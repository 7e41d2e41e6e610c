package hostfile

import (
	"fmt"
	"strings"
)

// Reference returns the reference of the language, in Markdown, from the
// schema table; hcl/reference.md holds it.
func Reference() string {
	var b strings.Builder
	b.WriteString("# Reference of the language\n\nMade from the schema table (`go test ./hcl/hostfile -run TestReference -update`); do not edit. The guide is [README.md](README.md).\n")
	kinds := make(map[string]bool)
	for _, top := range topSchema() {
		describe(&b, "", top, kinds)
	}
	b.WriteString("\n## Functions\n\n")
	for _, name := range FunctionNames() {
		fmt.Fprintf(&b, "- `%s`\n", name)
	}
	return b.String()
}

// FunctionNames are the functions that every expression can call, sorted.
func FunctionNames() []string { return sortedNames(functions(".")) }

// describe writes a block and the blocks within. What a host and a profile
// both hold is described once.
func describe(b *strings.Builder, within string, of block, done map[string]bool) {
	title := of.name
	for _, l := range of.labels {
		title += fmt.Sprintf(" %q", strings.ToUpper(l))
	}
	path := strings.TrimPrefix(within+" → "+title, " → ")
	if strings.HasPrefix(within, "profile") || strings.HasPrefix(within, "host") {
		path = "in a host or profile: " + title
	} else if strings.HasPrefix(within, "in a host") {
		path = within + " → " + title
	}
	if done[path] {
		return
	}
	done[path] = true
	fmt.Fprintf(b, "\n## %s\n\n%s\n", path, of.doc)
	if len(of.attributes) > 0 {
		b.WriteString("\n| attribute | type | meaning |\n|---|---|---|\n")
	}
	for _, a := range of.attributes {
		doc := a.doc
		if a.required {
			doc = "**Required.** " + doc
		}
		if len(a.words) > 0 {
			doc += " One of `" + strings.Join(a.words, "`, `") + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", a.name, a.typ, strings.ReplaceAll(doc, "|", "\\|"))
	}
	for _, c := range of.blocks {
		describe(b, path, c, done)
	}
}

// BlockDoc describes one block of the language, for editors and other programs.
type BlockDoc struct {
	Name       string         `json:"name"`
	Labels     []string       `json:"labels,omitempty"` // what each label is
	Doc        string         `json:"doc"`
	Many       bool           `json:"many"`           // may stand more than once
	Free       bool           `json:"free,omitempty"` // other attributes are taken, checked against something else
	Attributes []AttributeDoc `json:"attributes,omitempty"`
	Blocks     []BlockDoc     `json:"blocks,omitempty"`
}

// AttributeDoc describes one attribute.
type AttributeDoc struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"` // as in the reference, e.g. "list of string"
	Required bool     `json:"required,omitempty"`
	Words    []string `json:"words,omitempty"` // the values that are taken, when they are few
	Doc      string   `json:"doc"`
}

// Description describes every block that can stand in a file.
func Description() []BlockDoc { return blockDocs(topSchema()) }

func blockDocs(blocks []block) []BlockDoc {
	var out []BlockDoc
	for _, b := range blocks {
		d := BlockDoc{Name: b.name, Labels: b.labels, Doc: b.doc, Many: b.many, Free: b.free, Blocks: blockDocs(b.blocks)}
		for _, a := range b.attributes {
			d.Attributes = append(d.Attributes, AttributeDoc{Name: a.name, Type: string(a.typ), Required: a.required, Words: a.words, Doc: a.doc})
		}
		out = append(out, d)
	}
	return out
}
