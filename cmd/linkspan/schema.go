package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"linkspan/core/host"
	"linkspan/hcl/builtin"
	"linkspan/hcl/language"
)

// The forms of `schema`.
const (
	schemaMarkdown = "markdown"
	schemaJSON     = "json-schema"
)

func (a *app) schemaCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "schema",
		Short: "The language's blocks and attributes: a reference, or for editors a JSON Schema",
		Long: "Prints the reference of the language in Markdown; with -format json-schema the JSON Schema of its JSON form, for editors,\n" +
			"with the blocks of all backends, plugins among them;\n" +
			"with -json both the JSON Schema and a description of every block, attribute, function and backend, as objects.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.languageSchema(c.Context(), format) },
	}
	c.Flags().StringVar(&format, "format", schemaMarkdown, schemaMarkdown+" or "+schemaJSON)
	return c
}

// languageDescription describes the language for other programs.
type languageDescription struct {
	Version   string                 `json:"language"`
	Blocks    []language.Block       `json:"blocks"`
	Functions []string               `json:"functions"`
	Backends  map[string]host.Schema `json:"backends"` // also plugins that are found
}

func (a *app) languageSchema(ctx context.Context, format string) error {
	f, err := a.here("")
	if err != nil {
		return err
	}
	l := languageDescription{Version: language.Version, Blocks: language.Blocks(), Functions: builtin.Names(), Backends: f.schemas(ctx)}
	if err := a.report(f.warned); err != nil {
		return err
	}
	schema, err := language.JSONSchema(l.Backends)
	if err != nil {
		return fmt.Errorf("schema: %w", err)
	}
	switch {
	case format != schemaMarkdown && format != schemaJSON:
		return usage(fmt.Errorf("-format is %s or %s, not %q", schemaMarkdown, schemaJSON, format))
	case !a.text():
	case format == schemaJSON:
		fmt.Fprintf(a.stdout, "%s\n", schema)
	default:
		fmt.Fprint(a.stdout, language.Reference(builtin.Names()))
	}
	if err := a.send("schema", json.RawMessage(schema)); err != nil {
		return err
	}
	return a.send("description", l)
}
