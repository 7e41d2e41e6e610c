package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"linkspan/cmd/linkspan/internal/view"
	"linkspan/core/plan"
)

// release is the program's version. The linker sets it in a release:
// go build -ldflags '-X main.release=1.2.0'.
var release = "0.1.0-dev"

// languageVersion is the version of the HCL language.
const languageVersion = "1.0"

// version is the program's version with the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return release + "+" + s.Value[:12]
		}
	}
	return release
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Versions of the program, the language, the plugin protocol and the output",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := map[string]string{
				"linkspan": version(), "language": languageVersion, "plugin_protocol": fmt.Sprint(pluginProtocol()),
				"plan_format": plan.FormatVersion, "output_format": view.FormatVersion, "go": runtime.Version(),
			}
			if a.text() {
				fmt.Fprintf(a.stdout, "linkspan %s\nlanguage %s, plugin protocol %s, plan format %s, output format %s\n%s %s/%s\n",
					v["linkspan"], v["language"], v["plugin_protocol"], v["plan_format"], v["output_format"], v["go"], runtime.GOOS, runtime.GOARCH)
			}
			return a.send("versions", v)
		},
	}
}
