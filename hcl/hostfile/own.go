package hostfile

import (
	"errors"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"

	"linkspan/core/diag"
	"linkspan/hcl/language"
	"linkspan/hcl/rule"
	"linkspan/hcl/syntax"
	"linkspan/hcl/values"
)

// Function is an expression function of the site's own.
type Function struct {
	Params   []Param
	Variadic bool   // the last parameter may be given any number of times
	Result   string // its type, as a variable's, e.g. "list(string)"
	// Call gets JSON-like values of the parameters' types and gives one of the
	// result's. An error may be an ArgumentError.
	Call func(args []any) (any, error)
}

// Param is a parameter of a Function.
type Param struct {
	Name string
	Type string // as a variable's, e.g. "string", "map(number)", "any"
}

// ArgumentError says which argument of a Function is wrong.
type ArgumentError struct {
	Argument int // counted from 0
	Err      error
}

// Error is what is wrong.
func (e *ArgumentError) Error() string { return e.Err.Error() }

// Unwrap gives what is wrong.
func (e *ArgumentError) Unwrap() error { return e.Err }

// functions reads the `function` blocks; expressions can call them from then
// on.
func (l *loader) functions() {
	declared := make(map[string]diag.Range)
	for _, b := range l.ofType("function") {
		r := l.record(b, language.Top("function"), l.scope.context())
		script, ok := r.value("script")
		if _, given := b.Body.Attributes["script"]; !given {
			l.add(rule.Missing.In(r.place, "function %q needs the attribute script: the Go file that has it", r.label))
		}
		if !ok || r.label == "" {
			continue // told already
		}
		if first, twice := declared[r.label]; twice {
			l.add(twice2(b, "function", first))
			continue
		}
		declared[r.label] = r.place
		if _, builtIn := l.scope.functions[r.label]; builtIn {
			l.add(rule.Function.In(r.place, "%q is a function of the language, and cannot be another", r.label))
			continue
		}
		l.scope.functions[r.label] = l.ownFunction(&r, script.AsString())
	}
	l.scope.refresh()
}

// ownFunction is the function of one block. One that cannot be used gives
// values that are not known, so that what is wrong is told once.
func (l *loader) ownFunction(r *record, script string) function.Function {
	name := r.label
	if l.options.Function == nil {
		return unknownFunctionValue
	}
	f, diags := l.options.Function(l.site.Dir, name, script)
	for _, d := range diags {
		if d.Range.IsZero() {
			d.Range = r.place
		}
		l.add(d)
	}
	if f == nil {
		return unknownFunctionValue
	}
	spec, err := f.spec()
	if err != nil {
		l.add(rule.Function.In(r.place, "function %q: %v", name, err))
		return unknownFunctionValue
	}
	return function.New(spec)
}

// unknownFunctionValue takes anything and gives what is not known.
var unknownFunctionValue = function.New(&function.Spec{
	VarParam: &function.Parameter{Name: "arguments", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true},
	Type:     function.StaticReturnType(cty.DynamicPseudoType),
	Impl:     func([]cty.Value, cty.Type) (cty.Value, error) { return cty.DynamicVal, nil },
})

// spec is the function for the expression's evaluation. Its arguments are known
// and free of marks when it is called; the result carries the marks.
func (f *Function) spec() (*function.Spec, error) {
	result, err := typeNamed(f.Result)
	if err != nil {
		return nil, err
	}
	spec := &function.Spec{Type: function.StaticReturnType(result), Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.call(args, result) }}
	for i, p := range f.Params {
		t, err := typeNamed(p.Type)
		if err != nil {
			return nil, err
		}
		param := function.Parameter{Name: p.Name, Type: t, AllowNull: t == cty.DynamicPseudoType}
		if f.Variadic && i == len(f.Params)-1 {
			spec.VarParam = &param
			break
		}
		spec.Params = append(spec.Params, param)
	}
	return spec, nil
}

func (f *Function) call(args []cty.Value, result cty.Type) (cty.Value, error) {
	given := make([]any, len(args))
	for i, a := range args {
		given[i] = values.Plain(a)
	}
	out, err := f.Call(given)
	var wrong *ArgumentError
	if errors.As(err, &wrong) && wrong.Argument < len(args) {
		return cty.NilVal, function.NewArgError(wrong.Argument, wrong.Err)
	}
	if err != nil {
		return cty.NilVal, err
	}
	return convert.Convert(values.Of(out), result)
}

// typeNamed reads a type as it is written for a variable.
func typeNamed(text string) (cty.Type, error) {
	e, diags := hclsyntax.ParseExpression([]byte(text), syntax.Typed, hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilType, diags
	}
	t, diags := typeexpr.TypeConstraint(e)
	if diags.HasErrors() {
		return cty.NilType, diags
	}
	return t, nil
}
