// Package builtin has the functions that every expression can call.
package builtin

import (
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apparentlymart/go-cidr/cidr"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"linkspan/hcl/syntax"
)

// All are what expressions can call. All are pure but file and its kin,
// which read below dir only.
func All(dir string) map[string]function.Function {
	out := map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc,
		"parseint": stdlib.ParseIntFunc, "pow": stdlib.PowFunc, "signum": stdlib.SignumFunc, "log": stdlib.LogFunc,
		"chomp": stdlib.ChompFunc, "format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc, "indent": stdlib.IndentFunc,
		"join": stdlib.JoinFunc, "lower": stdlib.LowerFunc, "upper": stdlib.UpperFunc, "title": stdlib.TitleFunc, "regex": stdlib.RegexFunc,
		"regexall": stdlib.RegexAllFunc, "replace": stdlib.ReplaceFunc, "regexreplace": stdlib.RegexReplaceFunc, "split": stdlib.SplitFunc,
		"strrev": stdlib.ReverseFunc, "substr": stdlib.SubstrFunc, "trim": stdlib.TrimFunc, "trimprefix": stdlib.TrimPrefixFunc,
		"trimsuffix": stdlib.TrimSuffixFunc, "trimspace": stdlib.TrimSpaceFunc,
		"chunklist": stdlib.ChunklistFunc, "coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc, "compact": stdlib.CompactFunc,
		"concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "distinct": stdlib.DistinctFunc, "element": stdlib.ElementFunc,
		"flatten": stdlib.FlattenFunc, "keys": stdlib.KeysFunc, "length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc, "merge": stdlib.MergeFunc,
		"range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc, "setintersection": stdlib.SetIntersectionFunc, "setproduct": stdlib.SetProductFunc,
		"setsubtract": stdlib.SetSubtractFunc, "setunion": stdlib.SetUnionFunc, "slice": stdlib.SliceFunc, "sort": stdlib.SortFunc,
		"values": stdlib.ValuesFunc, "zipmap": stdlib.ZipmapFunc,
		"csvdecode": stdlib.CSVDecodeFunc, "jsondecode": stdlib.JSONDecodeFunc, "jsonencode": stdlib.JSONEncodeFunc,
		"yamldecode": ctyyaml.YAMLDecodeFunc, "yamlencode": ctyyaml.YAMLEncodeFunc,
		"try": tryfunc.TryFunc, "can": tryfunc.CanFunc,
		"tostring": stdlib.MakeToFunc(cty.String), "tonumber": stdlib.MakeToFunc(cty.Number), "tobool": stdlib.MakeToFunc(cty.Bool),
		"tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), "toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
		"tomap":    stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"cidrhost": cidrFunction(cidrHost), "cidrhost_prefix": cidrFunction(cidrHostPrefix),
		"cidrnetmask": cidrNetmask(), "cidrsubnet": cidrSubnet(), "cidrsubnets": cidrSubnets(),
	}
	files := fileFunctions{dir: dir}
	out["file"], out["fileset"] = files.file(), files.fileset()
	out["templatefile"] = files.templatefile(out)
	return out
}

// prefixArgument reads the first argument of the cidr functions.
func prefixArgument(v cty.Value) (*net.IPNet, int, error) {
	p, err := netip.ParsePrefix(v.AsString())
	if err != nil {
		return nil, 0, function.NewArgErrorf(0, "%q is no network; it is written as an address and its prefix, e.g. \"192.168.0.0/24\"", v.AsString())
	}
	m := p.Masked()
	return &net.IPNet{IP: m.Addr().AsSlice(), Mask: net.CIDRMask(m.Bits(), m.Addr().BitLen())}, m.Bits(), nil
}

// cidrFunction is a function of a network and the number of a host in it.
func cidrFunction(f func(ip net.IP, bits int) string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "prefix", Type: cty.String}, {Name: "hostnum", Type: cty.Number}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			network, bits, err := prefixArgument(args[0])
			if err != nil {
				return cty.NilVal, err
			}
			number, accuracy := args[1].AsBigFloat().Int(nil)
			if accuracy != big.Exact {
				return cty.NilVal, function.NewArgErrorf(1, "the number of a host is whole")
			}
			ip, err := cidr.HostBig(network, number)
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(1, "%s has no host number %s", network, number)
			}
			return cty.StringVal(f(ip, bits)), nil
		},
	})
}

func cidrHost(ip net.IP, _ int) string { return ip.String() }

func cidrHostPrefix(ip net.IP, bits int) string { return fmt.Sprintf("%s/%d", ip, bits) }

func cidrNetmask() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "prefix", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			network, _, err := prefixArgument(args[0])
			if err != nil {
				return cty.NilVal, err
			}
			if len(network.IP) != net.IPv4len {
				return cty.NilVal, function.NewArgErrorf(0, "IPv6 has no netmasks")
			}
			return cty.StringVal(net.IP(network.Mask).String()), nil
		},
	})
}

