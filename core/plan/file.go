package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxPlan bounds a saved plan: 4,000 VLANs with their bridges take some 20 MB.
const maxPlan = 1 << 30

// Encode writes a plan in its saved form: JSON, with file contents in base64.
func Encode(w io.Writer, p *Plan) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(p)
}

// Decode reads a saved plan. It refuses another major version of the form, a
// plan that does not match its own digest, and anything after the plan.
func Decode(r io.Reader) (*Plan, error) {
	d := json.NewDecoder(io.LimitReader(r, maxPlan))
	p := new(Plan)
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("not a saved plan: %w", err)
	}
	major, _, _ := strings.Cut(p.FormatVersion, ".")
	own, _, _ := strings.Cut(FormatVersion, ".")
	if major != own {
		return nil, fmt.Errorf("the plan has the form %q; this linkspan reads %s.x: make the plan again", p.FormatVersion, own)
	}
	if want := p.digest(); want != p.Digest {
		return nil, fmt.Errorf("the plan says %q of itself but is %q: it was changed after it was made", p.Digest, want)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the plan in its file")
	}
	return p, nil
}
