package fileformat

import (
	"slices"
	"strings"

	"linkspan/core/plan"
)

// merge puts the lines of a file that only people know into the text that
// linkspan would write. Both are taken apart as people do, into paragraphs and
// what is indented below a line, so that an option stays in its section.
type merge struct {
	current, ours []string
	comment       string
	// known counts the lines, by key, that linkspan would write for what the file
	// says.
	known map[string]int
	key   func(line string) string // the same for lines that mean the same
	// silent reports whether the file says the same without current[from:to].
	silent func(from, to int) bool
	// about names what a section by itself says something of.
	about func(text string) map[plan.Ref]bool

	to     []int   // of each line of current: its place in ours, or -1
	end    []int   // of the last line of a section: where its counterpart ends
	within []scope // of each line of current: where it may be put
	kept   []bool  // of the lines without a place: unknown, and to be kept
	orphan []*span // of each line of current: the section that has no counterpart
	lost   int     // unknown lines that go with what they stood under
}

// scope is a section of current and its counterpart in ours.
type scope struct {
	current, ours span
	whole         bool // of paragraphs, and not of lines
}

// lines splits a text; each line ends in a newline.
func lines(text string) []string {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	out := strings.SplitAfter(text, "\n")
	return out[:len(out)-1]
}

func (m *merge) counted(text string) map[string]int {
	out := make(map[string]int)
	for _, l := range lines(text) {
		out[m.key(l)]++
	}
	return out
}

// text is ours with the unknown lines of current where they stood.
func (m *merge) text() string {
	n := len(m.current)
	m.end = make([]int, n)
	m.to, m.within, m.kept, m.orphan = slices.Repeat([]int{-1}, n), make([]scope, n), make([]bool, n), make([]*span, n)
	m.pair(scope{span{0, n}, span{0, len(m.ours)}, true})
	m.judge()
	before := make([][]string, len(m.ours)+1) // by place in ours
	for i, l := range m.current {
		switch {
		case !m.kept[i]:
		case m.goesWith(m.orphan[i]):
			m.lost++
		default:
			at := m.place(i)
			before[at] = append(before[at], l)
		}
	}
	var b strings.Builder
	for j := range before {
		b.WriteString(strings.Join(before[j], ""))
		if j < len(m.ours) {
			b.WriteString(m.ours[j])
		}
	}
	return b.String()
}

// pair finds the counterparts of what is in a scope, and of what is in them.
func (m *merge) pair(s scope) {
	for i := s.current.from; i < s.current.to; i++ {
		m.within[i] = s
	}
	cut := outlined
	if s.whole {
		cut = func(text []string, in span) []section { return paragraphs(text, in, m.comment) }
	}
	mine, ours := cut(m.current, s.current), cut(m.ours, s.ours)
	partner := m.partners(mine, ours)
	for i, c := range mine {
		j := partner[i]
		if j >= 0 {
			m.end[c.to-1] = ours[j].to
		}
		switch {
		case j < 0 && c.size() > 1:
			m.abandon(c.span)
		case j < 0:
		case s.whole:
			m.pair(scope{c.span, ours[j].span, false})
		default:
			m.pairHeads(c, ours[j])
		}
	}
}

// pairHeads pairs two lines, and what is indented below them.
func (m *merge) pairHeads(c, o section) {
	if m.current[c.from] == m.ours[o.from] {
		m.to[c.from] = o.from
		m.known[m.key(m.current[c.from])]--
	}
	if c.size() > 1 {
		m.pair(scope{span{c.from + 1, c.to}, span{o.from + 1, o.to}, false})
	}
}

// abandon marks the lines of a section that has no counterpart.
func (m *merge) abandon(s span) {
	for i := s.from; i < s.to; i++ {
		m.orphan[i] = &s
	}
}

