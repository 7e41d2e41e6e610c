package main

import (
	"maps"
	"slices"

	"linkspan/core/backend"
	"linkspan/plugins/ifcfg"
	"linkspan/plugins/netlink"
	"linkspan/plugins/xend"
)

// builtins are the backends inside this executable. A new one costs its own
// directory and one line here.
func builtins() map[string]func() backend.Backend {
	return map[string]func() backend.Backend{
		"ifcfg":   ifcfg.New,
		"netlink": netlink.New,
		"xend":    xend.New,
	}
}

// builtinNames are the names of the built-in backends, sorted.
func builtinNames() []string { return slices.Sorted(maps.Keys(builtins())) }
