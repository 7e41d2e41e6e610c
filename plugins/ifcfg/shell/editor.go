package shell

import (
	"slices"
	"strconv"
	"strings"
)

// Editor collects the edits of one file.
type Editor struct{ Edits []Edit }

// Set gives the key a value.
func (e *Editor) Set(key, value string) { e.Edits = append(e.Edits, Edit{key: key, value: value}) }

// Unset removes keys.
func (e *Editor) Unset(keys ...string) {
	for _, k := range keys {
		e.Edits = append(e.Edits, Edit{key: k, unset: true})
	}
}

// Choose sets key to yes when the condition holds, else to no.
func (e *Editor) Choose(key, no string, condition bool, yes string) {
	if condition {
		e.Set(key, yes)
	} else {
		e.Set(key, no)
	}
}

// Given sets the key, or unsets it when there is no value.
func (e *Editor) Given(key, value string) {
	if value != "" {
		e.Set(key, value)
	} else {
		e.Unset(key)
	}
}

// Fallback sets the key only where the file has none.
func (e *Editor) Fallback(key, value string) {
	e.Edits = append(e.Edits, Edit{key: key, value: value, keep: true})
}

// Change makes the key's value of the present one; "" leaves the key out.
func (e *Editor) Change(key string, f func(have string) string) {
	e.Edits = append(e.Edits, Edit{key: key, change: f})
}

// UnsetFrom removes KEYn for n and above, and 0 (which is another name of the
// first), as far as the scripts of any release look.
func (e *Editor) UnsetFrom(n int, keys ...string) {
	for _, k := range keys {
		if n == 0 {
			e.Unset(k)
		}
		e.Unset(k + "0")
		e.UnsetAbove(k, max(n, 1))
	}
}

// Against settles the edits that depend on what the file has. Of two edits of
// one key the later counts.
func Against(edits []Edit, have map[string]string) []Edit {
	out := make([]Edit, 0, len(edits))
	for _, e := range edits {
		switch {
		case e.keep && have[e.key] != "":
			continue
		case e.key == "BOOTPROTO" && e.value == "none" && have[e.key] == "static": // the same to every reader
			continue
		case e.change != nil:
			e.value = e.change(have[e.key])
			e.unset = e.value == ""
		case e.above > 0:
			out = append(out, numbered(e, have)...)
			continue
		case e.unset && len(have) == 0:
			continue
		}
		out = append(out, e)
	}
	return out
}

// numbered gives the removals of KEYn for the numbers that the file has.
func numbered(e Edit, have map[string]string) []Edit {
	var out []Edit
	for k := range have {
		tail, ok := strings.CutPrefix(k, e.key)
		if n, err := strconv.Atoi(tail); ok && err == nil && n >= e.above {
			out = append(out, Edit{key: k, unset: true})
		}
	}
	slices.SortFunc(out, func(a, b Edit) int { return strings.Compare(a.key, b.key) })
	return out
}

// UnsetAbove removes KEYn for every n of at least the number.
func (e *Editor) UnsetAbove(key string, n int) {
	e.Edits = append(e.Edits, Edit{key: key, unset: true, above: n})
}
