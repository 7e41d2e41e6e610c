package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
)

// TestDigestDocument holds the digest against that of the document as a whole: saved
// plans and confirmations name it, so it never changes.
func TestDigestDocument(t *testing.T) {
	type stage struct {
		Backend    string
		Operations []Operation
		Settings   [][]SettingChange
		Refs       []Ref
		Actions    []Action
	}
	whole := func(p *Plan) string {
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
			t.Fatal(err)
		}
		sum := sha256.Sum256(b)
		return "ls1-" + hex.EncodeToString(sum[:8])
	}
	odd := input()
	odd.Host = "other"
	odd.Hooks = []Hook{{Name: "<drain>", On: []string{"pre_restart"}}}
	odd.Stages[2].Changes[0].Settings = nil
	odd.Stages[2].Operations[0].File.After.Content = []byte("<&>\xff\n")
	for name, p := range map[string]*Plan{"empty": New(Input{}), "usual": New(input()), "odd": New(odd)} {
		if want := whole(p); p.Digest != want {
			t.Errorf("%s: the digest is %s, not %s", name, p.Digest, want)
		}
	}
}
