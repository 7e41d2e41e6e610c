package goal

import (
	"fmt"
	"time"

	"linkspan/core/host"
)

// Patience is how long an apply waits for what others do: a card that looks
// for its link, a switch that speaks LACP. 0 waits for no LACP partner at all.
type Patience struct {
	Carrier, LACP time.Duration
}

var defaultPatience = Patience{Carrier: 45 * time.Second, LACP: 30 * time.Second}

// Schema is what the backend's block may say.
func Schema() host.Schema {
	return host.Schema{
		Doc: "Changes the running kernel without a restart of the network.",
		Attributes: []host.Attribute{
			{Name: "carrier_timeout", Type: host.TypeString, Default: "45s", Doc: "How long a card that is about to carry an address or a guest may look for its link; then the apply fails and is undone."},
			{Name: "lacp_timeout", Type: host.TypeString, Default: "30s", Doc: "How long an 802.3ad bond that is about to carry an address or a guest may look for its partner; \"0s\" goes on without one."},
		},
	}
}

// PatienceOf reads the backend's block.
func PatienceOf(config map[string]any) (Patience, error) {
	p := defaultPatience
	for _, o := range []struct {
		name string
		to   *time.Duration
	}{{"carrier_timeout", &p.Carrier}, {"lacp_timeout", &p.LACP}} {
		said, ok := config[o.name].(string)
		if !ok {
			continue
		}
		d, err := time.ParseDuration(said)
		if err != nil || d < 0 || d > time.Hour {
			return p, fmt.Errorf("%s = %q is no length of time up to an hour, e.g. \"45s\"", o.name, said)
		}
		*o.to = d
	}
	return p, nil
}
