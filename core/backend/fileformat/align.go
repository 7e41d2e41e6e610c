package fileformat

import "slices"

// pair is a line that two texts share: a[i] is b[j].
type pair struct{ i, j int }

// align finds the lines that a and b share, in order. It anchors at lines that
// each has once, as patience diff does (https://bramcohen.livejournal.com/73318.html):
// the head of a section is such a line, while an option is often not, and must
// not be taken for the same option of another section.
func align(a, b []string) []pair {
	var out []pair
	alignWithin(a, b, pair{0, 0}, &out)
	return out
}

func alignWithin(a, b []string, at pair, out *[]pair) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		*out = append(*out, at)
		a, b, at = a[1:], b[1:], pair{at.i + 1, at.j + 1}
	}
	same := 0
	for same < len(a) && same < len(b) && a[len(a)-1-same] == b[len(b)-1-same] {
		same++
	}
	endA, endB := len(a)-same, len(b)-same
	last := pair{0, 0}
	for _, p := range anchors(a[:endA], b[:endB]) {
		alignWithin(a[last.i:p.i], b[last.j:p.j], pair{at.i + last.i, at.j + last.j}, out)
		*out = append(*out, pair{at.i + p.i, at.j + p.j})
		last = pair{p.i + 1, p.j + 1}
	}
	if last != (pair{0, 0}) {
		alignWithin(a[last.i:endA], b[last.j:endB], pair{at.i + last.i, at.j + last.j}, out)
	}
	for n := range same {
		*out = append(*out, pair{at.i + endA + n, at.j + endB + n})
	}
}

// anchors are the lines that both have exactly once, as many as stand in the
// same order.
func anchors(a, b []string) []pair {
	inA, inB := once(a), once(b)
	var shared []pair
	for i, l := range a {
		j, ok := inB[l]
		if _, unique := inA[l]; ok && unique {
			shared = append(shared, pair{i, j})
		}
	}
	return increasing(shared)
}

// once gives the place of each line that stands there once.
func once(list []string) map[string]int {
	out, twice := make(map[string]int, len(list)), make(map[string]bool)
	for i, l := range list {
		if _, seen := out[l]; seen {
			twice[l] = true
		}
		out[l] = i
	}
	for l := range twice {
		delete(out, l)
	}
	return out
}

// increasing is the longest part of the pairs, which are sorted by i, that is
// sorted by j as well.
func increasing(list []pair) []pair {
	var tails []int // tails[n] is the pair that ends the best run of n+1 pairs
	before := make([]int, len(list))
	for k, p := range list {
		n, _ := slices.BinarySearchFunc(tails, p.j, func(t, j int) int { return list[t].j - j })
		before[k] = -1
		if n > 0 {
			before[k] = tails[n-1]
		}
		tails = append(tails[:n], append([]int{k}, tails[min(n+1, len(tails)):]...)...)
	}
	if len(tails) == 0 {
		return nil
	}
	var out []pair
	for k := tails[len(tails)-1]; k >= 0; k = before[k] {
		out = append(out, list[k])
	}
	slices.Reverse(out)
	return out
}
