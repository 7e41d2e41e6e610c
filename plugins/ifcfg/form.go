package ifcfg

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"linkspan/core/host"
)

// form is the form that a key's value must have, for every reader that looks
// at it. Keys that the scripts evaluate a second time have forms in which
// nothing can stand that a shell evaluates.
type form string

// The forms of values.
const (
	formAny     form = "any text"
	formWord    form = "word"
	formPlain   form = "word of letters and digits"
	formArgs    form = "arguments of a command"
	formInteger form = "number, also negative"
	formYesNo   form = "yes or no"
	formNumber  form = "number"
	formSeconds form = "seconds"
	formIPv4    form = "IPv4 address"
	formMask    form = "netmask"
	formPrefix  form = "0 to 32"
	formIPv6    form = "IPv6 address"
	formIPv6s   form = "IPv6 addresses"
	formMAC     form = "MAC address"
	formName    form = "interface name"
	formPairs   form = "KEY=VALUE words"
	formWords   form = "words"
)

// No word of a value that the scripts put on a command line begins with "-",
// where the command would take it for an option.
var (
	wordForm  = regexp.MustCompile(`^[A-Za-z0-9_.,:/@%+][A-Za-z0-9_.,:/@%+-]*$`)
	plainForm = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	wordsForm = regexp.MustCompile(`^ *([A-Za-z0-9_.,:/@%+=][A-Za-z0-9_.,:/@%+=-]*( +|$))*$`)
	argsForm  = regexp.MustCompile(`^[A-Za-z0-9_.,:/@%+; =-]*$`)
	pairForm  = regexp.MustCompile(`^[a-z][a-z0-9_]*=[A-Za-z0-9_.,:+-]+$`)
)

// fits reports whether a value has the form. An empty value fits every form:
// to a shell it is no value.
func (f form) fits(v string) bool {
	if v == "" {
		return true
	}
	switch f {
	case formWord:
		return wordForm.MatchString(v)
	case formPlain:
		return plainForm.MatchString(v)
	case formArgs:
		return argsForm.MatchString(v)
	case formInteger:
		_, err := strconv.ParseInt(v, 10, 32)
		return err == nil
	case formYesNo:
		return isTrue(v) || isFalse(v)
	case formNumber:
		_, err := strconv.ParseUint(v, 10, 32)
		return err == nil
	case formSeconds:
		_, err := host.ParseSeconds(v)
		return err == nil
	case formIPv4:
		a, err := netip.ParseAddr(v)
		return err == nil && a.Is4()
	case formMask:
		_, ok := maskBits(v)
		return ok
	case formPrefix:
		n, err := strconv.Atoi(v)
		return err == nil && n >= 0 && n <= 32
	case formIPv6:
		return isIPv6(v)
	case formIPv6s:
		return allOf(strings.Fields(v), isIPv6)
	case formMAC:
		m, err := net.ParseMAC(v)
		return err == nil && len(m) == 6 && !strings.ContainsAny(v, "-.")
	case formName:
		return len(v) <= host.MaxName && wordForm.MatchString(v) && !strings.ContainsAny(v, "/%")
	case formPairs:
		return allOf(strings.Fields(v), pairForm.MatchString)
	case formWords:
		return wordsForm.MatchString(v)
	}
	return checkValue(v) == nil
}

func isIPv6(v string) bool {
	v, _, _ = strings.Cut(v, "/")
	a, err := netip.ParseAddr(v)
	return err == nil && a.Is6() && wordForm.MatchString(v)
}

func allOf(words []string, ok func(string) bool) bool {
	for _, w := range words {
		if !ok(w) {
			return false
		}
	}
	return true
}

// isTrue and isFalse are the words of the scripts' is_true and is_false (9.x,
// rc.d/init.d/functions) and of NetworkManager's svParseBoolean together.
func isTrue(v string) bool {
	switch strings.ToLower(v) {
	case "yes", "y", "true", "t", "on", "1":
		return true
	}
	return false
}

func isFalse(v string) bool {
	switch strings.ToLower(v) {
	case "no", "n", "false", "f", "off", "0":
		return true
	}
	return false
}
