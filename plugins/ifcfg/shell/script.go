package shell

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"mvdan.cc/sh/v3/syntax"
)

// maxScript bounds the text that is read as a program; files of variables have
// a few hundred bytes, and a deep nest of brackets costs stack.
const maxScript = 1 << 14

// script is what the statements of a file do that are more than assignments. A
// file that is a program is not followed: what it may set counts as not known.
type script struct {
	opaque   map[int]bool // numbers of the lines that belong to such statements
	problems []Problem
	exports  map[int]Assignment // by line number: `export KEY=value`
	clouds   []cloud
	calls    map[string][]string // function → what its body may set
	stop     int                 // the line at which bash stops reading, or 0
}

// cloud says that up to the end of a line keys may have got other values.
type cloud struct {
	line int
	keys []string
	all  bool // any key: another file is sourced, or a text evaluated
}

// readScript reads the text as a program; ok is false when it says nothing that
// the lines by themselves do not.
func readScript(raw []byte) (s *script, ok bool) {
	if len(raw) > maxScript || bytes.ContainsAny(raw, "\x00\r") { // the library passes them over, bash does not
		return nil, false
	}
	s = &script{opaque: make(map[int]bool), exports: make(map[int]Assignment), calls: make(map[string][]string)}
	var all []*syntax.Stmt
	for st, err := range syntax.NewParser(syntax.Variant(syntax.LangBash)).StmtsSeq(bytes.NewReader(raw)) {
		switch {
		case s.stop > 0: // no break: 3.13.1 goes on after it, and panics
		case err != nil:
			s.stopAfter(all, raw, err)
		default:
			all = append(all, st)
			s.statement(st, raw)
		}
	}
	for _, st := range all { // what stands beside such a statement
		if _, isExport := exported(st, raw); isExport {
			continue
		}
		if first, last := lines(st); (s.stop == 0 || first < s.stop) && (s.opaque[first] || s.opaque[last] || s.runs(st)) {
			s.cloud(st)
		}
	}
	return s, len(s.opaque) > 0 || s.stop > 0
}

// stopAfter notes the line of the statement that is none: bash has run what
// stands on the lines before, and reads no further.
func (s *script) stopAfter(all []*syntax.Stmt, raw []byte, err error) {
	s.stop = 1
	if n := len(all); n > 0 {
		_, last := lines(all[n-1])
		s.stop = last + 1
		rest, _, _ := bytes.Cut(raw[min(int(all[n-1].End().Offset()), len(raw)):], []byte("\n"))
		if rest = bytes.Trim(rest, " \t;\r"); len(rest) > 0 && rest[0] != '#' {
			s.stop = last // the rest of the line is a part of it
		}
	}
	for _, st := range slices.Backward(all) { // bash reads the whole line before it runs a part of it
		if first, last := lines(st); last >= s.stop {
			s.stop = first
		}
	}
	reason := err.Error()
	var parse syntax.ParseError
	if errors.As(err, &parse) {
		reason = parse.Text
	}
	s.problems = append(s.problems, Problem{Line: s.stop, Reason: "the shell stops reading the file here: " + reason})
}

// lines are the numbers of a statement's first and last line, its
// here-documents included.
func lines(st *syntax.Stmt) (first, last int) {
	first, last = int(st.Pos().Line()), int(st.End().Line())
	syntax.Walk(st, func(n syntax.Node) bool {
		switch r, ok := n.(*syntax.Redirect); {
		case !ok || r.Op != syntax.Hdoc && r.Op != syntax.DashHdoc:
		case r.Hdoc == nil || !r.Hdoc.Pos().IsValid(): // an empty one
			last = max(last, int(r.End().Line())+1)
		default:
			last = max(last, int(r.Hdoc.End().Line()))
		}
		return true
	})
	return first, last
}

func (s *script) statement(st *syntax.Stmt, raw []byte) {
	first, last := lines(st)
	reason := reasonOf(st, last > first)
	if reason == "" {
		return
	}
	for n := first; n <= last; n++ {
		s.opaque[n] = true
	}
	if a, ok := exported(st, raw); ok {
		s.exports[first] = a
		s.problems = append(s.problems, Problem{Line: first, Key: a.Key, Reason: reason, Counts: true})
		return
	}
	s.problems = append(s.problems, Problem{Line: first, Reason: reason})
}

