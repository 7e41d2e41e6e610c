package backend

import (
	"context"
	"slices"

	"linkspan/core/diag"
	"linkspan/core/plan"
)

// CompareRequest asks how a host differs from its definition.
type CompareRequest struct {
	Setup
	// LookOnly asks for what Read tells and no more: whether anything has changed
	// since, and the guests.
	LookOnly bool
}

// Comparison is what Read, Render, the difference of their objects and Plan come
// to: all that a plan needs of one backend. What is as it should be is not in
// it, but for its digests.
type Comparison struct {
	// Digests are of the files that Read has found, sorted by path.
	Digests []FileDigest
	// Objects is the digest of the objects that Read has found; see
	// plan.ObjectsDigest.
	Objects string
	Guests  []plan.Guest
	// Diagnostics are those of all calls. With an error among Read's and Render's
	// there is nothing below.
	Diagnostics diag.List
	Changes     []plan.Change
	Operations  []plan.Operation
	Restarts    []plan.Restart
	Effects     []plan.Effect
}

// FileDigest is the digest of one file's content and mode; see
// plan.FileState.Digest.
type FileDigest struct {
	Path   string // as seen on the host, without Root
	Digest string // hexadecimal digits
}

// Comparer is a backend that compares where its objects are. One in another
// process is: of a large host, moving what is as it should be from there takes
// longer than all else.
type Comparer interface {
	Backend
	// Compare gives what function Compare makes of the backend's other methods.
	Compare(ctx context.Context, r CompareRequest) (Comparison, error)
}

// Compare asks a backend what there is, what the definition means and which
// operations lead there.
func Compare(ctx context.Context, b Backend, r CompareRequest) (Comparison, error) {
	if c, ok := b.(Comparer); ok {
		return c.Compare(ctx, r)
	}
	return CompareHere(ctx, b, r)
}

// CompareHere is Compare by Read, Render and Plan, for those who are a Comparer.
func CompareHere(ctx context.Context, b Backend, r CompareRequest) (Comparison, error) {
	read, err := b.Read(ctx, ReadRequest{Setup: r.Setup})
	if err != nil {
		return Comparison{}, err
	}
	type seen struct {
		files   []FileDigest
		objects string
	}
	digested := make(chan seen, 1) // while the backend goes on
	go func() { digested <- seen{digests(read.Files), plan.ObjectsDigest(read.Objects)} }()
	out := Comparison{Guests: read.Guests, Diagnostics: read.Diagnostics}
	if !r.LookOnly {
		if err := out.against(ctx, b, r.Setup, read); err != nil {
			return Comparison{}, err
		}
	}
	found := <-digested
	out.Digests, out.Objects = found.files, found.objects
	return out, nil
}

// against compares what was read with the definition.
func (c *Comparison) against(ctx context.Context, b Backend, s Setup, read ReadResponse) error {
	rendered, err := b.Render(ctx, RenderRequest{Setup: s, Facts: read.Facts})
	if err != nil {
		return err
	}
	c.Diagnostics = append(slices.Clone(read.Diagnostics), rendered.Diagnostics.Without(read.Diagnostics)...)
	if c.Diagnostics.HasErrors() {
		return nil
	}
	c.Changes = plan.Diff(rendered.Objects, read.Objects)
	planned, err := b.Plan(ctx, PlanRequest{Setup: s, Facts: read.Facts, Desired: rendered.Objects, Actual: read, Changes: c.Changes})
	if err != nil {
		return err
	}
	c.Diagnostics = append(c.Diagnostics, planned.Diagnostics...)
	c.Operations, c.Restarts, c.Effects = planned.Operations, planned.Restarts, planned.Effects
	return nil
}

func digests(files []File) []FileDigest {
	var out []FileDigest
	for i := range files {
		if files[i].Exists {
			out = append(out, FileDigest{Path: files[i].Path, Digest: files[i].Digest()})
		}
	}
	return out
}
