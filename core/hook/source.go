package hook

import (
	"embed"
	"io/fs"
)

//go:embed hook.go hooktest/hooktest.go
var source embed.FS

// Source is the text of this package, "hook.go", and of package hooktest,
// "hooktest/hooktest.go", for the editor of a script's author. Scripts do not get it.
func Source() fs.FS { return source }
