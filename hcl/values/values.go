// Package values turns values of expressions (cty) into JSON-like Go values and
// back, and into the types that attributes take.
package values

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"linkspan/hcl/language"
)

// Plain turns a value into JSON-like Go values; numbers become int64 when
// whole.
func Plain(v cty.Value) any {
	if v.IsNull() || !v.IsKnown() {
		return nil
	}
	t := v.Type()
	switch {
	case t == cty.String:
		return v.AsString()
	case t == cty.Bool:
		return v.True()
	case t == cty.Number:
		if n, exact := v.AsBigFloat().Int64(); exact == 0 {
			return n
		}
		f, _ := v.AsBigFloat().Float64()
		return f
	case t.IsMapType() || t.IsObjectType():
		out := make(map[string]any)
		for it := v.ElementIterator(); it.Next(); {
			k, e := it.Element()
			out[k.AsString()] = Plain(e)
		}
		return out
	case t.IsListType() || t.IsSetType() || t.IsTupleType():
		out := []any{}
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			out = append(out, Plain(e))
		}
		return out
	}
	return fmt.Sprintf("(%s)", t.FriendlyName())
}

// Of is the reverse of Plain: a JSON-like value as one of the language.
func Of(v any) cty.Value {
	switch x := v.(type) {
	case string:
		return cty.StringVal(x)
	case bool:
		return cty.BoolVal(x)
	case int:
		return cty.NumberIntVal(int64(x))
	case int64:
		return cty.NumberIntVal(x)
	case float64:
		return cty.NumberFloatVal(x)
	case map[string]any:
		out := make(map[string]cty.Value, len(x))
		for k, e := range x {
			out[k] = Of(e)
		}
		return cty.ObjectVal(out)
	case []any:
		out := make([]cty.Value, len(x))
		for i, e := range x {
			out[i] = Of(e)
		}
		return cty.TupleVal(out)
	}
	return cty.NullVal(cty.DynamicPseudoType)
}

// Scalar spells a plain value as a raw option.
func Scalar(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case bool:
		return strconv.FormatBool(x), true
	case int64:
		return strconv.FormatInt(x, 10), true
	}
	return "", false
}

// Convert gives a value the form of its attribute, or says what it should be.
func Convert(v cty.Value, typ language.Type) (cty.Value, string) {
	switch typ {
	case language.String, language.Mode:
		if v.Type() == cty.String || typ == language.Mode && v.Type() == cty.Number {
			return Must(v, cty.String, "a text")
		}
		return v, "a text"
	case language.Number, language.Seconds:
		return numberOf(v, typ)
	case language.Bool:
		return Must(v, cty.Bool, "true or false")
	case language.Strings:
		if v.Type() == cty.String {
			return v, "a list of texts"
		}
		return listOf(v)
	case language.Names:
		return Must(v, cty.Map(cty.String), "a map of texts")
	case language.Bools:
		return Must(v, cty.Map(cty.Bool), "a map of true and false")
	}
	return v, ""
}

// Must converts and refuses null elements.
func Must(v cty.Value, t cty.Type, what string) (cty.Value, string) {
	if t.IsPrimitiveType() && v.Type() == t && v.IsKnown() && !v.IsNull() {
		return v, ""
	}
	out, err := convert.Convert(v, t)
	if err != nil || out.IsNull() || !out.IsWhollyKnown() || hasNull(out) {
		return v, what
	}
	return out, ""
}

func hasNull(v cty.Value) bool {
	if !v.CanIterateElements() {
		return v.IsNull()
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); e.IsNull() {
			return true
		}
	}
	return false
}

func listOf(v cty.Value) (cty.Value, string) {
	if !v.CanIterateElements() || v.Type().IsObjectType() || v.Type().IsMapType() {
		return v, "a list of texts"
	}
	texts := make([]cty.Value, 0, v.LengthInt())
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() || e.Type() != cty.String {
			return v, "a list of texts"
		}
		texts = append(texts, e)
	}
	if len(texts) == 0 {
		return cty.ListValEmpty(cty.String), ""
	}
	return cty.ListVal(texts), ""
}

func numberOf(v cty.Value, typ language.Type) (cty.Value, string) {
	n, why := Must(v, cty.Number, "a number")
	if why != "" {
		return v, why
	}
	scaled := n.AsBigFloat()
	what := "a whole number"
	if typ == language.Seconds {
		scaled, what = new(big.Float).Mul(scaled, big.NewFloat(100)), "a number of seconds with at most two decimals"
	}
	f, _ := scaled.Float64()
	if f != float64(int64(f)) || f < -1<<53 || f > 1<<53 {
		return v, what
	}
	return n, ""
}

// Kind names the type of a value as people say it.
func Kind(v cty.Value) string {
	t := v.Type()
	switch {
	case t == cty.String:
		return "a text"
	case t == cty.Number:
		return "a number"
	case t == cty.Bool:
		return "true or false"
	case t.IsMapType() || t.IsObjectType():
		return "an object"
	case t.IsListType() || t.IsSetType() || t.IsTupleType():
		return "a list"
	}
	return t.FriendlyName()
}
