package wire

import "linkspan/core/plan"

// FromRef makes the message of a reference.
func FromRef(r plan.Ref) *Ref {
	m := new(Ref)
	fillRef(m, r)
	return m
}

func fillRef(m *Ref, r plan.Ref) { m.Class, m.Name = r.Class, text(r.Name) }

// ToRef reads the message of a reference.
func ToRef(m *Ref) plan.Ref { return plan.Ref{Class: m.GetClass(), Name: m.GetName()} }

// FromObject makes the message of an object.
func FromObject(o plan.Object) *Object {
	return &Object{Ref: FromRef(o.Ref), Type: o.Type, Path: o.Path, Settings: fill(o.Settings, fillSetting),
		DependsOn: fill(o.DependsOn, fillRef), Absent: o.Absent, Reason: o.Reason}
}

// ToObject reads the message of an object.
func ToObject(m *Object) plan.Object {
	return plan.Object{Ref: ToRef(m.GetRef()), Type: m.GetType(), Path: m.GetPath(), Settings: each(m.GetSettings(), ToSetting),
		DependsOn: each(m.GetDependsOn(), ToRef), Absent: m.GetAbsent(), Reason: m.GetReason()}
}

// FromObjects makes the messages of objects.
func FromObjects(o []plan.Object) []*Object { return each(o, FromObject) }

// ToObjects reads the messages of objects.
func ToObjects(m []*Object) []plan.Object { return each(m, ToObject) }

// fillSetting fills the message of a setting.
func fillSetting(m *Setting, s plan.Setting) {
	m.Key, m.Form, m.Text, m.List = text(s.Key), string(s.Value.Form), text(s.Value.Text), texts(s.Value.List)
}

// ToSetting reads the message of a setting.
func ToSetting(m *Setting) plan.Setting {
	return plan.Setting{Key: m.GetKey(), Value: plan.Value{Form: plan.Form(m.GetForm()), Text: m.GetText(), List: m.GetList()}}
}

// FromValue makes the message of a value; an absent one is no message.
func FromValue(v plan.Value) *Value {
	if v.IsAbsent() {
		return nil
	}
	return &Value{Form: string(v.Form), Text: text(v.Text), List: texts(v.List)}
}

// ToValue reads the message of a value.
func ToValue(m *Value) plan.Value {
	return plan.Value{Form: plan.Form(m.GetForm()), Text: m.GetText(), List: m.GetList()}
}

// FromGuest makes the message of a guest.
func FromGuest(g plan.Guest) *Guest {
	return &Guest{Name: text(g.Name), Port: text(g.Port), Bridge: text(g.Bridge), Default: text(g.Default), Unknown: text(g.Unknown), Source: text(g.Source)}
}

// ToGuest reads the message of a guest.
func ToGuest(m *Guest) plan.Guest {
	return plan.Guest{Name: m.GetName(), Port: m.GetPort(), Bridge: m.GetBridge(), Default: m.GetDefault(), Unknown: m.GetUnknown(), Source: m.GetSource()}
}

// FromChange makes the message of a change. Its origin stays with the program.
func FromChange(c plan.Change) *Change {
	return &Change{Ref: FromRef(c.Ref), Action: string(c.Action), Type: c.Type, Path: c.Path, Reason: c.Reason,
		Settings: fill(c.Settings, fillSettingChange), Unchanged: fill(c.Unchanged, fillSetting)}
}

// ToChange reads the message of a change.
func ToChange(m *Change) plan.Change {
	return plan.Change{Ref: ToRef(m.GetRef()), Action: plan.Action(m.GetAction()), Type: m.GetType(), Path: m.GetPath(), Reason: m.GetReason(),
		Settings: each(m.GetSettings(), ToSettingChange), Unchanged: each(m.GetUnchanged(), ToSetting)}
}

// fillSettingChange fills the message of a setting's change.
func fillSettingChange(m *SettingChange, s plan.SettingChange) {
	m.Key, m.Before, m.After, m.Note = text(s.Key), FromValue(s.Before), FromValue(s.After), s.Note
}

// ToSettingChange reads the message of a setting's change.
func ToSettingChange(m *SettingChange) plan.SettingChange {
	return plan.SettingChange{Key: m.GetKey(), Before: ToValue(m.GetBefore()), After: ToValue(m.GetAfter()), Note: m.GetNote()}
}
