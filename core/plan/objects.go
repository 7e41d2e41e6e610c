package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// ObjectsDigest is the SHA-256 of objects, in hexadecimal digits: of each one, its
// class, name, type, path and reason, whether it is absent, its settings (key,
// form, text, list) and what it depends on (class, name). A string has its length
// in bytes before it, a list its number of elements, both as unsigned varints.
func ObjectsDigest(objects []Object) string {
	d := make(summing, 0, 1<<10)
	h := sha256.New()
	for i := range objects {
		d = d[:0]
		d.object(&objects[i])
		h.Write(d)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// summing is the text of one object.
type summing []byte

func (d *summing) number(n int) { *d = binary.AppendUvarint(*d, uint64(n)) }

func (d *summing) strings(list ...string) {
	for _, s := range list {
		d.number(len(s))
		*d = append(*d, s...)
	}
}

func (d *summing) object(o *Object) {
	d.strings(o.Class, o.Name, o.Type, o.Path, o.Reason)
	if o.Absent {
		d.number(1)
	} else {
		d.number(0)
	}
	d.number(len(o.Settings))
	for i := range o.Settings {
		s := &o.Settings[i]
		d.strings(s.Key, string(s.Value.Form), s.Value.Text)
		d.number(len(s.Value.List))
		d.strings(s.Value.List...)
	}
	d.number(len(o.DependsOn))
	for _, r := range o.DependsOn {
		d.strings(r.Class, r.Name)
	}
}
