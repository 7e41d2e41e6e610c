// Package proto holds the protocol's definition; there is no code in it but the
// test that makes, and checks, the code of package wire.
package proto

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/bufbuild/protocompile"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing them")

// TestGenerated: the generated files are what the generators of go.mod make of
// the proto file. It needs no protoc; with -update it writes them.
func TestGenerated(t *testing.T) {
	request := codeRequest(t, "linkspan/plugin/v1/backend.proto")
	for _, generator := range []string{"protoc-gen-go", "protoc-gen-go-grpc"} {
		for _, f := range generate(t, generator, request) {
			name := filepath.Join("../internal/wire", filepath.Base(f.GetName()))
			if *update {
				if err := os.WriteFile(name, []byte(f.GetContent()), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			have, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if string(have) != f.GetContent() {
				t.Errorf("%s is not what %s makes of the proto file; `go generate ./plugins` makes it again", name, generator)
			}
		}
	}
}

// codeRequest is what protoc would ask of a generator.
func codeRequest(t *testing.T, name string) []byte {
	t.Helper()
	c := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{"."}}),
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := c.Compile(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	parameter := "module=linkspan"
	b, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{name}, Parameter: &parameter,
		ProtoFile: []*descriptorpb.FileDescriptorProto{protodesc.ToFileDescriptorProto(files[0])},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// generate runs a generator that go.mod names as a tool.
func generate(t *testing.T, generator string, request []byte) []*pluginpb.CodeGeneratorResponse_File {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "tool", generator)
	c.Stdin = bytes.NewReader(request)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", generator, err, stderr.Bytes())
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &response); err != nil {
		t.Fatal(err)
	}
	if response.GetError() != "" || len(response.GetFile()) == 0 {
		t.Fatalf("%s: %q, %d files", generator, response.GetError(), len(response.GetFile()))
	}
	return response.GetFile()
}
