// Package hostfile reads host definitions: HCL files in, values of package
// host out, each with its place in the source.
//
// Load reads a whole directory and reports everything that is wrong at once;
// nothing is planned from a directory with an error.
package hostfile

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/hcl/language"
	"linkspan/hcl/lockfile"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
)

// Options are what Load needs beside the files.
type Options struct {
	Vars     []string // "NAME=VALUE", as of -var; the last of a name wins
	VarFiles []string // as of -var-file
	Environ  []string // "NAME=VALUE" as of os.Environ, for LINKSPAN_VAR_NAME
	// Schema gives the shape of a backend's block, and the names of all known
	// backends; ok is false for an unknown backend. A nil Schema takes any body.
	Schema func(backend string) (schema host.Schema, known []string, ok bool)
	// Scripted is told of a backend whose block names a script below dir, before
	// Schema is asked for it; it says what is wrong with that. It may be nil.
	Scripted func(dir string, b host.Backend) diag.List
	// Required is told of the plugins that the linkspan block asks for, before
	// Schema is asked for any. It may be nil.
	Required func([]Plugin)
	// Function makes the expression function of a function block, whose script
	// is below dir. With nil their results are not known.
	Function func(dir, name, script string) (*Function, diag.List)
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

// Load reads the definitions in a directory (all *.hcl and *.hcl.json directly
// in it) or in one file. With an error among the diagnostics the site may be incomplete; it
// is never nil.
func Load(path string, o Options) (*Site, diag.List) {
	l := &loader{options: o, site: &Site{Dir: path, Sources: map[string][]byte{}}}
	for _, f := range l.list(path) {
		l.take(f)
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
	return &Site{Dir: dir, Sources: map[string][]byte{}, scope: newScope(dir)}
}

// loader is one run of Load.
type loader struct {
	options Options
	site    *Site
	diags   diag.List
	files   []*file // in order
	scope   *scope
	known   map[string]profile
	broken  bool // a file could not be parsed: what it declares is not known
	// incomplete is set when not all interfaces of the host under construction
	// are known, so that references to them cannot be judged.
	incomplete bool
}

func (l *loader) add(list ...diag.Diagnostic) { l.diags = append(l.diags, list...) }

// undeclared reports that a variable, local or profile is not declared, unless
// a file that does not parse may declare it.
func (l *loader) undeclared(d diag.Diagnostic) {
	if !l.broken {
		l.add(d)
	}
}

// list names the files to read, sorted, and sets the site's directory.
func (l *loader) list(path string) []string {
	info, err := os.Stat(path)
	if err != nil {
		l.add(rule.Read.In(diag.Range{File: path}, "%v", err))
		return nil
	}
	if !info.IsDir() {
		l.site.Dir = filepath.Dir(path)
		return []string{path}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		l.add(rule.Read.In(diag.Range{File: path}, "%v", err))
		return nil
	}
	var out []string
	for _, e := range entries {
		if name := e.Name(); (strings.HasSuffix(name, native) || strings.HasSuffix(name, jsonForm)) && !strings.HasPrefix(name, ".") && !isVarsFile(name) && name != lockfile.Name {
			out = append(out, filepath.Join(path, name))
		}
	}
	if len(out) == 0 {
		l.add(rule.Read.In(diag.Range{File: path}, "there is no *.hcl file in it; `linkspan init` writes a first one"))
	}
	return out
}

// The ends of files' names.
const (
	native   = ".hcl"
	jsonForm = native + ".json"
)

func isVarsFile(name string) bool {
	return strings.HasSuffix(strings.TrimSuffix(name, ".json"), ".vars"+native)
}

// file is one file of definitions.
type file struct {
	path   string
	src    []byte
	later  bool // it is parsed when its hosts' turn comes
	blocks []*hclsyntax.Block
}

// take reads one file, and parses it unless all that it can hold is hosts.
func (l *loader) take(path string) {
	src, err := syntax.ReadFile(path)
	if err != nil {
		l.add(rule.Read.In(diag.Range{File: path}, "%v", err))
		l.broken = true
		return
	}
	l.site.Sources[path] = src
	f := &file{path: path, src: src, later: onlyHosts(src, path)}
	l.files = append(l.files, f)
	if !f.later {
		l.broken = !l.topBlocks(f, syntax.Parse(src, path, language.File())) || l.broken
	}
}

// onlyHosts reports whether a file can declare nothing that other files use: a
// block's type cannot be written but by its own letters, which are nowhere in
// the text. Such a file is parsed when its turn comes and its syntax tree, which
// is 20 times its text, dropped before the next.
func onlyHosts(src []byte, path string) bool {
	if bytes.IndexByte(src, 0) >= 0 || strings.HasSuffix(path, ".json") && bytes.IndexByte(src, '\\') >= 0 {
		return false // letters may be written otherwise: UTF-16, \u0076
	}
	for _, b := range language.Blocks() {
		if b.Name != "host" && bytes.Contains(src, []byte(b.Name)) {
			return false
		}
	}
	return true
}

// topBlocks keeps a file's top-level blocks; false when it does not parse.
func (l *loader) topBlocks(f *file, p syntax.Parsed) bool {
	l.add(p.Diags...)
	if p.Body == nil {
		return false
	}
	for _, a := range syntax.Attributes(p.Body) {
		if strings.HasSuffix(f.path, ".json") {
			l.add(rule.UnknownBlock.In(syntax.Place(a.NameRange), "a file has no block %q.%s", a.Name, diag.DidYouMean(a.Name, language.File().BlockNames())))
			continue
		}
		hint := ""
		if _, isBlock := language.File().Block(a.Name); isBlock {
			hint = fmt.Sprintf("; %s is a block: write it without \"=\"", a.Name)
		}
		l.add(rule.UnknownAttribute.In(syntax.Place(a.NameRange), "an attribute cannot stand outside a block%s", hint))
	}
	for _, b := range p.Body.Blocks {
		if _, ok := language.File().Block(b.Type); !ok {
			l.unknownBlock(b, language.File())
		}
	}
	f.blocks = p.Body.Blocks
	return true
}

// eachFile calls do with every file in order, parsed. Files whose turn comes
// now are parsed several at a time and a little ahead.
func (l *loader) eachFile(do func(*file)) {
	ahead := make(chan chan syntax.Parsed, 2*runtime.GOMAXPROCS(0))
	go func() {
		defer close(ahead)
		for _, f := range l.files {
			one := make(chan syntax.Parsed, 1)
			ahead <- one
			if !f.later {
				close(one)
				continue
			}
			go func() { one <- syntax.Parse(f.src, f.path, language.File()) }()
		}
	}()
	for _, f := range l.files {
		if p, ok := <-<-ahead; ok {
			l.topBlocks(f, p)
		}
		do(f)
		f.blocks = nil
	}
}