// reasonOf says what a statement is that is more than assignments and plain
// commands on one line; "" for those, which the lines' own parser reports.
func reasonOf(st *syntax.Stmt, several bool) string {
	const unknown = "whether what stands in it counts is not known"
	switch c := st.Cmd.(type) {
	case nil:
		return ""
	case *syntax.CallExpr:
		word := ""
		if len(c.Args) > 0 {
			word = c.Args[0].Lit()
		}
		switch {
		case slices.ContainsFunc(c.Assigns, isNoValue):
			return "a list, or an addition to a variable (+=); linkspan does not follow it"
		case len(c.Args) == 0 && !several:
			return ""
		case slices.Contains(sourcing, word):
			return fmt.Sprintf("%q reads other text here, and what that sets is not known", word)
		case slices.Contains(setting, word):
			return fmt.Sprintf("%q changes variables; linkspan does not follow it", word)
		case len(c.Args) == 0:
			return "a value over several lines"
		case several:
			return "a command over several lines, or with a here-document"
		}
		return ""
	case *syntax.DeclClause:
		if c.Variant.Value == "export" && len(c.Args) == 1 && c.Args[0].Value != nil {
			return `"export" is not needed, and NetworkManager does not read the line`
		}
		return fmt.Sprintf("%q declares variables; linkspan does not follow it", c.Variant.Value)
	case *syntax.IfClause:
		return "a condition (if): " + unknown
	case *syntax.CaseClause:
		return "a condition (case): " + unknown
	case *syntax.BinaryCmd:
		return fmt.Sprintf("commands joined by %q: %s", c.Op.String(), unknown)
	case *syntax.ForClause, *syntax.WhileClause:
		return "a loop: " + unknown
	case *syntax.FuncDecl:
		return fmt.Sprintf("a function, %q; linkspan does not follow it", c.Name.Value)
	}
	return "a compound command: " + unknown
}

// isNoValue tells KEY+=value, KEY[n]=value and KEY=(list) from KEY=value.
func isNoValue(a *syntax.Assign) bool { return a.Append || a.Index != nil || a.Array != nil }

// Builtins that read other text, and that set what their words name.
var (
	sourcing = []string{".", "source", "eval"}
	setting  = []string{"unset", "read", "mapfile", "readarray", "printf", "getopts", "set", "shift", "trap", "alias", "builtin", "command", "exec", "exit", "return", "break", "continue"}
)

// exported is the assignment of `export KEY=value`, whose value is a plain one.
func exported(st *syntax.Stmt, raw []byte) (Assignment, bool) {
	c, ok := st.Cmd.(*syntax.DeclClause)
	if !ok || c.Variant.Value != "export" || len(c.Args) != 1 || len(st.Redirs) > 0 || st.Negated || st.Background {
		return Assignment{}, false
	}
	arg := c.Args[0]
	if arg.Naked || arg.Append || arg.Value == nil || arg.Name == nil || arg.Index != nil {
		return Assignment{}, false
	}
	start, end := int(arg.Value.Pos().Offset()), int(arg.Value.End().Offset())
	value, n, why := unquote(raw[start:], end-start)
	if why != "" || start+n != end {
		return Assignment{}, false
	}
	return Assignment{Key: arg.Name.Value, Value: value, start: int(st.Pos().Offset()), end: end, Line: int(st.Pos().Line()), first: true, Exported: true}, true
}

// cloud notes what a statement may set.
func (s *script) cloud(st *syntax.Stmt) {
	_, last := lines(st)
	c := cloud{line: last}
	syntax.Walk(st, func(n syntax.Node) bool {
		switch x := n.(type) {
		case *syntax.Assign:
			if x.Name != nil {
				c.keys = append(c.keys, x.Name.Value)
			}
		case *syntax.WordIter:
			c.keys = append(c.keys, x.Name.Value)
		case *syntax.ParamExp:
			if x.Param != nil && x.Exp != nil && (x.Exp.Op == syntax.AssignUnset || x.Exp.Op == syntax.AssignUnsetOrNull) {
				c.keys = append(c.keys, x.Param.Value)
			}
		case *syntax.ArithmExp, *syntax.ArithmCmd, *syntax.LetClause:
			c.all = true
		case *syntax.CallExpr:
			s.call(x, &c)
		}
		return true
	})
	if f, ok := st.Cmd.(*syntax.FuncDecl); ok {
		s.calls[f.Name.Value] = append(s.calls[f.Name.Value], c.keys...)
		return // it counts where it is called
	}
	s.clouds = append(s.clouds, c)
}

// call notes what a command may set: what its words name, what a function of
// the file sets, or anything.
func (s *script) call(x *syntax.CallExpr, c *cloud) {
	if len(x.Args) == 0 {
		return
	}
	word := x.Args[0].Lit()
	switch {
	case word == "", slices.Contains(sourcing, word), slices.Contains(setting[6:], word):
		c.all = true
	case slices.Contains(setting, word):
		for _, a := range x.Args[1:] {
			if a.Lit() == "" {
				c.all = true
			}
			c.keys = append(c.keys, a.Lit())
		}
	}
	c.keys = append(c.keys, s.calls[word]...)
}

// runs reports whether a statement calls a function of the file.
func (s *script) runs(st *syntax.Stmt) bool {
	c, ok := st.Cmd.(*syntax.CallExpr)
	return ok && len(c.Args) > 0 && s.calls[c.Args[0].Lit()] != nil
}

// exportedOn gives the exported assignment of a line, if it has one.
func (s *script) exportedOn(number int) []Assignment {
	if a, ok := s.exports[number]; ok {
		return []Assignment{a}
	}
	return nil
}

// clouded reports whether the key may have got another value up to the end of
// a line that is not before the given one.
func (d *Document) clouded(key string, line int) bool {
	return slices.ContainsFunc(d.clouds, func(c cloud) bool {
		return c.line >= line && (c.all || slices.Contains(c.keys, key))
	})
}
