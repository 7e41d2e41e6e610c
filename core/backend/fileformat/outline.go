package fileformat

import "strings"

// span is a stretch of lines: from is the first, to the one after the last.
type span struct{ from, to int }

func (s span) size() int { return s.to - s.from }

// section is a part of a text: a paragraph, or a line with what is indented
// below it.
type section struct {
	span
	key string // the line that tells it from others
}

// paragraphs divides lines at blank ones, which stay with the paragraph before
// them. A paragraph's key is its first line that is no comment.
func paragraphs(text []string, in span, comment string) []section {
	var out []section
	for at := in.from; at < in.to; {
		s := section{span: span{at, at}}
		for s.to < in.to && !blank(text[s.to]) {
			if s.key == "" && !isComment(text[s.to], comment) {
				s.key = text[s.to]
			}
			s.to++
		}
		for s.to < in.to && blank(text[s.to]) {
			s.to++
		}
		if s.key == "" {
			s.key = text[s.from]
		}
		out, at = append(out, s), s.to
	}
	return out
}

// outlined divides lines at those that are indented least.
func outlined(text []string, in span) []section {
	least := -1
	for i := in.from; i < in.to; i++ {
		if n := indent(text[i]); !blank(text[i]) && (least < 0 || n < least) {
			least = n
		}
	}
	var out []section
	for i := in.from; i < in.to; i++ {
		if len(out) > 0 && !blank(text[i]) && indent(text[i]) > least {
			out[len(out)-1].to++
			continue
		}
		out = append(out, section{span{i, i + 1}, text[i]})
	}
	return out
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

func isComment(line, comment string) bool {
	return comment != "" && strings.HasPrefix(strings.TrimSpace(line), comment)
}

func keys(list []section) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.key
	}
	return out
}
