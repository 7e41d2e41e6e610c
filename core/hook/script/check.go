package script

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"time"

	"linkspan/core/diag"
	"linkspan/core/hook/script/symbols"
)

// language is the version of Go that the interpreter has: min, max, clear and
// range over a number or a function come later, and it would miscompile them
// or stop with "nil type" (measured with yaegi 0.16.1).
const language = "go1.20"

// Check checks a hook without running it: its syntax and types, against the
// very tables that the interpreter gets, and what the interpreter would
// misunderstand without a word. Places are in the script.
func Check(s *Source) diag.List { return check(s, symbols.Hook, s.Files) }

// check checks the files of a source as a script of that kind.
func check(s *Source, kind symbols.Kind, files []File) diag.List {
	c := &checker{source: s, kind: kind}
	return c.check(files)
}

func (c *checker) check(files []File) diag.List {
	c.fset = token.NewFileSet()
	for _, f := range files {
		c.parse(f)
	}
	if c.out.HasErrors() {
		return c.out
	}
	for _, f := range c.files {
		c.imports(f)
		c.asTrap(f)
	}
	if c.out.HasErrors() {
		return c.out.Sorted() // a type error would say the same in other words
	}
	c.types()
	if !c.out.HasErrors() {
		for _, f := range c.files {
			c.traps(f)
		}
	}
	return c.out.Sorted()
}

// asTrap: errors.As is not in the tables; that it is unknown would not help.
func (c *checker) asTrap(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok || s.Sel.Name != "As" {
			return true
		}
		if x, ok := s.X.(*ast.Ident); ok && x.Name == "errors" {
			c.out = append(c.out, ruleAs.In(c.node(s), "use hook.IsDenied, hook.IsNotAllowed, errors.Is, or compare err.Error()"))
		}
		return true
	})
}

// compileTime is how long the interpreter may take for a script's declarations.
const compileTime = 10 * time.Second

// IsHook reports whether a script is meant as a hook.
func IsHook(s *Source) bool { return kindOf(s) == symbols.Hook }

// kindOf tells what a script is meant as: a backend imports the contract, a
// hook imports package hook or has a function Run, anything else is functions.
func kindOf(s *Source) symbols.Kind {
	kind := symbols.Function
	for _, f := range s.Files {
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.SkipObjectResolution)
		if err != nil {
			return symbols.Hook // it will be told
		}
		for _, i := range parsed.Imports {
			switch i.Path.Value {
			case `"linkspan/core/backend"`, `"linkspan/core/backend/fileformat"`:
				return symbols.Backend
			case `"linkspan/core/hook"`:
				kind = symbols.Hook
			}
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "Run" {
				kind = symbols.Hook
			}
		}
	}
	return kind
}

// Compile lets the interpreter itself look at a hook that Check has found good:
// it stops at a few things that are Go. Nothing is called, but what the script
// declares is evaluated, in a process of its own.
func Compile(ctx context.Context, s *Source) diag.List { return compile(ctx, s, symbols.Hook) }

func compile(ctx context.Context, s *Source, kind symbols.Kind) diag.List {
	ctx, cancel := context.WithTimeoutCause(ctx, compileTime, fmt.Errorf("its declarations are not done within %s", compileTime))
	defer cancel()
	p, err := start(request{Kind: kind, Dir: s.dir(), Files: s.Files, CPU: 2 * compileTime}, false, func(string) {})
	if err == nil {
		var m message
		if m, err = p.call(ctx, call{}, func(message) *reply { return &reply{} }); err == nil {
			p.end() // how it ends does not matter once it is done
			if m.Error == "" {
				return nil
			}
			err = errors.New(short(m.Error))
		}
	}
	return diag.List{ruleInterpreter.In(diag.Range{File: s.place(s.Files[0].Name)}, "%v", err)}
}

type checker struct {
	source *Source
	kind   symbols.Kind
	fset   *token.FileSet
	files  []*ast.File
	pkg    *types.Package // once the types are known
	info   types.Info
	out    diag.List
}

