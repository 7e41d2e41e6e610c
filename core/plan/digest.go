package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
)

// digest is "ls1-" and the first 16 hex digits of the SHA-256 over everything
// that will be done: the stages' changes and operations with their values and
// contents, restarts and hooks. The host's name, places in source files, and
// what was read but stays as it is do not count, so that hosts with the same
// work have the same digest.
//
// What is summed is one JSON document, made piece by piece: of a large host it
// has tens of megabytes.
func (p *Plan) digest() string {
	d := digesting{sha256.New()}
	d.text(`{"Stages":`)
	list(d, p.Stages, d.stage)
	d.text(`,"Restarts":`)
	d.value(p.Restarts)
	d.text(`,"Hooks":`)
	d.value(p.Hooks)
	d.text(`}`)
	return "ls1-" + hex.EncodeToString(d.Sum(nil)[:8])
}

// digesting is a digest under way.
type digesting struct{ hash.Hash }

func (d digesting) text(s string) { d.Write([]byte(s)) }

func (d digesting) value(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("plan: digest: %v", err)) // only strings, numbers, slices: cannot fail
	}
	d.Write(b)
}

func (d digesting) stage(s Stage) {
	d.text(`{"Backend":`)
	d.value(s.Backend)
	d.text(`,"Operations":`)
	list(d, s.Operations, func(o Operation) { d.value(&o) })
	d.text(`,"Settings":`)
	list(d, s.Changes, func(c Change) { d.value(c.Settings) })
	d.text(`,"Refs":`)
	list(d, s.Changes, func(c Change) { d.value(c.Ref) })
	d.text(`,"Actions":`)
	list(d, s.Changes, func(c Change) { d.value(c.Action) })
	d.text(`}`)
}

// list writes a slice as JSON has it; an empty one as null, so that a plan that
// was saved has the digest of the one that was made.
func list[T any](d digesting, items []T, item func(T)) {
	if len(items) == 0 {
		d.text("null")
		return
	}
	d.text("[")
	for i, v := range items {
		if i > 0 {
			d.text(",")
		}
		item(v)
	}
	d.text("]")
}
