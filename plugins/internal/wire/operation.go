package wire

import (
	"time"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/plan"
)

// FromOperation makes the message of an operation.
func FromOperation(o plan.Operation) *Operation {
	return &Operation{Id: o.ID, Kind: string(o.Kind), Summary: text(o.Summary), Objects: fill(o.Objects, fillRef), File: FromFileChange(o.File),
		Data: o.Data, Effects: each(o.Effects, FromEffect)}
}

// ToOperation reads the message of an operation.
func ToOperation(m *Operation) plan.Operation {
	return plan.Operation{ID: m.GetId(), Kind: plan.OperationKind(m.GetKind()), Summary: m.GetSummary(), Objects: each(m.GetObjects(), ToRef),
		File: ToFileChange(m.GetFile()), Data: m.GetData(), Effects: each(m.GetEffects(), ToEffect)}
}

// FromOperations makes the messages of operations.
func FromOperations(o []plan.Operation) []*Operation { return each(o, FromOperation) }

// ToOperations reads the messages of operations.
func ToOperations(m []*Operation) []plan.Operation { return each(m, ToOperation) }

// FromFileChange makes the message of a file's change.
func FromFileChange(f *plan.FileChange) *FileChange {
	if f == nil {
		return nil
	}
	return &FileChange{Path: f.Path, Before: FromFileState(f.Before), After: FromFileState(f.After), Note: text(f.Note)}
}

// ToFileChange reads the message of a file's change.
func ToFileChange(m *FileChange) *plan.FileChange {
	if m == nil {
		return nil
	}
	return &plan.FileChange{Path: m.GetPath(), Before: ToFileState(m.GetBefore()), After: ToFileState(m.GetAfter()), Note: m.GetNote()}
}

// FromFileState makes the message of a file's state.
func FromFileState(f plan.FileState) *FileState {
	return &FileState{Exists: f.Exists, Mode: f.Mode, Content: f.Content}
}

// ToFileState reads the message of a file's state.
func ToFileState(m *FileState) plan.FileState {
	return plan.FileState{Exists: m.GetExists(), Mode: m.GetMode(), Content: m.GetContent()}
}

// FromFile makes the message of a file.
func FromFile(f backend.File) *File {
	return &File{Path: text(f.Path), State: FromFileState(f.FileState)}
}

// ToFile reads the message of a file.
func ToFile(m *File) backend.File {
	return backend.File{Path: m.GetPath(), FileState: ToFileState(m.GetState())}
}

// FromEffect makes the message of an effect.
func FromEffect(e plan.Effect) *Effect {
	return &Effect{Kind: string(e.Kind), Text: text(e.Text), Objects: fill(e.Objects, fillRef), GapNs: int64(e.Gap)}
}

// ToEffect reads the message of an effect.
func ToEffect(m *Effect) plan.Effect {
	return plan.Effect{Kind: plan.EffectKind(m.GetKind()), Text: m.GetText(), Objects: each(m.GetObjects(), ToRef), Gap: time.Duration(m.GetGapNs())}
}

// FromRestart makes the message of a restart.
func FromRestart(r plan.Restart) *Restart {
	return &Restart{Service: r.Service, Why: r.Why, Order: int32(r.Order), Replaceable: r.Replaceable, Skipped: r.Skipped,
		Command: r.Command, Interfaces: r.Interfaces, TimeoutNs: int64(r.Timeout)}
}

// ToRestart reads the message of a restart.
func ToRestart(m *Restart) plan.Restart {
	return plan.Restart{Service: m.GetService(), Why: m.GetWhy(), Order: int(m.GetOrder()), Replaceable: m.GetReplaceable(), Skipped: m.GetSkipped(),
		Command: m.GetCommand(), Interfaces: m.GetInterfaces(), Timeout: time.Duration(m.GetTimeoutNs())}
}

// FromDiagnostic makes the message of a diagnostic.
func FromDiagnostic(d diag.Diagnostic) *Diagnostic {
	return &Diagnostic{Severity: string(d.Severity), Code: d.Code, Summary: text(d.Summary), Detail: text(d.Detail), Path: text(d.Path), Range: FromRange(d.Range),
		Related: each(d.Related, func(r diag.Related) *Related {
			return &Related{Message: text(r.Message), Path: text(r.Path), Range: FromRange(r.Range)}
		})}
}

// ToDiagnostic reads the message of a diagnostic.
func ToDiagnostic(m *Diagnostic) diag.Diagnostic {
	return diag.Diagnostic{Severity: diag.Severity(m.GetSeverity()), Code: m.GetCode(), Summary: m.GetSummary(), Detail: m.GetDetail(), Path: m.GetPath(),
		Range: ToRange(m.GetRange()), Related: each(m.GetRelated(), func(r *Related) diag.Related {
			return diag.Related{Message: r.GetMessage(), Path: r.GetPath(), Range: ToRange(r.GetRange())}
		})}
}

// FromDiagnostics makes the messages of diagnostics.
func FromDiagnostics(l diag.List) []*Diagnostic { return each(l, FromDiagnostic) }

// ToDiagnostics reads the messages of diagnostics.
func ToDiagnostics(m []*Diagnostic) diag.List { return each(m, ToDiagnostic) }

// FromRange makes the message of a range; the zero range is no message.
func FromRange(r diag.Range) *Range {
	if r == (diag.Range{}) {
		return nil
	}
	return &Range{File: text(r.File), Start: fromPosition(r.Start), End: fromPosition(r.End)}
}

// ToRange reads the message of a range.
func ToRange(m *Range) diag.Range {
	return diag.Range{File: m.GetFile(), Start: toPosition(m.GetStart()), End: toPosition(m.GetEnd())}
}

func fromPosition(p diag.Position) *Position {
	return &Position{Line: int32(p.Line), Column: int32(p.Column), Byte: int64(p.Byte)}
}

func toPosition(m *Position) diag.Position {
	return diag.Position{Line: int(m.GetLine()), Column: int(m.GetColumn()), Byte: int(m.GetByte())}
}
