// Package symbols is what scripts can import, as tables for the interpreter:
// package hook, and those packages of the standard library that reach no file,
// no network, no process and no other program's memory.
//
// The tables are generated into std and own; generate says which packages
// there are. None is made before a script needs it.
package symbols

//go:generate go run ./generate

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"

	"linkspan/core/hook/script/gotest"
	"linkspan/core/hook/script/symbols/own"
	"linkspan/core/hook/script/symbols/std"
)

// Kind is what a script is for; it decides what the script can import.
type Kind string

// The kinds of script.
const (
	Hook     Kind = "hook"     // acts around a change
	Function Kind = "function" // is called by expressions: pure, so without a clock
	Backend  Kind = "backend"  // is a backend
	Test     Kind = "test"     // tests one of the others
)

const (
	hookPath    = "linkspan/core/hook"
	testPath    = "linkspan/core/hook/hooktest"
	backendPath = "linkspan/core/backend"
	formatPath  = "linkspan/core/backend/fileformat"
)

// ownPackages are those of this program that each kind can import.
var ownPackages = map[Kind][]string{
	Hook:    {hookPath},
	Backend: {hookPath, backendPath, formatPath, "linkspan/core/diag", "linkspan/core/host", "linkspan/core/plan"},
	Test:    {hookPath, testPath, backendPath, formatPath, "linkspan/core/diag", "linkspan/core/host", "linkspan/core/plan", "testing"},
}

// impure are packages of the standard library that functions do not get, and
// names that they do not get of others: what depends on when they are called.
var impure = map[string][]string{
	"context": nil,
	"sync":    nil,
	"time":    {"After", "Local", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Ticker", "Timer", "Until"},
}

// Offered are the import paths that a script of that kind may use, sorted.
func (k Kind) Offered() []string {
	out := slices.Clone(ownPackages[k])
	for name := range std.Tables {
		if hidden, is := impure[name]; k != Function || !is || hidden != nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Table makes the table of a package for scripts of that kind; nil when it is
// not offered to them.
func (k Kind) Table(name string) map[string]reflect.Value {
	if !slices.Contains(k.Offered(), name) {
		return nil
	}
	if name == "testing" {
		return map[string]reflect.Value{"T": reflect.ValueOf((*gotest.T)(nil))}
	}
	if make, ok := own.Tables[name]; ok {
		return make()
	}
	table := std.Tables[name]()
	if k == Function {
		maps.DeleteFunc(table, func(symbol string, _ reflect.Value) bool { return slices.Contains(impure[name], symbol) })
	}
	return table
}

// Symbols are the tables of those packages in the form that the interpreter
// takes, and how it is to hand values of a script's types to compiled code.
//
// Keys are "net/netip/netip", the import path and the package's name; but "fmt"
// is "./fmt/fmt", which means the same to the interpreter and keeps it from
// compiling the generic packages of the standard library, in 3 ms, which
// nobody can import (measured with yaegi 0.16.1).
func (k Kind) Symbols(packages []string) map[string]map[string]reflect.Value {
	out := map[string]map[string]reflect.Value{".": {"MapTypes": reflect.ValueOf(mapTypes())}}
	for _, name := range packages {
		if table := k.Table(name); table != nil {
			key := name + "/" + path.Base(name)
			if name == "fmt" {
				key = "./" + key
			}
			out[key] = table
		}
	}
	return out
}

// wrapped are the functions that take any and look for methods, and the
// interfaces that they look for: in these the interpreter wraps a value of a
// script's type. Without them fmt would not call String, and json not
// MarshalJSON (measured with yaegi 0.16.1).
var wrapped = map[string]struct {
	functions  map[string]any
	interfaces []reflect.Type
}{
	"fmt": {map[string]any{
		"Errorf": fmt.Errorf, "Fprint": fmt.Fprint, "Fprintf": fmt.Fprintf, "Fprintln": fmt.Fprintln, "Print": fmt.Print,
		"Printf": fmt.Printf, "Println": fmt.Println, "Sprint": fmt.Sprint, "Sprintf": fmt.Sprintf, "Sprintln": fmt.Sprintln,
		"Append": fmt.Append, "Appendf": fmt.Appendf, "Appendln": fmt.Appendln,
	}, []reflect.Type{reflect.TypeFor[fmt.Formatter](), reflect.TypeFor[error](), reflect.TypeFor[fmt.Stringer]()}},
	"encoding/json": {map[string]any{
		"Marshal": json.Marshal, "MarshalIndent": json.MarshalIndent,
	}, []reflect.Type{reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()}},
}

// Wrapped reports whether a function of the standard library that takes any
// sees the methods of a script's own types.
func Wrapped(path, name string) bool {
	_, ok := wrapped[path].functions[name]
	return ok
}

func mapTypes() map[reflect.Value][]reflect.Type {
	out := make(map[reflect.Value][]reflect.Type)
	for _, w := range wrapped {
		for _, f := range w.functions {
			out[reflect.ValueOf(f)] = w.interfaces
		}
	}
	return out
}
