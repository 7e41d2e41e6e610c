package plan

import "testing"

// TestObjectsDigest: objects that differ in anything have another digest, also
// where their texts lie next to each other.
func TestObjectsDigest(t *testing.T) {
	bridge := func(change func(*Object)) []Object {
		o := Object{Ref: Ref{Class: ClassInterface, Name: "xenbr0"}, Type: "bridge", Path: `bridge["xenbr0"]`, DependsOn: []Ref{{Class: ClassInterface, Name: "bond0"}}}
		o.Set("mtu", Number(1500))
		o.Set("ports", List("bond0", "eth2"))
		change(&o)
		return []Object{o}
	}
	same := func(*Object) {}
	all := map[string]string{ObjectsDigest(nil): "none", ObjectsDigest(bridge(same)): "one", ObjectsDigest(append(bridge(same), bridge(same)...)): "two"}
	for name, change := range map[string]func(*Object){
		"its class":         func(o *Object) { o.Class = "xend" },
		"its name":          func(o *Object) { o.Name = "xenbr1" },
		"class and name":    func(o *Object) { o.Class, o.Name = "interfacex", "enbr0" },
		"its type":          func(o *Object) { o.Type = "" },
		"its path":          func(o *Object) { o.Path = "" },
		"absent":            func(o *Object) { o.Absent = true },
		"its reason":        func(o *Object) { o.Reason = "it is gone" },
		"a key":             func(o *Object) { o.Settings[0].Key = "mtv" },
		"a form":            func(o *Object) { o.Settings[0].Value.Form = FormText },
		"a text":            func(o *Object) { o.Settings[0].Value.Text = "9000" },
		"a list's length":   func(o *Object) { o.Settings[1].Value = List("bond0") },
		"a list's parts":    func(o *Object) { o.Settings[1].Value = List("bond0e", "th2") },
		"a list's order":    func(o *Object) { o.Settings[1].Value = List("eth2", "bond0") },
		"one setting less":  func(o *Object) { o.Settings = o.Settings[:1] },
		"what it stands on": func(o *Object) { o.DependsOn[0].Name = "bond1" },
		"it stands free":    func(o *Object) { o.DependsOn = nil },
	} {
		d := ObjectsDigest(bridge(change))
		if other, ok := all[d]; ok {
			t.Errorf("%s: the digest is that of %s", name, other)
		}
		all[d] = name
	}
}
