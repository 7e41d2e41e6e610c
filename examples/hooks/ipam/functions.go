//go:build go1.21

// Package ipam finds addresses in a table that the site keeps as CSV: a
// function of the definitions' expressions, to which the table is handed in.
//
//	function "site_address" {
//	  script = "ipam"
//	}
//
//	addresses = [site_address(file("addresses.csv"), "dom0-01", "xenbr0")]
package ipam

import (
	"encoding/csv"
	"fmt"
	"net/netip"
	"strings"
)

// SiteAddress finds the address of a host's bridge, e.g. "192.168.0.2/24", in a
// table of host, bridge and address, which has a heading.
func SiteAddress(table, host, bridge string) (string, error) {
	r := csv.NewReader(strings.NewReader(table))
	r.FieldsPerRecord = 3
	rows, err := r.ReadAll()
	if err != nil {
		return "", fmt.Errorf("table: %w", err)
	}
	known := false
	for i, row := range rows {
		if i == 0 || row[0] != host {
			continue
		}
		known = true
		if row[1] != bridge {
			continue
		}
		if _, err := netip.ParsePrefix(row[2]); err != nil {
			return "", fmt.Errorf("table: line %d: %w", i+1, err)
		}
		return row[2], nil
	}
	if !known {
		return "", fmt.Errorf("host: the table has no row for %q", host)
	}
	return "", fmt.Errorf("bridge: the table has no row for %q on %q", bridge, host)
}
