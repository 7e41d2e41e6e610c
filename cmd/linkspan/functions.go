package main

import (
	"context"
	"maps"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/hook/script"
	"linkspan/hcl/hostfile"
)

// scriptFunctions are the functions of one script, or what is wrong with it.
type scriptFunctions struct {
	functions *script.Functions
	diags     diag.List
}

// function makes the expression function of a function block. Each script is
// checked once, and has one process.
func (a *app) function(dir, name, file string) (*hostfile.Function, diag.List) {
	if a.functions == nil {
		a.functions = make(map[string]scriptFunctions)
	}
	of, known := a.functions[file]
	if !known {
		of = a.loadFunctions(dir, file)
		a.functions[file] = of
	}
	if of.functions == nil {
		return nil, of.diags
	}
	s, diags := of.functions.Signature(name)
	if diags.HasErrors() {
		return nil, diags
	}
	out := &hostfile.Function{Variadic: s.Variadic, Result: s.Result}
	for _, p := range s.Params {
		out.Params = append(out.Params, hostfile.Param{Name: p.Name, Type: p.Type})
	}
	out.Call = func(args []any) (any, error) {
		v, err := of.functions.Call(context.Background(), name, args)
		return v, atArgument(err, s.Params)
	}
	return out, nil
}

func (a *app) loadFunctions(dir, file string) scriptFunctions {
	s, err := script.Load(dir, file)
	if err != nil {
		return scriptFunctions{diags: diag.List{script.RuleSource.At("", "%v", err)}}
	}
	if a.scripts == nil {
		a.scripts = make(map[string][]byte)
	}
	maps.Copy(a.scripts, s.Texts())
	functions, diags := script.LoadFunctions(context.Background(), s)
	return scriptFunctions{functions, diags}
}

// atArgument lets an error point at the argument that is wrong: one that does
// not fit its type, or that the function itself names: "network: no row for …".
func atArgument(err error, params []script.Param) error {
	if err == nil {
		return nil
	}
	if wrong, ok := err.(*script.ArgumentError); ok {
		return &hostfile.ArgumentError{Argument: wrong.Argument, Err: wrong.Err}
	}
	for i, p := range params {
		if strings.HasPrefix(err.Error(), p.Name+": ") {
			return &hostfile.ArgumentError{Argument: i, Err: err}
		}
	}
	return err
}
