//go:build go1.21

// Package gateway asks whether the gateway answers after the change. It fails
// until it does, and is tried again until its timeout; then everything is put
// back.
//
//	hook "gateway" {
//	  on      = ["check"]
//	  script  = "gateway"
//	  timeout = "20s"
//	  allow   = ["/bin/ping"]
//	  config  = { address = var.gateway }
//	}
package gateway

import (
	"context"
	"errors"

	"linkspan/core/hook"
)

// Run sends one echo request and waits two seconds for the answer.
func Run(ctx context.Context, env hook.Env, event hook.Event) error {
	var config struct {
		Address string `json:"address"`
	}
	if err := event.Decode(&config); err != nil {
		return err
	}
	if config.Address == "" {
		return errors.New("the hook's block needs config = { address = \"…\" }")
	}
	if _, err := env.Run(ctx, "/bin/ping", "-n", "-c", "1", "-W", "2", config.Address); err != nil {
		return err
	}
	env.Log("%s answers", config.Address)
	return nil
}
