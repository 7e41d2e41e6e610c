package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"time"

	"linkspan/core/diag"
	"linkspan/core/hook/script/gotest"
	"linkspan/core/hook/script/symbols"
)

// testTime is how long one test may take.
const testTime = 30 * time.Second

// CheckTests checks the tests beside a script together with it, as Check does.
func CheckTests(s *Source) diag.List {
	return check(s, symbols.Test, slices.Concat(s.Files, s.Tests))
}

// CheckAny checks a script of whatever kind with all that there is: what it
// says, its tests, and the interpreter itself.
func CheckAny(ctx context.Context, s *Source) diag.List {
	kind := kindOf(s)
	out := check(s, kind, s.Files)
	if kind == symbols.Backend {
		out = CheckBackend(s)
	}
	if len(s.Tests) > 0 && !out.HasErrors() {
		out = CheckTests(s)
	}
	if !out.HasErrors() {
		out = append(out, compile(ctx, s, kind)...)
	}
	return out
}

// RunTests runs the tests beside a script, interpreted, each in a process of
// its own; log gets what they print. An error means that there is something
// wrong with the tests themselves.
func RunTests(ctx context.Context, s *Source, log func(string)) ([]gotest.Result, error) {
	if err := CheckTests(s).Err(); err != nil {
		return nil, err
	}
	names, err := testNames(s)
	if err != nil {
		return nil, err
	}
	var out []gotest.Result
	for _, name := range names {
		r, err := runTest(ctx, s, name, log)
		if err != nil {
			r = gotest.Result{Name: name, Failed: true, Lines: []string{err.Error()}}
		}
		out = append(out, r)
	}
	return out, nil
}

func runTest(ctx context.Context, s *Source, name string, log func(string)) (r gotest.Result, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, testTime+grace, fmt.Errorf("not done within %s", testTime))
	defer cancel()
	p, err := start(request{Kind: symbols.Test, Dir: s.dir(), Files: slices.Concat(s.Files, s.Tests), CPU: 2 * (testTime + grace)}, false, log)
	if err != nil {
		return r, err
	}
	m, err := p.call(ctx, call{Test: name, Timeout: testTime}, func(message) *reply { return &reply{Error: "tests have hooktest.Env"} })
	if err != nil {
		return r, err
	}
	p.end() // how it ends does not matter once it is done
	p.said.finish()
	if m.Error != "" {
		return r, errors.New(short(m.Error))
	}
	return r, json.Unmarshal(m.Value, &r)
}

// testNames are the functions TestXxx of the test files.
func testNames(s *Source) ([]string, error) {
	var out []string
	for _, f := range s.Tests {
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") && len(fn.Name.Name) > len("Test") && fn.Type.Params.NumFields() == 1 {
				out = append(out, fn.Name.Name)
			}
		}
	}
	return out, nil
}

// test runs one test, in the script's process.
func (s *loaded) test(ctx context.Context, name string) message {
	v, err := s.eval(s.name + "." + name)
	if err != nil {
		return done(err)
	}
	test, ok := v.Interface().(func(*gotest.T))
	if !ok {
		return done(fmt.Errorf("%s is %s, not func(*testing.T)", name, v.Type()))
	}
	result := gotest.Run(ctx, name, test)
	for i, line := range result.Lines {
		result.Lines[i] = short(line)
	}
	m := done(nil)
	m.Value, err = json.Marshal(result)
	if err != nil {
		return done(err)
	}
	return m
}
