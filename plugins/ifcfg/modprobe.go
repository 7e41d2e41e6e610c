package ifcfg

import (
	"bytes"
	"strings"
)

// modprobeFile tells the module of a device that is not there yet.
const modprobeFile = "/etc/modprobe.conf"

// bonds are the bonds that /etc/modprobe.conf makes, by device.
type bonds map[string]bondModule

// bondModule is how the bonding driver is loaded for one device.
type bondModule struct{ options string }

func (b bonds) has(device string) bool {
	_, ok := b[device]
	return ok
}

// parseModprobe reads `alias bond0 bonding` and `options bond0 mode=1 …`.
func parseModprobe(raw []byte) bonds {
	out := make(bonds)
	for line := range strings.Lines(string(raw)) {
		if w := strings.Fields(line); len(w) >= 3 && w[0] == "alias" && w[2] == "bonding" {
			out[w[1]] = bondModule{options: out[w[1]].options}
		}
	}
	for line := range strings.Lines(string(raw)) {
		if w := strings.Fields(line); len(w) >= 3 && w[0] == "options" && out.has(w[1]) {
			out[w[1]] = bondModule{options: strings.Join(w[2:], " ")}
		}
	}
	return out
}

// setModprobe adds the bond's alias and, when there are options, sets them. Other
// lines stay as they are.
func setModprobe(raw []byte, device, options string) []byte {
	if !parseModprobe(raw).has(device) {
		raw = appendLine(raw, "alias "+device+" bonding")
	}
	if options == "" || parseModprobe(raw)[device].options == options {
		return raw
	}
	var out bytes.Buffer
	done := false
	for line := range bytes.Lines(raw) {
		w := strings.Fields(string(line))
		if len(w) < 2 || w[0] != "options" || w[1] != device {
			out.Write(line)
			continue
		}
		if !done {
			out.WriteString("options " + device + " " + options + "\n")
		}
		done = true
	}
	if !done {
		return appendLine(out.Bytes(), "options "+device+" "+options)
	}
	return out.Bytes()
}

func appendLine(raw []byte, line string) []byte {
	out := bytes.Clone(raw)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return append(out, line+"\n"...)
}
