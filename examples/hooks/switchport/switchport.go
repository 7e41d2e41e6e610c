//go:build go1.21

// Package switchport is a backend in a script: it keeps a file that says which
// VLANs the switch's port behind each card must carry, for the switch's own
// tool to read.
//
//	backend "switchport" {
//	  script = "switchport"
//	  native = 1
//	}
package switchport

import (
	"fmt"
	"sort"
	"strconv"
	"strings"

	"linkspan/core/backend/fileformat"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/plan"
)

const (
	file  = "/etc/switchport.conf"
	class = "switchport"
)

// New says what the backend is, and makes its format.
func New() (fileformat.About, fileformat.Format) {
	about := fileformat.About{
		Name: "switchport", Version: "1.0.0", Doc: "Says which VLANs the switch's ports must carry.",
		Paths: []string{file}, Comment: "#", ObjectsOnly: true,
		Schema: host.Schema{Doc: "The switch's ports.", Attributes: []host.Attribute{
			{Name: "native", Type: host.TypeNumber, Doc: "The VLAN of frames without a tag."},
		}},
	}
	return about, format{}
}

type format struct{}

// Render writes a line for each card: "port eth0 vlans 2,3 native 1".
func (f format) Render(d fileformat.Definition) ([]fileformat.File, diag.List) {
	vlans := carried(d.Host)
	var cards []string
	for card := range vlans {
		cards = append(cards, card)
	}
	if len(cards) == 0 {
		return nil, nil
	}
	sort.Strings(cards)
	var text strings.Builder
	for _, card := range cards {
		text.WriteString(fmt.Sprintf("port %s vlans %s", card, strings.Join(vlans[card], ",")))
		if native, ok := d.Config["native"]; ok {
			text.WriteString(fmt.Sprintf(" native %v", native))
		}
		text.WriteString("\n")
	}
	return []fileformat.File{{Path: file, Text: text.String()}}, nil
}

// Parse reads such lines; others it does not know.
func (f format) Parse(files []fileformat.File) (fileformat.Found, diag.List) {
	var found fileformat.Found
	for _, text := range files {
		for _, line := range strings.Split(text.Text, "\n") {
			words := strings.Fields(line)
			if len(words) < 4 || words[0] != "port" || words[2] != "vlans" {
				continue
			}
			o := plan.Object{Ref: plan.Ref{Class: class, Name: words[1]}, Type: class}
			if len(words) == 6 && words[4] == "native" {
				o.Settings = append(o.Settings, plan.Setting{Key: "native", Value: plan.Text(words[5])})
			}
			o.Settings = append(o.Settings, plan.Setting{Key: "vlans", Value: plan.List(strings.Split(words[3], ",")...)})
			found.Objects = append(found.Objects, o)
		}
	}
	return found, nil
}

// carried are the VLANs that each card's port must carry, by way of bonds,
// ascending.
func carried(h host.Host) map[string][]string {
	cards := make(map[string][]string) // of bonds
	for _, i := range h.Interfaces {
		if i.Bond != nil {
			cards[i.Name] = i.Bond.Ports
		}
	}
	ids := make(map[string][]int)
	for _, i := range h.Interfaces {
		if i.VLAN == nil {
			continue
		}
		behind := cards[i.VLAN.Parent]
		if behind == nil {
			behind = []string{i.VLAN.Parent}
		}
		for _, card := range behind {
			ids[card] = append(ids[card], i.VLAN.ID)
		}
	}
	out := make(map[string][]string)
	for card, list := range ids {
		sort.Ints(list)
		for _, id := range list {
			out[card] = append(out[card], strconv.Itoa(id))
		}
	}
	return out
}
