package reader

import (
	"strings"
	"sync"
)

// Key is one key of the files: who reads it, what values it takes, what holds
// when it is missing. The table is the one place that says so: rendering,
// refusing, lint and the page readers.md come from it.
type Key struct {
	Name string // a trailing "n" stands for a number: IPADDRn is IPADDR0, IPADDR1, …
	By   Set
	Form Form
	// Missing is what holds without the key.
	Missing string
	Doc     string
	// Why is said in a plan that writes the key: the scripts alone could often do
	// without, or people expect another value.
	Why string
	// Companion: it says again for one reader what another key says for others,
	// so that nothing is lost where it is not read.
	Companion bool
	// Twice: ifup-aliases evaluates the value a second time, so that quotes do
	// not protect it (measured).
	Twice bool
	// Own: linkspan writes it from the language; a raw option may not.
	Own bool
	// Global: it stands in /etc/sysconfig/network.
	Global bool
}

var keyIndex = sync.OnceValue(func() map[string]*Key {
	out := make(map[string]*Key, len(Table))
	for i := range Table {
		out[Table[i].Name] = &Table[i]
	}
	return out
})

// KeyNamed finds the row of a key; a numbered one is found by its stem.
func KeyNamed(name string) (*Key, bool) {
	if k, ok := keyIndex()[name]; ok {
		return k, true
	}
	stem := strings.TrimRight(name, "0123456789")
	if stem == name {
		return nil, false
	}
	k, ok := keyIndex()[stem+"n"]
	return k, ok
}

// Forbidden are names that mean something to the shell or to the scripts
// themselves, so that a file that sets them can make root run anything.
var Forbidden = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"PATH": "where the scripts find their commands", "IFS": "how the shell splits words", "ENV": "what a shell runs first", "CDPATH": "where cd goes",
		"HOME": "what ~ means", "SHELL": "the shell", "SHELLOPTS": "the shell's options", "BASHOPTS": "the shell's options", "GLOBIGNORE": "what * means",
		"UID": "whether the scripts think they are root", "EUID": "whether the scripts think they are root", "PPID": "the shell's parent",
		"CONFIG": "the file that the scripts read", "PARENTCONFIG": "the file that the scripts read", "OTHERSCRIPT": "the script that is run",
		"DHCLIENTARGS": "the arguments of dhclient, which can name a script", "DHCLIENTCONF": "dhclient's configuration, which can name a script",
		"DHCPV6C_OPTIONS": "the arguments of dhclient, which can name a script", "PARENTDEVICE": "another device", "REALDEVICE": "another device",
		"POSIXLY_CORRECT": "how the shell works", "OPTIND": "how the shell works", "PROMPT_COMMAND": "what the shell runs", "TMPDIR": "where temporary files are",
	}
})

// WhyForbidden says why a name may not be a raw option, or "".
func WhyForbidden(name string) string {
	for _, prefix := range []string{"BASH", "LD_", "PS", "LC_", "LANG", "DYLD_", "GCONV", "MALLOC_"} {
		if strings.HasPrefix(name, prefix) {
			return "a variable of the shell or the loader"
		}
	}
	return Forbidden()[name]
}
