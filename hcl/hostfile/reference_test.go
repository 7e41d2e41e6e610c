package hostfile

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"linkspan/core/host"
	"linkspan/hcl/builtin"
	"linkspan/hcl/language"
)

var update = flag.Bool("update", false, "write the generated reference and the spec suite's results")

// The reference in the repository is what the table gives, and nothing in the
// table lacks a description.
func TestReference(t *testing.T) {
	const path = "../reference.md"
	if *update {
		if err := os.WriteFile(path, []byte(language.Reference(builtin.Names())), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != language.Reference(builtin.Names()) {
		t.Errorf("%s is not what the schema table gives; go test ./hcl/hostfile -run TestReference -update", path)
	}
	var check func(in string, list []language.Block)
	check = func(in string, list []language.Block) {
		for _, b := range list {
			for _, a := range b.Attributes {
				if !strings.HasSuffix(a.Doc, ".") {
					t.Errorf("%s %s.%s: no description: %q", in, b.Name, a.Name, a.Doc)
				}
			}
			if !strings.HasSuffix(b.Doc, ".") {
				t.Errorf("%s %s: no description: %q", in, b.Name, b.Doc)
			}
			check(in+" "+b.Name, b.Blocks)
		}
	}
	check("", language.Blocks())
}

// The JSON Schema is JSON and knows the blocks and the labels.
func TestJSONSchema(t *testing.T) {
	site := host.Schema{Attributes: []host.Attribute{{Name: "rack", Type: host.TypeNumber, Required: true, Doc: "Where it stands."}}}
	src, err := language.JSONSchema(map[string]host.Schema{"site": site})
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		Properties struct {
			Host struct {
				AdditionalProperties struct {
					Properties map[string]any
				} `json:"additionalProperties"`
			}
		}
	}
	if err := json.Unmarshal(src, &s); err != nil {
		t.Fatal(err)
	}
	backends, err := json.Marshal(s.Properties.Host.AdditionalProperties.Properties["backend"])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(backends), `"site":{"additionalProperties":false,"properties":{"rack":{"anyOf":[{"type":"integer"},`) || !strings.Contains(string(backends), `"required":["rack"]`) {
		t.Errorf("the blocks of backends: %s", backends)
	}
	for _, name := range []string{"bond", "vlan", "bridge", "tags", "use", "apply"} {
		if s.Properties.Host.AdditionalProperties.Properties[name] == nil {
			t.Errorf("no %q in a host", name)
		}
	}
}
