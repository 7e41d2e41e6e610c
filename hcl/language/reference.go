package language

import (
	"fmt"
	"strings"
)

// Reference returns the reference of the language, in Markdown, from the
// schema table and the names of the functions; hcl/reference.md holds it.
func Reference(functions []string) string {
	var b strings.Builder
	b.WriteString("# Reference of the language\n\nMade from the schema table (`go test ./hcl/hostfile -run TestReference -update`); do not edit. The guide is [README.md](README.md).\n")
	kinds := make(map[string]bool)
	for _, top := range Blocks() {
		describe(&b, "", top, kinds)
	}
	b.WriteString("\n## Functions\n\n")
	for _, name := range functions {
		fmt.Fprintf(&b, "- `%s`\n", name)
	}
	return b.String()
}

// describe writes a block and the blocks within. What a host and a profile
// both hold is described once.
func describe(b *strings.Builder, within string, of Block, done map[string]bool) {
	title := of.Name
	for _, l := range of.Labels {
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
	fmt.Fprintf(b, "\n## %s\n\n%s\n", path, of.Doc)
	if len(of.Attributes) > 0 {
		b.WriteString("\n| attribute | type | meaning |\n|---|---|---|\n")
	}
	for _, a := range of.Attributes {
		doc := a.Doc
		if a.Required {
			doc = "**Required.** " + doc
		}
		if len(a.Words) > 0 {
			doc += " One of `" + strings.Join(a.Words, "`, `") + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", a.Name, a.Type, strings.ReplaceAll(doc, "|", "\\|"))
	}
	for _, c := range of.Blocks {
		describe(b, path, c, done)
	}
}
