package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// importRule says what the packages below From may import of this module
// (May), or which outside package only they may import (Only).
type importRule struct {
	from []string // directories; "x/..." means x and what is below
	may  []string // of this module; nil says nothing
	only string   // an outside package's path
	why  string
}

// importRules are the direction of imports. Tests are free.
var importRules = []importRule{
	{from: []string{"core/diag"}, may: []string{}, why: "diagnostics are values that everyone may use: a leaf"},
	{from: []string{"core/host"}, may: []string{"core/diag"}, why: "the model knows neither files nor backends, so that each can be changed without it"},
	{from: []string{"core/plan"}, may: []string{"core/diag"}, why: "a plan is a value that is shown, saved and compared without its makers"},
	{from: []string{"core/backend"}, may: []string{"core/diag", "core/host", "core/plan"}, why: "the contract is all that a backend's author has to read"},
	{from: []string{"core/backend/fileformat"}, may: []string{"core/backend", "core/diag", "core/files", "core/host", "core/plan"}, why: "it stands for the backends that are made of it"},
	{from: []string{"core/process"}, may: []string{}, why: "a process is told from another by whoever has started one"},
	{from: []string{"core/files"}, may: []string{"core/plan"}, why: "replacing files needs to know of no backend"},
	{from: []string{"core/engine/..."}, may: []string{"core/backend", "core/diag", "core/files", "core/host", "core/plan", "core/process", "core/engine/..."}, why: "the engine depends on interfaces, never on one backend or on how backends are started"},
	{from: []string{"core/fleet"}, may: []string{"core/diag", "core/host"}, why: "comparing hosts needs neither files nor backends"},
	{from: []string{"hcl/..."}, may: []string{"core/diag", "core/host", "hcl/..."}, why: "reading definitions starts nothing"},
	{from: []string{"hcl/rule"}, may: []string{"core/diag"}, why: "what can be wrong is a list of texts"},
	{from: []string{"hcl/language"}, may: []string{"core/host"}, why: "the table of the language is read without its parser"},
	{from: []string{"hcl/syntax"}, may: []string{"core/diag", "hcl/language", "hcl/rule"}, why: "how a file is written does not depend on what it says"},
	{from: []string{"hcl/values"}, may: []string{"hcl/language"}, why: "a value does not know where it is written"},
	{from: []string{"hcl/writer"}, may: []string{"core/host", "hcl/values"}, why: "writing a definition reads none"},
	{from: []string{"plugins/ifcfg/..."}, may: backendsMay("plugins/ifcfg/..."), why: "backends know the contract and their own domain, never one another"},
	{from: []string{"plugins/ifcfg/shell"}, may: []string{}, why: "a file of shell variables is text; what the keys mean is the readers' business"},
	{from: []string{"plugins/ifcfg/rule"}, may: []string{"core/diag"}, why: "what can be wrong is a list of texts"},
	{from: []string{"plugins/ifcfg/reader"}, may: []string{"core/host", "plugins/ifcfg/shell"}, why: "what a reader makes of the files does not depend on who asks"},
	{from: []string{"plugins/ifcfg/survey"}, may: []string{"core/diag", "core/host", "core/plan", "plugins/ifcfg/reader", "plugins/ifcfg/rule", "plugins/ifcfg/shell"}, why: "looking at files writes none"},
	{from: []string{"plugins/ifcfg/writer"}, may: []string{"core/backend", "core/diag", "core/host", "core/plan", "plugins/ifcfg/reader", "plugins/ifcfg/rule", "plugins/ifcfg/shell"}, why: "what is written follows from the definition and the reader, not from what else the host has"},
	{from: []string{"plugins/netlink/..."}, may: backendsMay("plugins/netlink/..."), why: "backends know the contract and their own domain, never one another"},
	{from: []string{"plugins/netlink/rtnl"}, may: []string{}, why: "a namespace as a value and its messages; what they are for is others' business"},
	{from: []string{"plugins/netlink/rule"}, may: []string{"core/diag"}, why: "what can be wrong is a list of texts"},
	{from: []string{"plugins/netlink/card", "plugins/netlink/bonding", "plugins/netlink/spell"}, may: []string{"core/host", "plugins/netlink/rtnl"}, why: "facts of drivers and words do not depend on what is to be done"},
	{from: []string{"plugins/netlink/step"}, may: []string{"core/backend", "core/plan", "plugins/netlink/card", "plugins/netlink/rtnl", "plugins/netlink/spell"}, why: "a step is a value, which knows neither why it is done nor how"},
	{from: []string{"plugins/netlink/world"}, may: []string{"core/backend", "core/host", "core/plan", "plugins/netlink/bonding", "plugins/netlink/rtnl", "plugins/netlink/spell", "plugins/netlink/step"}, why: "what the kernel does with a step does not depend on what is wanted"},
	{from: []string{"plugins/netlink/goal"}, may: []string{"core/host", "plugins/netlink/bonding", "plugins/netlink/card", "plugins/netlink/rtnl", "plugins/netlink/spell", "plugins/netlink/world"}, why: "what is wanted does not depend on how it is reached"},
	{from: []string{"plugins/netlink/order"}, may: []string{"core/backend", "core/plan", "plugins/netlink/bonding", "plugins/netlink/goal", "plugins/netlink/rename", "plugins/netlink/rtnl", "plugins/netlink/spell", "plugins/netlink/step", "plugins/netlink/world"}, why: "the order is found without a kernel"},
	{from: []string{"plugins/netlink/apply"}, may: []string{"plugins/netlink/bonding", "plugins/netlink/card", "plugins/netlink/rtnl", "plugins/netlink/spell", "plugins/netlink/step", "plugins/netlink/world"}, why: "steps are carried out without knowing who found them"},
	{from: []string{"plugins/xend/..."}, may: backendsMay("plugins/xend/..."), why: "backends know the contract and their own domain, never one another"},
	{from: []string{"plugins"}, may: []string{"core/backend", "core/diag", "core/host", "core/plan", "plugins/internal/wire"}, why: "a site's plugin carries only the plugin's end of the protocol"},

	{from: []string{"core/hook"}, may: []string{}, why: "a script's author has to read this package alone"},
	{from: []string{"core/hook/script/..."}, may: []string{"core/backend/...", "core/diag", "core/files", "core/host", "core/plan", "core/process", "core/hook/..."}, why: "running scripts needs neither the engine nor the definitions' syntax"},

	{from: []string{"core/hook/script/..."}, only: "github.com/traefik/yaegi", why: "the interpreter is known in one place, and started in a process of its own"},
	{from: []string{"hcl/..."}, only: "github.com/hashicorp/hcl/v2", why: "the syntax of definitions is known in one place"},
	{from: []string{"hcl/..."}, only: "github.com/zclconf/go-cty", why: "HCL's values end where the model begins"},
	{from: []string{"plugins", "plugins/launch", "plugins/internal/wire"}, only: "github.com/hashicorp/go-plugin", why: "neither the program nor an author meets the plugin library"},
	{from: []string{"plugins", "plugins/launch", "plugins/internal/wire"}, only: "google.golang.org/grpc", why: "neither the program nor an author meets the wire"},
	{from: []string{"plugins/ifcfg/shell"}, only: "mvdan.cc/sh", why: "what bash makes of a file is asked in one place"},
	{from: []string{"cmd/linkspan"}, only: "github.com/spf13/cobra", why: "flags are the command line's business"},
}

