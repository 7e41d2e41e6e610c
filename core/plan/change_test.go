package plan

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func object(name string, depends []string, settings ...Setting) Object {
	o := Object{Ref: Ref{ClassInterface, name}, Type: "bridge", Path: "bridge " + name}
	for _, s := range settings {
		o.Set(s.Key, s.Value)
	}
	for _, d := range depends {
		o.DependsOn = append(o.DependsOn, Ref{ClassInterface, d})
	}
	return o
}

func absent(name string, depends ...string) Object {
	o := object(name, depends)
	o.Absent, o.Reason = true, "no longer defined"
	return o
}

// summary spells changes as "create bond0".
func summary(changes []Change) []string {
	var out []string
	for _, c := range changes {
		out = append(out, string(c.Action)+" "+c.Name)
	}
	return out
}

func TestDiff(t *testing.T) {
	mtu := func(n int) Setting { return Setting{"mtu", Number(n)} }
	none := Setting{"mtu", Value{}}
	for _, tt := range []struct {
		name            string
		desired, actual []Object
		want            []string
	}{
		{"nothing wanted, nothing there", nil, nil, nil},
		{"in sync", []Object{object("a", nil, mtu(1500))}, []Object{object("a", nil, mtu(1500))}, nil},
		{"made", []Object{object("a", nil, mtu(1500))}, nil, []string{"create a"}},
		{"changed", []Object{object("a", nil, mtu(9000))}, []Object{object("a", nil, mtu(1500))}, []string{"update a"}},
		{"wanted absent and there", []Object{object("a", nil, none)}, []Object{object("a", nil, mtu(1500))}, []string{"update a"}},
		{"wanted absent and not there", []Object{object("a", nil, none)}, []Object{object("a", nil)}, nil},
		{"a setting that nobody names stays", []Object{object("a", nil)}, []Object{object("a", nil, mtu(1500))}, nil},
		{"an object that nobody names stays", nil, []Object{object("a", nil)}, nil},
		{"deleting what is not there is nothing", []Object{absent("a")}, nil, nil},
		{"deletes come last and in reverse", []Object{absent("bond0"), absent("bond0.2", "bond0"), object("b", nil)},
			[]Object{object("bond0", nil), object("bond0.2", []string{"bond0"})},
			[]string{"create b", "delete bond0.2", "delete bond0"}},
		{"dependencies first, then as people count", []Object{
			object("bond0.10", []string{"bond0"}), object("bond0.2", []string{"bond0"}), object("bond0", []string{"eth1"}), object("eth1", nil)}, nil,
			[]string{"create eth1", "create bond0", "create bond0.2", "create bond0.10"}},
		{"a circle ends", []Object{object("a", []string{"b"}), object("b", []string{"a"})}, nil, []string{"create b", "create a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			have := summary(Diff(tt.desired, tt.actual))
			if !slices.Equal(have, tt.want) {
				t.Errorf("%v, want %v", have, tt.want)
			}
		})
	}
}

// randomObjects are objects that depend only on earlier ones.
func randomObjects(t *rapid.T, label string) []Object {
	var out []Object
	for i := range rapid.IntRange(0, 12).Draw(t, label) {
		if !rapid.Bool().Draw(t, "there") {
			continue
		}
		o := object(fmt.Sprintf("if%d", i), nil)
		for _, key := range []string{"addresses", "mtu", "mode"} {
			switch rapid.IntRange(0, 3).Draw(t, key) {
			case 1:
				o.Set(key, Number(rapid.IntRange(1, 3).Draw(t, "n")))
			case 2:
				o.Set(key, List(fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "item"))))
			case 3:
				o.Set(key, Value{})
			}
		}
		for _, d := range out {
			if rapid.IntRange(0, 3).Draw(t, "depends") == 0 {
				o.DependsOn = append(o.DependsOn, d.Ref)
			}
		}
		out = append(out, o)
	}
	return out
}

// carriedOut is what is there after the changes: the contract that Diff has
// with everyone who acts on it.
func carriedOut(actual []Object, changes []Change) []Object {
	out := slices.Clone(actual)
	for i := range out {
		out[i].Settings = slices.Clone(out[i].Settings)
	}
	at := func(r Ref) int { return slices.IndexFunc(out, func(o Object) bool { return o.Ref == r }) }
	for _, c := range changes {
		i := at(c.Ref)
		switch c.Action {
		case Delete:
			out = slices.Delete(out, i, i+1)
			continue
		case Create:
			out = append(out, Object{Ref: c.Ref})
			i = len(out) - 1
		}
		for _, s := range c.Settings {
			out[i].Set(s.Key, s.After)
		}
	}
	return out
}

func TestDiffProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		desired, actual := randomObjects(t, "desired"), randomObjects(t, "actual")
		for i := range desired {
			desired[i].Absent = rapid.IntRange(0, 4).Draw(t, "absent") == 0
		}
		changes := Diff(desired, actual)
		after := carriedOut(actual, changes)
		if left := Diff(desired, after); len(left) > 0 {
			t.Fatalf("after carrying it out there is left: %v", summary(left))
		}
		for _, o := range actual { // what nobody names stays
			if !slices.ContainsFunc(desired, func(d Object) bool { return d.Ref == o.Ref }) &&
				!slices.ContainsFunc(after, func(a Object) bool { return a.Ref == o.Ref }) {
				t.Fatalf("%s was removed, and nobody asked for it", o.Ref)
			}
		}
		inOrderCheck(t, changes, desired, actual)
	})
}

// inOrderCheck: creates and updates first with their dependencies before them,
// deletes last with their dependents before them.
func inOrderCheck(t *rapid.T, changes []Change, desired, actual []Object) {
	place := make(map[Ref]int)
	deleting := false
	for i, c := range changes {
		place[c.Ref] = i
		if c.Action != Delete && deleting {
			t.Fatalf("%s %s comes after a delete", c.Action, c.Name)
		}
		deleting = c.Action == Delete
	}
	for _, objects := range [][]Object{desired, actual} {
		for _, o := range objects {
			i, ok := place[o.Ref]
			if !ok {
				continue
			}
			for _, d := range o.DependsOn {
				j, ok := place[d]
				if !ok || (changes[i].Action == Delete) != (changes[j].Action == Delete) {
					continue
				}
				if wantFirst := changes[i].Action != Delete; wantFirst && len(objects) == len(desired) && &objects[0] == &desired[0] && j > i {
					t.Fatalf("%s comes before %s, which it depends on", o.Name, d.Name)
				} else if !wantFirst && &objects[0] == &actual[0] && j < i {
					t.Fatalf("%s is deleted before %s, which depends on it", d.Name, o.Name)
				}
			}
		}
	}
}

func TestNaturalOrder(t *testing.T) {
	names := []string{"bond0.10", "eth0", "bond0.2", "bond0", "bond00.2", "bond10", "bond2"}
	slices.SortFunc(names, CompareNatural)
	want := []string{"bond0", "bond0.2", "bond0.10", "bond00.2", "bond2", "bond10", "eth0"}
	if !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}
