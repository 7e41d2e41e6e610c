package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// text makes a string that a message may carry: protobuf takes only UTF-8, and
// files and the kernel's interface names hold other bytes as well. Such a byte
// is spelt \xNN, as an operator sees it in a shell.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(s[:n])
		}
		s = s[n:]
	}
	return b.String()
}

// texts is text for each of a list.
func texts(list []string) []string { return each(list, text) }
