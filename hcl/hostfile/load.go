// Package hostfile reads host definitions: HCL files in, values of package
// host out, each with its place in the source.
//
// It is the only package that knows hashicorp/hcl and cty. Load reads a whole
// directory and reports everything that is wrong at once; nothing is planned
// from a directory with an error.
package hostfile

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"linkspan/core/diag"
	"linkspan/core/host"
)

// Options are what Load needs beside the files.
type Options struct {
	Vars     []string // "NAME=VALUE", as of -var; the last of a name wins
	VarFiles []string // as of -var-file
	Environ  []string // "NAME=VALUE" as of os.Environ, for LINKSPAN_VAR_NAME
	// Schema gives the shape of a backend's block, and the names of all known
	// backends; ok is false for an unknown backend. A nil Schema takes any body.
	Schema func(backend string) (schema host.Schema, known []string, ok bool)
	// Required is told of the plugins that the linkspan block asks for, before
	// Schema is asked for any. It may be nil.
	Required func([]Plugin)
	// Functions are expression functions of the site's own, by name. Arguments
	// and results are JSON-like values; a built-in name cannot be replaced.
	Functions map[string]func(args []any) (any, error)
}

// Site is the definitions of one directory.
type Site struct {
	Dir         string            // "." for the present one
	Definitions []Definition      // sorted by host name
	Sources     map[string][]byte // the files' texts by the names that ranges carry
	Plugins     []Plugin          // third-party plugins that the directory needs
	secrets     secrets
	scope       *scope // what expressions can name, for Evaluate
}

// Plugin is one `plugin` block of the `linkspan` block.
type Plugin struct {
	Name    string
	Version string
	SHA256  string // hex
	Place   diag.Range
}

// Load reads the definitions in a directory (all *.hcl directly in it) or in
// one file. With an error among the diagnostics the site may be incomplete; it
// is never nil.
func Load(path string, o Options) (*Site, diag.List) {
	l := &loader{options: o, site: &Site{Dir: path, Sources: map[string][]byte{}}}
	files := l.list(path)
	for _, f := range files {
		l.parse(f)
	}
	l.variables()
	l.locals()
	l.settings()
	if o.Required != nil {
		o.Required(l.site.Plugins)
	}
	l.hosts()
	l.site.scope = l.scope
	l.site.secrets.redactAll(l.diags)
	slices.SortFunc(l.site.Definitions, func(a, b Definition) int { return strings.Compare(a.Host.Name, b.Host.Name) })
	return l.site, l.diags
}

// Empty is a site without definitions, for expressions; file and its kin read
// below dir.
func Empty(dir string) *Site {
	return &Site{Dir: dir, Sources: map[string][]byte{}, scope: newScope(dir, nil)}
}

// loader is one run of Load.
type loader struct {
	options Options
	site    *Site
	diags   diag.List
	blocks  []*hclsyntax.Block // the top-level blocks of all files, in order
	scope   *scope
	known   map[string]profile
	broken  bool // a file could not be parsed: what it declares is not known
	// incomplete is set when not all interfaces of the host under construction
	// are known, so that references to them cannot be judged.
	incomplete bool
}

// add keeps diagnostics, less what may only follow from a file that does not
// parse.
func (l *loader) add(list ...diag.Diagnostic) {
	for _, d := range list {
		if l.broken && (d.Code == ruleReference.Code || d.Code == ruleProfile.Code) {
			continue
		}
		l.diags = append(l.diags, d)
	}
}

// list names the files to read, sorted, and sets the site's directory.
func (l *loader) list(path string) []string {
	info, err := os.Stat(path)
	if err != nil {
		l.add(ruleRead.In(diag.Range{File: path}, "%v", err))
		return nil
	}
	if !info.IsDir() {
		l.site.Dir = filepath.Dir(path)
		return []string{path}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		l.add(ruleRead.In(diag.Range{File: path}, "%v", err))
		return nil
	}
	var out []string
	for _, e := range entries {
		if name := e.Name(); strings.HasSuffix(name, ".hcl") && !strings.HasPrefix(name, ".") && !isVarsFile(name) && name != lockFile {
			out = append(out, filepath.Join(path, name))
		}
	}
	if len(out) == 0 {
		l.add(ruleRead.In(diag.Range{File: path}, "there is no *.hcl file in it; `linkspan init` writes a first one"))
	}
	return out
}

// lockFile records the plugins' checksums; it is no definition.
const lockFile = "linkspan.lock.hcl"

func isVarsFile(name string) bool { return strings.HasSuffix(name, ".vars.hcl") }

// parse reads one file and keeps its top-level blocks.
func (l *loader) parse(path string) {
	body := l.parseFile(path)
	if body == nil {
		return
	}
	for _, a := range sortedAttributes(body) {
		hint := ""
		if _, isBlock := topBlocks()[a.Name]; isBlock {
			hint = fmt.Sprintf("; %s is a block: write it without \"=\"", a.Name)
		}
		l.add(ruleUnknownAttribute.In(place(a.NameRange), "an attribute cannot stand outside a block%s", hint))
	}
	l.blocks = append(l.blocks, body.Blocks...)
}

// parseFile reads a file, guards the parser and parses.
func (l *loader) parseFile(path string) *hclsyntax.Body {
	src, err := readLimited(path)
	if err != nil {
		l.add(ruleRead.In(diag.Range{File: path}, "%v", err))
		l.broken = true
		return nil
	}
	l.site.Sources[path] = src
	diags := guard(src, path)
	l.add(diags...)
	if diags.HasErrors() {
		l.broken = true
		return nil
	}
	f, faults := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	l.add(fromHCL(faults)...)
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok || faults.HasErrors() {
		l.broken = true
		return nil
	}
	return body
}

// readLimited reads a definition file, at most one byte more than is taken.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

func sortedAttributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	out := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, a := range body.Attributes {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int { return a.NameRange.Start.Byte - b.NameRange.Start.Byte })
	return out
}
