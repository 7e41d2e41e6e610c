package ifcfg

import (
	"strconv"
	"strings"

	"linkspan/core/host"
)

// editor collects the edits of one file.
type editor struct{ edits []edit }

func (e *editor) set(key, value string) { e.edits = append(e.edits, edit{key: key, value: value}) }

func (e *editor) unset(keys ...string) {
	for _, k := range keys {
		e.edits = append(e.edits, edit{key: k, unset: true})
	}
}

// choose sets key to yes when the condition holds, else to no.
func (e *editor) choose(key, no string, condition bool, yes string) {
	if condition {
		e.set(key, yes)
	} else {
		e.set(key, no)
	}
}

// given sets the key, or unsets it when it is not given.
func (e *editor) given(key string, given bool, value func() string) {
	if given {
		e.set(key, value())
	} else {
		e.unset(key)
	}
}

// fallback sets the key only where the file has none.
func (e *editor) fallback(key, value string) {
	e.edits = append(e.edits, edit{key: key, value: value, keep: true})
}

// merge sets options inside a list of KEY=VALUE words, and keeps the words of
// the file that are not named; no options leave the list as it is.
func (e *editor) merge(key string, options []string) {
	if len(options) > 0 {
		e.edits = append(e.edits, edit{key: key, value: strings.Join(options, " "), merge: true})
	}
}

func (e *editor) seconds(key string, c *host.Centiseconds, r release) {
	switch {
	case c == nil:
	case r.rawDelay:
		e.set(key, strconv.Itoa(int(*c)))
	default:
		e.set(key, c.Seconds())
	}
}

// unsetFrom removes KEYn for n and above, and 0 (which is another name of the
// first), as far as the scripts of any release look.
func (e *editor) unsetFrom(n int, keys ...string) {
	for _, k := range keys {
		if n == 0 {
			e.unset(k)
		}
		e.unset(k + "0")
		e.edits = append(e.edits, edit{key: k, unset: true, above: max(n, 1)})
	}
}

func (e *editor) device() string {
	for _, x := range e.edits {
		if x.key == "DEVICE" {
			return x.value
		}
	}
	return ""
}

// against settles the edits that depend on what the file has.
func against(edits []edit, have keys) []edit {
	out := make([]edit, 0, len(edits))
	for _, e := range edits {
		switch {
		case e.keep && have[e.key] != "":
			continue
		case e.key == "BOOTPROTO" && e.value == "none" && have[e.key] == "static": // the same to every reader
			continue
		case e.merge:
			e.value = mergeOptions(have[e.key], e.value)
		case e.above > 0:
			for n := e.above; n < e.above+64; n++ {
				if k := e.key + strconv.Itoa(n); have[k] != "" {
					out = append(out, edit{key: k, unset: true})
				}
			}
			continue
		}
		out = append(out, e)
	}
	return out
}

// mergeOptions lays wanted words over present ones by their keys. What is no
// ASCII word was never an option, but half a typographic quote.
func mergeOptions(have, want string) string {
	out := strings.Fields(want)
	named := make(map[string]bool)
	for _, w := range out {
		key, _, _ := strings.Cut(w, "=")
		named[key] = true
	}
	for w := range strings.FieldsSeq(have) {
		key, _, ok := strings.Cut(w, "=")
		if o, known := host.BondOptionNamed(key); known && named[o.Driver] {
			continue
		}
		if ok && !named[key] && checkValue(w) == nil {
			out = append(out, w)
		}
	}
	return strings.Join(out, " ")
}
