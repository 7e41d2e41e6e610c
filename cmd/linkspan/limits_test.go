package main

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The limits that keep rooms small: what is above `most` in none, and above
// `usual` in at most 5 of 100.
const (
	fileMost, fileUsual         = 600, 400 // lines
	functionMost, functionUsual = 80, 50   // lines
	nestingMost                 = 3        // if, for, switch and select within one another
	parametersMost              = 4
	methodsMost                 = 5 // of an interface
)

// measured is one source file with its syntax.
type measured struct {
	path  string
	lines int
	set   *token.FileSet
	file  *ast.File
}

func (m *measured) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", m.path, m.set.Position(n.Pos()).Line)
}

// TestRoomsStaySmall holds the limits of this repository's own code; tests and
// generated files are free.
func TestRoomsStaySmall(t *testing.T) {
	var files, functions []int
	for _, m := range sources(t, "../..") {
		files = append(files, m.lines)
		if m.lines > fileMost {
			t.Errorf("%s has %d lines, more than %d: split it by meaning", m.path, m.lines, fileMost)
		}
		ast.Inspect(m.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				functions = append(functions, m.function(t, n))
			case *ast.InterfaceType:
				if n.Methods.NumFields() > methodsMost {
					t.Errorf("%s: an interface of %d methods, more than %d", m.at(n), n.Methods.NumFields(), methodsMost)
				}
			}
			return true
		})
	}
	usual(t, "files", files, fileUsual)
	usual(t, "functions", functions, functionUsual)
}

// function checks one function and returns its length in lines.
func (m *measured) function(t *testing.T, f *ast.FuncDecl) int {
	t.Helper()
	lines := m.set.Position(f.End()).Line - m.set.Position(f.Pos()).Line + 1
	if lines > functionMost {
		t.Errorf("%s: %s has %d lines, more than %d", m.at(f), f.Name.Name, lines, functionMost)
	}
	if n := f.Type.Params.NumFields(); n > parametersMost && !interceptor(f) {
		t.Errorf("%s: %s has %d parameters, more than %d", m.at(f), f.Name.Name, n, parametersMost)
	}
	if f.Body != nil {
		if deepest := nesting(f.Body); deepest > nestingMost {
			t.Errorf("%s: %s nests %d deep, more than %d", m.at(f), f.Name.Name, deepest, nestingMost)
		}
	}
	return lines
}

// interceptor tells a function whose parameters the gRPC library prescribes.
func interceptor(f *ast.FuncDecl) bool {
	last := f.Type.Params.List[len(f.Type.Params.List)-1]
	variadic, ok := last.Type.(*ast.Ellipsis)
	if !ok {
		return false
	}
	option, ok := variadic.Elt.(*ast.SelectorExpr)
	return ok && option.Sel.Name == "CallOption"
}

// nesting is how deep if, for, switch and select stand within one another; an
// else-if is as deep as its if.
func nesting(n ast.Node) int {
	deepest := 0
	ast.Inspect(n, func(child ast.Node) bool {
		if child == n || child == nil {
			return true
		}
		inner := 1
		switch s := child.(type) {
		case *ast.IfStmt:
			inner += nesting(s.Body)
			deepest = max(deepest, inner)
			if next, chained := s.Else.(*ast.IfStmt); chained {
				deepest = max(deepest, nesting(&ast.BlockStmt{List: []ast.Stmt{next}}))
			} else if s.Else != nil {
				deepest = max(deepest, 1+nesting(s.Else))
			}
			return false
		case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			deepest = max(deepest, 1+nesting(child))
			return false
		case *ast.FuncLit:
			deepest = max(deepest, nesting(s.Body)) // a function of its own
			return false
		}
		return true
	})
	return deepest
}

func usual(t *testing.T, what string, lengths []int, limit int) {
	t.Helper()
	slices.SortFunc(lengths, func(a, b int) int { return cmp.Compare(b, a) })
	if above := slices.IndexFunc(lengths, func(n int) bool { return n <= limit }); above*100 > 5*len(lengths) {
		t.Errorf("%d of %d %s have more than %d lines; at most 5 of 100 may", above, len(lengths), what, limit)
	}
}

// TestEverythingIsSaid holds that each package and each exported name has a
// comment.
func TestEverythingIsSaid(t *testing.T) {
	said := make(map[string]bool)
	for _, m := range sources(t, "../..") {
		dir := filepath.Dir(m.path)
		said[dir] = said[dir] || m.file.Doc != nil
		for _, d := range m.file.Decls {
			m.declaration(t, d)
		}
	}
	for dir, ok := range said {
		if !ok {
			t.Errorf("%s: the package has no comment", dir)
		}
	}
}

// customary are methods whose meaning the standard library says.
var customary = []string{"Error", "Unwrap", "String"}

func (m *measured) declaration(t *testing.T, d ast.Decl) {
	t.Helper()
	switch d := d.(type) {
	case *ast.FuncDecl:
		// Methods of unexported types are reached by interfaces, which say them.
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !slices.Contains(customary, d.Name.Name) {
			t.Errorf("%s: %s has no comment", m.at(d), d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if name, doc := specification(s); ast.IsExported(name) && d.Doc == nil && doc == nil {
				t.Errorf("%s: %s has no comment", m.at(s), name)
			}
		}
	}
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	exported := false
	ast.Inspect(d.Recv, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		exported = exported || ok && id.IsExported()
		return true
	})
	return exported
}

func specification(s ast.Spec) (string, *ast.CommentGroup) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return s.Name.Name, cmp.Or(s.Doc, s.Comment)
	case *ast.ValueSpec:
		return s.Names[0].Name, cmp.Or(s.Doc, s.Comment)
	}
	return "", nil
}

// sources parses the repository's own Go files: no tests, no generated ones.
func sources(t *testing.T, root string) []*measured {
	t.Helper()
	var out []*measured
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "testdata" || strings.HasPrefix(e.Name(), ".") && name != root):
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		f, err := parser.ParseFile(set, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if ast.IsGenerated(f) {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		out = append(out, &measured{rel, bytes.Count(text, []byte("\n")), set, f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
