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
		if d < bestDistance && d*2 < max(len(given), len(c)) {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean returns ` Did you mean "x"?` with a leading blank, or "".
func DidYouMean(given string, candidates []string) string {
	if s := Suggest(given, candidates); s != "" {
		return ` Did you mean "` + s + `"?`
	}
	return ""
}
