package wire

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"linkspan/core/backend"
	"linkspan/core/diag"
	"linkspan/core/host"
	"linkspan/core/host/hosttest"
	"linkspan/core/plan"
)

// filler fills any value of the contract at random, so that a field that is
// added to the contract and forgotten on the wire shows.
type filler struct{ *rand.Rand }

// runes are what texts are made of: what JSON, HTML and terminals treat in a
// way of their own among it.
var runes = []rune("ab\"\\<&\u2028é\n\x00\x7f😀")

func (f filler) text() string {
	var b strings.Builder
	for range f.IntN(6) {
		b.WriteRune(runes[f.IntN(len(runes))])
	}
	return b.String()
}

func (f filler) fill(v reflect.Value) {
	switch special := v.Addr().Interface().(type) {
	case *plan.Value:
		*special = []plan.Value{{}, plan.Text(f.text()), plan.Number(f.Int()), plan.Bool(true), plan.List("a", f.text())}[f.IntN(5)]
		return
	case *host.Host:
		*special = hosttest.Random(f.Rand, hosttest.Options{})
		special.Vars = map[string]any{"n": int64(f.IntN(9)), "f": 0.5, "deep": []any{f.text(), nil, map[string]any{"x": true}}}
		special.Interfaces = append(special.Interfaces, host.Interface{Kind: host.KindEthernet, Name: "zzz", Gateway: netip.MustParseAddr("fe80::1")})
		return
	case *map[string]any:
		*special = map[string]any{"text": f.text(), "whole": int64(1) << 53, "half": 1.5, "list": []any{int64(1), "2"}, "yes": true}
		return
	case *any:
		*special = []any{nil, f.text(), int64(f.IntN(9)), []any{"a"}}[f.IntN(4)]
		return
	}
	f.byKind(v)
}

func (f filler) byKind(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.Int32()))
	case reflect.Uint8, reflect.Uint32:
		v.SetUint(uint64(f.IntN(256)))
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Pointer:
		if f.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
		}
	case reflect.Slice:
		if n := f.IntN(3); n > 0 { // an empty one is nil, as on the wire
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				f.fill(v.Index(i))
			}
		}
	case reflect.Map:
		if f.IntN(2) > 0 {
			v.Set(reflect.ValueOf(map[string]string{f.text(): f.text()}))
		}
	default:
		panic("no filling for " + v.Type().String())
	}
}

// roundTrip sends values of one type through bytes and compares. Clear removes
// what stays with the program.
func roundTrip[T any, M proto.Message](t *testing.T, from func(T) M, to func(M) T, clear func(*T)) {
	t.Helper()
	for seed := range uint64(300) {
		var want T
		filler{rand.New(rand.NewPCG(seed, 1))}.fill(reflect.ValueOf(&want).Elem())
		clear(&want)
		b, err := proto.Marshal(from(want))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		m := from(want).ProtoReflect().New().Interface().(M)
		if err := proto.Unmarshal(b, m); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if have := to(m); !reflect.DeepEqual(have, want) {
			t.Fatalf("seed %d: %T was\n%+v\nand came back as\n%+v", seed, want, want, have)
		}
	}
}

func same[T any](*T) {}

