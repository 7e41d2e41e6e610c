package hostfile

import (
	"strings"
	"testing"

	"linkspan/hcl/syntax"
)

// Input that nests without brackets must not overflow the stack, which would
// end the process.
func TestDeepWithoutBrackets(t *testing.T) {
	const n = 200_000
	for name, src := range map[string]string{
		"conditionals": "locals { a = " + strings.Repeat("1?1:", n) + "1 }\n",
		"sums":         "locals { a = " + strings.Repeat("1+", n) + "1 }\n",
		"templates":    "locals { a = \"" + strings.Repeat("%{if 1}", n/2) + "\" }\n",
		"indexes":      "locals {\n b = 0\n a = local" + strings.Repeat("[b]", n) + " }\n",
		"negations":    "locals { a = " + strings.Repeat("!", 4*n) + "true }\n",
		"mixed":        "locals { a = " + strings.Repeat("!-", 2*n) + "1 }\n",
		"strings":      "locals { a = " + strings.Repeat("\"${", 300) + "1" + strings.Repeat("}\"", 300) + " }\n",
		"comments":     "locals { a = " + strings.Repeat("! /**/", n/2) + "true }\n",
		"lines":        "locals { a = (" + strings.Repeat("!\n", n) + "true) }\n",
		"closers":      "locals { a = " + strings.Repeat(`["]",`, n) + " }\n",
		"heredocs":     "locals { a = " + strings.Repeat("[<<A\n]\nA\n,", n/4) + " }\n",
		"hidden":       "locals { a = " + strings.Repeat("(/*)*/", n/2) + " }\n",
	} {
		t.Run(name, func(t *testing.T) {
			if len(src) > syntax.MaxFile {
				t.Fatal("the case tests the size, not the depth")
			}
			harmless := map[string]bool{"sums": true, "comments": true, "lines": true}
			if _, got := load(t, map[string]string{"a.hcl": src}); (got == "") != harmless[name] {
				t.Errorf("%.200q", got)
			}
		})
	}
}
