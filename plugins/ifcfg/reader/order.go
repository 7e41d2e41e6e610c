package reader

import (
	"cmp"
	"strconv"
	"strings"
)

// CompareAsScripts orders as `sed 's/[0-9]/ &/' | LANG=C sort -k1,1 -k2n` does.
func CompareAsScripts(a, b string) int {
	wa, na := splitName(a)
	wb, nb := splitName(b)
	return cmp.Or(cmp.Compare(wa, wb), cmp.Compare(na, nb), cmp.Compare(a, b))
}

// splitName divides a name at its first digit; the number is read as sort -n
// does, with one point.
func splitName(name string) (word string, number float64) {
	at := strings.IndexAny(name, "0123456789")
	if at < 0 {
		return name, 0
	}
	end, dot := at, false
	for end < len(name) && (name[end] >= '0' && name[end] <= '9' || name[end] == '.' && !dot) {
		dot = dot || name[end] == '.'
		end++
	}
	number, _ = strconv.ParseFloat(strings.TrimSuffix(name[at:end], "."), 64) // digits and one point
	return name[:at], number
}
