package main

import (
	"slices"
	"testing"
)

func TestComplete(t *testing.T) {
	names := []string{"cidrhost(", "cidrnetmask(", "local.networks", "var.gateway"}
	for _, c := range []struct {
		text, head string
		want       []string
		tail       string
	}{
		{"cidr", "", []string{"cidrhost(", "cidrnetmask("}, ""},
		{"upper(var.g", "upper(", []string{"var.gateway"}, ""},
		{"[loc]", "[", []string{"local.networks"}, "]"},
		{"", "", nil, ""},
		{"fish", "", nil, ""},
		{"é + loc", "é + ", []string{"local.networks"}, ""},
	} {
		pos := len([]rune(c.text)) - len(c.tail)
		head, got, tail := complete(names, c.text, pos)
		if head != c.head || tail != c.tail || !slices.Equal(got, c.want) {
			t.Errorf("%q: %q %q %q", c.text, head, got, tail)
		}
	}
}
