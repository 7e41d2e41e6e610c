package diag

import "testing"

func TestSuggest(t *testing.T) {
	for _, c := range []struct{ given, want string }{
		{"brigde", "bridge"}, {"brdige", "bridge"}, {"dmo0", "dom0"}, {"bridge", ""}, {"x", ""}, {"", ""}, {"fish", ""}, {"bridgexyz", ""},
	} {
		if got := Suggest(c.given, []string{"bridge", "dom0", "bond"}); got != c.want {
			t.Errorf("Suggest(%q) = %q, want %q", c.given, got, c.want)
		}
	}
}
