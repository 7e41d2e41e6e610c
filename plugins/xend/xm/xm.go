// Package xm reads guests' files of xm without running them.
//
// Such a file is a Python program that xm executes (xen,
// tools/python/xen/xm/opts.py, execfile). What it assigns by literals, at the
// left margin, is known; everything else is unknown, with the reason. A name
// that any other statement mentions is unknown: it may have been changed there.
package xm

import (
	"fmt"
	"slices"
	"strings"
)

// Value is what a name was assigned.
type Value struct {
	Kind    Kind
	Text    string  // of a String, and of a Number in its own spelling
	Items   []Value // of a List
	Line    int     // of the assignment, counted from 1
	Unknown string  // why it is not known; "" when it is
}

// Kind is the kind of a Value.
type Kind int

// The kinds of value. None is also that of an unknown one.
const (
	None Kind = iota
	String
	Number
	List
)

// Variables are the names that a file leaves behind.
type Variables struct {
	values map[string]Value
	rest   string // why even a name that is not assigned may have a value
}

// Get returns a name's value, and whether there is one, or may be: such a one
// is Unknown.
func (v Variables) Get(name string) (Value, bool) {
	if x, ok := v.values[name]; ok {
		return x, true
	}
	if v.rest != "" {
		return Value{Unknown: v.rest}, true
	}
	return Value{}, false
}

// all are functions and statements that may change any name.
var all = map[string]bool{"exec": true, "execfile": true, "eval": true, "compile": true, "globals": true, "locals": true, "vars": true,
	"setattr": true, "delattr": true, "__import__": true, "__builtins__": true, "__dict__": true, "__main__": true}

// Read reads a file. An error is one that Python, too, would not read.
func Read(src []byte) (Variables, error) {
	statements, err := split(src)
	if err != nil {
		return Variables{}, err
	}
	r := reader{Variables: Variables{values: make(map[string]Value)}, held: make(map[string]string)}
	for _, s := range statements {
		r.statement(s)
	}
	for name, why := range r.held {
		r.values[name] = Value{Unknown: why, Line: r.values[name].Line}
	}
	return r.Variables, nil
}

type reader struct {
	Variables
	held     map[string]string // names that a function or a class may change whenever it is called: why
	function bool              // inside its body
}

func (r *reader) statement(s statement) {
	if !s.indented {
		first := s.tokens[0].text
		r.function = first == "def" || first == "class" || first == "@"
	}
	name, expression, ok := s.assignment()
	if !ok || s.indented {
		r.mention(s)
		return
	}
	e := evaluator{tokens: expression, known: r.values}
	v, err := e.whole()
	if err != nil {
		r.mention(s)
		v = Value{Unknown: fmt.Sprintf("line %d: %v", s.line, err)}
	}
	v.Line = s.line
	r.values[name] = v
}

// mention makes unknown what a statement may change: every name in it.
func (r *reader) mention(s statement) {
	why := fmt.Sprintf("line %d may change it: %s", s.line, s.brief())
	if s.star() {
		r.forget(why)
	}
	for i, t := range s.tokens {
		if t.kind != word || isKeyword(t.text) || i > 0 && s.tokens[i-1].text == "." {
			continue
		}
		if all[t.text] {
			r.forget(why)
		}
		if r.function || s.has("lambda") {
			r.held[t.text] = why
		}
		r.values[t.text] = Value{Unknown: why, Line: s.line}
	}
}

// forget makes everything unknown.
func (r *reader) forget(why string) {
	r.rest = why
	for name, v := range r.values {
		r.values[name] = Value{Unknown: why, Line: v.Line}
	}
}

// isKeyword tells a word that is no name. exec and import are not among them:
// what they do concerns names.
func isKeyword(s string) bool {
	switch s {
	case "and", "or", "not", "in", "is", "lambda", "import", "from", "as", "del", "global", "print", "assert", "raise", "pass", "return", "yield", "break", "continue":
		return true
	}
	return isCompound(s)
}

// isCompound tells a word that begins a compound statement.
func isCompound(s string) bool {
	switch s {
	case "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "def", "class":
		return true
	}
	return false
}

// assignment takes `name = expression` apart.
func (s statement) assignment() (string, []token, bool) {
	t := s.tokens
	if len(t) < 3 || t[0].kind != word || t[1].text != "=" || isKeyword(t[0].text) {
		return "", nil, false
	}
	return t[0].text, t[2:], true
}

func (s statement) has(name string) bool {
	return slices.ContainsFunc(s.tokens, func(t token) bool { return t.kind == word && t.text == name })
}

// star tells `from x import *`.
func (s statement) star() bool {
	return s.tokens[0].text == "from" && s.tokens[len(s.tokens)-1].text == "*"
}

// brief is the statement's first words.
func (s statement) brief() string {
	var words []string
	for _, t := range s.tokens[:min(len(s.tokens), 6)] {
		words = append(words, t.raw)
	}
	text := strings.Join(words, " ")
	if len(s.tokens) > 6 {
		text += " …"
	}
	return text
}
