package hostfile

import (
	"fmt"
	"net/netip"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/hcl/rule"
)

// fields reads a record's attributes as the model's types, recording where
// each is written below path.
type fields struct {
	*definition
	*record
	path string
	part int32 // of the definition's places
}

// fields begins to read a record, whose own place is that of the path.
func (d *definition) fields(path string, r *record) fields {
	return fields{d, r, path, d.places.part(path, r.place, r.use)}
}

// get finds an attribute, and records where it and its elements are written.
func (f fields) get(name string) (*value, bool) {
	v, ok := f.value(name)
	if !ok {
		return nil, false
	}
	f.places.put(spot{part: f.part, attribute: v.name, element: whole}, v.place, v.use)
	if v.Type().IsListType() {
		for i := range v.elements {
			f.places.put(spot{part: f.part, attribute: v.name, element: int32(i)}, v.elements[i], v.use)
		}
	}
	return v, true
}

func (f fields) text(name string) string {
	if v, ok := f.get(name); ok {
		return v.AsString()
	}
	return ""
}

func (f fields) texts(name string) []string {
	if v, ok := f.get(name); ok {
		return v.strings()
	}
	return nil
}

func (f fields) boolean(name string) *bool {
	if v, ok := f.get(name); ok {
		return new(v.True())
	}
	return nil
}

func (f fields) number(name string) *int {
	if v, ok := f.get(name); ok {
		return new(v.int())
	}
	return nil
}

func (f fields) seconds(name string) *host.Centiseconds {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	s, _ := v.AsBigFloat().Float64()
	return new(host.Centiseconds(s*100 + 0.5))
}

func (f fields) address(name string) netip.Addr {
	v, ok := f.get(name)
	if !ok {
		return netip.Addr{}
	}
	return f.parseAddress(v.AsString(), v.place)
}

func (f fields) parseAddress(s string, where diag.Range) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" || a.Is4In6() {
		hint := ""
		if strings.Contains(s, "/") {
			hint = "; leave the prefix away"
		}
		f.add(rule.Address.In(where, "%q is no IP address%s", s, hint))
		return netip.Addr{}
	}
	return a
}

func (f fields) addresses(name string) []netip.Addr {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	var out []netip.Addr
	for i, s := range v.strings() {
		if a := f.parseAddress(s, v.element(i)); a.IsValid() {
			out = append(out, a)
		}
	}
	return out
}

// prefixes reads addresses with their prefix.
func (f fields) prefixes(name string) []netip.Prefix {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	var out []netip.Prefix
	for i, s := range v.strings() {
		p, err := netip.ParsePrefix(s)
		if err != nil || p.Addr().Is4In6() {
			hint := ""
			if a, err := netip.ParseAddr(s); err == nil {
				hint = fmt.Sprintf("; its prefix is missing, e.g. \"%s/%d\"", a, usualPrefix(a))
			}
			f.add(rule.Address.In(v.element(i), "%q is no address with its prefix%s", s, hint))
			continue
		}
		out = append(out, p)
	}
	return out
}

func usualPrefix(a netip.Addr) int {
	if a.Is4() {
		return 24
	}
	return 64
}