func backendsMay(own string) []string {
	return []string{"core/diag", "core/host", "core/plan", "core/backend", "core/backend/fileformat", own}
}

func TestImportRules(t *testing.T) {
	imports := moduleImports(t, "../..")
	for _, r := range importRules {
		if r.only != "" {
			checkOnly(t, imports, r)
			continue
		}
		checkMay(t, imports, r)
	}
}

// checkMay checks what the rule's packages import of this module.
func checkMay(t *testing.T, imports map[string][]string, r importRule) {
	found := false
	for dir, of := range imports {
		if !matches(r.from, dir) {
			continue
		}
		found = true
		for _, path := range of {
			inside, own := strings.CutPrefix(path, "linkspan/")
			if own && !matches(r.may, inside) {
				t.Errorf("%s imports %s: %s", dir, path, r.why)
			}
		}
	}
	if !found {
		t.Errorf("%q is gone: change its rule (%s)", r.from, r.why)
	}
}

// checkOnly checks that nobody else imports the rule's outside package, and
// that somebody does.
func checkOnly(t *testing.T, imports map[string][]string, r importRule) {
	used := false
	for dir, of := range imports {
		for _, path := range of {
			if path != r.only && !strings.HasPrefix(path, r.only+"/") {
				continue
			}
			if matches(r.from, dir) {
				used = true
				continue
			}
			t.Errorf("%s imports %s, which only %q may: %s", dir, path, r.from, r.why)
		}
	}
	if !used {
		t.Errorf("nobody in %q imports %s any more: change the rule (%s)", r.from, r.only, r.why)
	}
}

func matches(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		below, deep := strings.CutSuffix(p, "/...")
		return dir == below || deep && strings.HasPrefix(dir, below+"/")
	})
}

// moduleImports gives what each directory's Go files import, tests apart.
func moduleImports(t *testing.T, root string) map[string][]string {
	t.Helper()
	out := make(map[string][]string)
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "testdata" || otherModule(root, name) || strings.HasPrefix(e.Name(), ".") && name != root):
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		dir := path.Dir(filepath.ToSlash(rel))
		for _, i := range f.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			out[dir] = append(out[dir], p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// otherModule tells a directory that is a module of its own, as a site's
// plugin among the examples is.
func otherModule(root, dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil && dir != root
}

func TestNoGoFilesBesideRooms(t *testing.T) {
	for _, dir := range []string{"../..", "../../core", "../../hcl", "../../cmd"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) > 0 {
			t.Errorf("%s holds rooms, not Go files: %v %v", dir, files, err)
		}
	}
}

func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"LICENSE", "README.md", "cmd", "core", "examples", "go.mod", "go.sum", "hcl", "plugins"}
	var have []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			have = append(have, e.Name())
		}
	}
	if !slices.Equal(have, want) {
		t.Errorf("the top level has %v, not %v", have, want)
	}
}
