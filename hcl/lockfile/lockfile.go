// Package lockfile reads and writes linkspan.lock.hcl, which records the plugins
// that a directory of definitions was reviewed with.
package lockfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"linkspan/core/diag"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
)

// Lock is the lock file of a directory of definitions: which third-party
// plugins it was reviewed with.
type Lock struct {
	File    string // as the person would name it, e.g. "site/linkspan.lock.hcl"
	Exists  bool
	Plugins []Plugin // sorted by name
}

// Plugin is what the lock file says of one plugin.
type Plugin struct {
	Name     string
	Version  string            // as the plugin describes itself
	Protocol int               // major number of the plugin protocol
	SHA256   map[string]string // platform, e.g. "linux_amd64" → hex digest of the executable
	Place    diag.Range
}

// Plugin returns what is said of the plugin of that name.
func (l Lock) Plugin(name string) (Plugin, bool) {
	i := slices.IndexFunc(l.Plugins, func(p Plugin) bool { return p.Name == name })
	if i < 0 {
		return Plugin{}, false
	}
	return l.Plugins[i], true
}

// Read reads the lock file that belongs to the definitions at path, a
// directory or one file of it. That there is none is no fault.
func Read(path string) (Lock, diag.List) {
	dir := path
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		dir = filepath.Dir(path)
	}
	lock := Lock{File: filepath.Join(dir, Name)}
	src, err := syntax.ReadFile(lock.File)
	if errors.Is(err, fs.ErrNotExist) {
		return lock, nil
	}
	lock.Exists = true
	if err != nil {
		return lock, diag.List{rule.Read.In(diag.Range{File: lock.File}, "%v", err)}
	}
	diags := syntax.Guard(src, lock.File)
	if diags.HasErrors() {
		return lock, diags
	}
	f, faults := hclsyntax.ParseConfig(src, lock.File, hcl.InitialPos)
	diags = append(diags, syntax.FromHCL(faults)...)
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok || faults.HasErrors() {
		return lock, diags
	}
	return lock, append(diags, lock.read(body)...)
}

// read reads the blocks of a lock file.
func (l *Lock) read(body *hclsyntax.Body) diag.List {
	var diags diag.List
	for _, a := range syntax.Attributes(body) {
		diags = append(diags, rule.UnknownAttribute.In(syntax.Place(a.NameRange), "a lock file has plugin blocks only"))
	}
	for _, b := range body.Blocks {
		switch {
		case b.Type != "plugin":
			diags = append(diags, rule.UnknownBlock.In(syntax.Place(b.TypeRange), "a lock file has plugin blocks only"))
		case len(b.Labels) != 1:
			diags = append(diags, rule.Labels.In(syntax.Place(b.TypeRange), "a plugin block has one label, the plugin's name"))
		default:
			p, faults := lockedPlugin(b)
			if _, twice := l.Plugin(p.Name); twice {
				faults = append(faults, rule.Twice.In(p.Place, "the plugin %q is locked twice", p.Name))
			}
			l.Plugins, diags = append(l.Plugins, p), append(diags, faults...)
		}
	}
	slices.SortFunc(l.Plugins, func(a, b Plugin) int { return strings.Compare(a.Name, b.Name) })
	return diags
}

// digestForm is a SHA-256 in hex.
var digestForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{64}$`) })

// lockedPlugin reads one block.
func lockedPlugin(b *hclsyntax.Block) (Plugin, diag.List) {
	p := Plugin{Name: b.Labels[0], Place: syntax.Place(b.DefRange()), SHA256: make(map[string]string)}
	var diags diag.List
	for _, inner := range b.Body.Blocks {
		diags = append(diags, rule.UnknownBlock.In(syntax.Place(inner.TypeRange), "a locked plugin has version, protocol and sha256"))
	}
	for _, a := range syntax.Attributes(b.Body) {
		v, faults := a.Expr.Value(nil)
		if faults.HasErrors() {
			diags = append(diags, syntax.FromHCL(faults)...)
			continue
		}
		if !p.take(a.Name, v) {
			diags = append(diags, rule.Type.In(syntax.Place(a.Expr.Range()), "a locked plugin has version (a text), protocol (a whole number) and sha256 (hex digests by platform, e.g. linux_amd64), each in quotes"))
		}
	}
	if !diags.HasErrors() && (p.Version == "" || p.Protocol == 0 || len(p.SHA256) == 0) {
		diags = append(diags, rule.Missing.In(p.Place, "the plugin %q is locked with version, protocol and sha256; `linkspan plugins lock` writes all three", p.Name))
	}
	return p, diags
}

// take takes one attribute; false for one that does not fit.
func (p *Plugin) take(name string, v cty.Value) bool {
	if v.IsNull() || !v.IsWhollyKnown() {
		return false
	}
	switch {
	case name == "version" && v.Type() == cty.String:
		p.Version = v.AsString()
		return true
	case name == "protocol" && v.Type() == cty.Number:
		n, accuracy := v.AsBigFloat().Int64()
		p.Protocol = int(n)
		return accuracy == 0 && n > 0 && n < 1<<20
	case name == "sha256" && v.Type().IsObjectType():
		for platform, digest := range v.AsValueMap() {
			if digest.IsNull() || digest.Type() != cty.String || !digestForm().MatchString(digest.AsString()) {
				return false
			}
			p.SHA256[platform] = digest.AsString()
		}
		return true
	}
	return false
}

// Write returns the text of a lock file.
func Write(plugins []Plugin) []byte {
	f := hclwrite.NewEmptyFile()
	f.Body().AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment,
		Bytes: []byte("# Written by `linkspan plugins lock`. Keep it in git beside the definitions.\n")}})
	sorted := slices.Clone(plugins)
	slices.SortFunc(sorted, func(a, b Plugin) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range sorted {
		f.Body().AppendNewline()
		b := f.Body().AppendNewBlock("plugin", []string{p.Name}).Body()
		b.SetAttributeValue("version", cty.StringVal(p.Version))
		b.SetAttributeValue("protocol", cty.NumberIntVal(int64(p.Protocol)))
		digests := make(map[string]cty.Value)
		for platform, digest := range p.SHA256 {
			digests[platform] = cty.StringVal(digest)
		}
		b.SetAttributeValue("sha256", cty.ObjectVal(digests))
	}
	return hclwrite.Format(f.Bytes())
}

// Name is the lock file's; a file of that name is no definition.
const Name = "linkspan.lock.hcl"
