package reader

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/shell"
)

// Form is the form that a key's value must have, for every reader that looks
// at it. Keys that the scripts evaluate a second time have forms in which
// nothing can stand that a shell evaluates.
type Form string

// The forms of values.
const (
	FormAny     Form = "any text"
	formWord    Form = "word"
	formPlain   Form = "word of letters and digits"
	formArgs    Form = "arguments of a command"
	formInteger Form = "number, also negative"
	formYesNo   Form = "yes or no"
	formNumber  Form = "number"
	formSeconds Form = "seconds"
	FormIPv4    Form = "IPv4 address"
	formMask    Form = "netmask"
	formPrefix  Form = "0 to 32"
	formIPv6    Form = "IPv6 address"
	formIPv6s   Form = "IPv6 addresses"
	formMAC     Form = "MAC address"
	formName    Form = "interface name"
	formPairs   Form = "KEY=VALUE words"
	formWords   Form = "words"
)

// No word of a value that the scripts put on a command line begins with "-",
// where the command would take it for an option.
var (
	WordForm  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.,:/@%+][A-Za-z0-9_.,:/@%+-]*$`) })
	plainForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9]+$`) })
	WordsForm = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^ *([A-Za-z0-9_.,:/@%+=][A-Za-z0-9_.,:/@%+=-]*( +|$))*$`)
	})
	argsForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.,:/@%+; =-]*$`) })
	PairForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9_]*=[A-Za-z0-9_.,:+-]+$`) })
)

// Fits reports whether a value has the form. An empty value fits every form:
// to a shell it is no value.
func (f Form) Fits(v string) bool {
	if v == "" {
		return true
	}
	switch f {
	case formWord:
		return WordForm().MatchString(v)
	case formPlain:
		return plainForm().MatchString(v)
	case formArgs:
		return argsForm().MatchString(v)
	case formInteger:
		_, err := strconv.ParseInt(v, 10, 32)
		return err == nil
	case formYesNo:
		return IsTrue(v) || IsFalse(v)
	case formNumber:
		_, err := strconv.ParseUint(v, 10, 32)
		return err == nil
	case formSeconds:
		_, err := host.ParseSeconds(v)
		return err == nil
	case FormIPv4:
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
		return len(v) <= host.MaxName && WordForm().MatchString(v) && !strings.ContainsAny(v, "/%")
	case formPairs:
		return allOf(strings.Fields(v), PairForm().MatchString)
	case formWords:
		return WordsForm().MatchString(v)
	}
	return shell.CheckValue(v) == nil
}

func isIPv6(v string) bool {
	v, _, _ = strings.Cut(v, "/")
	a, err := netip.ParseAddr(v)
	return err == nil && a.Is6() && WordForm().MatchString(v)
}

func allOf(words []string, ok func(string) bool) bool {
	for _, w := range words {
		if !ok(w) {
			return false
		}
	}
	return true
}

// IsTrue reports a word for yes: IsTrue and IsFalse know the words of the scripts' is_true and is_false (9.x,
// rc.d/init.d/functions) and of NetworkManager's svParseBoolean together.
func IsTrue(v string) bool {
	switch strings.ToLower(v) {
	case "yes", "y", "true", "t", "on", "1":
		return true
	}
	return false
}

// IsFalse is the other of the two.
func IsFalse(v string) bool {
	switch strings.ToLower(v) {
	case "no", "n", "false", "f", "off", "0":
		return true
	}
	return false
}

// RawKeyForm is the form of a key that backend_options may set.
var RawKeyForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`) })
