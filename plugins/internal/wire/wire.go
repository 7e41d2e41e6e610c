// Package wire is the protocol's messages and their conversions to and from
// the values of the contract: one function for each type and direction. No one
// but package plugins sees it.
//
// The generated files come from plugins/proto; `go generate ./plugins` makes
// them again.
package wire

import (
	"bytes"
	"encoding/json"
	"fmt"

	"linkspan/core/backend"
	"linkspan/core/host"
)

// FromSetup makes the message of a setup.
func FromSetup(s backend.Setup) (*Setup, error) {
	h, err := json.Marshal(s.Host)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	c, err := json.Marshal(s.Config)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return &Setup{HostJson: h, ConfigJson: c, Root: s.Root, Netns: s.Netns, StateDir: s.StateDir}, nil
}

// ToSetup reads the message of a setup.
func ToSetup(m *Setup) (backend.Setup, error) {
	out := backend.Setup{Root: m.GetRoot(), Netns: m.GetNetns(), StateDir: m.GetStateDir()}
	// Room for all interfaces: the decoder's own slice would be copied as it
	// grows, five times over for a large host.
	if n := bytes.Count(m.GetHostJson(), []byte(interfaceBegins)); n > 0 {
		out.Host.Interfaces = make([]host.Interface, 0, n)
	}
	if err := decode(m.GetHostJson(), &out.Host); err != nil {
		return out, fmt.Errorf("host: %w", err)
	}
	if err := decode(m.GetConfigJson(), &out.Config); err != nil {
		return out, fmt.Errorf("configuration: %w", err)
	}
	for k, v := range out.Config {
		out.Config[k] = wholeNumbers(v)
	}
	for k, v := range out.Host.Vars {
		out.Host.Vars[k] = wholeNumbers(v)
	}
	for i := range out.Host.Hooks {
		out.Host.Hooks[i].Config = wholeNumbers(out.Host.Hooks[i].Config)
	}
	for i := range out.Host.Backends {
		for k, v := range out.Host.Backends[i].Config {
			out.Host.Backends[i].Config[k] = wholeNumbers(v)
		}
	}
	return out, nil
}

// interfaceBegins is how an interface begins in a host's JSON; see host.Interface.
const interfaceBegins = `{"kind":"`

func decode(data []byte, into any) error {
	if len(data) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(into)
}

// wholeNumbers turns JSON numbers into int64 where they are whole and into
// float64 otherwise, as the language gives them.
func wholeNumbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		f, err := x.Float64()
		if err != nil {
			return x.String() // beyond a float64: kept as written
		}
		return f
	case []any:
		for i := range x {
			x[i] = wholeNumbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = wholeNumbers(x[k])
		}
	}
	return v
}

// FromDescription makes the message of a description.
func FromDescription(d backend.Description) (*DescribeResponse, error) {
	out := &DescribeResponse{Name: d.Name, Version: d.Version, Doc: d.Doc, Phase: string(d.Phase), Features: d.Features, Paths: d.Paths,
		Schema: &Schema{Doc: d.Schema.Doc, InterfaceOptions: d.Schema.InterfaceOptions}}
	for _, a := range d.Schema.Attributes {
		m := &Attribute{Name: a.Name, Type: string(a.Type), Required: a.Required, Words: a.Words, Doc: a.Doc}
		if a.Default != nil {
			b, err := json.Marshal(a.Default)
			if err != nil {
				return nil, fmt.Errorf("default of %q: %w", a.Name, err)
			}
			m.DefaultJson = b
		}
		out.Schema.Attributes = append(out.Schema.Attributes, m)
	}
	return out, nil
}

// ToDescription reads the message of a description.
func ToDescription(m *DescribeResponse) (backend.Description, error) {
	out := backend.Description{Name: m.GetName(), Version: m.GetVersion(), Doc: m.GetDoc(), Phase: backend.Phase(m.GetPhase()), Features: m.GetFeatures(), Paths: m.GetPaths(),
		Schema: host.Schema{Doc: m.GetSchema().GetDoc(), InterfaceOptions: m.GetSchema().GetInterfaceOptions()}}
	for _, a := range m.GetSchema().GetAttributes() {
		o := host.Attribute{Name: a.GetName(), Type: host.AttributeType(a.GetType()), Required: a.GetRequired(), Words: a.GetWords(), Doc: a.GetDoc()}
		if err := decode(a.GetDefaultJson(), &o.Default); err != nil {
			return out, fmt.Errorf("default of %q: %w", o.Name, err)
		}
		o.Default = wholeNumbers(o.Default)
		out.Schema.Attributes = append(out.Schema.Attributes, o)
	}
	return out, nil
}
