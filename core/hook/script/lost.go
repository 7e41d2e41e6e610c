package script

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"linkspan/core/hook/script/symbols"
)

// call notes what is called, and checks what a compiled function is given.
func (t *trapWalk) call(n *ast.CallExpr) {
	fun := ast.Unparen(n.Fun)
	t.called[fun] = true
	var id *ast.Ident
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		id = f.Sel
	case *ast.Ident:
		id = f
	}
	f, ok := t.info.Uses[id].(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg() == t.pkg {
		return // of the script, or a builtin
	}
	if t.kind == symbols.Test && f.Name() == "Run" && len(n.Args) == 2 {
		if lit, ok := n.Args[1].(*ast.FuncLit); ok {
			t.subtest[lit] = true
		}
	}
	wrapped := symbols.Wrapped(f.Pkg().Path(), f.Name()) && f.Signature().Recv() == nil
	for i, arg := range n.Args {
		if !emptyInterface(parameter(f.Signature(), i)) {
			continue
		}
		typ := t.info.TypeOf(arg)
		if encodes(f) && t.hides(typ, nil) {
			t.report(ruleHidden, arg, "", fmt.Sprintf("give %s a type whose fields all begin with a capital letter", f.Name()))
			continue
		}
		own, direct := t.ownWithMethods(typ, nil)
		if own == nil || direct && wrapped {
			continue
		}
		t.report(ruleLost, arg, "", fmt.Sprintf("%s does not see the methods of %s here; hand in a string, e.g. fmt.Sprint of the value itself", f.Name(), own.Obj().Name()))
	}
}

// parameter is the type of a call's argument, by its number.
func parameter(s *types.Signature, i int) types.Type {
	last := s.Params().Len() - 1
	switch {
	case s.Variadic() && i >= last:
		return s.Params().At(last).Type().(*types.Slice).Elem()
	case i <= last:
		return s.Params().At(i).Type()
	}
	return types.Typ[types.Invalid] // of a call f(g()) with several results
}

func emptyInterface(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && i.NumMethods() == 0
}

// seen are the methods that compiled functions look for in an any.
var seen = []string{"String", "Error", "Format", "GoString", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText"}

// ownWithMethods finds a type of the script's that has such a method, in the
// type itself or a pointer to it (direct), or somewhere in it.
func (t *trapWalk) ownWithMethods(typ types.Type, on []types.Type) (found *types.Named, direct bool) {
	if typ == nil || slices.Contains(on, typ) {
		return nil, false
	}
	on = append(on, typ)
	if p, ok := typ.(*types.Pointer); ok {
		return t.ownWithMethods(p.Elem(), on)
	}
	if n, ok := types.Unalias(typ).(*types.Named); ok && n.Obj().Pkg() == t.pkg {
		for m := range n.Methods() {
			if slices.Contains(seen, m.Name()) {
				return n, true
			}
		}
	}
	for _, part := range parts(typ) {
		if found, _ := t.ownWithMethods(part, on); found != nil {
			return found, false
		}
	}
	return nil, false
}

// encodes tells the functions that turn values into JSON and back.
func encodes(f *types.Func) bool {
	return f.Pkg().Path() == "encoding/json" || f.Name() == "Decode"
}

// hides reports whether a type of the script's has an unexported field.
func (t *trapWalk) hides(typ types.Type, on []types.Type) bool {
	if typ == nil || slices.Contains(on, typ) {
		return false
	}
	on = append(on, typ)
	if p, ok := typ.(*types.Pointer); ok {
		return t.hides(p.Elem(), on)
	}
	if own, direct := t.ownWithMethods(typ, nil); own != nil && direct {
		return false // it may spell itself
	}
	if s, ok := typ.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if !f.Exported() && f.Pkg() == t.pkg {
				return true
			}
		}
	}
	return slices.ContainsFunc(parts(typ), func(part types.Type) bool { return t.hides(part, on) })
}

// parts are the types that a type is made of, as far as compiled code looks
// into it.
func parts(typ types.Type) []types.Type {
	switch u := typ.Underlying().(type) {
	case *types.Slice:
		return []types.Type{u.Elem()}
	case *types.Array:
		return []types.Type{u.Elem()}
	case *types.Map:
		return []types.Type{u.Key(), u.Elem()}
	case *types.Struct:
		var out []types.Type
		for f := range u.Fields() {
			out = append(out, f.Type())
		}
		return out
	}
	return nil
}