func (c *checker) parse(f File) {
	parsed, err := parser.ParseFile(c.fset, f.Name, f.Text, parser.SkipObjectResolution|parser.ParseComments)
	var list scanner.ErrorList
	switch {
	case errors.As(err, &list):
		// What follows the first mistake of a file follows from it mostly.
		c.out = append(c.out, ruleSyntax.In(c.at(list[0].Pos, 1), "%s", list[0].Msg))
	case err != nil:
		c.out = append(c.out, ruleSyntax.In(diag.Range{File: c.source.place(f.Name)}, "%v", err))
	default:
		c.files = append(c.files, parsed)
	}
}

func (c *checker) at(p token.Position, length int) diag.Range {
	start := diag.Position{Line: p.Line, Column: p.Column, Byte: p.Offset}
	end := start
	end.Column, end.Byte = end.Column+length, end.Byte+length
	return diag.Range{File: c.source.place(p.Filename), Start: start, End: end}
}

func (c *checker) node(n ast.Node) diag.Range {
	from, to := c.fset.Position(n.Pos()), c.fset.Position(n.End())
	length := 1
	if to.Line == from.Line {
		length = to.Column - from.Column
	}
	return c.at(from, length)
}

// imports refuses what is not offered, in words better than the interpreter's.
func (c *checker) imports(f *ast.File) {
	for _, i := range f.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil || slices.Contains(c.kind.Offered(), path) {
			continue
		}
		c.out = append(c.out, ruleImport.In(c.node(i), "package %q is not offered to %s scripts%s; %s",
			path, c.kind, diag.DidYouMean(path, c.kind.Offered()), insteadOf[c.kind]))
	}
}

// insteadOf says what to do where a package is not offered.
var insteadOf = map[symbols.Kind]string{
	symbols.Hook:     "a hook reaches files, commands and the network through hook.Env alone",
	symbols.Function: "a function gets what it needs as arguments: it reads no file, no network and no clock",
	symbols.Backend:  "a backend reaches files and commands through hook.Env alone",
}

// types checks the types as a compiler would.
func (c *checker) types() {
	config := types.Config{
		GoVersion: language,
		Importer:  newImporter(c.kind),
		Error: func(err error) {
			var e types.Error
			if errors.As(err, &e) {
				c.out = append(c.out, ruleType.In(c.at(c.fset.Position(e.Pos), 1), "%s", e.Msg))
			}
		},
	}
	for _, f := range c.files {
		f.GoVersion = "" // `//go:build go1.21` is for the author's compiler
	}
	// Errors go to Error, one by one.
	c.info = types.Info{Types: make(map[ast.Expr]types.TypeAndValue), Defs: make(map[*ast.Ident]types.Object),
		Uses: make(map[*ast.Ident]types.Object), Selections: make(map[*ast.SelectorExpr]*types.Selection)}
	pkg, _ := config.Check("script", c.fset, c.files, &c.info)
	if pkg == nil || c.out.HasErrors() {
		return
	}
	c.pkg = pkg
	if c.kind == symbols.Hook {
		c.run(pkg)
	}
}

// run wants the function that is called.
func (c *checker) run(pkg *types.Package) {
	where := diag.Range{File: c.source.Name}
	if len(c.files) > 0 {
		where = c.node(c.files[0].Name)
	}
	f, ok := pkg.Scope().Lookup("Run").(*types.Func)
	if !ok {
		c.out = append(c.out, ruleRun.In(where, "package %s has no function Run", pkg.Name()))
		return
	}
	const want = "func(ctx context.Context, env hook.Env, event hook.Event) error"
	short := func(p *types.Package) string { return p.Name() }
	s := f.Signature()
	got := types.TypeString(types.NewSignatureType(nil, nil, nil, unnamed(s.Params()), unnamed(s.Results()), s.Variadic()), short)
	if got != "func(context.Context, hook.Env, hook.Event) error" {
		c.out = append(c.out, ruleRun.In(c.at(c.fset.Position(f.Pos()), len("Run")), "Run is %s, and must be %s", types.TypeString(s, short), want))
	}
	if pkg.Name() == "main" {
		c.out = append(c.out, ruleRun.In(where, "a hook is a package of its own name, not main"))
	}
}

func unnamed(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewVar(token.NoPos, nil, "", v.Type()))
	}
	return types.NewTuple(vars...)
}