// must makes a conversion that cannot fail here of one that may.
func must[A, B any](t *testing.T, f func(A) (B, error)) func(A) B {
	return func(a A) B {
		b, err := f(a)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func TestRoundTrips(t *testing.T) {
	t.Run("Setup", func(t *testing.T) { roundTrip(t, must(t, FromSetup), must(t, ToSetup), same) })
	t.Run("Description", func(t *testing.T) { roundTrip(t, must(t, FromDescription), must(t, ToDescription), same) })
	t.Run("Object", func(t *testing.T) { roundTrip(t, FromObject, ToObject, same) })
	t.Run("Operation", func(t *testing.T) { roundTrip(t, FromOperation, ToOperation, same) })
	t.Run("File", func(t *testing.T) { roundTrip(t, FromFile, ToFile, same) })
	t.Run("Restart", func(t *testing.T) { roundTrip(t, FromRestart, ToRestart, same) })
	t.Run("Diagnostic", func(t *testing.T) { roundTrip(t, FromDiagnostic, ToDiagnostic, ownSource) })
	t.Run("Change", func(t *testing.T) { roundTrip(t, FromChange, ToChange, ownOrigin) })
	t.Run("ReadResponse", func(t *testing.T) {
		roundTrip(t, FromReadResponse, ToReadResponse, func(r *backend.ReadResponse) { ownSources(r.Diagnostics) })
	})
	t.Run("RenderResponse", func(t *testing.T) {
		roundTrip(t, FromRenderResponse, ToRenderResponse, func(r *backend.RenderResponse) { ownSources(r.Diagnostics) })
	})
	t.Run("PlanResponse", func(t *testing.T) {
		roundTrip(t, FromPlanResponse, ToPlanResponse, func(r *backend.PlanResponse) { ownSources(r.Diagnostics) })
	})
	t.Run("Comparison", func(t *testing.T) {
		roundTrip(t, FromComparison, ToComparison, func(c *backend.Comparison) {
			ownSources(c.Diagnostics)
			for i := range c.Changes {
				ownOrigin(&c.Changes[i])
			}
		})
	})
	t.Run("PlanRequest", func(t *testing.T) {
		from := func(r backend.PlanRequest) *PlanRequest { return FromPlanRequest(r, must(t, FromSetup)(r.Setup)) }
		to := func(m *PlanRequest) backend.PlanRequest { return ToPlanRequest(m, must(t, ToSetup)(m.GetSetup())) }
		roundTrip(t, from, to, func(r *backend.PlanRequest) {
			ownSources(r.Actual.Diagnostics)
			for i := range r.Changes {
				ownOrigin(&r.Changes[i])
			}
		})
	})
}

// The program itself says where a diagnostic came from and where the definition
// says a change.
func ownSource(d *diag.Diagnostic) { d.Source = "" }

func ownOrigin(c *plan.Change) { c.Origin = diag.Range{} }

func ownSources(l diag.List) {
	for i := range l {
		ownSource(&l[i])
	}
}

// TestStrangeJSON: what a plugin or a program of another version may send as
// JSON is refused or read, never more.
func TestStrangeJSON(t *testing.T) {
	for text, good := range map[string]bool{
		`{`: false, `[]`: false, `{"name":3}`: false, `{"name":"x","future":{"a":[1]}}`: true, `null`: true, ``: true,
		`{"vars":{"n":1e400}}`: true, `{"interfaces":[{"kind":"wormhole","name":"w0"}]}`: true,
	} {
		if _, err := ToSetup(&Setup{HostJson: []byte(text)}); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestStrangeBytes: a name or a text that is not UTF-8 comes through, spelt as a
// shell shows it.
func TestStrangeBytes(t *testing.T) {
	o := plan.Object{Ref: plan.Ref{Class: "interface", Name: "x\xff"}, Settings: []plan.Setting{{Key: "k\xfe", Value: plan.Text("caf\xe9 é")}, {Key: "l", Value: plan.List("\x80")}}}
	b, err := proto.Marshal(FromObject(o))
	if err != nil {
		t.Fatal(err)
	}
	var m Object
	if err := proto.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	want := plan.Object{Ref: plan.Ref{Class: "interface", Name: `x\xff`}, Settings: []plan.Setting{{Key: `k\xfe`, Value: plan.Text(`caf\xe9 é`)}, {Key: "l", Value: plan.List(`\x80`)}}}
	if have := ToObject(&m); !reflect.DeepEqual(have, want) {
		t.Errorf("%+v", have)
	}
	d := diag.Diagnostic{Severity: diag.Error, Summary: "\xff", Detail: "\xff", Path: "\xff", Range: diag.Range{File: "\xff"}, Related: []diag.Related{{Message: "\xff"}}}
	op := plan.Operation{Summary: "\xff", Effects: []plan.Effect{{Text: "\xff"}}, File: &plan.FileChange{Path: "/x", Note: "\xff"}}
	for _, m := range []proto.Message{FromDiagnostic(d), FromOperation(op), FromFile(backend.File{Path: "/\xff"})} {
		if _, err := proto.Marshal(m); err != nil {
			t.Error(err)
		}
	}
}

func FuzzToSetup(f *testing.F) {
	f.Add([]byte(`{"name":"x","vars":{"n":1}}`), []byte(`{"a":[1,2.5,{"b":null}]}`))
	f.Fuzz(func(t *testing.T, h, c []byte) {
		s, err := ToSetup(&Setup{HostJson: h, ConfigJson: c})
		if err != nil {
			return
		}
		m, err := FromSetup(s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ToSetup(m)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(normal(t, again), normal(t, s)) {
			t.Errorf("%+v became %+v", s, again)
		}
	})
}

// normal drops the difference between empty and not there.
func normal(t *testing.T, s backend.Setup) string {
	m, err := FromSetup(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(m.HostJson) + string(m.ConfigJson)
}
