package wire

import "linkspan/core/backend"

// FeatureCompare says that the plugin has Compare. The two ends settle it between
// them; no one else sees the word.
const FeatureCompare = "compare"

// FromComparison makes the message of a comparison.
func FromComparison(c backend.Comparison) *CompareResponse {
	return &CompareResponse{Digests: fill(c.Digests, fillFileDigest), ObjectsDigest: c.Objects, Guests: each(c.Guests, FromGuest),
		Diagnostics: FromDiagnostics(c.Diagnostics), Changes: each(c.Changes, FromChange), Operations: FromOperations(c.Operations),
		Restarts: each(c.Restarts, FromRestart), Effects: each(c.Effects, FromEffect)}
}

// ToComparison reads the message of a comparison.
func ToComparison(m *CompareResponse) backend.Comparison {
	return backend.Comparison{Digests: each(m.GetDigests(), toFileDigest), Objects: m.GetObjectsDigest(), Guests: each(m.GetGuests(), ToGuest),
		Diagnostics: ToDiagnostics(m.GetDiagnostics()), Changes: each(m.GetChanges(), ToChange), Operations: ToOperations(m.GetOperations()),
		Restarts: each(m.GetRestarts(), ToRestart), Effects: each(m.GetEffects(), ToEffect)}
}

func fillFileDigest(m *FileDigest, d backend.FileDigest) { m.Path, m.Digest = text(d.Path), d.Digest }

func toFileDigest(m *FileDigest) backend.FileDigest {
	return backend.FileDigest{Path: m.GetPath(), Digest: m.GetDigest()}
}
