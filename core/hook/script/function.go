package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"strings"
	"sync"
	"time"

	"linkspan/core/diag"
	"linkspan/core/hook/script/symbols"
)

// functionTime is how long one call of a function may take.
const functionTime = 5 * time.Second

// Functions are the functions of one script. Their process starts at the first
// call and serves all that follow; it ends with the program.
type Functions struct {
	source *Source
	pkg    *types.Package

	mu      sync.Mutex
	process *process
	known   map[string]json.RawMessage // results, by the call: a function is pure
	limit   time.Duration              // of one call
}

// Signature is a function's, in the words of the definitions' language.
type Signature struct {
	Params   []Param
	Variadic bool   // the last parameter may be given any number of times
	Result   string // e.g. "list(string)"
}

// Param is a parameter.
type Param struct{ Name, Type string }

// LoadFunctions checks a script of functions.
func LoadFunctions(ctx context.Context, s *Source) (*Functions, diag.List) {
	c := &checker{source: s, kind: symbols.Function}
	if diags := c.check(s.Files); diags.HasErrors() {
		return nil, diags
	}
	if diags := compile(ctx, s, symbols.Function); diags.HasErrors() {
		return nil, diags
	}
	return &Functions{source: s, pkg: c.pkg, limit: functionTime}, nil
}

// Signature finds the function of that name and spells its types.
func (f *Functions) Signature(name string) (Signature, diag.List) {
	where := diag.Range{File: f.source.place(f.source.Files[0].Name)}
	refuse := func(detail string, args ...any) (Signature, diag.List) {
		return Signature{}, diag.List{ruleFunction.In(where, detail, args...)}
	}
	fn, ok := f.pkg.Scope().Lookup(goName(name)).(*types.Func)
	if !ok {
		return refuse("package %s has no function %s.%s", f.pkg.Name(), goName(name), diag.DidYouMean(goName(name), f.pkg.Scope().Names()))
	}
	s := fn.Signature()
	results := s.Results()
	if results.Len() == 0 || results.Len() > 2 || results.Len() == 2 && results.At(1).Type().String() != "error" {
		return refuse("%s gives %s; it must give one value, or one value and an error", name, results)
	}
	if s.TypeParams().Len() > 0 {
		return refuse("%s has type parameters", name)
	}
	out := Signature{Variadic: s.Variadic()}
	for i := range s.Params().Len() {
		p := s.Params().At(i)
		typ := p.Type()
		if s.Variadic() && i == s.Params().Len()-1 {
			typ = parameter(s, i)
		}
		text, err := spelt(typ, 0)
		if err != nil {
			return refuse("parameter %s of %s: %v", p.Name(), name, err)
		}
		out.Params = append(out.Params, Param{Name: p.Name(), Type: text})
	}
	text, err := spelt(results.At(0).Type(), 0)
	if err != nil {
		return refuse("the result of %s: %v", name, err)
	}
	out.Result = text
	return out, nil
}

