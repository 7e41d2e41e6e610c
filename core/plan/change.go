package plan

import (
	"cmp"
	"slices"

	"linkspan/core/diag"
)

// Action is what happens to an object.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Delete Action = "delete"
)

// Change is the difference of one object, for people and for the backend.
type Change struct {
	Ref
	Action    Action          `json:"action"`
	Type      string          `json:"type,omitempty"`
	Path      string          `json:"path,omitempty"`
	Origin    diag.Range      `json:"origin,omitzero"` // where the definition says it; joined by the program
	Settings  []SettingChange `json:"settings,omitempty"`
	Unchanged []Setting       `json:"unchanged,omitempty"`
	Reason    string          `json:"reason,omitempty"` // of a delete: why
}

// SettingChange is the difference of one setting.
type SettingChange struct {
	Key    string `json:"key"`
	Before Value  `json:"before"`
	After  Value  `json:"after"`
	Note   string `json:"note,omitempty"` // e.g. "moves from bond0.2"
}

// Diff compares the objects of one backend and returns the changes in the
// order in which they may be made: creates and updates with every dependency
// first, then deletes with every dependent first. A setting that is wanted
// absent and is not there is no change, nor is one that is there and that no
// desired object names. Objects that depend on each other in a circle keep the
// order of their names; validation refuses them long before.
func Diff(desired, actual []Object) []Change {
	byRef := make(map[Ref]*Object, len(actual))
	for i := range actual {
		byRef[actual[i].Ref] = &actual[i]
	}
	var made, deleted []*Object
	changes := make(map[Ref]Change, len(desired))
	for i := range desired {
		want := &desired[i]
		have := byRef[want.Ref]
		c, ok := compare(want, have)
		if !ok {
			continue
		}
		changes[want.Ref] = c
		if c.Action == Delete {
			deleted = append(deleted, have)
		} else {
			made = append(made, want)
		}
	}
	out := make([]Change, 0, len(changes))
	for _, o := range inOrder(made) {
		out = append(out, changes[o.Ref])
	}
	gone := inOrder(deleted)
	slices.Reverse(gone)
	for _, o := range gone {
		out = append(out, changes[o.Ref])
	}
	return out
}

// compare returns the change that makes have into want; have may be nil.
func compare(want, have *Object) (Change, bool) {
	c := Change{Ref: want.Ref, Type: cmp.Or(want.Type, typeOf(have)), Path: want.Path, Reason: want.Reason}
	switch {
	case want.Absent && have == nil:
		return c, false
	case want.Absent:
		c.Action, c.Type = Delete, cmp.Or(have.Type, want.Type)
		for _, s := range have.Settings {
			c.Settings = append(c.Settings, SettingChange{Key: s.Key, Before: s.Value})
		}
		return c, true
	case have == nil:
		c.Action, have = Create, &Object{}
	default:
		c.Action = Update
	}
	for _, s := range want.Settings {
		before := have.Get(s.Key)
		if before.Equal(s.Value) {
			if !s.Value.IsAbsent() {
				c.Unchanged = append(c.Unchanged, s)
			}
			continue
		}
		c.Settings = append(c.Settings, SettingChange{Key: s.Key, Before: before, After: s.Value})
	}
	return c, c.Action == Create || len(c.Settings) > 0
}

func typeOf(o *Object) string {
	if o == nil {
		return ""
	}
	return o.Type
}

// inOrder sorts objects by depth, so that each comes after those it depends
// on, and by name within a depth.
func inOrder(objects []*Object) []*Object {
	index := make(map[Ref]*Object, len(objects))
	for _, o := range objects {
		index[o.Ref] = o
	}
	depth := make(map[Ref]int, len(objects))
	var depthOf func(o *Object) int
	depthOf = func(o *Object) int {
		if d, seen := depth[o.Ref]; seen {
			return d
		}
		depth[o.Ref] = 0 // ends a circle
		d := 0
		for _, ref := range o.DependsOn {
			if dep, ok := index[ref]; ok {
				d = max(d, depthOf(dep)+1)
			}
		}
		depth[o.Ref] = d
		return d
	}
	for _, o := range objects {
		depthOf(o)
	}
	out := slices.Clone(objects)
	slices.SortFunc(out, func(a, b *Object) int {
		return cmp.Or(cmp.Compare(depth[a.Ref], depth[b.Ref]), cmp.Compare(a.Class, b.Class), CompareNatural(a.Name, b.Name))
	})
	return out
}

// CompareNatural orders names as people do: bond0.2 before bond0.10.
func CompareNatural(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := trimZeros(a[:na]), trimZeros(b[:nb])
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y), cmp.Compare(na, nb)); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func trimZeros(s string) string {
	for len(s) > 1 && s[0] == '0' {
		s = s[1:]
	}
	return s
}