// partners gives for each section its counterpart, or -1: the one with the same
// key in order, else the one elsewhere, else one that is about some of the same
// things. A text of a single section is that of the other text.
func (m *merge) partners(mine, ours []section) []int {
	out, taken := slices.Repeat([]int{-1}, len(mine)), make([]bool, len(ours))
	take := func(i, j int) { out[i], taken[j] = j, true }
	for _, p := range align(keys(mine), keys(ours)) {
		take(p.i, p.j)
	}
	if len(mine) == 1 && len(ours) == 1 && mine[0].size() > 1 {
		return []int{0}
	}
	places, abouts := once(keys(ours)), []map[plan.Ref]bool(nil)
	for i, c := range mine {
		if out[i] >= 0 || c.size() == 1 {
			continue
		}
		if j, ok := places[c.key]; ok && !taken[j] {
			take(i, j)
			continue
		}
		if abouts == nil {
			abouts = m.abouts(ours, taken)
		}
		subject := m.about(strings.Join(m.current[c.from:c.to], ""))
		if j := slices.IndexFunc(abouts, func(o map[plan.Ref]bool) bool { return overlap(subject, o) }); j >= 0 && !taken[j] {
			take(i, j)
			abouts[j] = nil
		}
	}
	return out
}

// abouts gives what the sections of ours without a counterpart are about.
func (m *merge) abouts(ours []section, taken []bool) []map[plan.Ref]bool {
	out := make([]map[plan.Ref]bool, len(ours))
	for j, o := range ours {
		if !taken[j] {
			out[j] = m.about(strings.Join(m.ours[o.from:o.to], ""))
		}
	}
	return out
}

func overlap(a, b map[plan.Ref]bool) bool {
	for ref := range a {
		if b[ref] {
			return true
		}
	}
	return false
}

// judge finds the unknown lines among those that have no place.
func (m *merge) judge() {
	for from := 0; from < len(m.current); {
		to := from
		for to < len(m.current) && m.to[to] < 0 && !m.wouldWrite(to) {
			to++
		}
		m.judgeRun(from, to)
		from = to + 1
	}
	for i, l := range m.current { // a blank line stays with the line before it
		if m.to[i] < 0 && blank(l) {
			m.kept[i] = i > 0 && m.kept[i-1]
		}
	}
}

// wouldWrite takes a line that linkspan would write for what the file says.
func (m *merge) wouldWrite(i int) bool {
	l := m.key(m.current[i])
	if m.known[l] > 0 {
		m.known[l]--
		return true
	}
	return false
}

// judgeRun judges lines that follow one another, first together and then one by
// one: a block may be unknown as a whole, while its head cannot be missing alone.
func (m *merge) judgeRun(from, to int) {
	whole := from < to && (m.onlyText(from, to) || m.silent(from, to))
	for i := from; i < to; i++ {
		m.kept[i] = whole || m.onlyText(i, i+1) || to > from+1 && m.silent(i, i+1)
	}
}

// onlyText reports whether lines are comments and blanks.
func (m *merge) onlyText(from, to int) bool {
	return !slices.ContainsFunc(m.current[from:to], func(l string) bool { return !blank(l) && !isComment(l, m.comment) })
}

// goesWith reports whether a section is gone with all that was in it: it had
// lines that linkspan knows, and an option cannot outlive the section that it
// stood in.
func (m *merge) goesWith(s *span) bool {
	if s == nil {
		return false
	}
	for i := s.from; i < s.to; i++ {
		if !m.kept[i] && !blank(m.current[i]) {
			return true
		}
	}
	return false
}

// place is where in ours an unknown line is put: after the line that it
// followed, or that line's successor, and before the next that is still there.
func (m *merge) place(i int) int {
	s := m.within[i]
	at, room := s.ours.from, 0
	for k := s.current.from; k < i; k++ {
		switch {
		case m.to[k] >= at:
			at, room = m.to[k]+1, 0
		case m.to[k] < 0 && !m.kept[k] && !s.whole:
			room++
		}
		if m.end[k] > at {
			at, room = m.end[k], 0
		}
	}
	end := s.ours.to
	for k := i; k < s.current.to; k++ {
		if m.to[k] >= at {
			end = m.to[k]
			break
		}
	}
	for ; room > 0 && at < end && indent(m.ours[at]) == indent(m.current[i]); room-- {
		at++
	}
	return at
}
