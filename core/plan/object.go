// Package plan compares what is wanted with what is there and says what will
// be done about it, as a value.
//
// A Plan is complete: it can be shown, saved, compared and carried out without
// asking anyone again. Everything here is pure: no file is read, no clock, no
// map is ranged over where order matters. The package imports only diag.
package plan

import (
	"slices"
	"strconv"
	"strings"
)

// Ref names an object within one backend.
type Ref struct {
	Class string `json:"class"` // "interface" for every network interface; else the backend's own word, e.g. "xend"
	Name  string `json:"name"`  // e.g. "bond0"; "/etc/xen/xend-config.sxp"
}

// ClassInterface is the class of network interfaces, shared by all backends so
// that what is declared, persisted and live can be laid side by side.
const ClassInterface = "interface"

// String gives "interface xenbr0".
func (r Ref) String() string { return r.Class + " " + r.Name }

// Object is one thing that a backend manages, in a canonical spelling that is
// the same from Render and from Read.
type Object struct {
	Ref
	Type      string    `json:"type,omitempty"`       // for people: "bond", "vlan", "bridge", "ethernet", …
	Path      string    `json:"path,omitempty"`       // where the definition says it: host.Path; empty when only read
	Settings  []Setting `json:"settings,omitempty"`   // sorted by key
	DependsOn []Ref     `json:"depends_on,omitempty"` // must exist before it does
	Absent    bool      `json:"absent,omitempty"`     // wanted: not to be there
	Reason    string    `json:"reason,omitempty"`     // wanted absent: why
}

// Get returns the value of a setting; an absent Value when it has none.
func (o *Object) Get(key string) Value {
	i, ok := slices.BinarySearchFunc(o.Settings, key, func(s Setting, k string) int { return strings.Compare(s.Key, k) })
	if !ok {
		return Value{}
	}
	return o.Settings[i].Value
}

// Set sets a setting, keeping the order.
func (o *Object) Set(key string, v Value) {
	i, ok := slices.BinarySearchFunc(o.Settings, key, func(s Setting, k string) int { return strings.Compare(s.Key, k) })
	if ok {
		o.Settings[i].Value = v
		return
	}
	o.Settings = slices.Insert(o.Settings, i, Setting{Key: key, Value: v})
}

// Setting is one setting of an object. Keys are the attribute names of the
// language where it has one.
type Setting struct {
	Key   string `json:"key"`
	Value Value  `json:"value"`
}

// Form is the form of a Value.
type Form string

// The forms of a value. The zero form is FormAbsent: wanted, the setting must
// not be there; read, it is not there.
const (
	FormAbsent Form = ""
	FormText   Form = "text"
	FormNumber Form = "number"
	FormBool   Form = "bool"
	FormList   Form = "list"
)

// Value is the value of a setting.
type Value struct {
	Form Form     `json:"form,omitempty"`
	Text string   `json:"text,omitempty"` // canonical: decimal, "true" or "false"
	List []string `json:"list,omitempty"`
}

// Text makes a text value.
func Text(s string) Value { return Value{Form: FormText, Text: s} }

// Number makes a number value.
func Number(n int) Value { return Value{Form: FormNumber, Text: strconv.Itoa(n)} }

// Bool makes a boolean value.
func Bool(b bool) Value { return Value{Form: FormBool, Text: strconv.FormatBool(b)} }

// List makes a list value. An empty list equals an absent value.
func List(items ...string) Value {
	if len(items) == 0 {
		return Value{}
	}
	return Value{Form: FormList, List: items}
}

// IsAbsent reports whether there is no value.
func (v Value) IsAbsent() bool { return v.Form == FormAbsent }

// Equal reports whether two values mean the same.
func (v Value) Equal(w Value) bool {
	return v.Form == w.Form && v.Text == w.Text && slices.Equal(v.List, w.List)
}

// String spells the value as HCL would: "eth0" quoted, numbers and booleans
// bare, lists in brackets, "(none)" for absent.
func (v Value) String() string {
	switch v.Form {
	case FormAbsent:
		return "(none)"
	case FormText:
		return strconv.Quote(v.Text)
	case FormList:
		quoted := make([]string, len(v.List))
		for i, s := range v.List {
			quoted[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return v.Text
}
