package ifcfg

import "strings"

// key is one key of the files: who reads it, what values it takes, what holds
// when it is missing. The table is the one place that says so: rendering,
// refusing, lint and the page readers.md come from it.
type key struct {
	name string // a trailing "n" stands for a number: IPADDRn is IPADDR0, IPADDR1, …
	by   readers
	form form
	// missing is what holds without the key.
	missing string
	doc     string
	// companion: it says again for one reader what another key says for others,
	// so that nothing is lost where it is not read.
	companion bool
	// twice: ifup-aliases evaluates the value a second time, so that quotes do
	// not protect it (measured).
	twice bool
	// own: linkspan writes it from the language; a raw option may not.
	own bool
	// global: it stands in /etc/sysconfig/network.
	global bool
}

var keyIndex = func() map[string]*key {
	out := make(map[string]*key, len(keyTable))
	for i := range keyTable {
		out[keyTable[i].name] = &keyTable[i]
	}
	return out
}()

// keyNamed finds the row of a key; a numbered one is found by its stem.
func keyNamed(name string) (*key, bool) {
	if k, ok := keyIndex[name]; ok {
		return k, true
	}
	stem := strings.TrimRight(name, "0123456789")
	if stem == name {
		return nil, false
	}
	k, ok := keyIndex[stem+"n"]
	return k, ok
}

// forbidden are names that mean something to the shell or to the scripts
// themselves, so that a file that sets them can make root run anything.
var forbidden = map[string]string{
	"PATH": "where the scripts find their commands", "IFS": "how the shell splits words", "ENV": "what a shell runs first", "CDPATH": "where cd goes",
	"HOME": "what ~ means", "SHELL": "the shell", "SHELLOPTS": "the shell's options", "BASHOPTS": "the shell's options", "GLOBIGNORE": "what * means",
	"UID": "whether the scripts think they are root", "EUID": "whether the scripts think they are root", "PPID": "the shell's parent",
	"CONFIG": "the file that the scripts read", "PARENTCONFIG": "the file that the scripts read", "OTHERSCRIPT": "the script that is run",
	"DHCLIENTARGS": "the arguments of dhclient, which can name a script", "DHCLIENTCONF": "dhclient's configuration, which can name a script",
	"DHCPV6C_OPTIONS": "the arguments of dhclient, which can name a script", "PARENTDEVICE": "another device", "REALDEVICE": "another device",
	"POSIXLY_CORRECT": "how the shell works", "OPTIND": "how the shell works", "PROMPT_COMMAND": "what the shell runs", "TMPDIR": "where temporary files are",
}

// mayBeSet says why a name may not be a raw option, or "".
func mayBeSet(name string) string {
	for _, prefix := range []string{"BASH", "LD_", "PS", "LC_", "LANG", "DYLD_", "GCONV", "MALLOC_"} {
		if strings.HasPrefix(name, prefix) {
			return "a variable of the shell or the loader"
		}
	}
	return forbidden[name]
}
