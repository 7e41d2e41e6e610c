package script

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"reflect"

	"linkspan/core/hook/script/symbols"
)

// importer gives go/types the packages that hooks can import, made from the
// tables that the interpreter gets: no compiler and no source is needed on the
// host. It is a types.Importer.
type importer struct {
	kind     symbols.Kind
	packages map[string]*types.Package
	named    map[reflect.Type]*types.Named
}

func newImporter(kind symbols.Kind) *importer {
	return &importer{kind: kind, packages: make(map[string]*types.Package), named: make(map[reflect.Type]*types.Named)}
}

// Import returns a package of the tables.
func (m *importer) Import(name string) (*types.Package, error) {
	table := m.kind.Table(name)
	if table == nil {
		return nil, fmt.Errorf("package %q is not offered to %s scripts", name, m.kind)
	}
	pkg := m.pkg(name)
	if pkg.Complete() {
		return pkg, nil
	}
	pkg.MarkComplete()
	for symbol, v := range table {
		if token.IsExported(symbol) {
			m.declare(pkg, symbol, v)
		}
	}
	return pkg, nil
}

// pkg is the package of a path, with nothing in it yet when it is new.
func (m *importer) pkg(name string) *types.Package {
	p, ok := m.packages[name]
	if !ok {
		p = types.NewPackage(name, path.Base(name))
		m.packages[name] = p
	}
	return p
}

// declare puts one symbol into its package's scope. In the tables a type is a
// nil pointer to it, a constant is a constant.Value, a variable is addressable
// and a function is itself.
func (m *importer) declare(pkg *types.Package, name string, v reflect.Value) {
	scope := pkg.Scope()
	switch {
	case v.Type().Implements(reflect.TypeFor[constant.Value]()):
		c := v.Interface().(constant.Value)
		scope.Insert(types.NewConst(token.NoPos, pkg, name, untyped(c), c))
	case v.CanAddr():
		scope.Insert(types.NewVar(token.NoPos, pkg, name, m.typ(v.Type())))
	case v.Kind() == reflect.Pointer && v.IsNil():
		if scope.Lookup(name) == nil {
			m.declareType(pkg, name, v.Type().Elem())
		}
	case v.Kind() == reflect.Func:
		scope.Insert(types.NewFunc(token.NoPos, pkg, name, m.signature(v.Type(), nil, 0)))
	default: // a typed constant, e.g. time.Second
		scope.Insert(types.NewConst(token.NoPos, pkg, name, m.typ(v.Type()), value(v)))
	}
}

func (m *importer) declareType(pkg *types.Package, name string, t reflect.Type) {
	if t.Name() == name && t.PkgPath() == pkg.Path() {
		pkg.Scope().Insert(m.namedType(t).Obj())
		return
	}
	// An alias: any = interface{}, or one package's name for another's type.
	pkg.Scope().Insert(types.NewTypeName(token.NoPos, pkg, name, m.typ(t)))
}

func untyped(c constant.Value) types.Type {
	switch c.Kind() {
	case constant.Bool:
		return types.Typ[types.UntypedBool]
	case constant.String:
		return types.Typ[types.UntypedString]
	case constant.Float:
		return types.Typ[types.UntypedFloat]
	case constant.Complex:
		return types.Typ[types.UntypedComplex]
	}
	return types.Typ[types.UntypedInt]
}

func value(v reflect.Value) constant.Value {
	switch {
	case v.CanInt():
		return constant.MakeInt64(v.Int())
	case v.CanUint():
		return constant.MakeUint64(v.Uint())
	case v.CanFloat():
		return constant.MakeFloat64(v.Float())
	case v.Kind() == reflect.String:
		return constant.MakeString(v.String())
	case v.Kind() == reflect.Bool:
		return constant.MakeBool(v.Bool())
	}
	return constant.MakeUnknown()
}

var basic = map[reflect.Kind]types.BasicKind{
	reflect.Bool: types.Bool, reflect.String: types.String, reflect.UnsafePointer: types.UnsafePointer,
	reflect.Int: types.Int, reflect.Int8: types.Int8, reflect.Int16: types.Int16, reflect.Int32: types.Int32, reflect.Int64: types.Int64,
	reflect.Uint: types.Uint, reflect.Uint8: types.Uint8, reflect.Uint16: types.Uint16, reflect.Uint32: types.Uint32, reflect.Uint64: types.Uint64,
	reflect.Uintptr: types.Uintptr, reflect.Float32: types.Float32, reflect.Float64: types.Float64,
	reflect.Complex64: types.Complex64, reflect.Complex128: types.Complex128,
}

