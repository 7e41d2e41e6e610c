//go:build go1.21

// Package report logs what a change has made of the bridges, and keeps how many
// there are.
//
//	hook "report" {
//	  on     = ["post_apply"]
//	  script = "report"
//	}
package report

import (
	"context"
	"strconv"
	"strings"

	"linkspan/core/hook"
)

// Run logs each bridge that was touched, with its addresses and ports.
func Run(ctx context.Context, env hook.Env, event hook.Event) error {
	n := 0
	for _, i := range event.Plan.Network {
		if i.Type != "bridge" || !event.Touches(i.Name) {
			continue
		}
		n++
		env.Log("%s carries %s on %s", i.Name, strings.Join(i.Addresses, ", "), strings.Join(i.Ports, ", "))
	}
	env.Set("bridges", strconv.Itoa(n))
	return nil
}
