package launch

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/plan"
)

// The program distrusts its plugins: what one returns is checked here, in one
// place, before anyone uses it.

func checkDescription(name string, d backend.Description) error {
	switch {
	case d.Name != name:
		return fmt.Errorf("it calls itself %q", d.Name)
	case d.Phase != backend.Persist && d.Phase != backend.Activate:
		return fmt.Errorf("its phase is %q, not %q or %q", d.Phase, backend.Persist, backend.Activate)
	}
	for _, p := range d.Paths {
		if !path.IsAbs(p) || path.Clean(p) != strings.TrimSuffix(p, "/") {
			return fmt.Errorf("it declares the path %q, which is not absolute and clean", p)
		}
	}
	return nil
}

func checkObjects(objects []plan.Object) error {
	seen := make(map[plan.Ref]bool, len(objects))
	for _, o := range objects {
		if o.Class == "" || o.Name == "" {
			return fmt.Errorf("it returned an object without class or name")
		}
		if seen[o.Ref] {
			return fmt.Errorf("it returned %s twice", o.Ref)
		}
		seen[o.Ref] = true
		if !slices.IsSortedFunc(o.Settings, func(a, b plan.Setting) int { return strings.Compare(a.Key, b.Key) }) {
			return fmt.Errorf("the settings of %s are not sorted by key", o.Ref)
		}
		for _, s := range o.Settings {
			if err := checkValue(s.Value); err != nil {
				return fmt.Errorf("setting %q of %s: %w", s.Key, o.Ref, err)
			}
		}
	}
	return nil
}

func checkValue(v plan.Value) error {
	switch v.Form {
	case plan.FormAbsent, plan.FormText, plan.FormNumber, plan.FormBool:
		if len(v.List) > 0 {
			return fmt.Errorf("a list in a value of the form %q", v.Form)
		}
	case plan.FormList:
		if len(v.List) == 0 {
			return fmt.Errorf("an empty list, which is spelt as absent")
		}
	default:
		return fmt.Errorf("the form %q is not known", v.Form)
	}
	return nil
}

func checkFiles(files []backend.File) error {
	for _, f := range files {
		if err := checkPath(f.Path); err != nil {
			return err
		}
	}
	return nil
}

func checkDigests(digests []backend.FileDigest) error {
	for _, d := range digests {
		if err := checkPath(d.Path); err != nil {
			return err
		}
	}
	return nil
}

func checkChanges(changes []plan.Change) error {
	seen := make(map[plan.Ref]bool, len(changes))
	for i := range changes {
		c := &changes[i]
		switch {
		case c.Class == "" || c.Name == "":
			return fmt.Errorf("it returned a change of an object without class or name")
		case seen[c.Ref]:
			return fmt.Errorf("it returned two changes of %s", c.Ref)
		case c.Action != plan.Create && c.Action != plan.Update && c.Action != plan.Delete:
			return fmt.Errorf("the action %q on %s is not known", c.Action, c.Ref)
		}
		seen[c.Ref] = true
		for _, s := range c.Settings {
			if err := errors.Join(checkValue(s.Before), checkValue(s.After)); err != nil {
				return fmt.Errorf("setting %q of %s: %w", s.Key, c.Ref, err)
			}
		}
		for _, s := range c.Unchanged {
			if err := checkValue(s.Value); err != nil {
				return fmt.Errorf("setting %q of %s: %w", s.Key, c.Ref, err)
			}
		}
	}
	return nil
}

func checkPath(p string) error {
	if !path.IsAbs(p) || path.Clean(p) != p || strings.ContainsRune(p, 0) {
		return fmt.Errorf("it returned the path %q, which is not absolute and clean", p)
	}
	return nil
}

func checkOperations(operations []plan.Operation) error {
	seen := make(map[string]bool, len(operations))
	for _, op := range operations {
		switch {
		case op.ID == "" || seen[op.ID]:
			return fmt.Errorf("the id %q of an operation is empty or given twice", op.ID)
		case op.Summary == "":
			return fmt.Errorf("operation %q says nothing of itself", op.ID)
		case op.Kind == plan.OperationFile && op.File == nil, op.Kind == plan.OperationOwn && op.File != nil,
			op.Kind != plan.OperationFile && op.Kind != plan.OperationOwn:
			return fmt.Errorf("operation %q has the kind %q and does not fit it", op.ID, op.Kind)
		}
		seen[op.ID] = true
		if op.File != nil {
			if err := checkPath(op.File.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkGuests(guests []plan.Guest) error {
	for _, g := range guests {
		if g.Name == "" {
			return fmt.Errorf("it returned a guest without a name (port %q, bridge %q)", g.Port, g.Bridge)
		}
	}
	return nil
}

func checkDiagnostics(l diag.List) error {
	for _, d := range l {
		if d.Severity != diag.Error && d.Severity != diag.Warning {
			return fmt.Errorf("a diagnostic has the severity %q", d.Severity)
		}
		if d.Summary == "" {
			return fmt.Errorf("a diagnostic without a summary")
		}
	}
	return nil
}