var errorType = reflect.TypeFor[error]()

// typ turns a reflected type into one of go/types.
func (m *importer) typ(t reflect.Type) types.Type {
	switch {
	case t == errorType:
		return types.Universe.Lookup("error").Type()
	case t.PkgPath() != "" && t.Name() != "":
		return m.namedType(t)
	}
	return m.underlying(t)
}

// namedType is a named type with its methods; of generic types only the
// instances that others use appear, under their full names.
func (m *importer) namedType(t reflect.Type) *types.Named {
	if n, ok := m.named[t]; ok {
		return n
	}
	pkg := m.pkg(t.PkgPath())
	n := types.NewNamed(types.NewTypeName(token.NoPos, pkg, t.Name(), nil), nil, nil)
	m.named[t] = n
	n.SetUnderlying(m.underlying(t).Underlying())
	if t.Kind() == reflect.Interface {
		return n
	}
	for _, recv := range []reflect.Type{t, reflect.PointerTo(t)} {
		var owner types.Type = n
		if recv != t {
			owner = types.NewPointer(n)
		}
		for f := range recv.Methods() {
			if _, both := t.MethodByName(f.Name); !f.IsExported() || both && recv != t {
				continue
			}
			n.AddMethod(types.NewFunc(token.NoPos, pkg, f.Name, m.signature(f.Type, types.NewVar(token.NoPos, pkg, "", owner), 1)))
		}
	}
	return n
}

// underlying is a type without its name.
func (m *importer) underlying(t reflect.Type) types.Type {
	if k, ok := basic[t.Kind()]; ok {
		return types.Typ[k]
	}
	switch t.Kind() {
	case reflect.Pointer:
		return types.NewPointer(m.typ(t.Elem()))
	case reflect.Slice:
		return types.NewSlice(m.typ(t.Elem()))
	case reflect.Array:
		return types.NewArray(m.typ(t.Elem()), int64(t.Len()))
	case reflect.Map:
		return types.NewMap(m.typ(t.Key()), m.typ(t.Elem()))
	case reflect.Chan:
		return types.NewChan(direction(t.ChanDir()), m.typ(t.Elem()))
	case reflect.Func:
		return m.signature(t, nil, 0)
	case reflect.Interface:
		return m.interfaceType(t)
	case reflect.Struct:
		return m.structType(t)
	}
	return types.Typ[types.Invalid]
}

func direction(d reflect.ChanDir) types.ChanDir {
	switch d {
	case reflect.RecvDir:
		return types.RecvOnly
	case reflect.SendDir:
		return types.SendOnly
	}
	return types.SendRecv
}

// structType shows exported fields; unexported ones are there, so that an
// author who uses one is told that it cannot be used.
func (m *importer) structType(t reflect.Type) types.Type {
	var fields []*types.Var
	var tags []string
	for i := range t.NumField() {
		f := t.Field(i)
		pkg := m.pkg(t.PkgPath())
		var ft types.Type = types.Typ[types.Invalid]
		if f.IsExported() {
			ft = m.typ(f.Type)
		} else {
			ft = types.NewStruct(nil, nil) // what it is does not matter: it cannot be named
		}
		fields = append(fields, types.NewField(token.NoPos, pkg, f.Name, ft, f.Anonymous && f.IsExported()))
		tags = append(tags, string(f.Tag))
	}
	return types.NewStruct(fields, tags)
}

func (m *importer) interfaceType(t reflect.Type) types.Type {
	var methods []*types.Func
	for i := range t.NumMethod() {
		f := t.Method(i)
		methods = append(methods, types.NewFunc(token.NoPos, m.pkg(f.PkgPath), f.Name, m.signature(f.Type, nil, 0)))
	}
	return types.NewInterfaceType(methods, nil).Complete()
}

// signature is a function's type; skip leaves the receiver out of the
// parameters of a method as reflect gives it.
func (m *importer) signature(t reflect.Type, recv *types.Var, skip int) *types.Signature {
	var in, out []*types.Var
	for i := skip; i < t.NumIn(); i++ {
		in = append(in, types.NewVar(token.NoPos, nil, "", m.typ(t.In(i))))
	}
	for i := range t.NumOut() {
		out = append(out, types.NewVar(token.NoPos, nil, "", m.typ(t.Out(i))))
	}
	return types.NewSignatureType(recv, nil, nil, types.NewTuple(in...), types.NewTuple(out...), t.IsVariadic())
}
