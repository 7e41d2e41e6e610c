package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"linkspan/core/host"
)

func TestSelect(t *testing.T) {
	tagged := func(name string, tags ...string) *host.Host { return &host.Host{Name: name, Tags: tags} }
	all := members(tagged("dom0-01", "xen", "rack-a"), tagged("dom0-02", "xen", "rack-b"), tagged("git.example.com", "rack-a"), tagged("git.example.org"))
	for _, c := range []struct {
		choice  Choice
		want    []int
		message string
	}{
		{Choice{Names: []string{"dom0-02"}}, []int{1}, ""},
		{Choice{Names: []string{"dom0-*"}}, []int{0, 1}, ""},
		{Choice{Names: []string{"git.*", "dom0-01"}}, []int{0, 2, 3}, ""},
		{Choice{Tags: []string{"rack-a"}}, []int{0, 2}, ""},
		{Choice{Tags: []string{"rack-a", "xen"}}, []int{0}, ""},
		{Choice{Names: []string{"dom0-*"}, Tags: []string{"rack-b"}}, []int{1}, ""},
		{Choice{Machine: "dom0-01"}, []int{0}, ""},
		{Choice{Machine: "DOM0-01.example.com"}, []int{0}, ""},
		{Choice{Machine: "git.example.com"}, []int{2}, ""},
		{Choice{Machine: "git"}, []int{2, 3}, ""},
		{Choice{Names: []string{"dom0-03"}}, nil, `no host is called "dom0-03". Did you mean "dom0-01"?`},
		{Choice{Names: []string{"dom0-01", "fish"}}, []int{0}, `no host is called "fish". There are: "dom0-01", "dom0-02", "git.example.com", "git.example.org".`},
		{Choice{Names: []string{"["}}, nil, `no host is called "["`},
		{Choice{Tags: []string{"rakc-a"}}, nil, `no host has the tag "rakc-a". Did you mean "rack-a"?`},
		{Choice{Names: []string{"git.*"}, Tags: []string{"xen"}}, nil, `no host called "git.*" has the tag "xen"`},
		{Choice{Machine: "git.example.net"}, nil, `no host is called "git.example.net", as this machine is; choose one with -host.`},
		{Choice{}, nil, "the name of the machine is not known"},
	} {
		got, diags := Select(all, c.choice)
		text := fmt.Sprint(diags.Err())
		if !slices.Equal(got, c.want) || (c.message == "") != (len(diags) == 0) || !strings.Contains(text, c.message) {
			t.Errorf("%+v: %v, %s", c.choice, got, text)
		}
	}
	if _, diags := Select(nil, Choice{Machine: "a"}); !strings.Contains(fmt.Sprint(diags), "no host is defined") {
		t.Error(diags)
	}
}

// Each does everything once, also when some of it fails, and tells the fault of
// the lowest number.
func TestEach(t *testing.T) {
	var done atomic.Int64
	slots := make([]int, 1000)
	err := Each(context.Background(), len(slots), func(_ context.Context, i int) error {
		done.Add(1)
		slots[i]++
		if i%400 == 399 {
			return fmt.Errorf("number %d", i)
		}
		return nil
	})
	if done.Load() != 1000 || slices.Max(slots) != 1 || slices.Min(slots) != 1 {
		t.Errorf("%d calls", done.Load())
	}
	if got := fmt.Sprint(err); got != "number 399 (and 1 more)" {
		t.Error(got)
	}
	if err := Each(context.Background(), 0, nil); err != nil {
		t.Error(err)
	}
}

// When the context ends, nothing more is begun.
func TestEachCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	enough := errors.New("enough")
	var done atomic.Int64
	err := Each(ctx, 1<<20, func(context.Context, int) error {
		if done.Add(1) == 10 {
			cancel(enough)
		}
		return nil
	})
	if !errors.Is(err, enough) || done.Load() > 1000 {
		t.Errorf("%d calls, %v", done.Load(), err)
	}
}