func cidrSubnet() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "prefix", Type: cty.String}, {Name: "newbits", Type: cty.Number}, {Name: "netnum", Type: cty.Number}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			network, _, err := prefixArgument(args[0])
			if err != nil {
				return cty.NilVal, err
			}
			bits, err := small(args[1], 1)
			if err != nil {
				return cty.NilVal, err
			}
			number, _ := args[2].AsBigFloat().Int(nil)
			sub, err := cidr.SubnetBig(network, bits, number)
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(2, "%s has no subnet number %s of %d more bits", network, number, bits)
			}
			return cty.StringVal(sub.String()), nil
		},
	})
}

func cidrSubnets() function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "prefix", Type: cty.String}},
		VarParam: &function.Parameter{Name: "newbits", Type: cty.Number},
		Type:     function.StaticReturnType(cty.List(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			network, prefix, err := prefixArgument(args[0])
			if err != nil || len(args) == 1 {
				return cty.ListValEmpty(cty.String), err
			}
			var out []cty.Value
			var last *net.IPNet
			for i, a := range args[1:] {
				bits, err := small(a, i+1)
				if err != nil {
					return cty.NilVal, err
				}
				next, overflow := network, false
				if last == nil {
					next, err = cidr.SubnetBig(network, bits, big.NewInt(0))
				} else {
					next, overflow = cidr.NextSubnet(last, prefix+bits)
				}
				if err != nil || overflow || !network.Contains(next.IP) {
					return cty.NilVal, function.NewArgErrorf(i+1, "%s has no room for another network of %d more bits", network, bits)
				}
				last = next
				out = append(out, cty.StringVal(next.String()))
			}
			return cty.ListVal(out), nil
		},
	})
}

// small reads a count of bits.
func small(v cty.Value, arg int) (int, error) {
	f := v.AsBigFloat()
	n, accuracy := f.Int64()
	if accuracy != big.Exact || n < 0 || n > 128 {
		return 0, function.NewArgErrorf(arg, "a count of bits is a whole number from 0 to 128")
	}
	return int(n), nil
}

// fileFunctions read files below the definitions' directory and nowhere else:
// os.Root refuses "..", absolute paths and symlinks that lead out.
type fileFunctions struct{ dir string }

func (f fileFunctions) read(name string) ([]byte, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q: %w (files are read below the definitions' directory only)", name, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is no regular file", name)
	case info.Size() > syntax.MaxFile:
		return nil, fmt.Errorf("%q has more than %d bytes", name, syntax.MaxFile)
	}
	b, err := root.ReadFile(name)
	if err == nil && !utf8.Valid(b) {
		return nil, fmt.Errorf("%q is not UTF-8", name)
	}
	return b, err
}

func (f fileFunctions) file() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			b, err := f.read(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.StringVal(string(b)), nil
		},
	})
}

func (f fileFunctions) fileset() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "pattern", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			root, err := os.OpenRoot(f.dir)
			if err != nil {
				return cty.NilVal, err
			}
			defer root.Close()
			names, err := fs.Glob(root.FS(), path.Clean(args[0].AsString()))
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "%q is no pattern: %v", args[0].AsString(), err)
			}
			var out []cty.Value
			for _, n := range names {
				out = append(out, cty.StringVal(n))
			}
			if len(out) == 0 {
				return cty.SetValEmpty(cty.String), nil
			}
			return cty.SetVal(out), nil
		},
	})
}

func (f fileFunctions) templatefile(all map[string]function.Function) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "vars", Type: cty.DynamicPseudoType}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			src, err := f.read(name)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			if d := syntax.Guard(src, name); d.HasErrors() {
				return cty.NilVal, function.NewArgErrorf(0, "%s", d[0])
			}
			if !args[1].Type().IsObjectType() && !args[1].Type().IsMapType() || args[1].IsNull() {
				return cty.NilVal, function.NewArgErrorf(1, "the values of a template are an object, e.g. { name = \"x\" }")
			}
			e, diags := hclsyntax.ParseTemplate(src, name, hcl.InitialPos)
			if diags.HasErrors() {
				return cty.NilVal, function.NewArgErrorf(0, "%s", firstLine(diags))
			}
			v, diags := e.Value(&hcl.EvalContext{Variables: args[1].AsValueMap(), Functions: withoutTemplates(all)})
			if diags.HasErrors() {
				return cty.NilVal, function.NewArgErrorf(0, "%s", firstLine(diags))
			}
			return stdlib.MakeToFunc(cty.String).Call([]cty.Value{v})
		},
	})
}

// withoutTemplates keeps a template from including itself for ever.
func withoutTemplates(all map[string]function.Function) map[string]function.Function {
	out := make(map[string]function.Function, len(all))
	for k, v := range all {
		if k != "templatefile" {
			out[k] = v
		}
	}
	return out
}

func firstLine(diags hcl.Diagnostics) string {
	return strings.TrimSpace(syntax.OneLine(diags[0].Error()))
}

// Names are the functions that every expression can call, sorted.
func Names() []string { return slices.Sorted(maps.Keys(All("."))) }
