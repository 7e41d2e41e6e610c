package fileformat

import (
	"reflect"
	"slices"
	"strings"

	"linkspan/core/host"
)

// complete is the declared host with what it does not say taken from the files:
// a setting that the definition is silent about stays as it is, and so does an
// interface that it does not name and that stands in a file that is written.
func complete(declared host.Host, found []host.Interface, stays func(name string) bool) host.Host {
	have := host.Host{Interfaces: found}
	out := declared
	out.Interfaces = make([]host.Interface, 0, len(declared.Interfaces))
	for _, want := range declared.Interfaces {
		if was, ok := have.Interface(want.Name); ok && was.Kind == want.Kind {
			want = filled(reflect.ValueOf(want), reflect.ValueOf(*was)).Interface().(host.Interface)
		}
		out.Interfaces = append(out.Interfaces, want)
	}
	for _, was := range found {
		if _, ok := declared.Interface(was.Name); !ok && stays(was.Name) {
			out.Interfaces = append(out.Interfaces, was)
		}
	}
	slices.SortFunc(out.Interfaces, func(x, y host.Interface) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// wholly are the fields that a definition always says in full (see
// backend.InterfaceObjects), or that have no silence.
var wholly = map[string]bool{"State": true, "Addresses": true, "DHCP4": true, "DHCP6": true, "Gateway": true, "Gateway6": true, "Routes": true,
	"Implied": true, "Match": true, "Protocol": true, "Parent": true, "ID": true}

// filled is a copy of want in which what is zero comes from have.
func filled(want, have reflect.Value) reflect.Value {
	out := reflect.New(want.Type()).Elem()
	out.Set(want)
	for n := range want.NumField() {
		field, was := out.Field(n), have.Field(n)
		if wholly[want.Type().Field(n).Name] || was.IsZero() {
			continue
		}
		field.Set(filledField(field, was))
	}
	return out
}

func filledField(field, was reflect.Value) reflect.Value {
	switch list := field.Interface().(type) {
	case []host.BridgePort:
		return reflect.ValueOf(filledPorts(list, was.Interface().([]host.BridgePort)))
	case []string: // ports, which are said in full
		return field
	}
	switch {
	case field.Kind() == reflect.Map:
		return filledMap(field, was)
	case field.IsZero():
		return was
	case field.Kind() == reflect.Pointer && field.Elem().Kind() == reflect.Struct:
		p := reflect.New(field.Type().Elem())
		p.Elem().Set(filled(field.Elem(), was.Elem()))
		return p
	}
	return field
}

func filledMap(field, was reflect.Value) reflect.Value {
	out := reflect.MakeMap(field.Type())
	for _, from := range []reflect.Value{was, field} {
		for k, v := range from.Seq2() {
			if have := out.MapIndex(k); have.IsValid() && v.Kind() == reflect.Map {
				v = filledMap(v, have)
			}
			out.SetMapIndex(k, v)
		}
	}
	return out
}

func filledPorts(want, have []host.BridgePort) []host.BridgePort {
	byName := make(map[string]host.BridgePort, len(have))
	for _, p := range have {
		byName[p.Name] = p
	}
	out := slices.Clone(want)
	for n, p := range out {
		if was, ok := byName[p.Name]; ok {
			out[n] = filled(reflect.ValueOf(p), reflect.ValueOf(was)).Interface().(host.BridgePort)
		}
	}
	return out
}
