package syntax

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// TestWholeNumber holds the quick spelling against cty's own.
func TestWholeNumber(t *testing.T) {
	values := []cty.Value{cty.Zero, cty.NumberIntVal(-1), cty.MustParseNumberVal("9223372036854775807"), cty.MustParseNumberVal("9223372036854775808"),
		cty.MustParseNumberVal("-9223372036854775808"), cty.MustParseNumberVal("4.5"), cty.MustParseNumberVal("1e30"), cty.MustParseNumberVal("-0"),
		cty.NumberFloatVal(1 << 60), cty.PositiveInfinity, cty.StringVal("7"), cty.True}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		n := random.Int64() >> random.IntN(63)
		for _, bits := range []uint{24, 53, 64, 65, 512} {
			values = append(values, cty.NumberVal(new(big.Float).SetPrec(bits).SetInt64(n)))
		}
	}
	for _, v := range values {
		want, err := convert.Convert(v, cty.String)
		if err != nil {
			t.Fatal(err)
		}
		got, err := convert.Convert(wholeNumber(v), cty.String)
		if err != nil || !got.RawEquals(want) {
			t.Errorf("%#v is spelt %#v, not %#v: %v", v, got, want, err)
		}
	}
	const mark = "a mark"
	secret := cty.MustParseNumberVal("12").Mark(mark)
	if v := wholeNumber(secret); !v.HasMark(mark) {
		t.Errorf("the mark of a sensitive number is lost: %#v", v)
	}
	for _, v := range []cty.Value{cty.NullVal(cty.Number), cty.UnknownVal(cty.Number), cty.DynamicVal} {
		if got := wholeNumber(v); !got.RawEquals(v) {
			t.Errorf("%#v became %#v", v, got)
		}
	}
}
