package writer

import (
	"bytes"
	"strings"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
)

// Modprobe is /etc/modprobe.conf with what the release's bonds need.
func (w *Writer) Modprobe(have []byte) []byte {
	if !w.Reader.BondAlias {
		return have
	}
	for i := range w.Declared.Interfaces {
		one := &w.Declared.Interfaces[i]
		if one.Bond == nil || one.Wanted() == host.Absent {
			continue
		}
		options := ""
		if !w.Reader.Takes("BONDING_OPTS") {
			options = mergeOptions(reader.ParseModprobe(have)[one.Name].Options, bondingOpts(one.Bond))
		}
		have = setModprobe(have, one.Name, options)
	}
	return have
}

// setModprobe adds the bond's alias and, when there are options, sets them. Other
// lines stay as they are.
func setModprobe(raw []byte, device, options string) []byte {
	if !reader.ParseModprobe(raw).Has(device) {
		raw = appendLine(raw, "alias "+device+" bonding")
	}
	if options == "" || reader.ParseModprobe(raw)[device].Options == options {
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
