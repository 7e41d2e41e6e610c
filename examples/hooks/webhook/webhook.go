//go:build go1.21

// Package webhook tells a web service how a change ended, through curl.
//
//	hook "webhook" {
//	  on         = ["post_apply", "on_rollback"]
//	  script     = "webhook"
//	  on_failure = "continue"
//	  allow      = ["/usr/bin/curl"]
//	  config     = { url = "https://chat.example.net/hooks/net" }
//	}
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"linkspan/core/hook"
)

type news struct {
	Host    string            `json:"host"`
	Plan    string            `json:"plan"`
	Outcome string            `json:"outcome"` // "applied" or "undone"
	Text    string            `json:"text"`
	Values  map[string]string `json:"values,omitempty"` // what other hooks have kept
}

// Run posts what happened.
func Run(ctx context.Context, env hook.Env, event hook.Event) error {
	var config struct {
		URL string `json:"url"`
	}
	if err := event.Decode(&config); err != nil {
		return err
	}
	if config.URL == "" {
		return errors.New("the hook's block needs config = { url = \"…\" }")
	}
	text := fmt.Sprintf("%s: %d changes are %s", event.Host, len(event.Plan.Changes), event.Outcome)
	if event.Reason != "" {
		text += ": " + event.Reason
	}
	body, err := json.Marshal(news{Host: event.Host, Plan: event.Plan.Digest, Outcome: event.Outcome, Text: text, Values: event.Values})
	if err != nil {
		return err
	}
	_, err = env.Run(ctx, "/usr/bin/curl", "--silent", "--show-error", "--fail", "--max-time", "10",
		"--header", "Content-Type: application/json", "--data", string(body), config.URL)
	return err
}
