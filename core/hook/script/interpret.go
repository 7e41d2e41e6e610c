package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"testing/fstest"
	"time"

	"github.com/traefik/yaegi/interp"

	"linkspan/core/hook"
	"linkspan/core/hook/script/symbols"
)

// loaded is a script in its process.
type loaded struct {
	pipe   *pipe
	kind   symbols.Kind
	dir    string // of the files, as the definition names it
	name   string // of its package
	interp *interp.Interpreter
	stderr bytes.Buffer             // where the interpreter says in which line it panicked
	made   *made                    // by a backend's New
	called map[string]reflect.Value // functions that were called already
	err    error                    // that keeps the script from being called
}

// runFunction is the function that a hook has.
type runFunction = func(context.Context, hook.Env, hook.Event) error

// packageDir is where the interpreter finds the script: in memory, so that no
// import reaches the file system. It is in the interpreter's messages.
const packageDir = "the-script-itself"

// load interprets the script's files. An error is told at the first call.
func load(r request, p *pipe) (s *loaded) {
	s = &loaded{pipe: p, kind: r.Kind, dir: r.Dir, called: make(map[string]reflect.Value)}
	defer s.caught(&s.err)
	imports := make(map[string]bool)
	source := fstest.MapFS{}
	for _, f := range r.Files {
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Text, parser.ImportsOnly)
		if err != nil {
			s.err = err
			return s
		}
		s.name = parsed.Name.Name
		for _, i := range parsed.Imports {
			if name, err := strconv.Unquote(i.Path.Value); err == nil {
				imports[name] = true
			}
		}
		// The interpreter leaves files out whose names end in _test.go.
		name := strings.Replace(f.Name, "_test.go", "_test_.go", 1)
		source[packageDir+"/"+name] = &fstest.MapFile{Data: []byte(f.Text), Mode: 0o444}
	}
	if s.name == "" {
		s.err = errors.New("it has no source")
		return s
	}
	s.interp = interp.New(interp.Options{SourcecodeFilesystem: source, Env: []string{}, Args: []string{"script"}, Stderr: &s.stderr})
	var names []string
	for name := range imports {
		names = append(names, name)
	}
	if s.err = s.interp.Use(r.Kind.Symbols(names)); s.err == nil {
		_, s.err = s.eval(fmt.Sprintf("import %s %q", s.name, "./"+packageDir))
	}
	return s
}

// eval evaluates with a context: channel operations can only be cancelled in
// code that was compiled so (yaegi 0.16.1).
func (s *loaded) eval(text string) (reflect.Value, error) {
	v, err := s.interp.EvalWithContext(context.Background(), text)
	if err != nil {
		return v, s.readable(err)
	}
	return v, nil
}

// do does one call.
func (s *loaded) do(c call) (out message) {
	if s.err != nil {
		return done(s.err)
	}
	var err error
	defer func() {
		if err != nil {
			out = done(err)
		}
	}()
	defer s.caught(&err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if c.Timeout > 0 {
		var stop func()
		ctx, stop = context.WithTimeout(ctx, c.Timeout)
		defer stop()
	}
	switch {
	case c.Event != nil:
		return s.hook(ctx, c)
	case c.Name != "" && s.kind == symbols.Function:
		return s.function(c)
	case c.Name != "" && s.kind == symbols.Backend:
		return s.backend(ctx, c)
	case c.Test != "":
		return s.test(ctx, c.Test)
	}
	return done(nil)
}

// hook runs a hook.
func (s *loaded) hook(ctx context.Context, c call) message {
	v, err := s.eval(s.name + ".Run")
	if err != nil {
		return done(err)
	}
	run, ok := v.Interface().(runFunction)
	if !ok {
		return done(fmt.Errorf("Run is %s, not func(context.Context, hook.Env, hook.Event) error", v.Type()))
	}
	return done(run(ctx, &env{s.pipe}, *c.Event))
}

// caught turns a panic into an error.
func (s *loaded) caught(err *error) {
	if v := recover(); v != nil {
		*err = s.readable(fmt.Errorf("panic: %v", plain(v)))
	}
}

// readable names files as the definition does, and adds the line of a panic,
// which the interpreter writes elsewhere: "drain.go:4:6: panic: drain.Run(...)".
func (s *loaded) readable(err error) error {
	var p interp.Panic
	text := err.Error()
	if errors.As(err, &p) {
		text = fmt.Sprintf("panic: %v", plain(p.Value))
	}
	if first, _, found := strings.Cut(s.stderr.String(), ": panic"); found && strings.HasPrefix(text, "panic: ") {
		text = first[strings.LastIndex(first, "\n")+1:] + ": " + text
	}
	s.stderr.Reset()
	text = strings.ReplaceAll(text, packageDir+"/", strings.TrimPrefix(s.dir+"/", "./"))
	return errors.New(strings.ReplaceAll(text, "_test_.go", "_test.go"))
}

// plain makes the value of a panic readable: the interpreter's own panics
// carry reflect.Values.
func plain(v any) any {
	if r, ok := v.(reflect.Value); ok && r.IsValid() && r.CanInterface() {
		return r.Interface()
	}
	if p, ok := v.(interp.Panic); ok {
		return plain(p.Value)
	}
	return v
}

// env is hook.Env in the script's process.
type env struct{ p *pipe }

// Log shows a line.
func (e *env) Log(format string, args ...any) {
	e.p.tell(message{Op: "log", Text: strings.TrimRight(fmt.Sprintf(format, args...), "\n")})
}

// Run asks the program to run a command.
func (e *env) Run(ctx context.Context, path string, args ...string) (hook.Output, error) {
	if err := ctx.Err(); err != nil {
		return hook.Output{}, err
	}
	m := message{Op: "run", Args: append([]string{path}, args...)}
	if at, ok := ctx.Deadline(); ok {
		m.Timeout = max(time.Until(at), time.Millisecond)
	}
	r := e.p.ask(m)
	switch {
	case r.NotAllowed:
		return r.Output, &hook.NotAllowed{Path: path}
	case r.Error != "":
		return r.Output, errors.New(r.Error)
	}
	return r.Output, nil
}

// ReadFile asks the program for a file.
func (e *env) ReadFile(path string) ([]byte, error) {
	r := e.p.ask(message{Op: "read", Text: path})
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	return r.Content, nil
}

// Network asks the program for the interfaces.
func (e *env) Network(ctx context.Context) ([]hook.Interface, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := e.p.ask(message{Op: "network"})
	if r.Error != "" {
		return nil, errors.New(r.Error)
	}
	return r.Network, nil
}

// Set keeps a value.
func (e *env) Set(key, value string) { e.p.tell(message{Op: "set", Key: key, Text: value}) }
