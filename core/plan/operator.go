package plan

import (
	"fmt"
	"slices"
	"strings"
)

// operatorEffects say what happens to the address that the operator's session
// came in on: where it goes, and that an interface that carries it changes.
func (p *Plan) operatorEffects(address string) []Effect {
	if address == "" {
		return nil
	}
	var out []Effect
	said := make(map[Ref]bool)
	for _, s := range p.Stages {
		for _, c := range s.Changes {
			if text := operatorText(c, address); text != "" && !said[c.Ref] {
				said[c.Ref] = true
				out = append(out, Effect{Kind: EffectOperator, Text: text, Objects: []Ref{c.Ref}})
			}
		}
	}
	return out
}

// operatorText says what one change does to the operator's address; "" is
// nothing.
func operatorText(c Change, address string) string {
	for _, sc := range c.Settings {
		if sc.Key != "addresses" {
			continue
		}
		before, after := withAddress(sc.Before.List, address), withAddress(sc.After.List, address)
		switch {
		case before == "" && after != "":
			return fmt.Sprintf("%s takes over %s, the address of this SSH session", c.Name, after)
		case before != "" && after == "":
			return fmt.Sprintf("%s loses %s, the address of this SSH session", c.Name, before)
		case before != "":
			return fmt.Sprintf("%s carries %s, the address of this SSH session, and changes", c.Name, before)
		}
	}
	i := slices.IndexFunc(c.Unchanged, func(s Setting) bool { return s.Key == "addresses" && withAddress(s.Value.List, address) != "" })
	if i >= 0 && len(c.Settings) > 0 {
		return fmt.Sprintf("%s carries %s, the address of this SSH session, and changes", c.Name, withAddress(c.Unchanged[i].Value.List, address))
	}
	return ""
}

// withAddress returns the item "ADDRESS/BITS" of the list; "" is none.
func withAddress(list []string, address string) string {
	for _, item := range list {
		if a, _, _ := strings.Cut(item, "/"); a == address {
			return item
		}
	}
	return ""
}