// goName is the Go function of a name in the definitions: SiteAddress of
// "site_address".
func goName(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// maxDepth bounds how deep types may nest; one that holds itself is deeper.
const maxDepth = 16

// spelt spells a Go type as the definitions' language does.
func spelt(t types.Type, depth int) (string, error) {
	if depth > maxDepth {
		return "", errors.New("its type holds itself")
	}
	if n, ok := types.Unalias(t).(*types.Named); ok && hasMethod(n, "MarshalText") && hasMethod(n, "UnmarshalText") {
		return "string", nil // e.g. netip.Addr
	}
	within := func(form string, of types.Type) (string, error) {
		text, err := spelt(of, depth+1)
		return fmt.Sprintf(form, text), err
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch info := u.Info(); {
		case info&types.IsString != 0:
			return "string", nil
		case info&types.IsBoolean != 0:
			return "bool", nil
		case info&types.IsNumeric != 0 && info&types.IsComplex == 0:
			return "number", nil
		}
	case *types.Slice:
		return within("list(%s)", u.Elem())
	case *types.Map:
		if b, ok := u.Key().Underlying().(*types.Basic); ok && b.Info()&types.IsString != 0 {
			return within("map(%s)", u.Elem())
		}
	case *types.Interface:
		if u.NumMethods() == 0 {
			return "any", nil
		}
	case *types.Struct:
		return speltStruct(u, depth)
	}
	return "", fmt.Errorf("the language has no type for %s; it has string, bool, numbers, slices, maps of strings, structs and any", t)
}

func hasMethod(n *types.Named, name string) bool {
	m, _, _ := types.LookupFieldOrMethod(types.NewPointer(n), true, n.Obj().Pkg(), name)
	_, ok := m.(*types.Func)
	return ok
}

func speltStruct(s *types.Struct, depth int) (string, error) {
	var fields []string
	for i := range s.NumFields() {
		f := s.Field(i)
		if !f.Exported() {
			return "", fmt.Errorf("the field %s begins with a small letter, and cannot be filled", f.Name())
		}
		name, _, _ := strings.Cut(reflect.StructTag(s.Tag(i)).Get("json"), ",")
		if name == "-" {
			continue
		}
		if name == "" {
			name = f.Name()
		}
		text, err := spelt(f.Type(), depth+1)
		if err != nil {
			return "", err
		}
		fields = append(fields, name+" = "+text)
	}
	return "object({ " + strings.Join(fields, ", ") + " })", nil
}

// ArgumentError says which argument of a function is wrong.
type ArgumentError struct {
	Argument int // counted from 0
	Err      error
}

// Error is what is wrong.
func (e *ArgumentError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong.
func (e *ArgumentError) Unwrap() error { return e.Err }

// Call calls a function with JSON-like values and gives its result as one.
func (f *Functions) Call(ctx context.Context, name string, args []any) (any, error) {
	c := call{Name: goName(name), Timeout: f.limit}
	key := c.Name
	for _, a := range args {
		text, err := json.Marshal(a)
		if err != nil {
			return nil, err
		}
		c.Args = append(c.Args, text)
		key += "\n" + string(text)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var out any
	if result, ok := f.known[key]; ok {
		return out, json.Unmarshal(result, &out)
	}
	m, err := f.ask(ctx, c)
	if err != nil {
		return nil, err
	}
	switch {
	case m.Arg > 0:
		return nil, &ArgumentError{m.Arg - 1, errors.New(short(m.Error))}
	case m.Error != "":
		return nil, errors.New(short(m.Error))
	}
	if f.known == nil || len(f.known) >= maxKnown {
		f.known = make(map[string]json.RawMessage)
	}
	f.known[key] = m.Value
	return out, json.Unmarshal(m.Value, &out)
}

// maxKnown bounds how many results are remembered.
const maxKnown = 1 << 16

func (f *Functions) ask(ctx context.Context, c call) (message, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, f.limit, fmt.Errorf("not done within %s", f.limit))
	defer cancel()
	if f.process == nil {
		p, err := start(request{Kind: symbols.Function, Dir: f.source.dir(), Files: f.source.Files}, false, func(string) {})
		if err != nil {
			return message{}, err
		}
		f.process = p
	}
	m, err := f.process.call(ctx, c, func(message) *reply { return &reply{Error: "a function has no environment"} })
	if err != nil {
		f.process = nil // it is gone; the next call has another
	}
	return m, err
}

// Close ends the process, if there is one.
func (f *Functions) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.process != nil {
		f.process.end() // how it ends does not matter
		f.process = nil
	}
}

// function calls a function, in the script's process.
func (s *loaded) function(c call) message {
	v, known := s.called[c.Name]
	if !known {
		var err error
		if v, err = s.eval(s.name + "." + c.Name); err != nil {
			return done(err)
		}
		s.called[c.Name] = v
	}
	t := v.Type()
	if v.Kind() != reflect.Func || !t.IsVariadic() && len(c.Args) != t.NumIn() {
		return done(fmt.Errorf("%s is %s, and is given %d arguments", c.Name, t, len(c.Args)))
	}
	var in []reflect.Value
	for i, text := range c.Args {
		typ := t.In(min(i, t.NumIn()-1))
		if t.IsVariadic() && i >= t.NumIn()-1 {
			typ = typ.Elem()
		}
		arg := reflect.New(typ)
		if err := json.Unmarshal(text, arg.Interface()); err != nil {
			m := done(speltError(err))
			m.Arg = i + 1
			return m
		}
		in = append(in, arg.Elem())
	}
	out := v.Call(in)
	if len(out) == 2 && !out[1].IsNil() {
		return done(out[1].Interface().(error))
	}
	m := done(nil)
	var err error
	if m.Value, err = json.Marshal(out[0].Interface()); err != nil {
		return done(fmt.Errorf("its result: %w", err))
	}
	return m
}

// speltError says in the definitions' words why a value does not fit.
func speltError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("a %s does not fit into the Go type %s", wrong.Value, wrong.Type)
	}
	return err
}
