package script

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// traps reports what the interpreter takes and gets wrong (yaegi 0.16.1, each
// measured): TestTraps shows what it would do.
func (c *checker) traps(f *ast.File) {
	t := &trapWalk{checker: c, called: make(map[ast.Expr]bool), subtest: make(map[*ast.FuncLit]bool), loopVar: make(map[types.Object]bool), assigned: make(map[types.Object]bool)}
	ast.Inspect(f, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok && a.Tok != token.DEFINE {
			for _, e := range a.Lhs {
				if id, ok := e.(*ast.Ident); ok {
					t.assigned[c.info.Uses[id]] = true
				}
			}
		}
		return true
	})
	ast.Inspect(f, t.visit)
}

// trapWalk walks one file.
type trapWalk struct {
	*checker
	loops    int                   // around this place, within one function
	loopVar  map[types.Object]bool // variables of loops
	assigned map[types.Object]bool // variables that get another value later
	subtest  map[*ast.FuncLit]bool // functions that t.Run calls at once
	called   map[ast.Expr]bool     // expressions that are called where they stand
	results  []*types.Tuple        // of the functions around this place
}

func (t *trapWalk) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ForStmt:
		if a, ok := n.Init.(*ast.AssignStmt); ok && a.Tok == token.DEFINE {
			t.loopVars(a.Lhs...)
		}
		t.loop(n.Body, n.Init, n.Cond, n.Post)
		return false
	case *ast.RangeStmt:
		if n.Tok == token.DEFINE {
			t.loopVars(n.Key, n.Value)
		}
		t.loop(n.Body, n.X)
		return false
	case *ast.GoStmt:
		t.report(ruleGo, n, "go", "a script does one thing after another; call the function without go")
	case *ast.FuncDecl:
		if n.Body == nil {
			return false
		}
		return t.function(n.Body, t.info.Defs[n.Name])
	case *ast.FuncLit:
		if t.loops > 0 && !t.subtest[n] {
			t.report(ruleClosure, n, "func", "move the function out of the loop and give it what it needs as arguments")
		}
		return t.function(n.Body, nil, t.info.TypeOf(n))
	case *ast.DeferStmt:
		t.deferred(n)
	case *ast.BranchStmt:
		if n.Tok == token.GOTO {
			t.report(ruleSyntax, n, "goto", "scripts cannot use goto; use a loop")
		}
	case *ast.CallExpr:
		t.call(n)
	case *ast.UnaryExpr:
		t.address(n)
	case *ast.SelectorExpr:
		if s := t.info.Selections[n]; s != nil && s.Kind() == types.MethodVal && !t.called[n] {
			t.report(ruleMethodValue, n, "", fmt.Sprintf("write a function that calls %s instead, outside of loops", n.Sel.Name))
		}
	case *ast.ReturnStmt:
		t.returned(n)
	}
	return true
}

// report reports at the beginning of a node, as long as the word there.
func (t *trapWalk) report(r rule, n ast.Node, word, detail string) {
	at := t.node(n)
	if word != "" {
		at = t.at(t.fset.Position(n.Pos()), len(word))
	}
	t.out = append(t.out, r.In(at, "%s", detail))
}

func (t *trapWalk) loopVars(of ...ast.Expr) {
	for _, e := range of {
		if id, ok := e.(*ast.Ident); ok {
			t.loopVar[t.info.Defs[id]] = true
		}
	}
}

// loop walks a loop: its body is repeated, its other parts are not looked at
// as if they were.
func (t *trapWalk) loop(body ast.Node, parts ...ast.Node) {
	for _, p := range parts {
		if p != nil {
			ast.Inspect(p, t.visit)
		}
	}
	t.loops++
	ast.Inspect(body, t.visit)
	t.loops--
}

// function walks a function's body: a loop around it is not a loop in it.
func (t *trapWalk) function(body ast.Node, declared types.Object, typ ...types.Type) bool {
	if declared != nil {
		typ = []types.Type{declared.Type()}
	}
	var results *types.Tuple
	for _, of := range typ {
		if s, ok := of.(*types.Signature); ok {
			results = s.Results()
		}
	}
	outside := t.loops
	t.loops, t.results = 0, append(t.results, results)
	ast.Inspect(body, t.visit)
	t.loops, t.results = outside, t.results[:len(t.results)-1]
	return false
}

// deferred: arguments and receiver of a deferred call are evaluated when it
// runs, not when it is deferred; in a loop all calls see the last round.
func (t *trapWalk) deferred(n *ast.DeferStmt) {
	if t.loops > 0 {
		t.report(ruleDefer, n, "defer", "in a loop, all deferred calls see the variables of the last round; move the loop's body into a function of its own")
		return
	}
	changes := func(e ast.Expr) bool {
		id, ok := ast.Unparen(e).(*ast.Ident)
		return ok && t.assigned[t.info.Uses[id]]
	}
	fun := ast.Unparen(n.Call.Fun)
	s, isMethod := fun.(*ast.SelectorExpr)
	late := changes(fun) || isMethod && changes(s.X) ||
		slices.ContainsFunc(n.Call.Args, func(e ast.Expr) bool { return t.info.Types[e].Value == nil })
	if !late {
		return
	}
	t.report(ruleDefer, n, "defer", "what it is given is read when it runs, not now; write defer func() { … }() and call it in there")
}

// address: a loop has one variable for all rounds.
func (t *trapWalk) address(n *ast.UnaryExpr) {
	if n.Op != token.AND {
		return
	}
	x := ast.Unparen(n.X)
	for {
		s, ok := x.(*ast.SelectorExpr)
		if !ok {
			break
		}
		if _, isPointer := t.info.TypeOf(s.X).Underlying().(*types.Pointer); isPointer {
			return // what it points to is not the loop's
		}
		x = ast.Unparen(s.X)
	}
	if id, ok := x.(*ast.Ident); ok && t.loopVar[t.info.Uses[id]] {
		t.report(ruleAddress, n, "", fmt.Sprintf("copy it first: own := %s, and take the address of that", id.Name))
	}
}

// returned: "return a == b" from a function that returns any panics.
func (t *trapWalk) returned(n *ast.ReturnStmt) {
	if len(t.results) == 0 {
		return
	}
	results := t.results[len(t.results)-1]
	for i, e := range n.Results {
		if i >= results.Len() || !types.IsInterface(results.At(i).Type()) {
			continue
		}
		switch e := ast.Unparen(e).(type) {
		case *ast.BinaryExpr:
			if e.Op == token.LAND || e.Op == token.LOR {
				continue
			}
		case *ast.UnaryExpr:
		default:
			continue
		}
		if b, ok := t.info.TypeOf(e).Underlying().(*types.Basic); ok && b.Info()&types.IsBoolean != 0 {
			t.report(ruleReturn, e, "", "keep it in a variable first: same := …; return same")
		}
	}
}
