package wire

import (
	"crypto/sha256"
	"encoding/binary"

	"linkspan/core/plan"
)

// ChangesDigest is the SHA-256 of changes as the protocol carries them: of each
// one, its class, name, action, type, path and reason, then its settings (key,
// before, after, note), then those that stay (key, value). A value is its form,
// its text and its list. A string has its length in bytes before it, a list its
// number of elements, both as unsigned varints.
func ChangesDigest(changes []plan.Change) []byte {
	d := make(digest, 0, 1<<10)
	h := sha256.New()
	for i := range changes {
		d = d[:0]
		d.change(&changes[i])
		h.Write(d)
	}
	return h.Sum(nil)
}

// digest is the text of one change.
type digest []byte

func (d *digest) number(n int) { *d = binary.AppendUvarint(*d, uint64(n)) }

func (d *digest) strings(list ...string) {
	for _, s := range list {
		d.number(len(s))
		*d = append(*d, s...)
	}
}

func (d *digest) value(v *plan.Value) {
	d.strings(string(v.Form), v.Text)
	d.number(len(v.List))
	d.strings(v.List...)
}

func (d *digest) change(c *plan.Change) {
	d.strings(c.Class, c.Name, string(c.Action), c.Type, c.Path, c.Reason)
	d.number(len(c.Settings))
	for i := range c.Settings {
		s := &c.Settings[i]
		d.strings(s.Key)
		d.value(&s.Before)
		d.value(&s.After)
		d.strings(s.Note)
	}
	d.number(len(c.Unchanged))
	for i := range c.Unchanged {
		d.strings(c.Unchanged[i].Key)
		d.value(&c.Unchanged[i].Value)
	}
}
