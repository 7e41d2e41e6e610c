package uml

import (
	"errors"
	"os"
)

// modulesVariable tells programs inside where the kernel's modules are.
const modulesVariable = "LINKSPAN_UML_MODULES"

// Load loads more modules of the kernel, with all that they need, by their
// names, e.g. "loop", "dm_flakey". It works inside only.
func Load(names ...string) error {
	dir := os.Getenv(modulesVariable)
	if dir == "" {
		return errors.New("modules are loaded in the rehearsal kernel only")
	}
	return loadModules(dir, names)
}
