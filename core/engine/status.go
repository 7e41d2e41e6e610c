package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/plan"
)

// Status is what is declared, what is persisted and what is live, side by
// side.
type Status struct {
	Host       string            `json:"host"`
	Declared   []plan.Object     `json:"declared"`  // as the first backend spells them
	Persisted  []plan.Object     `json:"persisted"` // as backends of that phase read them
	Live       []plan.Object     `json:"live"`
	Interfaces []InterfaceStatus `json:"interfaces"`
	Others     []ViewStatus      `json:"others,omitempty"` // objects that are no interfaces, e.g. Xen's file
	Guests     []plan.Guest      `json:"guests,omitempty"` // that the backends know of
	Drift      bool              `json:"drift"`            // a view differs from what is declared
}

// InterfaceStatus is one interface in all views.
type InterfaceStatus struct {
	Name     string       `json:"name"`
	Type     string       `json:"type,omitempty"`
	Declared bool         `json:"declared"`
	Views    []ViewStatus `json:"views"`
}

// ViewState is how one view of an object stands to its declaration.
type ViewState string

// The states of a view.
const (
	InSync      ViewState = "in sync"
	Differs     ViewState = "differs"
	Missing     ViewState = "missing"
	StillThere  ViewState = "still there"  // declared absent
	NotDeclared ViewState = "not declared" // there, and nobody's concern
	Nothing     ViewState = "-"            // neither declared nor there
)

// ViewStatus is one view of one object.
type ViewStatus struct {
	Backend     string               `json:"backend"`
	Phase       string               `json:"phase"`
	Object      string               `json:"object,omitempty"` // of Others
	State       ViewState            `json:"state"`
	Differences []plan.SettingChange `json:"differences,omitempty"` // before is what is there
}

// view is what one backend says.
type view struct {
	about   backend.Description
	desired []plan.Object
	actual  []plan.Object
	guests  []plan.Guest
	changes map[plan.Ref]plan.Change
	diags   diag.List
	err     error
}

// ReadStatus asks every backend what there is and lays it beside the
// definition.
func ReadStatus(ctx context.Context, r Request) (*Status, diag.List, error) {
	views := make([]view, len(r.Backends))
	var wg sync.WaitGroup
	for i, b := range r.Backends {
		wg.Go(func() { views[i] = r.view(ctx, b) })
	}
	wg.Wait()
	s := &Status{Host: r.Host.Name}
	var diags diag.List
	for _, v := range views {
		if v.err != nil {
			return nil, diags, fmt.Errorf("backend %q: %w", v.about.Name, v.err)
		}
		diags = append(diags, v.diags...)
		s.Guests = append(s.Guests, v.guests...)
		s.Drift = s.Drift || len(v.changes) > 0
		of := &s.Persisted
		if v.about.Phase == backend.Activate {
			of = &s.Live
		}
		*of = append(*of, v.actual...)
		if s.Declared == nil && hasInterfaces(v.desired) {
			s.Declared = v.desired
		}
	}
	s.lay(views)
	return s, diags, nil
}

func (r *Request) view(ctx context.Context, b Backend) view {
	v := view{about: b.Description, changes: make(map[plan.Ref]plan.Change)}
	setup := r.setup(b)
	read, err := b.Backend.Read(ctx, backend.ReadRequest{Setup: setup})
	if err != nil {
		v.err = err
		return v
	}
	rendered, err := b.Backend.Render(ctx, backend.RenderRequest{Setup: setup, Facts: read.Facts})
	if err != nil {
		v.err = err
		return v
	}
	v.desired, v.actual, v.guests = rendered.Objects, read.Objects, read.Guests
	v.diags = append(slices.Clone(read.Diagnostics), rendered.Diagnostics.Without(read.Diagnostics)...)
	for i := range v.diags {
		if v.diags[i].Source == "" {
			v.diags[i].Source = fmt.Sprintf("backend %q", b.Description.Name)
		}
	}
	for _, c := range plan.Diff(v.desired, v.actual) {
		v.changes[c.Ref] = c
	}
	return v
}

func hasInterfaces(objects []plan.Object) bool {
	return slices.ContainsFunc(objects, func(o plan.Object) bool { return o.Class == plan.ClassInterface })
}

// lay lays the views of each object side by side.
func (s *Status) lay(views []view) {
	byName := make(map[string]*InterfaceStatus)
	var names []string
	for _, v := range views {
		for _, o := range slices.Concat(v.desired, v.actual) {
			if o.Class != plan.ClassInterface {
				continue
			}
			i := byName[o.Name]
			if i == nil {
				i = &InterfaceStatus{Name: o.Name}
				byName[o.Name], names = i, append(names, o.Name)
			}
			if i.Type == "" {
				i.Type = o.Type
			}
		}
	}
	slices.SortFunc(names, plan.CompareNatural)
	for _, name := range names {
		i := byName[name]
		for _, v := range views {
			if !hasInterfaces(v.desired) && !hasInterfaces(v.actual) {
				continue
			}
			st := v.of(plan.Ref{Class: plan.ClassInterface, Name: name})
			i.Declared = i.Declared || st.State != NotDeclared && st.State != Nothing
			i.Views = append(i.Views, st)
		}
		s.Interfaces = append(s.Interfaces, *i)
	}
	for _, v := range views {
		for _, o := range v.desired {
			if o.Class != plan.ClassInterface {
				st := v.of(o.Ref)
				st.Object = strings.TrimPrefix(o.Ref.String(), o.Class+" ")
				s.Others = append(s.Others, st)
			}
		}
	}
}

// of is how one object stands in this view.
func (v *view) of(ref plan.Ref) ViewStatus {
	st := ViewStatus{Backend: v.about.Name, Phase: string(v.about.Phase)}
	is := func(o plan.Object) bool { return o.Ref == ref }
	wanted, there := slices.ContainsFunc(v.desired, is), slices.ContainsFunc(v.actual, is)
	c, differs := v.changes[ref]
	switch {
	case differs && c.Action == plan.Create:
		st.State = Missing
	case differs && c.Action == plan.Delete:
		st.State = StillThere
	case differs:
		st.State, st.Differences = Differs, c.Settings
	case wanted:
		st.State = InSync
	case there:
		st.State = NotDeclared
	default:
		st.State = Nothing
	}
	return st
}
