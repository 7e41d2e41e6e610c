package diag

import "github.com/agext/levenshtein"

// Suggest returns the candidate that a person most likely meant by given, or
// "" when none is near: at most two letters away, and less than half of the
// word. Candidates equal to given are never returned.
func Suggest(given string, candidates []string) string {
	best, bestDistance := "", 3
	for _, c := range candidates {
		if c == given {
			continue
		}
		d := levenshtein.Distance(given, c, nil)
		if transposed(given, c) { // the commonest slip of the fingers: one mistake, not two
			d = 1
		}
		if d < bestDistance && d*2 < max(len(given), len(c)) {
			best, bestDistance = c, d
		}
	}
	return best
}

// transposed reports whether two words differ by two neighbouring bytes that
// have changed places.
func transposed(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i+1 < len(a); i++ {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

// DidYouMean returns ` Did you mean "x"?` with a leading blank, or "".
func DidYouMean(given string, candidates []string) string {
	if s := Suggest(given, candidates); s != "" {
		return ` Did you mean "` + s + `"?`
	}
	return ""
}
