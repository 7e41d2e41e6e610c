package writer

import (
	"fmt"

	"linkspan/core/host"
	"linkspan/plugins/ifcfg/reader"
)

// RouteFiles are the two route files of an interface in the form of `ip route`
// words, one route a line (initscripts ifup-routes); without lines they are not
// wanted.
func (w *Writer) RouteFiles(i *host.Interface) []TextFile {
	four, six := TextFile{Path: reader.Dir + "/route-" + i.Name}, TextFile{Path: reader.Dir + "/route6-" + i.Name}
	for _, r := range i.Routes {
		line := fmt.Sprintf("%s dev %s", r, i.Name)
		if r.To.Addr().Is6() {
			six.Lines = append(six.Lines, line)
		} else {
			four.Lines = append(four.Lines, line)
		}
	}
	return []TextFile{four, six}
}
