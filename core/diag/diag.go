// Package diag holds errors and warnings about what a person wrote, as values.
//
// A diagnostic says what is wrong, where, and what to do about it. Packages
// that find faults return a List; the program sorts it, joins it with the
// source text and prints it. The package imports nothing of linkspan.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity tells an error, which stops the run, from a warning, which does not.
type Severity string

const (
	// Error means that nothing may be planned or changed.
	Error Severity = "error"
	// Warning is shown and does not stop anything.
	Warning Severity = "warning"
)

// Position is a place in a file.
type Position struct {
	Line   int `json:"line"`   // counted from 1
	Column int `json:"column"` // counted from 1, in characters as an editor counts them
	Byte   int `json:"byte"`   // offset from the start of the file, counted from 0
}

// Range is a stretch of one file. The zero Range means "no place known".
type Range struct {
	File  string   `json:"file"` // as the person named it, e.g. "site.hcl"
	Start Position `json:"start"`
	End   Position `json:"end"` // exclusive
}

// IsZero reports whether no place is known.
func (r Range) IsZero() bool { return r.File == "" }

// String gives "site.hcl:19", or "" for the zero Range.
func (r Range) String() string {
	if r.IsZero() {
		return ""
	}
	if r.Start.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d", r.File, r.Start.Line)
}

// Related is a second place that explains the first.
type Related struct {
	Message string `json:"message"` // e.g. "first given here"
	Path    string `json:"path,omitempty"`
	Range   Range  `json:"range,omitzero"`
}

// Diagnostic is one fault. Summary is the same for every case of its Code;
// Detail names the case, the reason and the remedy.
type Diagnostic struct {
	Severity Severity  `json:"severity"`
	Code     string    `json:"code"` // "LS2004": see Rule
	Summary  string    `json:"summary"`
	Detail   string    `json:"detail,omitempty"`
	Path     string    `json:"path,omitempty"`   // the part of the host meant: `bridge["xenbr0"].addresses[0]`; see host.Path
	Range    Range     `json:"range,omitzero"`   // the place in a file
	Source   string    `json:"source,omitempty"` // who found it, when not the program itself: `backend "ifcfg"`
	Related  []Related `json:"related,omitempty"`
}

// String gives one line: "site.hcl:19: error LS2004: summary: detail".
func (d Diagnostic) String() string {
	var b strings.Builder
	if place := cmp.Or(d.Range.String(), d.Path); place != "" {
		b.WriteString(place + ": ")
	}
	b.WriteString(string(d.Severity))
	if d.Code != "" {
		b.WriteString(" " + d.Code)
	}
	b.WriteString(": " + d.Summary)
	if d.Detail != "" {
		b.WriteString(": " + d.Detail)
	}
	return b.String()
}

// List is the diagnostics of one run.
type List []Diagnostic

// HasErrors reports whether the list holds at least one error.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d Diagnostic) bool { return d.Severity == Error })
}

// Errors returns the errors without the warnings.
func (l List) Errors() List { return l.only(Error) }

// Warnings returns the warnings without the errors.
func (l List) Warnings() List { return l.only(Warning) }

func (l List) only(s Severity) List {
	var out List
	for _, d := range l {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// Without leaves out what has been said already in the same words.
func (l List) Without(said List) List {
	var out List
	for _, d := range l {
		same := func(e Diagnostic) bool { return e.Code == d.Code && e.Path == d.Path && e.Detail == d.Detail }
		if !slices.ContainsFunc(said, same) {
			out = append(out, d)
		}
	}
	return out
}

// Sorted returns the list ordered by place, then code, with duplicates (same
// code, place and detail) folded into one.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Range.File, b.Range.File),
			cmp.Compare(a.Range.Start.Byte, b.Range.Start.Byte),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Code, b.Code),
		)
	})
	return slices.CompactFunc(out, func(a, b Diagnostic) bool {
		return a.Code == b.Code && a.Range == b.Range && a.Path == b.Path && a.Summary == b.Summary && a.Detail == b.Detail
	})
}

// Err returns nil when the list has no error, else an error whose text is the
// first error and the count of the others.
func (l List) Err() error {
	errs := l.Errors()
	switch len(errs) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s", errs[0])
	}
	return fmt.Errorf("%s (and %d more)", errs[0], len(errs)-1)
}
