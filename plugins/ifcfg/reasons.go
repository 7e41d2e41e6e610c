package ifcfg

import (
	"strings"

	"linkspan/core/plan"
	"linkspan/plugins/ifcfg/reader"
	"linkspan/plugins/ifcfg/shell"
)

// reasons says of each written key that a person might not expect, in files made
// after an article or by another program, why it is there, in the order of the
// table of keys: keys with the same reason share a line.
func (p *planning) reasons() []string {
	written := make(map[string]bool)
	for _, o := range p.operations {
		name, ours := strings.CutPrefix(o.File.Path, reader.Dir+"/ifcfg-")
		if ours && o.File.After.Exists && !reader.IsAlias(name) || o.File.Path == reader.NetworkFile {
			newKeys(o.File, written)
		}
	}
	keys := make(map[string][]string) // by reason
	var whys []string
	for _, k := range reader.Table {
		if !written[k.Name] || k.Why == "" {
			continue
		}
		if len(keys[k.Why]) == 0 {
			whys = append(whys, k.Why)
		}
		keys[k.Why] = append(keys[k.Why], k.Name)
	}
	var out []string
	for _, why := range whys {
		out = append(out, strings.Join(keys[why], ", ")+": "+why)
	}
	return append(out, p.moduleReasons()...)
}

// newKeys adds the keys to which the file's change gives a value.
func newKeys(f *plan.FileChange, written map[string]bool) {
	before := shell.Parse(f.Before.Content).Values()
	for key, value := range shell.Parse(f.After.Content).Values() {
		if had, ok := before[key]; !ok || had != value {
			written[key] = true
		}
	}
}

// moduleReasons says why old releases need lines in /etc/modprobe.conf.
func (p *planning) moduleReasons() []string {
	if _, ok := p.after[reader.ModprobeFile]; !ok {
		return nil
	}
	out := []string{"alias in " + reader.ModprobeFile + ": before initscripts 8.45.30 (RHEL 5.4) BONDING_OPTS alone makes no bond"}
	if !p.Reader.Takes("BONDING_OPTS") {
		out = append(out, "options in "+reader.ModprobeFile+": "+p.Reader.Title+" does not read BONDING_OPTS, and the driver is loaded once with these")
	}
	return out
}
