package wire

import "linkspan/core/backend"

// FromReadResponse makes the message of what is there.
func FromReadResponse(r backend.ReadResponse) *ReadResponse {
	return &ReadResponse{Objects: FromObjects(r.Objects), Files: each(r.Files, FromFile), Facts: r.Facts, Diagnostics: FromDiagnostics(r.Diagnostics), Opaque: r.Opaque, Guests: each(r.Guests, FromGuest)}
}

// ToReadResponse reads the message of what is there.
func ToReadResponse(m *ReadResponse) backend.ReadResponse {
	return backend.ReadResponse{Objects: ToObjects(m.GetObjects()), Files: each(m.GetFiles(), ToFile), Facts: m.GetFacts(), Diagnostics: ToDiagnostics(m.GetDiagnostics()), Opaque: m.GetOpaque(), Guests: each(m.GetGuests(), ToGuest)}
}

// FromRenderResponse makes the message of what the definition means.
func FromRenderResponse(r backend.RenderResponse) *RenderResponse {
	return &RenderResponse{Objects: FromObjects(r.Objects), Files: each(r.Files, FromFile), Diagnostics: FromDiagnostics(r.Diagnostics)}
}

// ToRenderResponse reads the message of what the definition means.
func ToRenderResponse(m *RenderResponse) backend.RenderResponse {
	return backend.RenderResponse{Objects: ToObjects(m.GetObjects()), Files: each(m.GetFiles(), ToFile), Diagnostics: ToDiagnostics(m.GetDiagnostics())}
}

// FromPlanRequest makes the message that asks for operations; the message of its
// setup comes from the caller, which has sent it before.
func FromPlanRequest(r backend.PlanRequest, setup *Setup) *PlanRequest {
	return &PlanRequest{Setup: setup, Facts: r.Facts, Desired: FromObjects(r.Desired), Actual: FromReadResponse(r.Actual), Changes: each(r.Changes, FromChange)}
}

// ToPlanRequest reads the message that asks for operations; its setup comes from
// the caller, which has read it before.
func ToPlanRequest(m *PlanRequest, setup backend.Setup) backend.PlanRequest {
	return backend.PlanRequest{Setup: setup, Facts: m.GetFacts(), Desired: ToObjects(m.GetDesired()), Actual: ToReadResponse(m.GetActual()), Changes: each(m.GetChanges(), ToChange)}
}

// FromPlanResponse makes the message of the operations.
func FromPlanResponse(r backend.PlanResponse) *PlanResponse {
	return &PlanResponse{Operations: FromOperations(r.Operations), Restarts: each(r.Restarts, FromRestart), Effects: each(r.Effects, FromEffect), Diagnostics: FromDiagnostics(r.Diagnostics)}
}

// ToPlanResponse reads the message of the operations.
func ToPlanResponse(m *PlanResponse) backend.PlanResponse {
	return backend.PlanResponse{Operations: ToOperations(m.GetOperations()), Restarts: each(m.GetRestarts(), ToRestart), Effects: each(m.GetEffects(), ToEffect), Diagnostics: ToDiagnostics(m.GetDiagnostics())}
}
