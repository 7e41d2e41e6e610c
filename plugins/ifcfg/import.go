package ifcfg

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/rule"
	"linkspan/plugins/ifcfg/shell"
	"linkspan/plugins/ifcfg/survey"
	"linkspan/plugins/ifcfg/writer"
)

// Imported is a host as its files have it.
type Imported struct {
	Host        host.Host // its plan is empty: it says what the files mean to their reader
	Release     string    // the reader, as in `release = "NAME"`
	Diagnostics diag.List // what the reader misunderstands, and what is left out
}

// Import reads the files below root ("" is the real one) as the host's
// definition. Keys that the language has no word for go to backend_options.
// release names the reader; "" finds it from the host. The host has no name.
func Import(root, release string) (Imported, error) {
	t, err := survey.Open(root)
	if err != nil {
		return Imported{}, err
	}
	defer t.Close()
	facts := map[string]string{"release": t.Detect()}
	if release == "" {
		release = facts["release"]
	}
	rel, diags := readerOf(map[string]any{"release": release}, facts)
	if diags.HasErrors() {
		return Imported{Diagnostics: diags}, nil
	}
	r := newReading(t, rel, &host.Host{})
	r.Lint(&host.Host{})
	out := Imported{Release: release}
	for _, device := range slices.Sorted(maps.Keys(r.Devices)) {
		one, why := r.imported(device)
		if why != "" {
			r.Diags = append(r.Diags, rule.LeftOut.In(survey.At(r.Devices[device].Path(), 1), "%s; the file stays as it is", why))
			continue
		}
		out.Host.Interfaces = append(out.Host.Interfaces, one)
	}
	out.Host.Interfaces = r.expressible(out.Host.Interfaces)
	for _, device := range slices.Sorted(maps.Keys(r.Others)) {
		for _, name := range r.Others[device] {
			if strings.HasPrefix(name, "rule") {
				r.Diags = append(r.Diags, rule.LeftOut.In(survey.At(reader.Dir+"/"+name, 1), "the language has no word for routing rules; the file stays as it is"))
			}
		}
	}
	block := host.Backend{Name: reader.Backend}
	if release != "" {
		block.Config = map[string]any{"release": release}
	}
	out.Host.Backends = []host.Backend{block}
	out.Diagnostics = append(append(diags, r.Diags...), r.unreadable()...)
	return out, nil
}

// imported reads one interface for a definition; why says that there can be
// none of it.
func (r *reading) imported(device string) (one host.Interface, why string) {
	f := r.Devices[device]
	switch t := strings.ToLower(f.Keys["TYPE"]); {
	case host.CheckName(device) != nil:
		return one, host.CheckName(device).Error()
	case !slices.Contains([]string{"", "ethernet", "bond", "bonding", "vlan", "bridge"}, t):
		return one, fmt.Sprintf("the language has no word for TYPE=%s", f.Keys["TYPE"])
	case f.Keys["TEAM_CONFIG"] != "" || f.Keys["TEAM_MASTER"] != "":
		return one, "the language has no word for team devices"
	}
	one, ok := r.Interface(device, nil)
	if !ok {
		return one, "its reader leaves it alone"
	}
	if v := one.VLAN; v != nil && (v.ID == 0 || host.CheckName(v.Parent) != nil) {
		return one, "its reader makes no VLAN of it"
	}
	one.Options = r.rawKeys(f, &one)
	return one, ""
}

// rawKeys are the keys that have no attribute. Those that linkspan writes by
// itself, or that the reader does not read, are left in the file alone.
func (r *reading) rawKeys(f *survey.File, one *host.Interface) map[string]map[string]string {
	raw := make(map[string]string)
	for key, value := range f.Keys {
		row, known := reader.KeyNamed(key)
		switch {
		case key == shell.DescriptionKey, value == "", known && (row.Own || row.Global), reader.WhyForbidden(key) != "", !reader.RawKeyForm().MatchString(key):
		case key == "USERCTL" && value == "no", key == "NOZEROCONF" && value == "yes", key == "ISALIAS":
		case known && !r.Reader.Takes(key):
		case known && !row.Form.Fits(value), !known && !reader.WordsForm().MatchString(value):
			r.Diags = append(r.Diags, rule.LeftOut.In(survey.At(f.Path(), f.Doc.LineOf(key)), "%s=%s cannot stand in a definition; it stays in the file", key, value))
		default:
			raw[key] = value
		}
	}
	if len(raw) == 0 {
		return nil
	}
	return map[string]map[string]string{reader.Backend: raw}
}

// expressible leaves out what linkspan would not write as it is, and what then
// hangs in the air.
func (r *reading) expressible(list []host.Interface) []host.Interface {
	for {
		list = r.withoutOrphans(list)
		refused := writer.New(&host.Host{Interfaces: list}, r.Reader).Refusals().Errors()
		if len(refused) == 0 {
			return list
		}
		list = slices.DeleteFunc(slices.Clone(list), func(i host.Interface) bool {
			n := slices.IndexFunc(refused, func(d diag.Diagnostic) bool { return strings.HasPrefix(d.Path, i.Path()) })
			if n >= 0 {
				r.Diags = append(r.Diags, rule.LeftOut.In(survey.At(r.Devices[i.Name].Path(), 1), "linkspan would not write it as it is: %s", refused[n].Detail))
			}
			return n >= 0
		})
	}
}

// withoutOrphans leaves out ports of masters that are left out: the definition
// would say that they are free, and the plan would make them so.
func (r *reading) withoutOrphans(list []host.Interface) []host.Interface {
	for {
		masters := (&host.Host{Interfaces: list}).Masters()
		kept := slices.DeleteFunc(slices.Clone(list), func(i host.Interface) bool {
			f := r.Devices[i.Name]
			m := reader.MasterOf(f.Keys, &r.Reader)
			if m == "" || masters[i.Name] == m {
				return false
			}
			r.Diags = append(r.Diags, rule.LeftOut.In(survey.At(f.Path(), 1), "it is a port of %q, of which its reader makes no bond or bridge; the file stays as it is", m))
			return true
		})
		if len(kept) == len(list) {
			return kept
		}
		list = kept
	}
}

// withoutImplied leaves out cards that the definition names as a VLAN's parent
// only: the scripts set the parent up without a file of its own, and what is
// not mentioned is not touched. Ports need their file.
func withoutImplied(h host.Host) host.Host {
	masters := h.Masters()
	unneeded := func(i host.Interface) bool { return i.Implied && masters[i.Name] == "" }
	if slices.ContainsFunc(h.Interfaces, unneeded) {
		h.Interfaces = slices.DeleteFunc(slices.Clone(h.Interfaces), unneeded)
	}
	return h
}
