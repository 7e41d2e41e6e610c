package plan

import (
	"cmp"
	"slices"
	"strings"

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
	var made, deleted []*node
	for i := range desired {
		want := &desired[i]
		have := byRef[want.Ref]
		c, ok := compare(want, have)
		if !ok {
			continue
		}
		if c.Action == Delete {
			deleted = append(deleted, &node{object: have, change: c})
		} else {
			made = append(made, &node{object: want, change: c})
		}
	}
	inOrder(made)
	inOrder(deleted)
	out := make([]Change, 0, len(made)+len(deleted))
	for i := range made {
		out = append(out, made[i].change)
	}
	for i := range slices.Backward(deleted) {
		out = append(out, deleted[i].change)
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
	if c.Action == Create {
		c.Settings = make([]SettingChange, 0, len(want.Settings))
	} else if asWanted(want, have) {
		return c, false
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

// asWanted reports whether an object that is there has all wanted settings: most
// have, and nothing is made of them. Both lists are sorted, so one walk does it.
func asWanted(want, have *Object) bool {
	rest := have.Settings
	for i := range want.Settings {
		s := &want.Settings[i]
		for len(rest) > 0 && rest[0].Key < s.Key {
			rest = rest[1:]
		}
		switch {
		case len(rest) > 0 && rest[0].Key == s.Key:
			if !rest[0].Value.Equal(s.Value) {
				return false
			}
		case !s.Value.IsAbsent():
			return false
		}
	}
	return true
}

func typeOf(o *Object) string {
	if o == nil {
		return ""
	}
	return o.Type
}

// node is an object that changes, with its place in the order.
type node struct {
	object *Object
	change Change
	depth  int // -1 while it is not known
}

// inOrder sorts objects by depth, so that each comes after those it depends
// on, and by name within a depth.
func inOrder(nodes []*node) {
	// The sort asks often, so that the depths are found before it.
	if slices.ContainsFunc(nodes, func(n *node) bool { return len(n.object.DependsOn) > 0 }) {
		setDepths(nodes)
	}
	slices.SortFunc(nodes, func(a, b *node) int {
		return cmp.Or(a.depth-b.depth, strings.Compare(a.object.Class, b.object.Class), CompareNatural(a.object.Name, b.object.Name))
	})
}

func setDepths(nodes []*node) {
	index := make(map[Ref]*node, len(nodes))
	for i := range nodes {
		nodes[i].depth = -1
		index[nodes[i].object.Ref] = nodes[i]
	}
	var depthOf func(n *node) int
	depthOf = func(n *node) int {
		if n.depth >= 0 {
			return n.depth
		}
		n.depth = 0 // ends a circle
		d := 0
		for _, ref := range n.object.DependsOn {
			if on, ok := index[ref]; ok {
				d = max(d, depthOf(on)+1)
			}
		}
		n.depth = d
		return d
	}
	for i := range nodes {
		depthOf(nodes[i])
	}
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
