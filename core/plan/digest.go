package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// digest is "ls1-" and the first 16 hex digits of the SHA-256 over everything
// that will be done: the stages' changes and operations with their values and
// contents, restarts and hooks. The host's name, places in source files, and
// what was read but stays as it is do not count, so that hosts with the same
// work have the same digest.
func (p *Plan) digest() string {
	type stage struct {
		Backend    string
		Operations []Operation
		Settings   [][]SettingChange
		Refs       []Ref
		Actions    []Action
	}
	doc := struct {
		Stages   []stage
		Restarts []Restart
		Hooks    []Hook
	}{Restarts: p.Restarts, Hooks: p.Hooks}
	for _, s := range p.Stages {
		st := stage{Backend: s.Backend, Operations: s.Operations}
		for _, c := range s.Changes {
			st.Refs, st.Actions = append(st.Refs, c.Ref), append(st.Actions, c.Action)
			st.Settings = append(st.Settings, c.Settings)
		}
		doc.Stages = append(doc.Stages, st)
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("plan: digest: %v", err)) // only strings, numbers, slices: cannot fail
	}
	sum := sha256.Sum256(b)
	return "ls1-" + hex.EncodeToString(sum[:8])
}
