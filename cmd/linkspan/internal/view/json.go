package view

import (
	"encoding/json"
	"io"
)

// FormatVersion is the version of the program's JSON output. A minor version
// adds, a major one breaks.
const FormatVersion = "1.0"

// Stream writes JSON objects, one a line; the first tells the versions.
type Stream struct {
	w       io.Writer
	version string
	begun   bool
}

// NewStream makes a stream of the program of that version.
func NewStream(w io.Writer, version string) *Stream { return &Stream{w: w, version: version} }

// Send writes one object: its type, and the value under that name, e.g.
// {"type":"plan","plan":{…}}.
func (s *Stream) Send(kind string, value any) error {
	if !s.begun {
		s.begun = true
		if err := s.line(map[string]any{"type": "version", "linkspan": s.version, "format_version": FormatVersion}); err != nil {
			return err
		}
	}
	return s.line(map[string]any{"type": kind, kind: value})
}

func (s *Stream) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = s.w.Write(append(b, '\n'))
	return err
}
